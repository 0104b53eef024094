"""Dimensionality of one representation. These are no comparisons: they have one side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from repalign.data import Assembly, Registry
from repalign.errors import UnsuitableError
from repalign.maths import Floats
from repalign.maths.dimensionality import components_for_variance, participation_ratio, two_nn
from repalign.metrics.measure import naming


@dataclass(frozen=True, kw_only=True)
class Dimensionality:
    """A named number about one side.

    Args:
        id: States every parameter, e.g. ``"components-variance0.9"``.
        formula: The formula in one line.
        range: Lowest and highest possible value; None where there is no bound.
        invariances: To which changes of units it is blind.
        min_stimuli: Fewer are refused.
        source: Paper.
        function: (n_stimuli, n_units) to a number.
        version: Rises when a value would change.
    """

    id: str
    formula: str
    range: tuple[float | None, float | None]
    invariances: frozenset[str]
    min_stimuli: int = 2
    source: str
    function: Callable[[Floats], float]
    version: int = 1

    def describe(self) -> dict[str, Any]:
        """As a measure describes itself; there are no two sides to be symmetric or closer."""
        return {
            "id": self.id,
            "formula": self.formula,
            "range": list(self.range),
            "direction": "higher is of more dimensions",
            "symmetric": False,
            "metric": False,
            "invariances": sorted(self.invariances),
            "needs": "responses (Assembly) of one side",
            "min_stimuli": self.min_stimuli,
            "source": self.source,
            "version": self.version,
        }

    def value(self, responses: Assembly) -> float:
        """The dimensionality of these responses; repetitions are averaged.

        Raises:
            UnsuitableError: The responses are of several subjects.
            TooFewError: Too few stimuli.
            DegenerateError: No number exists; the stimuli at fault are named.
        """
        if responses.leading == "subject":
            raise UnsuitableError(
                f"{self.id} is about one representation; {responses.name!r} holds "
                f"{len(responses.labels)} subjects",
                hint="Ask for each subject: Assembly(values[i], ids).",
            )
        with naming(responses.ids, responses.name):
            return float(self.function(np.asarray(responses.mean().array(), dtype=np.float64)))


_SHAPE = frozenset({"permutation", "orthogonal", "scaling", "translation"})

#: All dimensionalities of one side, by id.
DIMENSIONALITIES: Registry[Dimensionality] = Registry("dimensionality")
for _member in (
    Dimensionality(
        id="participation-ratio",
        formula="(sum l)^2 / sum l^2, l the eigenvalues of the covariance over stimuli",
        range=(1.0, None),
        invariances=_SHAPE,
        source="Gao et al. 2017, bioRxiv 214262; Rajan, Abbott & Sompolinsky 2010, NIPS",
        function=participation_ratio,
    ),
    *(
        Dimensionality(
            id=f"components-variance{_share:g}",
            formula=f"least number of principal components that hold {_share:g} of the variance",
            range=(1.0, None),
            invariances=_SHAPE,
            source="Jolliffe 2002, Principal Component Analysis, section 6.1",
            function=partial(components_for_variance, share=_share),
        )
        for _share in (0.9, 0.95, 0.99)
    ),
    Dimensionality(
        id="two-nn-discarded0.1",
        formula="slope of -log(1 - F(m)) on log m, m = d_2/d_1 of the nearest neighbours; top tenth left out",
        range=(0.0, None),
        invariances=_SHAPE,
        min_stimuli=10,
        source="Facco et al. 2017, Sci. Rep. 7:12140",
        function=partial(two_nn, discarded=0.1),
    ),
):
    DIMENSIONALITIES.add(_member.id, _member)


def dimensionality(responses: Assembly, measure_id: str = "participation-ratio") -> float:
    """The dimensionality of one representation.

    Args:
        responses: One layer or region; repetitions are averaged.
        measure_id: One of :data:`DIMENSIONALITIES`.

    Returns:
        Number of dimensions.

    Raises:
        UnknownNameError: No such dimensionality.
        UnsuitableError: The responses are of several subjects.
        DegenerateError: No number exists; the stimuli at fault are named.

    Example:
        >>> import numpy as np
        >>> from repalign.data import Assembly
        >>> from repalign.metrics.dimensionality import dimensionality
        >>> round(dimensionality(Assembly(np.eye(5)), "participation-ratio"), 6)
        4.0
    """
    return DIMENSIONALITIES[measure_id].value(responses)
