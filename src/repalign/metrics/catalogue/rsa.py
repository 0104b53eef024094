"""RSA: every dissimilarity with every comparison."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from repalign.metrics.catalogue.comparisons import BETWEEN
from repalign.metrics.catalogue.family import Family
from repalign.metrics.measure import Measure
from repalign.metrics.rsa import RSA, RateRSA, RepeatedRateRSA, RepeatedRSA

_ISOMETRIES = frozenset({"permutation", "orthogonal", "translation"})


@dataclass(frozen=True)
class _Within:
    """One dissimilarity: its formula, its measure, and what its RDM is blind to.

    Args:
        formula: In one line; b_i, b_j are two patterns of C units.
        kind: The measure's class.
        blind: Changes of the units that leave the RDM as it is.
        proportional: Multiplied responses give a multiple of the RDM.
        squared: It is a squared Euclidean distance of some points, as some comparisons need.
    """

    formula: str
    kind: type[RSA] = RSA
    blind: frozenset[str] = _ISOMETRIES
    proportional: bool = True
    squared: bool = True


_NO_NOISE = "S = I for a side without repetitions"
_LEDOIT_WOLF = "S of residuals of repetitions, shrunk to the identity (Ledoit-Wolf)"
_RATES = "r = (x + .1) / 1.1 (gamma prior)"
_WITHIN: dict[str, _Within] = {
    "correlation": _Within("1 - Pearson r", blind=frozenset({"permutation", "scaling"}), proportional=False),
    "euclidean": _Within("Euclidean distance"),
    "squared-euclidean": _Within("squared Euclidean distance"),
    "cosine": _Within(
        "1 - cosine", blind=frozenset({"permutation", "orthogonal", "scaling"}), proportional=False
    ),
    "mahalanobis": _Within(f"(b_i-b_j) S^-1 (b_i-b_j)' / C, {_LEDOIT_WOLF}; {_NO_NOISE}", RepeatedRSA),
    "crossnobis": _Within(
        "the mean over pairs A, B of repetitions of (b_i-b_j)_A S^-1 (b_i-b_j)_B' / C, "
        f"{_LEDOIT_WOLF} without A; A = B and {_NO_NOISE}",
        RepeatedRSA,
        squared=False,
    ),
    "poisson": _Within(
        f"the mean over units of (r_i-r_j)(log r_i - log r_j), {_RATES}",
        RateRSA,
        frozenset({"permutation"}),
        proportional=False,
        squared=False,
    ),
    "poisson-cv": _Within(
        "the mean over units and ordered pairs A, B of repetitions of (r_i-r_j)_A (log r_i - log r_j)_B, "
        f"{_RATES}; A = B for a side without repetitions",
        RepeatedRateRSA,
        frozenset({"permutation"}),
        proportional=False,
        squared=False,
    ),
}
# The same with another covariance of the noise, named in the id.
_DIAGONAL = "S of residuals of repetitions, shrunk to its diagonal (Schaefer-Strimmer)"
_VARIANTS = {
    f"{name}-diagonal": replace(
        _WITHIN[name],
        formula=_WITHIN[name].formula.replace(_LEDOIT_WOLF, _DIAGONAL),
        blind=_ISOMETRIES - {"orthogonal"},
    )
    for name in ("mahalanobis", "crossnobis")
}
_VARIANTS["crossnobis-identity"] = replace(
    _WITHIN["crossnobis"],
    formula="the mean over pairs A, B of repetitions of (b_i-b_j)_A (b_i-b_j)_B' / C; A = B for a side "
    "without repetitions",
)


def _rsa(inner: str, outer: str) -> RSA:
    within, between = {**_WITHIN, **_VARIANTS}[inner], BETWEEN[outer]
    scaling = {"scaling"} if within.proportional and between.scale_free else set[str]()
    return within.kind(
        id=f"rsa-{inner}-{outer}",
        formula=f"{between.formula} of the pairs of two RDMs of {within.formula}",
        range=between.range,
        higher_is_closer=between.higher_is_closer,
        symmetric=between.symmetric,
        is_metric=between.is_metric,
        invariances=within.blind | scaling,
        source=between.source,
        equal_sides=between.equal_sides,
        dissimilarity=inner,
        comparison=outer,
        calibrated=outer in ("pearson", "spearman", "rho-a"),
    )


def _lawful(inner: str, outer: str) -> bool:
    """Whether any responses have a value, and one that obeys the laws of the check-suite.

    Not so where a comparison needs squared Euclidean distances or more units than stimuli, or mends (clips)
    what it is given. Those measures are not listed; their ids are known all the same.
    """
    between = BETWEEN[outer]
    needy = between.full_rank or (between.squared and not _WITHIN[inner].squared)
    return not needy and not outer.endswith("clipped")


_PRODUCT = [(inner, outer) for inner in _WITHIN for outer in BETWEEN]
_UNLISTED = [each for each in _PRODUCT if not _lawful(*each)]
_OTHER_NOISE = [(inner, outer) for inner in _VARIANTS for outer in BETWEEN]

MEMBERS: tuple[Measure, ...] = tuple(_rsa(*each) for each in _PRODUCT if _lawful(*each))
FAMILIES: tuple[Family, ...] = tuple(
    Family(f"rsa-{inner}-{outer}", {}, partial(_rsa, inner, outer))
    for inner, outer in [*_UNLISTED, *_OTHER_NOISE]
)


def _golden() -> Iterator[tuple[str, str]]:
    """Names of the comparison of implementations; where a name leaves room, its values decide."""
    renamed: dict[str, str] = {
        "kendall": "tau-b",
        "cosine_cov": "whitened-cosine",
        "corr_cov": "whitened-pearson",
        "bures_metric": "bures-distance-squared",
    }
    common = (*renamed, "bures", "cosine", "pearson", "spearman", "rho_a", "tau_b")
    names: dict[str, tuple[str, ...]] = {
        "correlation": (*common, "tau_a", "euclidean"),
        "squared_euclidean": (*common, "tau_a"),
        "mahalanobis": (*common, "tau_a"),
        "poisson": common,
        "euclidean": ("euclidean", "pearson", "spearman"),
        "cosine": ("pearson", "spearman"),
    }
    for theirs, outer in [(theirs, outer) for theirs, every in names.items() for outer in every]:
        inner, ours = theirs.replace("_", "-"), renamed.get(outer, outer.replace("_", "-"))
        if (theirs, outer) == ("squared_euclidean", "bures_metric"):
            inner = "mahalanobis"  # divided by the number of units
        if theirs == "poisson" and outer.startswith("bures"):
            ours += "-clipped"
        yield f"rsa-rdm={theirs}-compare={outer}", f"rsa-{inner}-{ours}"


ALIASES: dict[str, str] = dict(_golden())
#: Dissimilarities and comparisons with their formulas, of which every listed id is a pair.
FORMULAS: tuple[dict[str, str], dict[str, str]] = (
    {name: within.formula for name, within in _WITHIN.items()},
    {name: between.formula for name, between in BETWEEN.items()},
)
