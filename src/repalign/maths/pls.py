"""Partial least squares regression (PLS2)."""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import LinearOperator, eigsh

from repalign.errors import InputError, TooFewError
from repalign.maths.checks import Floats, is_constant

_SMALL = 200


def pls(X: Floats, Y: Floats, X_new: Floats, n_components: int, *, scale: bool = False) -> Floats:
    """Predict new stimuli by partial least squares with all units of Y at once.

    Each component is the direction w of X of unit length whose scores covary most with Y (the leading
    left singular vector of X'Y); X is deflated by it (Wold, Sjoestroem & Eriksson 2001). The components
    are exact: iterative implementations at a loose tolerance differ in the fourth digit.

    Args:
        X: Predictors of the fit part, (n, p).
        Y: Responses of the fit part, (n, q).
        X_new: Predictors of new stimuli, (m, p).
        n_components: At most min(n - 1, p).
        scale: Whether units of both sides are divided by their standard deviation first; otherwise they
            are centred only, and units of large variance count more.

    Returns:
        Predictions, (m, q).

    Raises:
        InputError: Fewer than one component.
        TooFewError: More components than min(n - 1, p).
    """
    _check(X, n_components)
    mean, offset, spread = X.mean(axis=0), Y.mean(axis=0), np.ones(Y.shape[1])
    predictors, new, responses = X - mean, X_new - mean, Y - offset
    if scale:
        widths, spread = _widths(X), _widths(Y)
        predictors, new, responses = predictors / widths, new / widths, responses / spread
    compact, compact_new = _rotated(predictors, new)
    few, back = (responses, None) if Y.shape[1] <= len(Y) else _factored(responses)
    found = _components(compact, few, compact_new, n_components)
    return (found if back is None else found @ back) * spread + offset


def _check(X: Floats, n_components: int) -> None:
    if n_components < 1:
        raise InputError(f"{n_components} components", hint="Ask for at least 1, e.g. pls25.")
    most = min(len(X) - 1, X.shape[1])
    if n_components > most:
        raise TooFewError(
            f"{n_components} components need more than {n_components} stimuli in each fit part and as many "
            f"units; there are {len(X)} and {X.shape[1]}",
            hint=f"Ask for at most {most} components, or use a ridge measure.",
        )


def _widths(side: Floats) -> Floats:
    return np.where(is_constant(side, axis=0), 1.0, side.std(axis=0))


def _rotated(X: Floats, X_new: Floats) -> tuple[Floats, Floats]:
    # A rotation of X changes no component, so n columns hold all there is.
    if X.shape[1] <= len(X):
        return X, X_new
    values, vectors = np.linalg.eigh(X @ X.T)
    keep = values > 1e-13 * values[-1]
    s, U = np.sqrt(values[keep]), vectors[:, keep]
    return U * s, (X_new @ X.T) @ U / s


def _factored(Y: Floats) -> tuple[Floats, Floats]:
    values, vectors = np.linalg.eigh(Y @ Y.T)
    keep = values > 1e-13 * max(values[-1], 0.0)
    s, U = np.sqrt(values[keep]), vectors[:, keep]
    return U * s, (U.T @ Y) / s[:, None]


def _components(X: Floats, Y: Floats, X_new: Floats, n_components: int) -> Floats:
    left, new = X.copy(), X_new.copy()
    covariance = X.T @ Y
    negligible = 1e-14 * np.linalg.norm(X) * np.linalg.norm(Y)
    predicted = np.zeros((len(X_new), Y.shape[1]))
    for _ in range(n_components):
        if np.linalg.norm(covariance) <= negligible:
            break  # Y is explained: further components would fit rounding
        w = _leading(covariance)
        scores = left @ w
        size = float(scores @ scores)
        loadings, slopes = (scores @ left) / size, (scores @ Y) / size
        new_scores = new @ w
        predicted += new_scores[:, None] * slopes
        left -= scores[:, None] * loadings
        new -= new_scores[:, None] * loadings
        covariance -= loadings[:, None] * (slopes * size)
    return predicted


def _leading(C: Floats) -> Floats:
    """Left singular vector of the largest singular value."""
    tall = C.shape[0] > C.shape[1]
    vector = _top(C.T) if tall else _top(C)
    found = C @ vector if tall else vector
    return found / np.linalg.norm(found)


def _top(A: Floats) -> Floats:
    m = len(A)
    if m == 1:
        return np.ones(1)
    if m <= _SMALL:
        found: Floats = np.asarray(eigh(A @ A.T, subset_by_index=(m - 1, m - 1))[1], dtype=np.float64)
        return found[:, 0]
    square = LinearOperator((m, m), matvec=lambda v: A @ (A.T @ np.ravel(v)), dtype=np.float64)
    start = A[:, np.einsum("ij,ij->j", A, A).argmax()]  # fixed, so that the result is
    vectors: Floats = np.asarray(eigsh(square, k=1, v0=start)[1], dtype=np.float64)
    return vectors[:, 0]
