"""Dissimilarities between the responses to two stimuli: (stimulus, unit) in, condensed RDM out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from repalign.errors import DegenerateError
from repalign.maths.checks import Floats, as_patterns, constant_rows

# A block of rows times all stimuli is held at once, never the whole square.
_BLOCK_ENTRIES = 4_000_000
# Bits kept of a distance: fewer than float64 has, so that pairs at equal distance, whose sums were
# taken in a different order, come out equal. Rank comparisons would else order ties by rounding.
_BITS = 42
# Below this share of |x|^2 + |y|^2, |x|^2 + |y|^2 - 2xy has cancelled and differences are taken directly.
_NEAR = 0.01


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
    return _one_minus_products(_unit_rows(patterns - patterns.mean(axis=1, keepdims=True)))


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
    return _one_minus_products(_unit_rows(patterns))


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


DISSIMILARITIES: dict[str, Callable[[Floats], Floats]] = {
    "correlation": correlation,
    "euclidean": euclidean,
    "cosine": cosine,
}


def _unit_rows(X: Floats) -> Floats:
    # Scaling by the largest entry first keeps squares of very large or small responses finite.
    scaled = X / np.abs(X).max(axis=1, keepdims=True)
    return scaled / np.sqrt(np.einsum("ij,ij->i", scaled, scaled))[:, None]


def _one_minus_products(Z: Floats) -> Floats:
    return _condensed_blocks(Z, lambda block, _start, _stop: np.rint((1.0 - block) * 2.0**_BITS) / 2.0**_BITS)


def _scaled_squares(X: Floats) -> tuple[Floats, int]:
    """Squared distances of X / 2^exponent, which neither overflow nor vanish, and the exponent."""
    exponent = int(np.frexp(np.abs(X).max())[1])
    scaled = np.ldexp(X, -exponent)
    # Centring leaves distances alone and spares digits where all patterns are far from zero.
    centred = scaled - scaled.mean(axis=0)
    norms = np.einsum("ij,ij->i", centred, centred)

    def squares(block: Floats, start: int, stop: int) -> Floats:
        sums = norms[start:stop, None] + norms
        squared = sums - 2.0 * block
        # Row i of the block is stimulus start + i; only pairs with a later stimulus are wanted.
        first, second = np.nonzero(np.triu(squared < _NEAR * sums, start + 1))
        step = max(1, _BLOCK_ENTRIES // X.shape[1])
        for i in range(0, len(first), step):
            a, b = first[i : i + step], second[i : i + step]
            difference = scaled[start + a] - scaled[b]
            squared[a, b] = np.einsum("ij,ij->i", difference, difference)
        return _keep_bits(squared)

    return _condensed_blocks(centred, squares), exponent


def _condensed_blocks(X: Floats, transform: Callable[[Floats, int, int], Floats]) -> Floats:
    n = len(X)
    out = np.empty(n * (n - 1) // 2)
    step = max(1, _BLOCK_ENTRIES // n)
    place = 0
    for start in range(0, n, step):
        stop = min(start + step, n)
        block = transform(X[start:stop] @ X.T, start, stop)
        for i in range(start, stop):
            out[place : place + n - i - 1] = block[i - start, i + 1 :]
            place += n - i - 1
    return out


def _keep_bits(values: Floats) -> Floats:
    # Veltkamp's splitting (Dekker 1971): what survives the subtractions is the leading _BITS bits.
    shifted = values * (2.0 ** (53 - _BITS) + 1.0)
    return shifted - (shifted - values)
