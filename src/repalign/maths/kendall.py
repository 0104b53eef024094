"""Kendall's rank correlations: all pairs of pairs counted, in O(P^(4/3)) steps of which each is tiny.

Each RDM is sorted once. Discordant pairs of pairs are inversions of one permutation, which are counted
by the three digits of its entries in base R = P^(1/3): two entries are out of order where their leading
differing digit is. In blocks of R neighbours digits are compared directly; between blocks the counts
of every digit are accumulated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.maths.checks import Floats, as_pairs, is_constant
from repalign.maths.embeddings import refuse_constant
from repalign.maths.ranks import Order, Truths, radix_order, sort_row
from repalign.maths.threads import in_threads

Places = NDArray[np.int32]
Counts = NDArray[np.intp]

_CHUNK = 50_000


def tau_a(x: Floats, y: Floats) -> Floats:
    """Kendall's tau-a: (concordant - discordant) / all pairs of pairs.

    The expectation of tau under random breaking of ties; it does not favour models with ties (Nili et
    al. 2014). A constant RDM is all ties and scores 0, as in rho-a.

    Args:
        x: Pair values, (k, n_pairs).
        y: Pair values, (m, n_pairs).

    Returns:
        (k, m), -1..1.
    """
    first, second = _ranked(x), _ranked(y)
    return _excess(first, second) / _all_pairs(x.shape[-1])


def tau_b(x: Floats, y: Floats) -> Floats:
    """Kendall's tau-b: (concordant - discordant) / sqrt(pairs untied in x * pairs untied in y).

    Args:
        x: Pair values, (k, n_pairs).
        y: Pair values, (m, n_pairs).

    Returns:
        (k, m), -1..1.

    Raises:
        DegenerateError: An RDM is constant.
    """
    for side in (x, y):
        refuse_constant(is_constant(as_pairs(side), axis=-1))
    first, second = _ranked(x), _ranked(y)
    total = _all_pairs(x.shape[-1])
    untied = [np.sqrt([float(total - each.tied) for each in side]) for side in (first, second)]
    return _excess(first, second) / untied[0][:, None] / untied[1]


def inversions(permutation: NDArray[Any]) -> int:
    """How many pairs of entries of a permutation of 0 .. n-1 are in descending order."""
    n = len(permutation)
    base = int(np.ceil(np.cbrt(n)))
    base += base**3 < n
    entries = np.arange(base**3, dtype=np.int32)  # those added at the end are in order
    entries[:n] = permutation
    leading = (entries // base**2).astype(_digit_kind(base))
    count = _within_blocks(leading, base)
    held = np.empty((base, base), dtype=np.intp)
    stretches = leading.reshape(base, -1)
    for some in _chunks(base):
        each = _held(stretches[some], base)
        count += _between(each)
        held[some] = each.sum(axis=1)
    count += _between(held)
    groups = entries[np.argsort(leading, kind="stable")].reshape(base, -1)
    return count + sum(_lower_inversions(groups[some] % base**2, base) for some in _chunks(base))


def _lower_inversions(entries: Places, base: int) -> int:
    """Inversions within each row of entries below ``base``^2, (rows, base^2)."""
    kind = _digit_kind(base)
    middle, last = (digit.astype(kind) for digit in np.divmod(entries, np.int32(base)))
    by_middle = np.argsort(middle, axis=1, kind="stable")
    last = np.take_along_axis(last, by_middle, axis=1)
    return _within_blocks(middle, base) + _between(_held(middle, base)) + _within_blocks(last, base)


@dataclass(frozen=True)
class _Ranked:
    """One RDM's pairs sorted once.

    ``order`` are the pairs from small to large, ``place`` each pair's position there, ``group`` the
    group of ties at each position (None where no two are tied), ``tied`` how many pairs of pairs are.
    """

    order: Places
    place: Places
    group: Places | None
    tied: int


def _ranked(x: Floats) -> list[_Ranked]:
    rows = as_pairs(x)
    found: dict[int, _Ranked] = {}

    def rank(i: int) -> None:
        order, new = sort_row(rows[i])
        place = np.empty(len(order), dtype=np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        group = None if new.all() else np.cumsum(new, dtype=np.int32) - np.int32(1)
        found[i] = _Ranked(order.astype(np.int32), place, group, _tied_pairs(new))

    in_threads(rank, *rows.shape)
    return [found[i] for i in range(len(rows))]


def _excess(first: list[_Ranked], second: list[_Ranked]) -> Floats:
    """Concordant less discordant pairs of pairs, (k, m)."""
    out = np.empty((len(first), len(second)))

    def count(cell: int) -> None:
        i, j = divmod(cell, len(second))
        out[i, j] = _concordant_less_discordant(first[i], second[j])

    in_threads(count, out.size, len(first[0].order))
    return out


def _concordant_less_discordant(x: _Ranked, y: _Ranked) -> int:
    if x.group is None:
        x, y = y, x
    gathered = x.place[y.order.astype(np.intp)]
    joint, sequence = 0, gathered
    if x.group is not None:
        groups = x.group[gathered]
        # Positions in y, from small x to large, and ascending among ties of x: these are not discordant.
        sequence = radix_order(groups.astype(np.uint32))
        if y.group is not None:
            other = y.group[sequence]
            joint = _tied_pairs(_changes(groups[sequence]) | _changes(other))
            # The inverse of a permutation has as many inversions. Here ties of y ascend as well.
            sequence = radix_order(other.astype(np.uint32))
    return _all_pairs(len(gathered)) - x.tied - y.tied + joint - 2 * inversions(sequence)


def _digit_kind(base: int) -> type[np.uint8 | np.uint16]:
    return np.uint8 if base <= 256 else np.uint16


def _chunks(base: int) -> list[slice]:
    """Rows of ``base``^2 entries, so few at a time that what is counted stays in the cache."""
    step = max(1, _CHUNK // base**2)
    return [slice(start, min(start + step, base)) for start in range(0, base, step)]


def _within_blocks(digits: NDArray[Any], base: int) -> int:
    """Inversions of digits within each block of ``base`` neighbours, compared directly."""
    places = np.ascontiguousarray(digits.reshape(-1, base).T)
    return sum(int(np.count_nonzero(places[:-d] > places[d:])) for d in range(1, base))


def _held(digits: NDArray[Any], base: int) -> Counts:
    """How often each block of ``base`` neighbours holds each digit, (rows, blocks, digits)."""
    first = np.arange(0, digits.size, base)[:, None]
    cells = np.bincount((digits.reshape(-1, base) + first).ravel(), minlength=digits.size)
    return cells.reshape(len(digits), -1, base)


def _between(held: Counts) -> int:
    """Inversions between different blocks of a row: larger digits in earlier blocks, times smaller ones."""
    earlier = np.cumsum(held, axis=-2)
    earlier -= held
    smaller = np.cumsum(held, axis=-1)
    smaller -= held
    return int(np.vdot(earlier, smaller))


def _changes(groups: Places) -> Truths:
    return np.concatenate(([True], groups[1:] != groups[:-1]))


def _tied_pairs(new: Truths) -> int:
    """Pairs within the groups whose first members are marked."""
    starts: Order = np.flatnonzero(new)
    counts = np.append(starts[1:], len(new)) - starts
    return int((counts * (counts - 1) // 2).sum())


def _all_pairs(n: int) -> int:
    return n * (n - 1) // 2
