"""Predictors in the directions of their singular vectors, which serve every ridge penalty at once.

They come from the eigendecomposition of the smaller Gram matrix, X'X or XX', which is several times cheaper
than singular values of X. It squares the condition number: a direction whose eigenvalue is l is known to
about 1e-16 l_max / (l + penalty), relatively. Where directions that matter fall below 1e-9 l_max and the
smallest penalty does not cover them, the singular values of X are taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from repalign.maths.checks import Floats, is_constant

_EMPTY, _UNSURE = 1e-13, 1e-9


@dataclass(frozen=True)
class Spectrum:
    """Centred predictors in the directions of their singular vectors.

    Args:
        values: Singular values s, (r,), all above rounding.
        new: New stimuli in these directions, X_new V, (n_new, r).
        fitted: Responses in these directions, U'Y, (r, q).
    """

    values: Floats
    new: Floats
    fitted: Floats

    def predict(self, penalties: Floats | float) -> Floats:
        """X_new V diag(s / (s^2 + penalty)) U'Y with a penalty for every column of Y, (n_new, q)."""
        s = self.values[:, None]
        return self.new @ (self.fitted * (s / (s**2 + penalties)))


def standardised(X: Floats, X_new: Floats) -> tuple[Floats, Floats]:
    """Both parts with the means and standard deviations of the first.

    A unit that is constant in the first part becomes zero: it cannot predict, and dividing by its
    rounding error would make it.
    """
    mean, varies = X.mean(axis=0), ~is_constant(X, axis=0)
    weights = np.where(varies, 1.0 / np.where(varies, X.std(axis=0), 1.0), 0.0)
    return (X - mean) * weights, (X_new - mean) * weights


def spectrum(X: Floats, Y: Floats, X_new: Floats, smallest: float) -> Spectrum:
    """Decompose X, centred, (n, p), for penalties from ``smallest`` on."""
    if X.shape[1] < len(X):
        found = primal(X.T @ X, X.T @ Y, X_new, smallest)
    else:
        found = dual(X @ X.T, X_new @ X.T, Y, smallest)
    return exact(X, Y, X_new) if found is None else found


def primal(gram: Floats, cross: Floats, X_new: Floats, smallest: float) -> Spectrum | None:
    """From X'X, (p, p), and X'Y, (p, q); None where rounding would show (see the module)."""
    found = _directions(gram, smallest)
    if found is None:
        return None
    s, V = found
    return Spectrum(s, X_new @ V, (V.T @ cross) / s[:, None])


def dual(gram: Floats, gram_new: Floats, Y: Floats, smallest: float) -> Spectrum | None:
    """From X X', (n, n), and X_new X', (m, n); None where rounding would show (see the module)."""
    found = _directions(gram, smallest)
    if found is None:
        return None
    s, U = found
    return Spectrum(s, gram_new @ U / s, U.T @ Y)


def _directions(gram: Floats, smallest: float) -> tuple[Floats, Floats] | None:
    values, vectors = np.linalg.eigh(gram)
    top = values[-1] if len(values) else 0.0
    keep = values > max(_EMPTY * top, 0.0)
    if (values[keep] + smallest < _UNSURE * top).any():
        return None
    return np.sqrt(values[keep]), vectors[:, keep]


def exact(X: Floats, Y: Floats, X_new: Floats) -> Spectrum:
    """From the singular values of X, centred; those below 1e-10 of the largest are dropped."""
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    keep = s > s[0] * 1e-10 if len(s) and s[0] > 0 else np.zeros(len(s), dtype=bool)
    return Spectrum(s[keep], X_new @ Vt[keep].T, U[:, keep].T @ Y)
