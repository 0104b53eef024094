"""Matching of units: permutations, soft matching, best partners."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

from repalign.maths.assignment import (
    permutation_angular_distance,
    permutation_distance,
    permutation_similarity,
    permutation_uncentred_distance,
)
from repalign.maths.matching import (
    hard_matching_correlation,
    semi_matching_correlation,
    soft_matching_correlation,
    soft_matching_distance,
)
from repalign.metrics.catalogue.family import Family
from repalign.metrics.catalogue.shape import squared
from repalign.metrics.measure import Measure
from repalign.metrics.rows import Rows

_WILLIAMS = "Williams et al. 2021, NeurIPS"
_KHOSLA = "Khosla & Williams 2024, UniReps"
_LI = "Li et al. 2015, Convergent Learning"
_UNITS = frozenset({"permutation", "translation"})


@dataclass(frozen=True, kw_only=True)
class OneToOne(Rows):
    """A function of two matrices with as many units on either side."""

    sample: ClassVar[str] = "equal-units"

    @property
    def needs(self) -> str:
        """A permutation has no place for a unit left over."""
        return "responses (Assembly) with the same number of units on both sides"


MEMBERS: tuple[Measure, ...] = (
    OneToOne(
        id="permutation-similarity",
        formula="max over permutations P of units of tr(Xc'Yc P) / (|Xc| |Yc|)",
        range=(-1.0, 1.0),
        invariances=_UNITS | {"scaling"},
        source=_WILLIAMS,
        function=permutation_similarity,
    ),
    OneToOne(
        id="permutation-angular-distance",
        formula="arccos of the permutation similarity, radians",
        range=(0.0, pi),
        higher_is_closer=False,
        is_metric=True,
        invariances=_UNITS | {"scaling"},
        source=_WILLIAMS,
        function=permutation_angular_distance,
    ),
    OneToOne(
        id="permutation-distance",
        formula="min over permutations P of units of |Xc - Yc P|",
        range=(0.0, None),
        higher_is_closer=False,
        is_metric=True,
        invariances=_UNITS,
        source=_WILLIAMS,
        function=permutation_distance,
    ),
    OneToOne(
        id="permutation-squared-distance",
        formula="min over permutations P of units of |Xc - Yc P|^2: no metric",
        range=(0.0, None),
        higher_is_closer=False,
        invariances=_UNITS,
        source=_WILLIAMS,
        function=squared(permutation_distance),
    ),
    OneToOne(
        id="permutation-uncentred-distance",
        formula="min over permutations P of units of |X - Y P|, not centred",
        range=(0.0, None),
        higher_is_closer=False,
        is_metric=True,
        invariances=frozenset({"permutation"}),
        source="Williams et al. 2021, NeurIPS, without centring, as in Klabunde et al. 2025 (ReSi)",
        function=permutation_uncentred_distance,
    ),
    Rows(
        id="hard-matching-correlation",
        formula="mean Pearson r over the best one-to-one pairs of units; units left over are left out",
        range=(-1.0, 1.0),
        invariances=_UNITS | {"scaling"},
        source=_LI,
        function=hard_matching_correlation,
    ),
    Rows(
        id="semi-matching-correlation",
        formula="mean over units of Pearson r with the best partner, averaged over both directions",
        range=(-1.0, 1.0),
        invariances=_UNITS | {"scaling"},
        source=_LI,
        function=semi_matching_correlation,
    ),
    Rows(
        id="soft-matching-correlation",
        resamples=False,  # a linear program of all units with all units
        formula="max over transport plans T of units (row sums 1/p, column sums 1/q) of sum T_ij r_ij",
        range=(-1.0, 1.0),
        invariances=_UNITS | {"scaling"},
        source=_KHOSLA,
        function=soft_matching_correlation,
    ),
    Rows(
        id="soft-matching-distance",
        resamples=False,  # a linear program of all units with all units
        formula="sqrt of min over transport plans T of units of sum T_ij |x_i - y_j|^2, units centred",
        range=(0.0, None),
        higher_is_closer=False,
        is_metric=True,
        invariances=_UNITS,
        source=_KHOSLA,
        function=soft_matching_distance,
    ),
)
FAMILIES: tuple[Family, ...] = ()
ALIASES: dict[str, str] = {
    "permutation_metric-score": "permutation-similarity",
    "permutation_metric-distance=angular": "permutation-angular-distance",
    "permutation_metric-distance=euclidean": "permutation-distance",
    "permutation_metric-distance=squared_euclidean": "permutation-squared-distance",
    "permutation_procrustes": "permutation-uncentred-distance",
    "hard_correlation_match": "hard-matching-correlation",
    "soft_correlation_match": "semi-matching-correlation",
}
