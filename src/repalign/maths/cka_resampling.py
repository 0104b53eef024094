"""Debiased linear CKA with stimuli left out or permuted, at the cost of one evaluation and not of hundreds.

HSIC_1 is an inner product of U-centred kernels (Szekely & Rizzo 2014), whose sums over all stimuli but one
follow from sums over all, and which a permutation of stimuli merely reorders.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from repalign.errors import TooFewError
from repalign.maths.checks import Floats, same_rows
from repalign.maths.kernels import alignment, unit_variation
from repalign.maths.permutation import permutation_p


class _Side(NamedTuple):
    """A kernel without its diagonal, (n, n), and the sums of its rows, (n,)."""

    kernel: Floats
    rows: Floats

    @classmethod
    def of(cls, X: Floats, name: str) -> _Side:
        centred = np.asarray(unit_variation(X, name, at_least=4), dtype=np.float64)
        kernel = centred @ centred.T
        np.fill_diagonal(kernel, 0.0)
        return cls(
            kernel / np.abs(kernel).max(initial=1e-300),
            kernel.sum(axis=1) / np.abs(kernel).max(initial=1e-300),
        )


def cka_left_out(X: Floats, Ys: Sequence[Floats]) -> Floats:
    """Debiased linear CKA with each stimulus left out in turn, for each subject.

    O(n^2) for all n together, beside the kernels, where leaving out one after the other takes O(n^3).
    The n x n kernels are held: for more than a few thousand stimuli leave out groups (``jackknife``).

    Args:
        X: Responses of a model, (n_stimuli, p).
        Ys: Responses of each subject to the same stimuli, (n_stimuli, q_s).

    Returns:
        (n_stimuli, n_subjects), as :func:`repalign.maths.jackknife.from_jackknife` takes them.

    Raises:
        TooFewError: Fewer than 5 stimuli.
        DegenerateError: A side does not vary, or without some stimulus its own HSIC_1 is not positive.
    """
    x, own_x = _own(X, "X")
    out = np.empty((len(X), len(Ys)))
    for s, Y in enumerate(Ys):
        y, own_y = _own(Y, "Y")
        same_rows(x.kernel, y.kernel)
        cross = _without_each(x, y)
        out[:, s] = [
            alignment(float(c), float(a), float(b)) for c, a, b in zip(cross, own_x, own_y, strict=True)
        ]
    return out


def _own(X: Floats, name: str) -> tuple[_Side, Floats]:
    if len(X) < 5:
        raise TooFewError(
            f"{len(X)} stimuli: debiased CKA with one left out needs at least 5", hint="Add stimuli."
        )
    side = _Side.of(X, name)
    return side, _without_each(side, side)


def _without_each(x: _Side, y: _Side) -> Floats:
    """HSIC_1 times (n-1)(n-4) with each of n stimuli left out, (n,)."""
    n = len(x.rows) - 1
    shared = (x.kernel * y.kernel).sum(axis=1)
    # Without stimulus i, row a of a kernel sums to rows[a] - kernel[a, i].
    products = x.rows * y.rows
    of_rows = products.sum() - products - x.kernel @ y.rows - y.kernel @ x.rows + shared
    totals = (x.rows.sum() - 2 * x.rows) * (y.rows.sum() - 2 * y.rows)
    left = shared.sum() - 2 * shared + totals / ((n - 1) * (n - 2)) - 2.0 / (n - 2) * of_rows
    # Equidistant stimuli have HSIC_1 = 0; what the sums leave of it is rounding of either sign.
    return np.where(np.abs(left) > 1e-13 * np.abs(shared).sum(), left, 0.0)


def cka_permutation_p(
    X: Floats, Ys: Sequence[Floats], permutations: int, generator: np.random.Generator
) -> float:
    """One-sided p of the mean debiased linear CKA over subjects, by permuting stimuli.

    The same number as permuting the rows of X and computing CKA with every subject anew.

    Args:
        X: Responses of a model, (n_stimuli, p).
        Ys: Responses of each subject to the same stimuli, (n_stimuli, q_s).
        permutations: How many.
        generator: Draws them.

    Returns:
        (1 + number of permutations at least as similar) / (1 + permutations), in (0, 1].

    Raises:
        DegenerateError: A side does not vary, or its own HSIC_1 is not positive.
    """
    model = _u_centred(X, "X")
    pooled = np.mean([_u_centred(Y, "Y") for Y in Ys], axis=0)
    same_rows(model, pooled)

    def permuted(order: NDArray[np.intp]) -> float:
        return float(np.einsum("ij,ij->", model[np.ix_(order, order)], pooled))

    return permutation_p(permuted, len(model), permutations, generator)


def _u_centred(X: Floats, name: str) -> Floats:
    """U-centred kernel of norm 1, (n, n); CKA is the inner product of two."""
    kernel, rows = _Side.of(X, name)
    n = len(rows)
    centred = kernel - (rows[:, None] + rows) / (n - 2) + rows.sum() / ((n - 1) * (n - 2))
    np.fill_diagonal(centred, 0.0)
    own = float(np.einsum("ij,ij->", centred, centred))
    own = own if own > 1e-13 * float(np.einsum("ij,ij->", kernel, kernel)) else 0.0
    return alignment(1.0, own, 1.0) * centred
