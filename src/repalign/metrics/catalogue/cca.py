"""Canonical correlation: CCA, SVCCA and PWCCA, and the distances made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from repalign.data import Responses
from repalign.errors import InputError
from repalign.maths import Floats
from repalign.maths.cca import cca_mean, leading_components, pwcca, svcca
from repalign.maths.cka import centred_trace
from repalign.metrics.catalogue.derived import RULES, derived, law_of_cosines
from repalign.metrics.catalogue.family import Family
from repalign.metrics.matrices import matrices
from repalign.metrics.measure import Measure
from repalign.metrics.rows import Rows

_RIGID = frozenset({"permutation", "orthogonal", "translation"})
_SHAPE = _RIGID | {"scaling"}
_ENOUGH = 5
_MEANS = {"mean": (1, "mean rho_i"), "mean-squared": (2, "mean rho_i^2")}
# No lengths for the mean of squares: its -euclidean would read as the -squared-euclidean of the mean.
_RULES = {
    "mean": ("", *RULES, "euclidean", "squared-euclidean"),
    "mean-squared": ("", *RULES),
}


@dataclass(frozen=True, kw_only=True)
class Canonical(Rows):
    """A mean of canonical correlations, which few stimuli for many units push towards 1.

    Args:
        dimensions: Of one side's responses, how many enter the analysis.
    """

    dimensions: Callable[[Floats], int]

    def remarks(self, model: Responses, target: Responses) -> tuple[str, ...]:
        """That stimuli are few for the dimensions, and how many correlations are 1 for that alone."""
        p = self.dimensions(matrices(self, model, "model")[0])
        sides = matrices(self, target, "target")
        q, n = max(self.dimensions(side) for side in sides), len(sides[0])
        if n >= _ENOUGH * max(p, q):
            return ()
        said = (
            f"{n} stimuli for {p} and {q} dimensions: CCA is biased towards 1 below {_ENOUGH} per dimension"
        )
        sure = p + q - (n - 1)
        certain = f"; {min(sure, p, q)} of {min(p, q)} correlations are 1 whatever the responses"
        return (said + (certain if sure > 0 else ""),)


@dataclass(frozen=True, kw_only=True)
class Components(Canonical):
    """CCA of principal components."""

    sample: ClassVar[str] = "many-units"


def _measure(
    stem: str, mean: str, rule: str, parameters: dict[str, Any], *, formula: str, source: str
) -> Canonical:
    """One measure; no parameters stand for CCA of all units."""
    power, mean_formula = _MEANS[mean]
    function = partial(svcca, power=power, **parameters) if parameters else partial(cca_mean, power=power)
    kind = Components if parameters else Canonical
    score = kind(
        id=f"{stem}-{mean}",
        formula=f"{mean_formula}, {formula}",
        range=(0.0, 1.0),
        invariances=_SHAPE if parameters else _SHAPE | {"linear", "affine"},
        source=source,
        function=function,
        dimensions=partial(_dimensions, **parameters),
    )
    if not rule:
        return score
    if rule in RULES:
        return derived(score, rule)
    sizes = "the summed squares of the centred responses" + (" left by PCA" if parameters else "")
    size = partial(_size, **parameters)
    return law_of_cosines(score, rule, size, sizes, _RIGID, squared="squared" in rule)


def cca(mean: str, rule: str = "") -> Canonical:
    """CCA of all units."""
    return _measure(
        "cca",
        mean,
        rule,
        {},
        formula="rho_i the min(p, q) canonical correlations",
        source="Hotelling 1936, Biometrika 28:321; Kornblith et al. 2019, ICML",
    )


def svcca_dimensions(mean: str, rule: str, *, dimensions: int) -> Canonical:
    """SVCCA of a number of components.

    Raises:
        InputError: No component is left.
    """
    if dimensions < 1:
        raise InputError(f"SVCCA needs 1 component or more, not {dimensions}", hint="svcca-dim10-mean")
    return _svcca(f"dim{dimensions}", mean, rule, {"dimensions": dimensions}, f"{dimensions} components")


def svcca_variance(mean: str, rule: str, *, variance: float) -> Canonical:
    """SVCCA of the components that carry a share of the variance.

    Raises:
        InputError: The share is not between 0 and 1.
    """
    if not 0 < variance < 1:
        raise InputError(
            f"a share of variance lies between 0 and 1, not {variance}", hint="svcca-variance0.99-mean"
        )
    shown = np.format_float_positional(variance, trim="-")
    return _svcca(
        f"variance{shown}",
        mean,
        rule,
        {"variance": variance},
        f"fewest components with {shown} of the variance",
    )


def _svcca(cut: str, mean: str, rule: str, parameters: dict[str, Any], kept: str) -> Canonical:
    return _measure(
        f"svcca-{cut}",
        mean,
        rule,
        parameters,
        formula=f"rho_i the canonical correlations of the principal components: the {kept} of each side",
        source="Raghu et al. 2017, NeurIPS",
    )


def _dimensions(X: Floats, **parameters: Any) -> int:
    return leading_components(X, **parameters)[0].shape[1] if parameters else X.shape[1]


def _size(X: Floats, **parameters: Any) -> float:
    share = leading_components(X, **parameters)[1] if parameters else 1.0
    return share * centred_trace(X)


# The implementations in circulation disagree (.9589, .8933) on responses for which the weights are arbitrary;
# most of them also take the singular vectors for canonical directions, without the inverse root of the
# covariance, and add the means back. This is the formula of the paper.
PWCCA = Canonical(
    id="pwcca",
    formula="sum a_i rho_i / sum a_i, a_i = sum_j |<h_i, x_j>|; h_i the canonical variates of the model, of "
    "unit length, x_j its centred units",
    range=(0.0, 1.0),
    symmetric=False,
    invariances=frozenset({"permutation", "scaling", "translation"}),
    source="Morcos, Raghu & Bengio 2018, NeurIPS",
    function=pwcca,
    dimensions=_dimensions,
)


MEMBERS: tuple[Measure, ...] = (
    *(cca(mean) for mean in _MEANS),
    *(svcca_variance(mean, "", variance=share) for share in (0.99, 0.95) for mean in _MEANS),
    *(svcca_dimensions(mean, "", dimensions=10) for mean in _MEANS),
    PWCCA,
)


def _families(mean: str, rule: str) -> tuple[Family, ...]:
    end = f"-{mean}" + (f"-{rule}" if rule else "")
    return (
        Family(f"cca{end}", {}, partial(cca, mean, rule)),
        Family(f"svcca-dim{{dimensions}}{end}", {"dimensions": int}, partial(svcca_dimensions, mean, rule)),
        Family(f"svcca-variance{{variance}}{end}", {"variance": float}, partial(svcca_variance, mean, rule)),
    )


FAMILIES: tuple[Family, ...] = tuple(
    family for mean in _MEANS for rule in _RULES[mean] for family in _families(mean, rule)
)

_GOLDEN_STEMS = {
    "cca": "cca",
    "svcca-dim=10": "svcca-dim10",
    "svcca-var=0.95": "svcca-variance0.95",
    "svcca-var=0.99": "svcca-variance0.99",
}
_GOLDEN_ENDS = {
    "score": "mean",
    "squared_score": "mean-squared",
    "distance=angular": "mean-angular",
    "distance=euclidean": "mean-euclidean",
    "distance=squared_euclidean": "mean-squared-euclidean",
}
ALIASES: dict[str, str] = {
    f"{theirs}-{end}": f"{ours}-{word}"
    for theirs, ours in _GOLDEN_STEMS.items()
    for end, word in _GOLDEN_ENDS.items()
}
