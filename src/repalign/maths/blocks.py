"""Blocks of an (n, n) matrix of dissimilarities or inner products, made when asked for and never all held."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from repalign.errors import UnknownNameError
from repalign.maths.arrays import Array, float64, host, namespace, row_inner
from repalign.maths.checks import Floats
from repalign.maths.pairs import BITS, keep_bits, row_blocks
from repalign.maths.rows import by_stimulus, by_unit, checked

# Bits kept of 1 - product where products are float32, which has 24.
_FEW_BITS = 20
# Below this share of |x|^2 + |y|^2, |x|^2 + |y|^2 - 2xy has cancelled and differences are taken directly.
_NEAR = 0.01

BY_STIMULUS = ("correlation", "cosine")
BY_UNIT = ("squared-euclidean", "euclidean", "product")
#: What :class:`Blocks` can fill them with.
KINDS = (*BY_STIMULUS, *BY_UNIT)


class Blocks:
    """A symmetric matrix over stimuli, made block by block.

    Args:
        X: Responses, (n_stimuli, n_units), an array or a tensor of any float dtype.
        kind: One of :data:`KINDS`. "product" is the inner product of centred responses; distances and
            products are those of responses divided by their largest centred entry.
        name: What errors call X.
        at_least: How many stimuli are needed.
        ties: Whether pairs at equal dissimilarity must come out equal, for ranks.

    Raises:
        ShapeError, TooFewError, DegenerateError: As the small forms do.
    """

    def __init__(
        self, X: Array, kind: str, name: str = "X", *, at_least: int = 2, ties: bool = False
    ) -> None:
        if kind not in KINDS:
            raise UnknownNameError.among("blocked dissimilarity", kind, KINDS)
        responses = checked(X, name, at_least=at_least)
        self.kind, self.ties = kind, ties
        by_pattern = kind in BY_STIMULUS
        self.rows = (
            by_stimulus(responses, centre=kind == "correlation") if by_pattern else by_unit(responses, name)
        )
        self.norms = self.rows.squared_norms() if kind in BY_UNIT else None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def largest(self) -> float:
        """No dissimilarity is larger than this, up to rounding."""
        if self.norms is None:
            return 2.0
        diameter = 2.0 * float(self.norms.max()) ** 0.5
        return diameter if self.kind == "euclidean" else diameter**2

    def between(self, rows: slice, columns: slice) -> Array:
        """Entries for two slices of stimuli, float64; only those right of the diagonal mean anything."""
        x = self.rows(rows)
        y = x if rows == columns else self.rows(columns)
        products = float64(x @ y.T)
        if self.kind == "product":
            return products
        if self.norms is None:
            return self._one_minus(products, exact=x.dtype == products.dtype)
        squared = self._squared(products, x, y, rows, columns)
        return squared**0.5 if self.kind == "euclidean" else squared

    def factors(self, rows: slice) -> tuple[Array, Array]:
        """Features l, r of the stimuli of a slice, float64, with l_i . r_j the entry; not for euclidean."""
        x = self.rows.exact(rows)
        xp = namespace(x)
        one = xp.ones_like(x[:, :1])
        if self.kind == "product":
            return x, x
        if self.norms is None:
            return xp.concatenate([one, -x], 1), xp.concatenate([one, x], 1)
        size = self.norms[rows][:, None]
        return xp.concatenate([size, one, -2.0 * x], 1), xp.concatenate([one, size, x], 1)

    def _one_minus(self, products: Array, *, exact: bool) -> Array:
        if not self.ties:
            products *= -1.0
            products += 1.0
            return products
        # Equal pairs come out equal, whatever the order in which their products were summed.
        grid = 2.0 ** (BITS if exact else _FEW_BITS)
        products *= -grid
        products += grid
        return namespace(products).round(products) / grid

    def _squared(self, products: Array, x: Array, y: Array, rows: slice, columns: slice) -> Array:
        assert self.norms is not None
        xp = namespace(products)
        sizes = self.norms[rows, None] + self.norms[columns]
        found = sizes - 2.0 * products
        near = xp.triu(found < _NEAR * sizes, rows.start + 1 - columns.start)
        i, j = xp.nonzero(near, **({} if xp is np else {"as_tuple": True}))
        for some in row_blocks(len(i), self.rows.width):
            gap = float64(x[i[some]]) - float64(y[j[some]])
            found[i[some], j[some]] = row_inner(gap, gap)
        # On the diagonal and left of it nothing was mended.
        found = abs(found) if columns.start < rows.stop else found
        return keep_bits(found) if self.ties else found


class Meeting(NamedTuple):
    """One block of two matrices over the same stimuli.

    Args:
        rows: Stimuli of the rows.
        columns: Stimuli of the columns, the same or later ones.
        first: Entries of one matrix, (rows, columns).
        second: Entries of the other.
    """

    rows: slice
    columns: slice
    first: Array
    second: Array

    def upper(self, values: Array) -> Array:
        """``values`` with zeros where a pair is not of two different stimuli or was met before."""
        return namespace(values).triu(values, 1) if self.rows == self.columns else values

    def pairs(self, values: Array) -> Array:
        """``values`` of each pair once, (n_pairs_here,)."""
        if self.rows != self.columns:
            return values.reshape(-1)
        xp = namespace(values)
        return values[xp.triu(xp.ones_like(values), 1) > 0]


def meetings(first: Blocks, second: Blocks, step: int | None = None) -> Iterator[Meeting]:
    """All blocks on and above the diagonal, of two matrices at once.

    Args:
        first: One matrix.
        second: The other, over the same stimuli.
        step: Stimuli in a block; by default about a thousand, fewer where there are many units.
    """
    n = len(first)
    step = step or max(64, min(1024, 16_000_000 // max(first.rows.width, second.rows.width)))
    for a in range(0, n, step):
        rows = slice(a, min(a + step, n))
        for b in range(a, n, step):
            columns = slice(b, min(b + step, n))
            yield Meeting(rows, columns, first.between(rows, columns), second.between(rows, columns))


Change = Callable[[Array], Array]


def stimulus_sums(
    first: Blocks, second: Blocks, change: tuple[Change, Change] | None = None, step: int | None = None
) -> Floats:
    """Sums over the pairs of each stimulus of a, b, a^2, b^2 and a b, entries of the two matrices.

    Half their sum over stimuli is the sum over all pairs, and that less a stimulus's own the sum over the
    pairs of the others.

    Args:
        first: a.
        second: b.
        change: Functions to put entries through first.
        step: Stimuli in a block.

    Returns:
        (5, n_stimuli), float64.
    """
    sums = np.zeros((5, len(first)))
    for met in meetings(first, second, step):
        a, b = met.first, met.second
        if change is not None:
            a, b = change[0](a), change[1](b)
        a, b = met.upper(a), met.upper(b)
        for total, values in zip(sums, (a, b, a * a, b * b, a * b), strict=True):
            total[met.rows] += host(values.sum(1))
            total[met.columns] += host(values.sum(0))
    return sums
