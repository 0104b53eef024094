"""Ranks along the last axis, ties exact, from a sort by buckets of equal width."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.errors import DegenerateError
from repalign.maths.checks import Floats
from repalign.maths.threads import in_threads

Order = NDArray[np.intp]
Truths = NDArray[np.bool_]

_SMALL = 1000  # below, one plain sort is quicker than two passes over buckets
_BUCKETS = 2.0**32 - 1.0


def midranks(x: NDArray[Any]) -> Floats:
    """Ranks from 1, equal values sharing the mean of their ranks: those of ``scipy.stats.rankdata``.

    Args:
        x: Values, (..., n); 0.0 and -0.0 are equal.

    Returns:
        (..., n).

    Raises:
        DegenerateError: A value is NaN or infinite.
    """
    rows = np.asarray(x, dtype=np.float64)
    flat = rows.reshape(-1, rows.shape[-1])
    out = np.empty(flat.shape)

    def rank(i: int) -> None:
        (order, new), ranks = sort_row(flat[i]), out[i]
        if new.all():
            ranks[order] = np.arange(1.0, len(order) + 1)
        else:
            starts = np.flatnonzero(new)
            stops = np.append(starts[1:], len(order))
            # A group of ties holds ranks start + 1 .. stop.
            ranks[order] = ((starts + stops + 1) / 2)[np.cumsum(new) - 1]

    in_threads(rank, *flat.shape)
    return out.reshape(rows.shape)


def sort_row(x: Floats) -> tuple[Order, Truths]:
    """Sort one row, keeping equal values in the order in which they come.

    Args:
        x: Values, (n,).

    Returns:
        The order, (n,), and whether each value in that order is larger than the one before, (n,); the
        first one is.

    Raises:
        DegenerateError: A value is NaN or infinite.
    """
    order, ranked = _sorted(x)
    new = np.ones(len(x), dtype=np.bool_)
    np.not_equal(ranked[1:], ranked[:-1], out=new[1:])
    return order, new


def radix_order(keys: NDArray[np.uint32]) -> Order:
    """Stable order of 32-bit keys, (n,), by their lower and then their upper half.

    numpy sorts integers of 16 bits by counting, many times faster than it compares larger ones.
    """
    order = np.argsort(keys.astype(np.uint16), kind="stable")
    upper = (keys >> 16).astype(np.uint16)
    return order[np.argsort(upper[order], kind="stable")] if upper.any() else order


def _sorted(x: Floats) -> tuple[Order, Floats]:
    """The stable order of a row, and the row in that order."""
    low, high = x.min(), x.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DegenerateError(
            "NaN or infinite values have no rank",
            hint="Find out why they are missing; repalign never replaces a missing number.",
        )
    span = high / 2 - low / 2
    # A span too small for its inverse, or one that overflows when doubled, is left to the plain sort.
    if len(x) < _SMALL or not 1e-290 < span < 1e307:
        return _plainly(x)
    # Subtracting, scaling and truncating keep order: a larger value is never in an earlier bucket.
    scaled = x - low
    scaled *= _BUCKETS / (2 * span)
    buckets = scaled.astype(np.uint32)
    del scaled
    return _mended(x, buckets, radix_order(buckets))


def _mended(x: Floats, buckets: NDArray[np.uint32], order: Order) -> tuple[Order, Floats]:
    """Sort within the few buckets that hold different values."""
    ranked = x[order]
    wrong = np.flatnonzero(ranked[1:] < ranked[:-1])
    if wrong.size > len(x) // 100:  # most values crowd into few buckets, because of far outliers
        return _plainly(x)
    crowded = np.unique(buckets[order[wrong]])
    starts, stops = (np.searchsorted(buckets, crowded, side, order) for side in ("left", "right"))
    for start, stop in zip(starts, stops, strict=True):
        held = order[start:stop]
        order[start:stop] = held[np.argsort(x[held], kind="stable")]
        ranked[start:stop] = x[order[start:stop]]
    return order, ranked


def _plainly(x: Floats) -> tuple[Order, Floats]:
    order = np.argsort(x, kind="stable")
    return order, x[order]
