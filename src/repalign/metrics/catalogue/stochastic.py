"""Stochastic shape distances, over repetitions."""

from __future__ import annotations

from functools import partial

from repalign.errors import InputError
from repalign.maths.stochastic import energy_shape_distance, gaussian_wasserstein_distance
from repalign.metrics.catalogue.family import Family
from repalign.metrics.measure import Measure
from repalign.metrics.trials import Trials

_MOVES = frozenset({"permutation", "orthogonal", "translation"})
_DUONG = "Duong et al. 2023, ICLR"


def gaussian(alpha: float) -> Trials:
    """Wasserstein distance of Gaussian responses.

    Raises:
        InputError: alpha is out of range.
    """
    if not 0.0 <= alpha <= 2.0:
        raise InputError(
            f"alpha is {alpha:g}; it weighs means against covariances, 0 <= alpha <= 2", hint="Usual: 1."
        )
    # No metric is claimed: what the alternation finds is an upper bound of one.
    return Trials(
        id=f"stochastic-gaussian-alpha{alpha:g}-distance",
        formula=f"sqrt of min over rotations Q of mean_i {alpha:g} |m_i - Q l_i|^2 "
        f"+ {2 - alpha:g} Bures^2(S_i, Q R_i Q')",
        range=(0.0, None),
        higher_is_closer=False,
        invariances=_MOVES,
        source=_DUONG,
        function=partial(gaussian_wasserstein_distance, alpha=alpha),
    )


MEMBERS: tuple[Measure, ...] = (
    gaussian(1.0),
    Trials(
        id="stochastic-energy-distance",
        formula="sqrt of min over rotations Q of mean_i E|x - Qy| - E|x - x'|/2 - E|y - y'|/2 over trials",
        range=(0.0, None),
        higher_is_closer=False,
        invariances=_MOVES,
        source=_DUONG,
        function=energy_shape_distance,
    ),
)
FAMILIES: tuple[Family, ...] = (
    Family("stochastic-gaussian-alpha{alpha}-distance", {"alpha": float}, gaussian),
)
ALIASES: dict[str, str] = {}
