"""Held-out errors of many ridge penalties at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from repalign.errors import InputError, TooFewError
from repalign.maths.checks import Floats
from repalign.maths.spectrum import Spectrum, dual, exact, primal

Folds = NDArray[np.intp]

ALPHAS: Floats = np.logspace(-4, 8, 25)
_BUFFER = 1 << 23  # numbers, 64 MB


def check_penalties(alphas: Floats) -> Floats:
    """Penalties as a float64 vector, finite and above zero.

    Raises:
        InputError: They are not.
    """
    penalties = np.atleast_1d(np.asarray(alphas, dtype=np.float64))
    if penalties.ndim != 1 or not len(penalties) or not (np.isfinite(penalties) & (penalties > 0)).all():
        raise InputError(
            "penalties are finite numbers above 0", hint="Without a penalty it is least squares: ols."
        )
    return penalties


def ridge_errors(X: Floats, Y: Floats, folds: Folds, alphas: Floats, gram: Floats | None = None) -> Floats:
    """Mean squared error of held-out predictions, averaged over folds, for every penalty and unit.

    Each fold is predicted from the others by a ridge regression with an intercept. X is taken as it is
    scaled. Grams of the fit parts come out of the whole Gram matrix, so columns of X should be centred
    roughly, and no stimulus lie orders of magnitude beyond the others.

    Args:
        X: Predictors, (n, p).
        Y: Responses, (n, q).
        folds: Fold of each stimulus, (n,).
        alphas: Penalties, (a,).
        gram: X X', (n, n), where p >= n, or X'X, (p, p), if it is known already.

    Returns:
        (a, q).

    Raises:
        TooFewError: One fold only.
    """
    names = np.unique(folds)
    if len(names) < 2:
        raise TooFewError(
            "choosing a penalty by k folds needs at least 2 folds in the fit part; there is 1",
            hint="Use at least 3 outer folds, or generalised cross-validation (ridge-gcv).",
        )
    wide = X.shape[1] >= len(X)
    whole = gram if gram is not None else (X @ X.T if wide else X.T @ X)
    cross = None if wide else X.T @ Y
    errors = np.zeros((len(alphas), Y.shape[1]))
    for name in names:
        held = folds == name
        found, offset = _fold(X, Y, held, whole, cross, float(alphas.min()))
        errors += held_out_losses(found.values, found.new, found.fitted, Y[held] - offset, alphas)
    return errors / len(names)


def _fold(
    X: Floats, Y: Floats, held: NDArray[np.bool_], gram: Floats, cross: Floats | None, smallest: float
) -> tuple[Spectrum, Floats]:
    """The decomposition without the held-out stimuli, and the means of their companions' responses."""
    offset = Y[~held].mean(axis=0)
    if cross is None:
        found = dual(*_centred_kernels(gram, held), Y[~held] - offset, smallest)
    else:
        found = primal(*_without(X, Y, held, gram, cross), smallest)
    if found is None:
        mean = X[~held].mean(axis=0)
        found = exact(X[~held] - mean, Y[~held] - offset, X[held] - mean)
    return found, offset


def _centred_kernels(kernel: Floats, held: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    inner, outer = kernel[np.ix_(~held, ~held)], kernel[np.ix_(held, ~held)]
    rows = inner.mean(axis=1)
    mean = rows.mean()
    fit = inner - rows[:, None] - (rows - mean)
    return fit, outer - outer.mean(axis=1, keepdims=True) - (rows - mean)


def _without(
    X: Floats, Y: Floats, held: NDArray[np.bool_], gram: Floats, cross: Floats
) -> tuple[Floats, Floats, Floats]:
    out, n = X[held], int((~held).sum())
    mean, offset = X[~held].mean(axis=0), Y[~held].mean(axis=0)
    inner = gram - out.T @ out - n * np.outer(mean, mean)
    return inner, cross - out.T @ Y[held] - n * np.outer(mean, offset), out - mean


def held_out_losses(values: Floats, new: Floats, fitted: Floats, Y_new: Floats, alphas: Floats) -> Floats:
    """Mean squared error over held-out stimuli for every penalty and unit.

    Predictions are X_new V diag(s / (s^2 + a)) U'Y. As functions of s, those diagonals for many a span
    few dimensions (they are smooth), so fewer products than penalties are needed: the diagonals are
    replaced by their leading singular vectors, to 1e-11 of each one's largest entry.

    Args:
        values: Singular values s, (r,).
        new: X_new V, (m, r).
        fitted: U'Y, (r, q).
        Y_new: Responses to the held-out stimuli, less the fit part's mean, (m, q).
        alphas: (a,).

    Returns:
        (a, q).
    """
    mixing, shapes = _few(values, alphas)
    m, q = Y_new.shape
    losses = np.empty((len(alphas), q))
    width = max(_BUFFER // (len(alphas) * m), 16)
    for low in range(0, q, width):
        some = slice(low, low + width)
        products = np.stack([(new * shape) @ fitted[:, some] for shape in shapes])
        errors = (mixing @ products.reshape(len(shapes), -1)).reshape(len(alphas), m, -1)
        errors -= Y_new[:, some]
        losses[:, some] = np.einsum("amq,amq->aq", errors, errors)
    return losses / m


def _few(values: Floats, alphas: Floats) -> tuple[Floats, Floats]:
    """(a, k) and (k, r) whose product holds s / (s^2 + a)."""
    kept = values**2 / (values**2 + alphas[:, None])
    if not len(values):
        return np.zeros((len(alphas), 1)), np.zeros((1, 0))
    largest = kept.max(axis=1, keepdims=True)
    U, s, Vt = np.linalg.svd(kept / largest, full_matrices=False)
    k = int((s > 1e-11 * s[0]).sum())
    if k == len(alphas):
        return np.eye(k), kept / values
    return largest * (U[:, :k] * s[:k]), Vt[:k] / values
