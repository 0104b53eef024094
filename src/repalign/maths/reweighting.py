"""Feature-reweighted RSA: a weight for each unit's own dissimilarities, fitted and tested on other stimuli.

The dissimilarity of stimuli i and j in unit k is (x_ik - x_jk)^2, and a model is a weighted sum of them.
All sums over pairs that a regression needs follow from products of (n x p) matrices, so that the
(n_pairs x p) design is never made: with columns centred and S = X^2 (entry by entry),

    sum over pairs of d_k d_l  =  n S'S + (1'S)'(1'S) + 2 (X'X)^2    (entry by entry)
    sum over pairs of d_k t    =  S' T 1 - diag(X' T X)              (T the symmetric target, zero diagonal)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from repalign.errors import TooFewError
from repalign.maths.checks import Floats, as_patterns, is_constant
from repalign.maths.comparison import compare

PENALTIES: tuple[float, ...] = tuple(np.logspace(-4, 4, 9).tolist())
MIN_FOLD = 4  # stimuli: 6 pairs


def reweighted_similarity(
    X: Floats,
    targets: Floats,
    folds: NDArray[np.intp],
    comparison: str = "pearson",
    penalties: Sequence[float] = PENALTIES,
) -> Floats:
    """Feature-reweighted RSA of each subject (Kaniuth & Hebart 2022), cross-validated over stimuli.

    In every fold the weights are fitted by ridge regression on the pairs among the other stimuli and
    tested on the pairs among the held-out ones; pairs between fit and test part are used by neither. The
    penalty is chosen by another split within the fit part. Units are standardised within the fit part.

    Args:
        X: Responses, (n_stimuli, p).
        targets: Square RDMs, one per subject, (n_subjects, n_stimuli, n_stimuli).
        folds: Fold of each stimulus, (n_stimuli,).
        comparison: How predicted and measured dissimilarities are compared.
        penalties: To choose from, as multiples of the mean of the Gram matrix's diagonal.

    Returns:
        Mean over folds, (n_subjects,).

    Raises:
        TooFewError: Fewer than 4 stimuli in a fold.
        DegenerateError: NaN, or a constant RDM within a fold.
    """
    patterns = as_patterns(X)
    _check_folds(folds)
    scores = np.zeros((len(targets), len(np.unique(folds))))
    for f, fold in enumerate(np.unique(folds)):
        fit, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        for s, target in enumerate(targets):
            weights = fit_weights(patterns[fit], target[np.ix_(fit, fit)], penalties)
            predicted = weighted_dissimilarities(patterns[held], *weights)
            measured = target[np.ix_(held, held)][np.triu_indices(len(held), 1)]
            scores[s, f] = float(compare(predicted, measured, comparison))
    return scores.mean(axis=1)


def fit_weights(X: Floats, target: Floats, penalties: Sequence[float] = PENALTIES) -> tuple[Floats, Floats]:
    """Weights of the units' dissimilarities that predict a square target RDM best, and the units' scales.

    Args:
        X: Responses, (n_stimuli, p).
        target: (n_stimuli, n_stimuli), symmetric, zero diagonal.
        penalties: See :func:`reweighted_similarity`; the best on every third stimulus is taken.

    Returns:
        Weights and scales, (p,) each, for :func:`weighted_dissimilarities`. A unit that is constant here
        has weight 0.
    """
    still = is_constant(X, axis=0)
    scale = np.where(still, np.inf, X.std(axis=0))
    Z = X / scale
    chosen = penalties[0] if len(penalties) == 1 else _choose(Z, target, penalties)
    return _ridge(Z, target, [chosen])[0], scale


def weighted_dissimilarities(X: Floats, weights: Floats, scale: Floats) -> Floats:
    """Sum over units of weight x squared difference in units of the scale, condensed, (n_pairs,)."""
    scaled = X / scale
    Z = scaled - scaled.mean(axis=0)
    squares = Z**2 @ weights
    products = (Z * weights) @ Z.T
    i, j = np.triu_indices(len(X), 1)
    return squares[i] + squares[j] - 2.0 * products[i, j]


def _choose(Z: Floats, target: Floats, penalties: Sequence[float]) -> float:
    # Every third stimulus in canonical order: a fixed rule needs no further seed.
    inner = np.arange(len(Z)) % 3 == 0
    fit, held = np.flatnonzero(~inner), np.flatnonzero(inner)
    if len(held) < 3 or len(fit) < 3:
        return penalties[len(penalties) // 2]
    candidates = _ridge(Z[fit], target[np.ix_(fit, fit)], penalties)
    measured = target[np.ix_(held, held)][np.triu_indices(len(held), 1)]
    one = np.ones(Z.shape[1])
    errors = [_error(weighted_dissimilarities(Z[held], w, one), measured) for w in candidates]
    return penalties[int(np.argmin(errors))]


def _error(predicted: Floats, measured: Floats) -> float:
    """1 - r: the offset and the scale of a prediction of dissimilarities do not matter."""
    x, y = predicted - predicted.mean(), measured - measured.mean()
    length = float(np.sqrt((x @ x) * (y @ y)))
    return 1.0 - float(x @ y) / length if length > 0 else 1.0


def _ridge(Z: Floats, target: Floats, penalties: Sequence[float]) -> list[Floats]:
    """Weights for each penalty, from the Gram matrix of the centred design."""
    gram, right = pair_sums(Z, target)
    values, vectors = np.linalg.eigh(gram)
    values = np.maximum(values, 0.0)
    typical = float(np.trace(gram)) / len(gram)
    if typical == 0.0:
        return [np.zeros(len(gram)) for _ in penalties]
    rotated = vectors.T @ right
    return [vectors @ (rotated / (values + penalty * typical)) for penalty in penalties]


def pair_sums(X: Floats, target: Floats) -> tuple[Floats, Floats]:
    """Covariances over pairs of the units' dissimilarities with one another and with a target.

    Args:
        X: Responses, (n_stimuli, p).
        target: Square, (n_stimuli, n_stimuli), zero diagonal.

    Returns:
        (p, p) and (p,): sums over pairs of products of centred d_k with d_l, and with the target.
    """
    n = len(X)
    pairs = n * (n - 1) / 2
    C = X - X.mean(axis=0)
    S = C**2
    totals = S.sum(axis=0)
    means = n * totals / pairs
    products = n * (S.T @ S) + np.outer(totals, totals) + 2.0 * (C.T @ C) ** 2
    with_target = S.T @ target.sum(axis=1) - np.einsum("ik,ik->k", C, target @ C)
    return products - pairs * np.outer(means, means), with_target - means * target.sum() / 2


def weighted_rdm_similarity(
    components: Floats,
    subjects: Floats,
    stimulus_folds: NDArray[np.intp],
    subject_folds: NDArray[np.intp],
    comparison: str = "pearson",
) -> Floats:
    """A non-negative mixture of component RDMs, tested on other stimuli and other subjects.

    Weights are fitted to the mean RDM of the subjects of the other folds on the pairs among the stimuli
    of the other folds, and tested on each held-out subject on the pairs among the held-out stimuli
    (Khaligh-Razavi & Kriegeskorte 2014; Schuett et al. 2023).

    Args:
        components: Square RDMs, e.g. one per layer, (k, n_stimuli, n_stimuli).
        subjects: Square RDMs, (n_subjects, n_stimuli, n_stimuli).
        stimulus_folds: Fold of each stimulus, (n_stimuli,).
        subject_folds: Fold of each subject, (n_subjects,); all 0 for one subject or to fit and test on
            the same subjects.
        comparison: A comparison of RDMs.

    Returns:
        Mean over stimulus folds, (n_subjects,).

    Raises:
        TooFewError: Fewer than 4 stimuli in a fold.
        DegenerateError: NaN, or a prediction that is constant (all weights 0).
    """
    _check_folds(stimulus_folds)
    several = len(np.unique(subject_folds)) > 1
    scores = np.zeros((len(subjects), len(np.unique(stimulus_folds))))
    for f, fold in enumerate(np.unique(stimulus_folds)):
        fit, held = np.flatnonzero(stimulus_folds != fold), np.flatnonzero(stimulus_folds == fold)
        for group in np.unique(subject_folds):
            own = subject_folds == group
            teachers = subjects[~own] if several else subjects
            weights = mixture_weights(_pairs(components, fit), _pairs(teachers, fit).mean(axis=0), comparison)
            predicted = weights @ _pairs(components, held)
            scores[own, f] = compare(_pairs(subjects[own], held), predicted, comparison)
    return scores.mean(axis=1)


def mixture_weights(components: Floats, target: Floats, comparison: str = "pearson") -> Floats:
    """Non-negative weights with which component RDMs predict a target RDM best (Lawson & Hanson 1974).

    Args:
        components: Pair values, (k, n_pairs).
        target: Pair values, (n_pairs,).
        comparison: With ``cosine`` no offset is fitted, else one is.

    Returns:
        (k,), not negative. Components are scaled to unit length first, so that their order of magnitude
        does not matter; the weights refer to the components as given.
    """
    offset = comparison != "cosine"
    A = components - components.mean(axis=1, keepdims=True) * offset
    y = target - target.mean() * offset
    lengths = np.sqrt(np.einsum("ij,ij->i", A, A))
    scale = np.where(lengths > 0, lengths, np.inf)
    return np.asarray(nnls((A / scale[:, None]).T, y)[0]) / scale


def _pairs(squares: Floats, rows: NDArray[np.intp]) -> Floats:
    i, j = np.triu_indices(len(rows), 1)
    return squares[..., rows[i], rows[j]]


def _check_folds(folds: NDArray[np.intp]) -> None:
    sizes = np.unique(folds, return_counts=True)[1]
    if sizes.min() < MIN_FOLD:
        raise TooFewError(
            f"a fold has {sizes.min()} stimuli; dissimilarities within it need at least {MIN_FOLD}",
            hint="Use fewer folds or more stimuli.",
        )
