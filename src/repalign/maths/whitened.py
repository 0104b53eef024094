"""Whitened comparisons: pairs that share a stimulus have correlated errors, which V^-1 takes out.

With noise of covariance Sigma between stimuli, the errors of two pairs' squared distances have the
covariance V = (C Sigma C') o (C Sigma C'), C the contrasts of the pairs and o the product of entries
(Diedrichsen et al. 2021). V is never formed: x' V^-1 y is the inner product of two (n, n) matrices.
Any symmetric G with g_ii + g_jj - 2 g_ij = x_ij is G = -X / 2 + a 1' + 1 a', X the square RDM, and
x' V^-1 x is the least tr(Sigma^-1 G Sigma^-1 G) among them. With A'A = Sigma^-1 that is |A G A'|^2, least
where the direction A1 is projected out of both sides of A (-X / 2) A'. For Sigma = I this is the
double-centred kernel, and whitened cosine of squared Euclidean RDMs is linear CKA.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np

from repalign.errors import ShapeError, UnsuitableError
from repalign.maths.checks import Floats, as_pairs, is_constant
from repalign.maths.embeddings import refuse_constant, unit_length
from repalign.maths.geometry import n_stimuli, square
from repalign.maths.threads import in_threads


def embed_whitened_cosine(x: Floats, sigma_k: Floats | None = None) -> Floats:
    """Whiten and scale to unit length, so that dot products are whitened cosines.

    Args:
        x: Pair values, (..., n_pairs).
        sigma_k: Covariance of the noise between stimuli, (n, n), or its diagonal, (n,); identity if absent.

    Returns:
        (..., n (n + 1) / 2): entries above the diagonal times sqrt(2), then the diagonal.

    Raises:
        ShapeError: Not all pairs of n stimuli; ``sigma_k`` is of another size.
        DegenerateError: An RDM is all zero.
        UnsuitableError: ``sigma_k`` is not positive definite.
    """
    x = as_pairs(x)
    refuse_constant(np.asarray(~x.any(axis=-1)))
    return unit_length(_whiten(x, sigma_k))


def embed_whitened_pearson(x: Floats, sigma_k: Floats | None = None) -> Floats:
    """Subtract the mean over pairs, then as for the cosine; dot products are whitened Pearson correlations.

    The mean is the plain one, as in rsatoolbox's ``corr_cov``.

    Args:
        x: Pair values, (..., n_pairs).
        sigma_k: As in :func:`embed_whitened_cosine`.

    Raises:
        ShapeError: Not all pairs of n stimuli; ``sigma_k`` is of another size.
        DegenerateError: An RDM is constant.
        UnsuitableError: ``sigma_k`` is not positive definite.
    """
    x = as_pairs(x)
    refuse_constant(is_constant(x, axis=-1))
    return unit_length(_whiten(x - x.mean(axis=-1, keepdims=True), sigma_k))


def whitened_cosine(x: Floats, y: Floats, sigma_k: Floats | None = None) -> Floats:
    """Whitened cosine x' V^-1 y / sqrt(x' V^-1 x  y' V^-1 y).

    Args:
        x: Pair values, (k, n_pairs).
        y: Pair values, (m, n_pairs).
        sigma_k: As in :func:`embed_whitened_cosine`.

    Returns:
        (k, m), -1..1; 0..1 where both are squared distances.
    """
    return embed_whitened_cosine(x, sigma_k) @ embed_whitened_cosine(y, sigma_k).T


def whitened_pearson(x: Floats, y: Floats, sigma_k: Floats | None = None) -> Floats:
    """Whitened cosine of RDMs from which their means over pairs are subtracted.

    Args:
        x: Pair values, (k, n_pairs).
        y: Pair values, (m, n_pairs).
        sigma_k: As in :func:`embed_whitened_cosine`.

    Returns:
        (k, m), -1..1.
    """
    return embed_whitened_pearson(x, sigma_k) @ embed_whitened_pearson(y, sigma_k).T


def whitened_length(x: Floats) -> Floats:
    """sqrt(x' V^-1 x) up to a constant factor, (...), for pair values (..., n_pairs) and Sigma = I."""
    white = _whiten(as_pairs(x), None)
    return np.sqrt(np.einsum("...i,...i->...", white, white))


def precision_root(sigma_k: Floats, n: int) -> Floats:
    """A of (n, n) with A'A the inverse of ``sigma_k``, given whole, (n, n), or as its diagonal, (n,).

    Raises:
        ShapeError: Another size.
        UnsuitableError: Not symmetric and positive definite.
    """
    given = np.asarray(sigma_k, dtype=np.float64)
    if given.shape not in ((n,), (n, n)):
        raise ShapeError(
            f"sigma_k has shape {given.shape}; for {n} stimuli it is ({n}, {n}) or its diagonal ({n},)",
            hint="It is the covariance of the noise between stimuli, not between units.",
        )
    sigma = np.diag(given) if given.ndim == 1 else given
    try:
        if not np.allclose(sigma, sigma.T, rtol=1e-9, atol=0.0):
            raise np.linalg.LinAlgError
        return cast(Floats, np.linalg.inv(np.linalg.cholesky(sigma)))
    except np.linalg.LinAlgError:
        raise UnsuitableError(
            "sigma_k is not symmetric and positive definite, so it is no covariance of noise",
            hint="Shrink it towards its diagonal.",
        ) from None


def _whiten(x: Floats, sigma_k: Floats | None) -> Floats:
    """V^-1/2 x in the space of symmetric matrices, (..., n (n + 1) / 2)."""
    n = n_stimuli(x.shape[-1])
    rows = x.reshape(-1, x.shape[-1])
    # The largest entry is taken out while summing, so that nothing overflows.
    largest = np.abs(rows).max(axis=1)
    out = np.empty((len(rows), n * (n + 1) // 2))
    whiten = _plain(n) if sigma_k is None else _coloured(precision_root(sigma_k, n))

    def one(i: int) -> None:
        whiten(rows[i] / largest[i], out[i])
        out[i] *= largest[i]

    in_threads(one, *rows.shape)
    return out.reshape(*x.shape[:-1], -1)


def _plain(n: int) -> Callable[[Floats, Floats], None]:
    """Sigma = I: the double-centred kernel, from the pairs alone."""
    first, second = np.triu_indices(n, 1)

    def whiten(pairs: Floats, out: Floats) -> None:
        means = (np.bincount(first, pairs, n) + np.bincount(second, pairs, n)) / n
        means -= means.mean() / 2
        kernel = out[: len(pairs)]
        np.subtract(pairs, means[first], out=kernel)
        kernel -= means[second]
        kernel *= -(0.5**0.5)
        out[len(pairs) :] = means

    return whiten


def _coloured(root: Floats) -> Callable[[Floats, Floats], None]:
    """Any other Sigma, the inverse of root' root."""
    axis = root.sum(axis=1)
    axis /= np.linalg.norm(axis)
    above = np.triu_indices(len(root), 1)

    def whiten(pairs: Floats, out: Floats) -> None:
        matrix = root @ square(pairs) @ root.T
        product = matrix @ axis
        shift = product - axis * (axis @ product) / 2
        matrix -= np.outer(axis, shift) + np.outer(shift, axis)
        out[: len(pairs)] = matrix[above] * -(0.5**0.5)
        out[len(pairs) :] = matrix.diagonal() * -0.5

    return whiten
