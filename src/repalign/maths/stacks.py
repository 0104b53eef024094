"""Inner products between the pair vectors of many models, all at once or in as little memory as is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from repalign.maths.arrays import Array, empty, float64, host, mid_ranks
from repalign.maths.blocks import Blocks
from repalign.maths.checks import Floats
from repalign.maths.pairs import row_blocks

# Columns of a stack of ranks that are turned into float64 and multiplied at a time.
_COLUMNS = 16_384
# Centred mid-ranks of fewer pairs, which are half-integers, are exact in float32.
_EXACT_IN_FLOAT32 = 2**24


class Products(NamedTuple):
    """What is known of M vectors over the pairs.

    Args:
        products: Sum of a_i b_i for each two vectors, (M, M), float64.
        sums: Sum of a_i for each, (M,); 0 where nothing was centred.
        ends: Smallest and largest entry of each before centring, (2, M); infinite where nothing was.
    """

    products: Floats
    sums: Floats
    ends: Floats


def stacked_products(sides: Sequence[Blocks], memory: float, *, centre: bool) -> Products:
    """Products of the pair vectors of M matrices over the same stimuli, made a block of stimuli at a time.

    Args:
        sides: The matrices.
        memory: Bytes for the stack of a block; all pairs are one block where they fit.
        centre: Take from each vector the mean of its first block, which spares digits.

    """
    count, n = len(sides), len(sides[0])
    products, sums, shift = np.zeros((count, count)), np.zeros(count), np.zeros(count)
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    step = max(1, min(n, int(memory / (8 * count * n))))
    blocks = [slice(start, min(start + step, n)) for start in range(0, n - 1, step)]
    held = empty((count, _pairs_of(blocks[0], n)), sides[0].rows.X)
    for rows in blocks:
        stack = held[:, : _pairs_of(rows, n)]
        for m, side in enumerate(sides):
            _fill(stack[m], side, rows)
            if centre:
                low[m], high[m] = min(low[m], float(stack[m].min())), max(high[m], float(stack[m].max()))
                shift[m] = float(stack[m].mean()) if rows.start == 0 else shift[m]
                stack[m] -= float(shift[m])
        if centre:
            sums += host(stack.sum(1))
        products += host(stack @ stack.T)
    return Products(products, sums, np.stack([low, high]))


def pair_vector(side: Blocks) -> Array:
    """All pairs of one matrix, row-major, (n_pairs,), float64."""
    everything = slice(0, len(side))
    vector = empty((_pairs_of(everything, len(side)),), side.rows.X)
    _fill(vector, side, everything)
    return vector


def rank_products(count: int, pairs: Callable[[int], Array], memory: float) -> Floats:
    """Products of the centred mid-ranks of M pair vectors.

    Args:
        count: M.
        pairs: Makes the vector of a model, (n_pairs,).
        memory: Bytes for the ranks. Where those of all models are more, groups of models meet two at a
            time, and each group is ranked as often as there are groups before it.

    Returns:
        (M, M), float64.
    """
    first = pairs(0)
    narrow = len(first) < _EXACT_IN_FLOAT32
    fit = max(1, int(memory / (len(first) * (4 if narrow else 8))))
    step = count if count <= fit else max(1, fit // 2)
    groups = [range(start, min(start + step, count)) for start in range(0, count, step)]

    def ranked(group: range) -> Array:
        stack = empty((len(group), len(first)), first, narrow=narrow)
        for row, model in enumerate(group):
            stack[row] = mid_ranks(pairs(model) if model else first) - (len(first) + 1) / 2
        return stack

    products = np.zeros((count, count))
    for i, group in enumerate(groups):
        stack = ranked(group)
        for later in groups[i:]:
            found = _wide_product(stack, stack if later is group else ranked(later))
            products[group.start : group.stop, later.start : later.stop] = found
            products[later.start : later.stop, group.start : group.stop] = found.T
    return products


def _wide_product(a: Array, b: Array) -> Floats:
    """The product of a with the transpose of b, summed in float64."""
    product = np.zeros((len(a), len(b)))
    for start in range(0, a.shape[1], _COLUMNS):
        columns = slice(start, start + _COLUMNS)
        left = float64(a[:, columns])
        product += host(left @ (left if b is a else float64(b[:, columns])).T)
    return product


def _pairs_of(rows: slice, n: int) -> int:
    """How many pairs the stimuli of a slice make with later ones."""
    many = rows.stop - rows.start
    return many * n - (rows.start + rows.stop + 1) * many // 2


def _fill(out: Array, side: Blocks, rows: slice) -> None:
    """Write the pairs of the stimuli of a slice with all later ones, row-major."""
    n, place = len(side), 0
    for some in row_blocks(rows.stop - rows.start, n):
        chunk = slice(rows.start + some.start, rows.start + some.stop)
        block = side.between(chunk, slice(chunk.start, n))
        for i in range(chunk.stop - chunk.start):
            width = n - chunk.start - i - 1
            out[place : place + width] = block[i, i + 1 :]
            place += width
