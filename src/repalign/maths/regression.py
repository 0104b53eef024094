"""Linear predictivity: cross-validated ridge regression from model units to measured units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from repalign.errors import DegenerateError, TooFewError
from repalign.maths.checks import Floats, as_patterns, is_constant, same_rows

ALPHAS: Floats = np.logspace(-4, 8, 25)


def assign_folds(n: int, n_folds: int, generator: np.random.Generator) -> NDArray[np.intp]:
    """Assign n stimuli to folds of equal size (to one), at random.

    Returns:
        Fold of each stimulus, 0..n_folds - 1, (n,).

    Raises:
        TooFewError: Fewer than 5 stimuli in a fold; a correlation within it would mean nothing.
    """
    if n < 5 * n_folds:
        raise TooFewError(
            f"{n} stimuli are too few for {n_folds} folds: a fold needs at least 5",
            hint=f"Use at least {5 * n_folds} stimuli, or an RSA or CKA measure.",
        )
    return generator.permutation(np.arange(n) % n_folds)


def ridge_predictions(X: Floats, Y: Floats, folds: NDArray[np.intp], alphas: Floats = ALPHAS) -> Floats:
    """Predict each stimulus's responses from a ridge regression that has not seen it.

    Within each fit part: units of X standardised, Y centred, and for every column of Y its own penalty,
    the one with the least generalised cross-validation error (Golub, Heath & Wahba 1979, eq. 1.4).
    Nothing of the held-out fold enters scaling, penalty or weights.

    Args:
        X: Predictors, (n_stimuli, p).
        Y: Responses to predict, (n_stimuli, q).
        folds: Fold of each stimulus, (n_stimuli,).
        alphas: Penalties to choose from, on the scale of the sum of squares of standardised units.

    Returns:
        Held-out predictions, (n_stimuli, q).
    """
    predictors, responses = as_patterns(X, "X"), as_patterns(Y, "Y")
    same_rows(predictors, responses)
    predictions = np.empty_like(responses)
    for fold in np.unique(folds):
        held = folds == fold
        fit = (predictors[~held], responses[~held])
        predictions[held] = _fit_predict(*fit, predictors[held], alphas)
    return predictions


def _fit_predict(X: Floats, Y: Floats, X_new: Floats, alphas: Floats) -> Floats:
    mean, scale = X.mean(axis=0), X.std(axis=0)
    varies = ~is_constant(X, axis=0)
    # A unit that is constant in the fit part cannot predict; dividing by its rounding error would.
    weights = np.where(varies, 1.0 / np.where(varies, scale, 1.0), 0.0)
    Z, Z_new = (X - mean) * weights, (X_new - mean) * weights
    offset = Y.mean(axis=0)
    U, s, Vt = _svd(Z)
    projected = U.T @ (Y - offset)
    best = _gcv_choice(s, projected, ((Y - offset) ** 2).sum(axis=0), len(Y), alphas)
    shrunk = (s / (s**2 + best[:, None])).T * projected
    return Z_new @ (Vt.T @ shrunk) + offset


def _svd(Z: Floats) -> tuple[Floats, Floats, Floats]:
    U, s, Vt = np.linalg.svd(Z, full_matrices=False)
    keep = s > s[0] * 1e-10 if len(s) and s[0] > 0 else np.zeros(len(s), dtype=bool)
    return U[:, keep], s[keep], Vt[keep]


def _gcv_choice(s: Floats, projected: Floats, total: Floats, n: int, alphas: Floats) -> Floats:
    errors = np.full((len(alphas), projected.shape[1]), np.inf)
    for i, alpha in enumerate(alphas):
        kept = s**2 / (s**2 + alpha)
        freedom = n - 1 - kept.sum()  # one more is spent on the mean
        if freedom > 1e-3 * n:  # below, the fit interpolates and its error is rounding
            residual = total - ((2 * kept - kept**2)[:, None] * projected**2).sum(axis=0)
            errors[i] = residual / freedom**2
    return alphas[errors.argmin(axis=0)]


def fold_correlations(
    Y: Floats, predictions: Floats, folds: NDArray[np.intp], weights: Floats | None = None
) -> Floats:
    """Pearson's r between held-out responses and predictions, within folds, averaged over folds.

    Within folds, because predictions of different folds have different offsets: pooled over folds,
    a model without any relation would get a negative r.

    Args:
        Y: Responses, (n_stimuli, q).
        predictions: Held-out predictions, (n_stimuli, q).
        folds: Fold of each stimulus, (n_stimuli,).
        weights: How often each stimulus counts (bootstrap), (n_stimuli,); once each by default.

    Returns:
        r per unit, -1..1, (q,). A prediction that is constant within a fold explains nothing there: r = 0.
        With weights, a fold in which a unit's drawn responses are constant is left out of its average,
        which is NaN where no fold remains.

    Raises:
        DegenerateError: Without weights: a unit's responses are constant within a fold.
    """
    counts = np.ones(len(folds)) if weights is None else weights
    total, used = np.zeros(Y.shape[1]), np.zeros(Y.shape[1])
    for fold in np.unique(folds):
        held = (folds == fold) & (counts > 0)
        if not held.any():
            continue
        y, w = Y[held], counts[held]
        still = is_constant(y, axis=0)
        if weights is None and still.any():
            raise _constant_in_fold(still, int(fold))
        r = w @ (_weighted_unit(y, w) * _weighted_unit(predictions[held], w))
        total += np.where(still, 0.0, r)
        used += ~still
    return np.where(used > 0, total / np.maximum(used, 1), np.nan)


def _weighted_unit(side: Floats, w: Floats) -> Floats:
    # What is left of a constant column is rounding, and must not be correlated with anything.
    still = is_constant(side, axis=0)
    centred = np.where(still, 0.0, side - w @ side / w.sum())
    scaled = centred / np.where(still, 1.0, np.abs(centred).max(axis=0))
    return scaled / np.sqrt(np.where(still, 1.0, np.einsum("i,ij,ij->j", w, scaled, scaled)))


def _constant_in_fold(still: NDArray[np.bool_], fold: int) -> DegenerateError:
    units = np.flatnonzero(still)
    return DegenerateError(
        f"{len(units)} of {len(still)} measured units are constant in fold {fold} (first: {units[0]})",
        hint="A constant has no correlation: leave those units out, or use more stimuli.",
    )
