"""Centred kernel alignment (CKA), linear, biased and debiased."""

from __future__ import annotations

from typing import NamedTuple

from repalign.errors import DegenerateError
from repalign.maths.arrays import (
    Array,
    as_responses,
    constant,
    float64,
    host,
    inner,
    is_tensor,
    like,
    namespace,
    row_inner,
    triangular,
    working,
)
from repalign.maths.checks import Floats, same_rows


class Summary(NamedTuple):
    """What HSIC needs of one side's kernel beside its products with the other's.

    Args:
        diagonal: Entries on the diagonal, (n_stimuli,).
        rows: Sums of each row without it, (n_stimuli,).
    """

    diagonal: Floats
    rows: Floats


def compact(X: Array) -> Array:
    """Responses with the same inner products between stimuli in at most n_stimuli columns.

    Every measure that depends on X through X X^T alone gives the same number for the result.

    Args:
        X: Responses, (n_stimuli, n_units).

    Returns:
        Z of shape (n_stimuli, min(n_stimuli, n_units)) with Z Z^T = X X^T.
    """
    if X.shape[1] <= X.shape[0]:
        return X
    return qr_r(X.T).T


def qr_r(X: Array) -> Array:
    """The triangular factor of X, (min(n, p), p)."""
    return triangular(X)


def linear_cka(X: Array, Y: Array) -> float:
    """Linear CKA with the biased estimator of HSIC (Kornblith et al. 2019; Gretton et al. 2005).

    Biased upwards where units outnumber stimuli: independent Gaussians give about p / (n + p), .848 for
    92 stimuli and 512 units. Use :func:`linear_cka_debiased` unless compatibility is asked for.

    Args:
        X: Responses, (n_stimuli, p), an array or a tensor.
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        Similarity in 0..1.

    Raises:
        DegenerateError: One side does not vary over stimuli.
    """
    x, y = _centred(X, Y, at_least=2)
    return alignment(*_products(x, y, own=True))


def linear_cka_debiased(X: Array, Y: Array) -> float:
    """Linear CKA with the unbiased estimator of HSIC (Song et al. 2012), HSIC_1.

    With K~ the kernel without its diagonal, HSIC_1 = [tr(K~ L~) + 1'K~1 1'L~1 / ((n-1)(n-2))
    - 2/(n-2) 1'K~L~1] / (n(n-3)); CKA is HSIC_1(X,Y) / sqrt(HSIC_1(X,X) HSIC_1(Y,Y)). The sums are
    taken in feature space where that is cheaper, so that no n x n matrix is held.

    Args:
        X: Responses, (n_stimuli, p), an array or a tensor.
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        Similarity, at most about 1; zero in expectation for independent responses, so it may be negative.

    Raises:
        TooFewError: Fewer than 4 stimuli.
        DegenerateError: One side does not vary, or its own HSIC_1 is not positive.
    """
    x, y = _centred(X, Y, at_least=4)
    side_x, side_y = linear_summary(x), linear_summary(y)
    cross, own_x, own_y = _products(x, y, own=False)
    noise = max(rounding(x), rounding(y))
    return alignment(
        hsic_1(cross, side_x, side_y, noise=noise),
        hsic_1(own_x, side_x, side_x, noise=noise),
        hsic_1(own_y, side_y, side_y, noise=noise),
    )


def unit_variation(X: Array, name: str, *, at_least: int = 2) -> Array:
    """Centre over stimuli and scale by the largest entry, which keeps squares finite.

    Raises:
        DegenerateError: The responses do not vary over stimuli.
    """
    patterns = as_responses(X, name, at_least=at_least)
    still = constant(patterns, axis=0)
    refuse_still(bool(still.all()), name)
    exact = float64(patterns)
    centred = exact - exact.mean(0)
    # What is left of a constant unit is rounding, and of a large constant it is large.
    centred[:, like(still, exact)] = 0.0
    centred /= abs(centred).max()
    return working(centred, patterns)


def refuse_still(still: bool, name: str) -> None:
    """Refuse a side that does not vary.

    Raises:
        DegenerateError: ``still`` is true.
    """
    if still:
        raise DegenerateError(
            f"{name} gives the same response to every stimulus",
            hint="Nothing can be compared there; is the model blind to these stimuli?",
        )


def linear_summary(x: Array) -> Summary:
    """The summary of K = x x', for x of shape (n_stimuli, p) with centred columns."""
    exact = float64(x)
    diagonal = row_inner(exact, exact)
    # A row of K sums to zero up to rounding, so without the diagonal to minus its entry there.
    return Summary(host(diagonal), host(exact @ exact.sum(0) - diagonal))


def hsic_0(cross: float, x: Summary, y: Summary) -> float:
    """Biased HSIC times (n - 1)^2, tr(KHLH), from sums over a kernel's entries (Gretton et al. 2005).

    Args:
        cross: Sum of K_ij L_ij over i != j.
        x: Of K.
        y: Of L.
    """
    n = len(x.rows)
    rows_x, rows_y = x.rows + x.diagonal, y.rows + y.diagonal
    total = float(rows_x.sum()) * float(rows_y.sum()) / n**2
    return cross + float(x.diagonal @ y.diagonal) - 2.0 / n * float(rows_x @ rows_y) + total


def hsic_1(cross: float, x: Summary, y: Summary, *, noise: float = 1e-13) -> float:
    """Unbiased HSIC times n (n - 3), from sums over a kernel's entries (Song et al. 2012).

    Args:
        cross: Sum of K_ij L_ij over i != j.
        x: Of K.
        y: Of L.
        noise: Share of the sum with the diagonal, below which the result is rounding and set to 0.
    """
    n = len(x.rows)
    total = float(x.rows.sum()) * float(y.rows.sum()) / ((n - 1) * (n - 2))
    left = cross + total - 2.0 / (n - 2) * float(x.rows @ y.rows)
    # Equidistant stimuli have HSIC_1 = 0; what the sums leave of it is rounding of either sign.
    return left if abs(left) > noise * (abs(cross) + float(x.diagonal @ y.diagonal)) else 0.0


def alignment(cross: float, own_x: float, own_y: float) -> float:
    """Alignment of two sides, cross / sqrt(own_x own_y).

    Raises:
        DegenerateError: A side's own HSIC is not positive.
    """
    if own_x <= 0 or own_y <= 0:
        raise DegenerateError(
            "CKA is undefined: one side's own HSIC estimate is not positive",
            hint="There are too few stimuli for the structure they carry; add stimuli.",
        )
    return cross / (own_x**0.5 * own_y**0.5)


def features_are_cheaper(n: int, p: int, q: int) -> bool:
    """Whether X'X, X'Y and Y'Y take less arithmetic than XX' and YY'.

    n (p + q)^2 against n^2 (p + q) multiplications and additions.
    """
    return p + q <= n


def rounding(x: Array) -> float:
    """Relative error up to which a sum of products of the dtype of ``x`` is taken for zero."""
    narrow = is_tensor(x) and x.dtype != namespace(x).float64
    return 1e-6 if narrow else 1e-13


def _centred(X: Array, Y: Array, at_least: int) -> tuple[Array, Array]:
    x, y = unit_variation(X, "X", at_least=at_least), unit_variation(Y, "Y", at_least=at_least)
    same_rows(x, y)
    return x, y


def _products(x: Array, y: Array, *, own: bool) -> tuple[float, float, float]:
    """Sums of K_ij L_ij, K_ij^2 and L_ij^2 over all i, j, or where not ``own`` over i != j."""
    n, p, q = len(x), x.shape[1], y.shape[1]
    if features_are_cheaper(n, p, q):
        sums = tuple(_squared(a.T @ b) for a, b in ((x, y), (x, x), (y, y)))
        d, e = row_inner(x, x), row_inner(y, y)
        diagonals = (0.0, 0.0, 0.0) if own else (float(d @ e), float(d @ d), float(e @ e))
        return sums[0] - diagonals[0], sums[1] - diagonals[1], sums[2] - diagonals[2]
    K, L = x @ x.T, y @ y.T
    if not own:
        # Left out before summing: they may be many times larger than all else together.
        namespace(K).einsum("ii->i", K)[...] = 0.0
        namespace(L).einsum("ii->i", L)[...] = 0.0
    return inner(K, L), _squared(K), _squared(L)


def _squared(M: Array) -> float:
    return inner(M, M)
