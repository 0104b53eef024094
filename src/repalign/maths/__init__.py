"""Formulas: arrays in, arrays out. Nothing here knows a stimulus id, a file or a model."""

from repalign.maths.ceiling import consistency_ceiling, rdm_ceiling
from repalign.maths.checks import Floats, as_pairs, as_patterns
from repalign.maths.choice import (
    error_consistency,
    odd_one_out_credit,
    odd_one_out_probability,
    triplet_similarities,
    weighted_error_consistency,
)
from repalign.maths.comparison import EMBEDDINGS, compare
from repalign.maths.dissimilarity import DISSIMILARITIES, correlation, cosine, euclidean, squared_euclidean
from repalign.maths.kernels import compact, linear_cka, linear_cka_debiased
from repalign.maths.regression import assign_folds, fold_correlations, ridge_predictions
from repalign.maths.resampling import (
    MIN_STIMULI,
    Uncertainty,
    bootstrap_rdms,
    dual_variance,
    from_draws,
    from_jackknife,
    jackknife,
    mantel,
    permutation_p,
    stimulus_counts,
)
from repalign.maths.shape import procrustes_angular_distance

__all__ = [
    "DISSIMILARITIES",
    "EMBEDDINGS",
    "MIN_STIMULI",
    "Floats",
    "Uncertainty",
    "as_pairs",
    "as_patterns",
    "assign_folds",
    "bootstrap_rdms",
    "compact",
    "compare",
    "consistency_ceiling",
    "correlation",
    "cosine",
    "dual_variance",
    "error_consistency",
    "euclidean",
    "fold_correlations",
    "from_draws",
    "from_jackknife",
    "jackknife",
    "linear_cka",
    "linear_cka_debiased",
    "mantel",
    "odd_one_out_credit",
    "odd_one_out_probability",
    "permutation_p",
    "procrustes_angular_distance",
    "rdm_ceiling",
    "ridge_predictions",
    "squared_euclidean",
    "stimulus_counts",
    "triplet_similarities",
    "weighted_error_consistency",
]
