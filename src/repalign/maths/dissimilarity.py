"""Dissimilarities between the responses to two stimuli: (stimulus, unit) in, condensed RDM out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from repalign.errors import DegenerateError
from repalign.maths.checks import Floats, as_patterns, constant_rows
from repalign.maths.noise import precision_root
from repalign.maths.pairs import BITS, condensed, products_of_differences
from repalign.maths.poisson import poisson

# Entries of a block of patterns that is worked on while it stays in the processor's cache.
_CACHED = 64_000


def correlation(X: Floats) -> Floats:
    """1 - Pearson r between the patterns of each pair of stimuli (Kriegeskorte et al. 2008).

    Args:
        X: Responses, (n_stimuli, n_units).

    Returns:
        Condensed RDM, (n_stimuli (n_stimuli - 1) / 2,), range 0..2 up to rounding.

    Raises:
        DegenerateError: A constant pattern has no correlation; ``rows`` names it.
    """
    patterns = as_patterns(X)
    constant = constant_rows(patterns)
    if constant:
        raise DegenerateError(
            f"{len(constant)} of {len(patterns)} patterns are constant (row {constant[0]} first); "
            "a constant pattern has no correlation",
            hint="Use another dissimilarity (euclidean), another layer, or leave those stimuli out.",
            rows=constant,
        )
    return _one_minus_products(_unit_rows(patterns, patterns.mean(axis=1, keepdims=True)))


def cosine(X: Floats) -> Floats:
    """1 - cosine of the angle between the patterns of each pair of stimuli.

    Args:
        X: Responses, (n_stimuli, n_units).

    Returns:
        Condensed RDM, (n_stimuli (n_stimuli - 1) / 2,), range 0..2 up to rounding.

    Raises:
        DegenerateError: A pattern of zeros has no direction; ``rows`` names it.
    """
    patterns = as_patterns(X)
    zero = np.flatnonzero(~patterns.any(axis=1)).tolist()
    if zero:
        raise DegenerateError(
            f"{len(zero)} of {len(patterns)} patterns are all zero (row {zero[0]} first); "
            "zero has no direction",
            hint="Use another dissimilarity (euclidean), another layer, or leave those stimuli out.",
            rows=zero,
        )
    return _one_minus_products(_unit_rows(patterns, np.zeros((len(patterns), 1))))


def squared_euclidean(X: Floats) -> Floats:
    """Sum of squared differences between the patterns of each pair of stimuli.

    Args:
        X: Responses, (n_stimuli, n_units).

    Returns:
        Condensed RDM, (n_stimuli (n_stimuli - 1) / 2,), range 0..inf. Not divided by the number of units.
    """
    squared, exponent = _scaled_squares(as_patterns(X))
    return np.ldexp(squared, 2 * exponent, out=squared)


def euclidean(X: Floats) -> Floats:
    """Euclidean distance between the patterns of each pair of stimuli.

    Args:
        X: Responses, (n_stimuli, n_units).

    Returns:
        Condensed RDM, (n_stimuli (n_stimuli - 1) / 2,), range 0..inf, in units of the responses.
    """
    squared, exponent = _scaled_squares(as_patterns(X))
    return np.ldexp(np.sqrt(squared, out=squared), exponent, out=squared)


def mahalanobis(X: Floats, precision: Floats | None = None) -> Floats:
    """Squared Mahalanobis distance per unit: (b_i - b_j) S^-1 (b_i - b_j)^T / n_units (Walther et al. 2016).

    Args:
        X: Responses, (n_stimuli, n_units).
        precision: S^-1, the inverse of the noise covariance, (n_units, n_units); None for the identity,
            which gives the mean squared difference.

    Returns:
        Condensed RDM, (n_stimuli (n_stimuli - 1) / 2,), range 0..inf.

    Raises:
        ShapeError: The precision does not fit the units.
        DegenerateError: The precision is no symmetric, positive definite matrix.
    """
    patterns = as_patterns(X)
    if precision is not None:
        patterns = patterns @ precision_root(precision, patterns.shape[1])
    return squared_euclidean(patterns) / patterns.shape[1]


#: Dissimilarities within one side by name: responses (n_stimuli, n_units) to an RDM (n_pairs,).
DISSIMILARITIES: dict[str, Callable[[Floats], Floats]] = {
    "correlation": correlation,
    "euclidean": euclidean,
    "squared-euclidean": squared_euclidean,
    "cosine": cosine,
    "mahalanobis": mahalanobis,
    "poisson": poisson,
}


def _unit_rows(X: Floats, shift: Floats) -> Floats:
    out = np.empty(X.shape)
    step = max(1, _CACHED // X.shape[1])
    for start in range(0, len(X), step):
        rows = slice(start, start + step)
        z = np.subtract(X[rows], shift[rows], out=out[rows])
        # Scaling by the largest entry first keeps squares of very large or small responses finite.
        z /= np.maximum(z.max(axis=1), -z.min(axis=1))[:, None]
        z /= np.sqrt(np.einsum("ij,ij->i", z, z))[:, None]
    return out


def _one_minus_products(Z: Floats) -> Floats:
    def block_of(rows: slice) -> Floats:
        block = Z[rows] @ Z[rows.start :].T
        np.subtract(1.0, block, out=block)
        block *= 2.0**BITS
        np.rint(block, out=block)
        block *= 2.0**-BITS
        return block

    return condensed(len(Z), block_of)


def _scaled_squares(X: Floats) -> tuple[Floats, int]:
    """Squared distances of X / 2^exponent, which neither overflow nor vanish, and the exponent."""
    exponent = int(np.frexp(np.abs(X).max())[1])
    scaled = np.ldexp(X, -exponent)
    return products_of_differences(scaled, scaled), exponent
