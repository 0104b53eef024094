"""Nearest neighbours on two sides at once, by the cosine of patterns, some stimuli at a time.

No n x n matrix is held. A tie at the k-th place is shared out: the stimuli that tie there split the places
that are left, each being a neighbour to that degree, so that nothing depends on the order of stimuli.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from repalign.errors import DegenerateError, InputError, TooFewError
from repalign.maths.checks import Floats, as_patterns, same_rows

_BLOCK_ENTRIES = 1_000_000
# Bits kept of a cosine, fewer than float64 has: products taken in another order tie where they should.
_BITS = 42


class Block(NamedTuple):
    """Some stimuli against all: rows (b,), and per side cosines and degrees of neighbourhood (b, n)."""

    rows: NDArray[np.intp]
    cosines: tuple[Floats, Floats]
    degrees: tuple[Floats, Floats]


def blocks(X: Floats, Y: Floats, k: int) -> Iterator[Block]:
    """Cosines and degrees of neighbourhood, some stimuli at a time.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).
        k: Neighbours of each stimulus.

    Yields:
        Blocks; the cosine of a stimulus with itself is minus infinity, its degree 0.

    Raises:
        InputError: k is not positive.
        TooFewError: k is not below the number of stimuli.
        DegenerateError: A pattern of zeros.
        ShapeError: The numbers of stimuli differ.
    """
    sides = (_unit_rows(X, "X"), _unit_rows(Y, "Y"))
    same_rows(*sides)
    n = len(sides[0])
    if k < 1:
        raise InputError(f"k is {k}; a stimulus has at least 1 neighbour", hint="Try k = 10.")
    if k >= n:
        raise TooFewError(
            f"{n} stimuli have at most {n - 1} neighbours each; k is {k}",
            hint="Take a smaller k or more stimuli.",
        )
    step = max(1, _BLOCK_ENTRIES // n)
    for start in range(0, n, step):
        rows = np.arange(start, min(start + step, n))
        first, second = (_cosines(side, rows) for side in sides)
        yield Block(rows, (first, second), (_degrees(first, k), _degrees(second, k)))


def _cosines(Z: Floats, rows: NDArray[np.intp]) -> Floats:
    block = Z[rows[0] : rows[-1] + 1] @ Z.T
    block *= 2.0**_BITS
    np.rint(block, out=block)
    block /= 2.0**_BITS
    block[np.arange(len(rows)), rows] = -np.inf
    return block


def _degrees(cosines: Floats, k: int) -> Floats:
    b, n = cosines.shape
    last = np.partition(cosines, n - k, axis=1)[:, n - k]
    stimulus, other = np.nonzero(cosines >= last[:, None])
    tied = cosines[stimulus, other] == last[stimulus]
    n_tied = np.bincount(stimulus[tied], minlength=b)
    left = k - np.bincount(stimulus[~tied], minlength=b)
    degrees = np.zeros((b, n))
    degrees[stimulus, other] = np.where(tied, (left / n_tied)[stimulus], 1.0)
    return degrees


def neighbour_ranks(cosines: Floats, k: int, rows: NDArray[np.intp]) -> Floats:
    """Rank of every stimulus among the k nearest and the next one, 1 the nearest; infinity beyond."""
    b, n = cosines.shape
    taken = min(k + 1, n)
    order = np.argpartition(-cosines, taken - 1, axis=1)[:, :taken]
    order = np.take_along_axis(order, np.argsort(-np.take_along_axis(cosines, order, axis=1), axis=1), axis=1)
    nearest = np.take_along_axis(cosines, order, axis=1)
    tied = rows[(nearest[:, 1:] == nearest[:, :-1]).any(axis=1)].tolist()
    if tied:
        raise DegenerateError(
            f"{len(tied)} of the stimuli (row {tied[0]} first) have neighbours at equal distance: no ranks",
            hint="Use mutual-knn or knn-jaccard, which share out ties; or leave out doubled stimuli.",
            rows=tied,
        )
    ranks = np.full((b, n), np.inf)
    np.put_along_axis(ranks, order, np.arange(1.0, taken + 1), axis=1)
    return ranks


def _unit_rows(X: Floats, name: str) -> Floats:
    patterns = as_patterns(X, name)
    largest = np.abs(patterns).max(axis=1, keepdims=True)
    zero = np.flatnonzero(largest[:, 0] == 0).tolist()
    if zero:
        raise DegenerateError(
            f"{len(zero)} of {len(patterns)} patterns of {name} are all zero (row {zero[0]} first); "
            "zero has no direction",
            hint="Leave those stimuli out, or use another layer.",
            rows=zero,
        )
    scaled = patterns / largest
    return scaled / np.sqrt(np.einsum("ij,ij->i", scaled, scaled))[:, None]
