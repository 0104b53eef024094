"""Ridge regression with a penalty for every unit: generalised or k-fold cross-validation, fixed, or none."""

from __future__ import annotations

import numpy as np

from repalign.errors import TooFewError
from repalign.maths.checks import Floats
from repalign.maths.penalties import ALPHAS, Folds, check_penalties, ridge_errors
from repalign.maths.spectrum import Spectrum, exact, spectrum, standardised


def ridge_gcv(X: Floats, Y: Floats, X_new: Floats, alphas: Floats = ALPHAS) -> Floats:
    """Predict new stimuli; every unit's penalty has the least generalised cross-validation error.

    Golub, Heath & Wahba 1979, eq. 1.4. Units of X are standardised, Y is centred, on the fit part.

    Args:
        X: Predictors of the fit part, (n, p).
        Y: Responses of the fit part, (n, q).
        X_new: Predictors of new stimuli, (m, p).
        alphas: Penalties to choose from, on the scale of the sum of squares of standardised units.

    Returns:
        Predictions, (m, q).
    """
    penalties = check_penalties(alphas)
    Z, Z_new = standardised(X, X_new)
    offset = Y.mean(axis=0)
    centred = Y - offset
    parts = spectrum(Z, centred, Z_new, float(penalties.min()))
    errors = _gcv_errors(parts, np.einsum("ij,ij->j", centred, centred), len(Y), penalties)
    return parts.predict(penalties[errors.argmin(axis=0)]) + offset


def _gcv_errors(parts: Spectrum, total: Floats, n: int, alphas: Floats) -> Floats:
    lost = alphas[:, None] / (parts.values**2 + alphas[:, None])
    squares = parts.fitted**2
    # What no direction reaches. It is zero up to rounding where the directions span everything.
    outside = np.maximum(total - squares.sum(axis=0), 0.0)
    freedom = (n - 1 - len(parts.values)) + lost.sum(axis=1)  # one is spent on the mean
    usable = freedom > 1e-3 * n  # below, the fit interpolates and its error is rounding
    errors = (outside + lost**2 @ squares) / np.where(usable, freedom, 1.0)[:, None] ** 2
    return np.where(usable[:, None], errors, np.inf)


def ridge_cv(X: Floats, Y: Floats, X_new: Floats, folds: Folds, alphas: Floats = ALPHAS) -> Floats:
    """Predict new stimuli; every unit's penalty has the least squared error in folds of the fit part.

    Units of X are standardised on the fit part; each inner fit centres both sides on its own stimuli.

    Args:
        X: Predictors of the fit part, (n, p).
        Y: Responses of the fit part, (n, q).
        X_new: Predictors of new stimuli, (m, p).
        folds: Fold of each stimulus of the fit part, (n,); at least two folds.
        alphas: Penalties to choose from, on the scale of the sum of squares of standardised units.

    Returns:
        Predictions, (m, q).

    Raises:
        TooFewError: One fold only.
    """
    penalties = check_penalties(alphas)
    Z, Z_new = standardised(X, X_new)
    offset = Y.mean(axis=0)
    best = penalties[ridge_errors(Z, Y, folds, penalties).argmin(axis=0)]
    return spectrum(Z, Y - offset, Z_new, float(penalties.min())).predict(best) + offset


def ridge_fixed(X: Floats, Y: Floats, X_new: Floats, penalty: float) -> Floats:
    """Predict new stimuli by a ridge regression with one given penalty.

    Units of X are standardised and Y is centred on the fit part, so the penalty means the same for every
    model: it is on the scale of the sum of squares of a standardised unit, which is n.

    Args:
        X: Predictors of the fit part, (n, p).
        Y: Responses of the fit part, (n, q).
        X_new: Predictors of new stimuli, (m, p).
        penalty: Above 0.

    Returns:
        Predictions, (m, q).
    """
    lowest = float(check_penalties(np.array([penalty]))[0])
    Z, Z_new = standardised(X, X_new)
    offset = Y.mean(axis=0)
    return spectrum(Z, Y - offset, Z_new, lowest).predict(lowest) + offset


def ols(X: Floats, Y: Floats, X_new: Floats) -> Floats:
    """Predict new stimuli by ordinary least squares with an intercept.

    Units that are linear combinations of others leave the fit undetermined; among equally good fits the
    one with the smallest weights on standardised units is taken. As many units as stimuli are refused:
    such a fit reproduces any responses, and what it predicts is noise.

    Args:
        X: Predictors of the fit part, (n, p), p < n.
        Y: Responses of the fit part, (n, q).
        X_new: Predictors of new stimuli, (m, p).

    Returns:
        Predictions, (m, q).

    Raises:
        TooFewError: p >= n.
    """
    n, p = X.shape
    if p >= n:
        raise TooFewError(
            f"least squares from {p} units needs more than {p} stimuli in each fit part; there are {n}",
            hint="Use a ridge measure (encoding-ridge-gcv-...), or reduce the units.",
        )
    Z, Z_new = standardised(X, X_new)
    offset = Y.mean(axis=0)
    return exact(Z, Y - offset, Z_new).predict(0.0) + offset
