"""Behaviour, trial by trial: error consistency and the odd one out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.errors import DegenerateError, ShapeError
from repalign.maths.checks import Floats

Truths = NDArray[np.bool_]


def error_consistency(a: Truths, b: Truths) -> float:
    """Cohen's kappa of being right on the same trials (Geirhos, Meding & Wichmann 2020).

    kappa = (c_obs - c_exp) / (1 - c_exp), with c_obs the share of trials on which both are right or both
    wrong, and c_exp = p q + (1-p)(1-q) for accuracies p and q. The sign is kept: agreeing less than
    chance is negative.

    Args:
        a: Whether one decision maker was right, (n_trials,).
        b: Whether the other was right on the same trials, (n_trials,).

    Returns:
        kappa, -1..1.

    Raises:
        ShapeError: The numbers of trials differ.
        DegenerateError: Both always right or both always wrong: kappa is 0/0.
    """
    a, b = np.asarray(a, dtype=bool), np.asarray(b, dtype=bool)
    if a.shape != b.shape or a.ndim != 1 or not len(a):
        raise ShapeError(
            f"error consistency needs the same trials on both sides; saw {a.shape} and {b.shape}"
        )
    kappa = weighted_error_consistency(a, b, np.ones((1, len(a))))[0]
    if np.isnan(kappa):
        raise DegenerateError(
            "error consistency is undefined: both sides are right on every trial, or wrong on every trial",
            hint="Use stimuli on which someone errs.",
        )
    return float(kappa)


def weighted_error_consistency(a: Truths, b: Truths, weights: Floats) -> Floats:
    """Error consistency in bootstrap replicates that hold trial i ``weights[d, i]`` times.

    Args:
        a: Whether one was right, (n_trials,).
        b: Whether the other was right, (n_trials,).
        weights: (n_draws, n_trials).

    Returns:
        kappa per draw, (n_draws,); NaN where it is 0/0.
    """
    total = weights.sum(axis=1)
    observed = weights @ (a == b).astype(np.float64) / total
    p, q = weights @ a.astype(np.float64) / total, weights @ b.astype(np.float64) / total
    expected = p * q + (1 - p) * (1 - q)
    # c_exp reaches 1 only where both accuracies are 0 or both 1; in counts, not in rounding.
    defined = ~(((p == 1) & (q == 1)) | ((p == 0) & (q == 0)))
    return np.where(defined, (observed - expected) / np.where(defined, 1 - expected, 1.0), np.nan)


def triplet_similarities(X: Floats, triplets: NDArray[np.intp]) -> Floats:
    """Dot products of the pairs in each triplet, the k-th being the pair that leaves out the k-th.

    Args:
        X: Responses, (n_stimuli, n_units).
        triplets: Rows of X, (n_triplets, 3).

    Returns:
        Similarities, (n_triplets, 3).
    """
    a, b, c = (X[triplets[:, k]] for k in range(3))
    return np.stack([(b * c).sum(axis=1), (a * c).sum(axis=1), (a * b).sum(axis=1)], axis=1)


def odd_one_out_probability(similarities: Floats) -> Floats:
    """Probability that each stimulus of a triplet is the odd one (Hebart et al. 2020).

    p(k odd) = exp(s_k) / sum_j exp(s_j), s_k the similarity of the other two, computed by log-sum-exp,
    because SPoSE similarities reach thousands.

    Args:
        similarities: From :func:`triplet_similarities`, (n_triplets, 3).

    Returns:
        Probabilities, (n_triplets, 3), rows summing to 1.
    """
    shifted = np.exp(similarities - similarities.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def odd_one_out_credit(similarities: Floats, odd: NDArray[Any]) -> Floats:
    """Credit for naming the odd one as the stimulus outside the most similar pair.

    Args:
        similarities: From :func:`triplet_similarities`, (n_triplets, 3).
        odd: Which of the three was chosen as odd by people, 0..2, (n_triplets,).

    Returns:
        1 where the model agrees, 0 where not, 1/k where it is tied between k and the chosen one is
        among them (so that no order of stimuli decides), (n_triplets,). Chance is 1/3.
    """
    best = similarities == similarities.max(axis=1, keepdims=True)
    chosen = best[np.arange(len(odd)), odd]
    return chosen / best.sum(axis=1)
