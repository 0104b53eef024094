"""Other comparisons: distance correlation, norms of RDMs, subspaces, GULP, simple statistics."""

from __future__ import annotations

from functools import partial
from math import inf, nan

from repalign.errors import InputError
from repalign.maths.similarity import (
    concentricity_difference,
    distance_correlation,
    distance_correlation_debiased,
    magnitude_difference,
    rdm_norm_difference,
    uniformity_difference,
)
from repalign.maths.subspaces import (
    eigenspace_overlap,
    gulp_distance,
    gulp_squared_distance,
    shared_dimensions,
)
from repalign.metrics.catalogue.family import Family
from repalign.metrics.measure import Measure
from repalign.metrics.rows import Rows

_MOVES = frozenset({"permutation", "orthogonal", "translation"})
_SHAPE = _MOVES | {"scaling"}
_RESI = "Klabunde et al. 2025, ICLR (ReSi)"
_GULP = "Boix-Adserà et al. 2022, NeurIPS"
# The differences of one number on either side, or of two RDMs, are metrics up to equal numbers or RDMs.


def _predictors(penalty: float) -> frozenset[str]:
    return _SHAPE | {"linear", "affine"} if penalty == 0 else _SHAPE


def gulp(penalty: float) -> Rows:
    """GULP distance.

    Raises:
        InputError: The penalty is negative or infinite.
    """
    if not 0.0 <= penalty < inf:
        raise InputError(f"the GULP penalty is {penalty:g}; it is finite and not negative", hint="Try 0.01.")
    return Rows(
        id=f"gulp-penalty{penalty:g}-distance",
        formula=f"|A - B|, A = Xc (S_x + {penalty:g})^-1 Xc'/n, B likewise; covariances S of trace 1",
        range=(0.0, None),
        higher_is_closer=False,
        is_metric=True,
        invariances=_predictors(penalty),
        source=_GULP,
        function=partial(gulp_distance, penalty=penalty),
    )


MEMBERS: tuple[Measure, ...] = (
    Rows(
        id="distance-correlation-biased",
        formula="sqrt of dCov2(X,Y) / sqrt(dCov2(X,X) dCov2(Y,Y)), biased upwards where units are many",
        range=(0.0, 1.0),
        invariances=_SHAPE,
        source="Székely, Rizzo & Bakirov 2007, Ann. Stat. 35:2769",
        function=distance_correlation,
    ),
    Rows(
        id="distance-correlation-squared-debiased",
        formula="bias-corrected dCor^2, 0 expected by chance",
        range=(None, 1.0),
        invariances=_SHAPE,
        min_stimuli=4,
        source="Székely & Rizzo 2013, J. Multivar. Anal. 117:193",
        function=distance_correlation_debiased,
    ),
    Rows(
        id="rdm-euclidean-norm-difference",
        formula="Euclidean norm of the difference of two Euclidean RDMs, each pair once",
        range=(0.0, None),
        higher_is_closer=False,
        is_metric=True,
        invariances=_MOVES,
        source="Klabunde et al. 2023, survey; Yin & Shen 2018",
        function=rdm_norm_difference,
    ),
    Rows(
        id="rdm-correlation-norm-difference",
        formula="Euclidean norm of the difference of two RDMs of 1 - Pearson r, each pair once",
        range=(0.0, None),
        higher_is_closer=False,
        is_metric=True,
        invariances=frozenset({"permutation", "scaling"}),
        source="Klabunde et al. 2023, survey",
        function=partial(rdm_norm_difference, dissimilarity="correlation"),
    ),
    Rows(
        id="eigenspace-overlap",
        formula="|U'V|^2 / max(rank X, rank Y), U, V bases of the columns, not centred; chance min(p,q)/n",
        range=(0.0, 1.0),
        invariances=frozenset({"permutation", "orthogonal", "scaling", "linear"}),
        source="May et al. 2019, NeurIPS",
        function=eigenspace_overlap,
    ),
    gulp(0.0),
    gulp(0.01),
    Rows(
        id="gulp-penalty0-squared-distance",
        formula="rank X + rank Y - 2 sum of squared canonical correlations: no metric",
        range=(0.0, None),
        higher_is_closer=False,
        invariances=_predictors(0.0),
        source=_GULP,
        function=partial(gulp_squared_distance, penalty=0.0),
    ),
    Rows(
        id="shared-dimensions-ensd",
        formula="tr(KL) tr K tr L / (|K|^2 |L|^2), centred linear kernels; equal sides: participation ratio",
        range=(0.0, None),
        invariances=_SHAPE,
        equal_sides=nan,
        source="Giaffar et al. 2024",
        function=shared_dimensions,
    ),
    Rows(
        id="magnitude-difference",
        paired=False,
        formula="| |mean x_i| - |mean y_i| |",
        range=(0.0, None),
        higher_is_closer=False,
        is_metric=True,
        invariances=frozenset({"permutation", "orthogonal"}),
        source=_RESI,
        function=magnitude_difference,
    ),
    Rows(
        id="concentricity-difference",
        paired=False,
        formula="difference of the mean cosine of patterns with their mean pattern",
        range=(0.0, 2.0),
        higher_is_closer=False,
        is_metric=True,
        invariances=frozenset({"permutation", "orthogonal", "scaling"}),
        source=_RESI,
        function=concentricity_difference,
    ),
    Rows(
        id="uniformity-difference",
        paired=False,
        formula="difference of log mean_ij exp(-2 |x_i - x_j|^2)",
        range=(0.0, None),
        higher_is_closer=False,
        is_metric=True,
        invariances=_MOVES,
        source=f"{_RESI}; Wang & Isola 2020",
        function=uniformity_difference,
    ),
)
FAMILIES: tuple[Family, ...] = (Family("gulp-penalty{penalty}-distance", {"penalty": float}, gulp),)
ALIASES: dict[str, str] = {
    "distance_correlation": "distance-correlation-biased",
    "rsm_norm_difference": "rdm-euclidean-norm-difference",
    "eigenspace_overlap_score": "eigenspace-overlap",
    "gulp": "gulp-penalty0-squared-distance",
    "ensd": "shared-dimensions-ensd",
    "magnitude_difference": "magnitude-difference",
    "concentricity_difference": "concentricity-difference",
    "uniformity_difference": "uniformity-difference",
}
