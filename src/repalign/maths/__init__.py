"""Formulas: arrays in, arrays out. Nothing here knows a stimulus id, a file or a model."""

from repalign.maths.aligned import aligned_cosine
from repalign.maths.all_pairs import ALL_PAIRS, all_pairs
from repalign.maths.assignment import (
    permutation_angular_distance,
    permutation_distance,
    permutation_similarity,
)
from repalign.maths.banded import banded_predictions, banded_ridge, sample_shares
from repalign.maths.behaviour import (
    accuracy_closeness,
    chance_corrected,
    confusion_rates,
    confusion_similarity,
    shape_bias,
    value_delta,
)
from repalign.maths.bootstrap import Bootstrapped, bootstrap_models, bootstrap_rdms, stimulus_counts
from repalign.maths.cca import canonical_correlations, cca_mean, leading_components, pwcca, svcca
from repalign.maths.ceiling import consistency_ceiling, rdm_ceiling
from repalign.maths.centring import centred_within
from repalign.maths.checks import Floats, as_pairs, as_patterns, is_constant
from repalign.maths.choice import (
    error_consistency,
    odd_one_out_credit,
    odd_one_out_probability,
    triplet_similarities,
    weighted_error_consistency,
)
from repalign.maths.cka import HSIC, centred_trace, hsic, kernel_cka, linear_cka_lange
from repalign.maths.cka_resampling import cka_left_out, cka_permutation_p
from repalign.maths.comparison import COMPARISONS, EMBEDDINGS, Comparison, compare, find_comparison
from repalign.maths.crossnobis import crossnobis, poisson_cv, whitened_crossnobis, whitened_mahalanobis
from repalign.maths.differences import Estimate, Sampled, ceiling_differences, model_differences, model_scores
from repalign.maths.dimensionality import components_for_variance, eigenspectrum, participation_ratio, two_nn
from repalign.maths.dissimilarity import (
    DISSIMILARITIES,
    correlation,
    cosine,
    euclidean,
    mahalanobis,
    squared_euclidean,
)
from repalign.maths.dynamics import (
    Recovery,
    alignment_recovery,
    elastic_window,
    loss_recovery,
    mean_and_sd,
    median_duration,
    rank_correlation,
    reference_loss,
)
from repalign.maths.geometry import bures, bures_distance, euclidean_between
from repalign.maths.held_out import held_out_draws, predictivity_p
from repalign.maths.insample import ols_insample_r2
from repalign.maths.jackknife import from_jackknife, jackknife, two_way_jackknife
from repalign.maths.jackknife_rdms import Jackknifed, jackknife_models
from repalign.maths.kendall import tau_a, tau_b
from repalign.maths.kernels import compact, linear_cka, linear_cka_debiased
from repalign.maths.large import large_linear_cka, large_rbf_cka
from repalign.maths.large_rsa import LargeRSA, large_rsa
from repalign.maths.matching import (
    hard_matching_correlation,
    semi_matching_correlation,
    soft_matching_correlation,
    soft_matching_distance,
)
from repalign.maths.mds import classical_mds, metric_mds
from repalign.maths.multiplicity import CORRECTIONS, benjamini_hochberg, equivalence_p, holm
from repalign.maths.multiplied import Multiplied
from repalign.maths.neighbours import cknna, knn_jaccard, knn_rank_similarity, mutual_knn, second_order_cosine
from repalign.maths.noise import Noise, estimate_noise, repetition_residuals
from repalign.maths.partition import encoding_partition, partition, rdm_partition
from repalign.maths.permutation import mantel, permutation_p, sign_flip
from repalign.maths.pls import pls
from repalign.maths.poisson import poisson
from repalign.maths.predictivity import SCORES, fold_correlations, fold_r2, normalised_median
from repalign.maths.radial import radial_cka, radial_trace
from repalign.maths.ranks import midranks
from repalign.maths.recognition import LEVELS, Level, binary_hits, signature, signature_similarity, trial_hits
from repalign.maths.regression import (
    Method,
    assign_folds,
    by_ols,
    by_pls,
    by_ridge,
    by_ridge_cv,
    by_ridge_gcv,
    held_out_predictions,
    held_out_scores,
    ridge_predictions,
)
from repalign.maths.reliability import ceiling_from_snr, signal_to_noise, spearman_brown, split_half
from repalign.maths.resampling import from_draws
from repalign.maths.reweighting import mixture_weights, reweighted_similarity, weighted_rdm_similarity
from repalign.maths.ridge import ols, ridge_cv, ridge_fixed, ridge_gcv
from repalign.maths.riemannian import riemannian
from repalign.maths.runs import average_runs
from repalign.maths.shape import (
    nuclear_norm,
    procrustes_angular_distance,
    procrustes_chord_distance,
    procrustes_ding_distance,
    procrustes_similarity,
    procrustes_size_and_shape_distance,
)
from repalign.maths.similarity import (
    concentricity_difference,
    distance_correlation,
    distance_correlation_debiased,
    magnitude_difference,
    rdm_norm_difference,
    uniformity_difference,
)
from repalign.maths.stochastic import energy_shape_distance, gaussian_wasserstein_distance
from repalign.maths.subspaces import (
    eigenspace_overlap,
    gulp_distance,
    gulp_squared_distance,
    shared_dimensions,
)
from repalign.maths.transport import best_transport
from repalign.maths.uncertainty import MIN_STIMULI, Bound, Uncertainty, dual_variance, of_subjects
from repalign.maths.whitened import whitened_cosine, whitened_pearson
from repalign.maths.whitening import shape_whitening_angular_distance

__all__ = [
    "ALL_PAIRS",
    "COMPARISONS",
    "CORRECTIONS",
    "DISSIMILARITIES",
    "EMBEDDINGS",
    "HSIC",
    "LEVELS",
    "MIN_STIMULI",
    "SCORES",
    "Bootstrapped",
    "Bound",
    "Comparison",
    "Estimate",
    "Floats",
    "Jackknifed",
    "LargeRSA",
    "Level",
    "Method",
    "Multiplied",
    "Noise",
    "Recovery",
    "Sampled",
    "Uncertainty",
    "accuracy_closeness",
    "aligned_cosine",
    "alignment_recovery",
    "all_pairs",
    "as_pairs",
    "as_patterns",
    "assign_folds",
    "average_runs",
    "banded_predictions",
    "banded_ridge",
    "benjamini_hochberg",
    "best_transport",
    "binary_hits",
    "bootstrap_models",
    "bootstrap_rdms",
    "bures",
    "bures_distance",
    "by_ols",
    "by_pls",
    "by_ridge",
    "by_ridge_cv",
    "by_ridge_gcv",
    "canonical_correlations",
    "cca_mean",
    "ceiling_differences",
    "ceiling_from_snr",
    "centred_trace",
    "centred_within",
    "chance_corrected",
    "cka_left_out",
    "cka_permutation_p",
    "cknna",
    "classical_mds",
    "compact",
    "compare",
    "components_for_variance",
    "concentricity_difference",
    "confusion_rates",
    "confusion_similarity",
    "consistency_ceiling",
    "correlation",
    "cosine",
    "crossnobis",
    "distance_correlation",
    "distance_correlation_debiased",
    "dual_variance",
    "eigenspace_overlap",
    "eigenspectrum",
    "elastic_window",
    "encoding_partition",
    "energy_shape_distance",
    "equivalence_p",
    "error_consistency",
    "estimate_noise",
    "euclidean",
    "euclidean_between",
    "find_comparison",
    "fold_correlations",
    "fold_r2",
    "from_draws",
    "from_jackknife",
    "gaussian_wasserstein_distance",
    "gulp_distance",
    "gulp_squared_distance",
    "hard_matching_correlation",
    "held_out_draws",
    "held_out_predictions",
    "held_out_scores",
    "holm",
    "hsic",
    "is_constant",
    "jackknife",
    "jackknife_models",
    "kernel_cka",
    "knn_jaccard",
    "knn_rank_similarity",
    "large_linear_cka",
    "large_rbf_cka",
    "large_rsa",
    "leading_components",
    "linear_cka",
    "linear_cka_debiased",
    "linear_cka_lange",
    "loss_recovery",
    "magnitude_difference",
    "mahalanobis",
    "mantel",
    "mean_and_sd",
    "median_duration",
    "metric_mds",
    "midranks",
    "mixture_weights",
    "model_differences",
    "model_scores",
    "mutual_knn",
    "normalised_median",
    "nuclear_norm",
    "odd_one_out_credit",
    "odd_one_out_probability",
    "of_subjects",
    "ols",
    "ols_insample_r2",
    "participation_ratio",
    "partition",
    "permutation_angular_distance",
    "permutation_distance",
    "permutation_p",
    "permutation_similarity",
    "pls",
    "poisson",
    "poisson_cv",
    "predictivity_p",
    "procrustes_angular_distance",
    "procrustes_chord_distance",
    "procrustes_ding_distance",
    "procrustes_similarity",
    "procrustes_size_and_shape_distance",
    "pwcca",
    "radial_cka",
    "radial_trace",
    "rank_correlation",
    "rdm_ceiling",
    "rdm_norm_difference",
    "rdm_partition",
    "reference_loss",
    "repetition_residuals",
    "reweighted_similarity",
    "ridge_cv",
    "ridge_fixed",
    "ridge_gcv",
    "ridge_predictions",
    "riemannian",
    "sample_shares",
    "second_order_cosine",
    "semi_matching_correlation",
    "shape_bias",
    "shape_whitening_angular_distance",
    "shared_dimensions",
    "sign_flip",
    "signal_to_noise",
    "signature",
    "signature_similarity",
    "soft_matching_correlation",
    "soft_matching_distance",
    "spearman_brown",
    "split_half",
    "squared_euclidean",
    "stimulus_counts",
    "svcca",
    "tau_a",
    "tau_b",
    "trial_hits",
    "triplet_similarities",
    "two_nn",
    "two_way_jackknife",
    "uniformity_difference",
    "value_delta",
    "weighted_error_consistency",
    "weighted_rdm_similarity",
    "whitened_cosine",
    "whitened_crossnobis",
    "whitened_mahalanobis",
    "whitened_pearson",
]
