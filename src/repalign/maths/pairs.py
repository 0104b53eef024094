"""Pairs of stimuli, a block of rows at a time, so that no square matrix is ever held."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from repalign.maths.checks import Floats

# A block of rows times all stimuli is held at once, never the whole square.
BLOCK_ENTRIES = 4_000_000
# Bits kept of a distance: fewer than float64 has, so that pairs at equal distance, whose sums were
# taken in a different order, come out equal. Rank comparisons would else order ties by rounding.
BITS = 42
# Below this share of |x|^2 + |y|^2, |x|^2 + |y|^2 - 2xy has cancelled and differences are taken directly.
_NEAR = 0.01


def row_blocks(n: int, width: int) -> Iterator[slice]:
    """Slices of ``n`` rows, each of at most ``BLOCK_ENTRIES`` entries where a row has ``width``."""
    step = max(1, BLOCK_ENTRIES // max(1, width))
    return (slice(start, min(start + step, n)) for start in range(0, n, step))


def condensed(n: int, block_of: Callable[[slice], Floats]) -> Floats:
    """The upper triangle of an (n, n) matrix that is made a block of rows at a time.

    Args:
        n: Number of stimuli.
        block_of: Gives the rows of a slice and the columns from its start on, (rows, n - start).

    Returns:
        (n (n - 1) / 2,), row-major.
    """
    out = np.empty(n * (n - 1) // 2)
    for rows in row_blocks(n, n):
        block = block_of(rows)
        for k, i in enumerate(range(rows.start, rows.stop)):
            row_of_pairs(out, n, i)[:] = block[k, k + 1 :]
    return out


def row_of_pairs(pairs: Floats, n: int, i: int) -> Floats:
    """The pairs of stimulus ``i`` with all later ones, a view of the condensed form."""
    start = i * (2 * n - i - 1) // 2
    return pairs[start : start + n - i - 1]


def keep_bits(values: Floats) -> Floats:
    """Each value rounded to its leading 42 bits."""
    # Veltkamp's splitting (Dekker 1971): what survives the subtractions is the leading bits.
    shifted = values * (2.0 ** (53 - BITS) + 1.0)
    return shifted - (shifted - values)


def to_grid(values: Floats, largest: float) -> Floats:
    """Each value rounded, in place, to a multiple of 2^-42 of the power of two above ``largest``."""
    exponent = BITS - int(np.frexp(largest)[1])
    np.ldexp(values, exponent, out=values)
    np.rint(values, out=values)
    return np.ldexp(values, -exponent, out=values)


def products_of_differences(left: Floats, right: Floats) -> Floats:
    """Sum over units of (left_i - left_j) (right_i - right_j) for each pair of stimuli.

    Args:
        left: (n_stimuli, n_units).
        right: The same shape; the same array for squared Euclidean distances.

    Returns:
        Condensed, (n_stimuli (n_stimuli - 1) / 2,), to 42 bits; equal stimuli give exactly 0.
    """
    same = left is right
    # Centring leaves differences alone and spares digits where all patterns are far from zero.
    a = left - left.mean(axis=0)
    b = a if same else right - right.mean(axis=0)
    own = np.einsum("ij,ij->i", a, b)
    size = own if same else np.sqrt(np.einsum("ij,ij->i", a, a) * np.einsum("ij,ij->i", b, b))

    def block_of(rows: slice) -> Floats:
        start, later = rows.start, slice(rows.start, None)
        found = own[rows, None] + own[later]
        found -= 2.0 * (a[rows] @ a[later].T) if same else a[rows] @ b[later].T + b[rows] @ a[later].T
        # Only pairs with a later stimulus are wanted.
        near = np.triu(found < _NEAR * (size[rows, None] + size[later]), 1)
        first, second = np.nonzero(near)
        for some in row_blocks(len(first), left.shape[1]):
            i, j = first[some], second[some]
            difference = left[start + i] - left[start + j]
            other = difference if same else right[start + i] - right[start + j]
            found[i, j] = np.einsum("ij,ij->i", difference, other)
        return keep_bits(found)

    return condensed(len(left), block_of)
