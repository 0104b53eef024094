"""Products of differences taken in different runs: the arithmetic of cross-validated dissimilarities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import helmert

from repalign.errors import DegenerateError
from repalign.maths.checks import Floats
from repalign.maths.pairs import row_blocks, row_of_pairs, to_grid
from repalign.maths.runs import Runs
from repalign.maths.threads import in_threads

# Few wide slices of units: every slice adds to all pairs.
_WIDER = 2
_CACHED = 32_768  # columns
# Runs, units in a slice, to the two sides of the product; the same array twice where they are equal.
Sides = Callable[[Floats], tuple[Floats, Floats]]
# The left and the right factor, (n_stimuli, n_units), and the weight of their product.
_Product = tuple[Floats, Floats, float]


def crossed(runs: Runs, sides: Sides) -> Floats:
    """Mean over pairs of different runs and over units of the product of differences in both sides.

    Args:
        runs: Checked responses.
        sides: Gives the left and the right factor from responses (n_runs, n_stimuli, some units), as new
            float64 arrays; the same array twice where they are equal, which takes half the arithmetic.

    Returns:
        Condensed, (n_stimuli (n_stimuli - 1) / 2,), rounded to 2^-42 of the largest squared norm. A pair of
        stimuli takes the run pairs in which both were measured in both runs, each with the same weight.

    Raises:
        DegenerateError: Two stimuli share fewer than 2 runs; ``rows`` names them.
    """
    n_runs, n, n_units = runs.values.shape
    total = _Total(runs)
    for units in row_blocks(n_units, n_runs * n // _WIDER):
        left, right = _in_rows(*sides(runs.values[:, :, units]))
        for side in (left,) if left is right else (left, right):
            in_threads(partial(_centre_run, side, runs.present), n_runs, side[0].size)
        for group in _groups(left, right, runs):
            total.add(*group)
    return total.mean()


def crossed_by_fold(runs: Runs, maps: Iterable[Callable[[Floats], Floats]]) -> Floats:
    """The same, where both factors go through a map of their own for each left run.

    Args:
        runs: Checked responses.
        maps: For each run, how patterns (n_stimuli, n_units) are mapped before they are multiplied.

    Returns:
        As :func:`crossed`.

    Raises:
        DegenerateError: Two stimuli share fewer than 2 runs; ``rows`` names them.
    """
    total = _Total(runs)
    for run, mapped in enumerate(maps):
        left = _centre(mapped(runs.values[run]), runs.present[run])
        others = [other for other in range(len(runs.values)) if other != run]
        if runs.complete:
            right = _centre(mapped(runs.values[others].mean(axis=0)), runs.present[run])
            total.add(np.ones(len(left)), [(left, right, len(others) / 2)])
            continue
        for other in others:
            right = _centre(mapped(runs.values[other]), runs.present[other])
            total.add(*_both(left, right, runs.present[[run, other]], 0.5))
    return total.mean()


class _Total:
    """The sum over pairs of different runs, for each pair of stimuli."""

    def __init__(self, runs: Runs) -> None:
        self._n_runs, self._n, self._n_units = runs.values.shape
        self._pairs, self._size = np.zeros(self._n * (self._n - 1) // 2), np.zeros(self._n)
        self._run_pairs = _shared_run_pairs(runs.present)

    def add(self, taking_part: Floats, products: list[_Product]) -> None:
        """Add the weighted (left_i - left_j)(right_i - right_j)^T of the stimuli that take part."""
        own = np.zeros(self._n)
        for left, right, weight in products:
            norms = np.einsum("ij,ij->i", left, right)
            own += weight * norms
            self._size += abs(weight) * (norms if left is right else _norm_products(left, right))
        for rows in row_blocks(self._n, self._n):
            later = slice(rows.start, None)
            block = own[rows, None] * taking_part[later] + taking_part[rows, None] * own[later]
            for left, right, weight in products:
                if left is right:
                    product = left[rows] @ left[later].T
                    if weight not in (0.5, -0.5):
                        product *= 2.0 * abs(weight)
                    combine = np.subtract if weight > 0 else np.add
                    combine(block, product, out=block)
                else:
                    block -= weight * (left[rows] @ right[later].T + right[rows] @ left[later].T)
            for k, i in enumerate(range(rows.start, rows.stop)):
                row_of_pairs(self._pairs, self._n, i)[:] += block[k, k + 1 :]

    def mean(self) -> Floats:
        """Over the run pairs that each pair of stimuli shares, and over units."""
        for i in range(self._n):
            row_of_pairs(self._pairs, self._n, i)[:] /= self._run_pairs(i) * self._n_units
        most = self._n_runs * (self._n_runs - 1) / 2
        return to_grid(self._pairs, float(self._size.max()) / (most * self._n_units))


def _shared_run_pairs(present: NDArray[np.bool_]) -> Callable[[int], Floats]:
    """Gives the number of run pairs that stimulus i shares with each later one; none is below 1."""
    counts = present.astype(np.float64)

    def shared(i: int) -> Floats:
        runs = counts[:, i] @ counts[:, i + 1 :]
        return runs * (runs - 1) / 2

    for i in range(present.shape[1]):
        few = np.flatnonzero(shared(i) < 1)
        if len(few):
            j = i + 1 + int(few[0])
            raise DegenerateError(
                f"stimuli in rows {i} and {j} share {int(counts[:, i] @ counts[:, j])} runs; "
                "a cross-validated dissimilarity needs at least 2",
                hint="Leave one of them out, or use mahalanobis, which needs no second run.",
                rows=(i, j),
            )
    return shared


def _centre(values: Floats, here: NDArray[np.bool_]) -> Floats:
    """Subtract the mean over stimuli in place, which leaves differences alone; 0 where not measured."""
    if here.all():
        values -= values.mean(axis=0)
        return values
    values[~here] = 0.0
    values[here] -= values.sum(axis=0) / max(1, int(here.sum()))
    return values


def _in_rows(left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Both row-major, so that they can be changed in place; one array twice stays one."""
    rows = np.ascontiguousarray(left)
    return rows, rows if left is right else np.ascontiguousarray(right)


def _centre_run(side: Floats, present: NDArray[np.bool_], run: int) -> None:
    _centre(side[run], present[run])


def _groups(left: Floats, right: Floats, runs: Runs) -> Iterator[tuple[Floats, list[_Product]]]:
    n_runs, same = len(left), left is right
    if not runs.complete:
        for r, s in combinations(range(n_runs), 2) if same else permutations(range(n_runs), 2):
            yield _both(left[r], right[s], runs.present[[r, s]], 1.0 if same else 0.5)
        return
    # The sum over a != b of x_a y_b^T is (sum x)(sum y)^T - sum x_a y_a^T; in orthonormal contrasts of the
    # runs it needs R products instead of R + 1: R - 1 times that of the mean, minus those of the others.
    contrasts = helmert(n_runs, full=True)
    contrasts[0] *= (n_runs - 1) ** 0.5
    for side in (left,) if same else (left, right):
        _mix(side, contrasts)
    weights = [0.5, *[-0.5] * (n_runs - 1)]
    lefts = list(left)  # the same objects on both sides, where they are equal
    yield np.ones(left.shape[1]), list(zip(lefts, lefts if same else list(right), weights, strict=True))


def _mix(side: Floats, contrasts: Floats) -> None:
    """Replace runs by contrasts of them, in place and in pieces that stay in the cache."""
    flat = side.reshape(len(side), -1)
    for start in range(0, flat.shape[1], _CACHED):
        piece = flat[:, start : start + _CACHED]
        piece[:] = contrasts @ piece


def _both(
    left: Floats, right: Floats, present: NDArray[np.bool_], weight: float
) -> tuple[Floats, list[_Product]]:
    """The product of two runs for the stimuli measured in both."""
    both = np.where(present.all(axis=0), 1.0, 0.0)
    return both, [(left * both[:, None], right * both[:, None], weight)]


def _norm_products(left: Floats, right: Floats) -> Floats:
    return np.sqrt(np.einsum("ij,ij->i", left, left) * np.einsum("ij,ij->i", right, right))
