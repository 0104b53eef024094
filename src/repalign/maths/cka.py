"""Three estimators of HSIC from sums over two kernels, CKA with each of them, and the size of a kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.errors import InputError, ShapeError
from repalign.maths.arrays import Array, host, inner
from repalign.maths.checks import Floats, as_patterns, same_rows
from repalign.maths.kernels import (
    Summary,
    alignment,
    features_are_cheaper,
    hsic_0,
    hsic_1,
    linear_summary,
    unit_variation,
)
from repalign.maths.rows import Rows, by_unit, checked


def hsic_off_diagonal(cross: float, x: Summary, y: Summary) -> float:
    """Sum over i != j of (HKH)_ij (HLH)_ij: the centred kernels without their diagonals.

    The form of Lange et al. (2023): less biased than HSIC_0, and not free of bias.

    Args:
        cross: Sum of K_ij L_ij over i != j.
        x: Of K.
        y: Of L.
    """
    return hsic_0(cross, x, y) - float(_centred_diagonal(x) @ _centred_diagonal(y))


def _hsic_1(cross: float, x: Summary, y: Summary) -> float:
    # Diagonals take no part in it, and are not to say what counts as rounding.
    return hsic_1(cross, *(Summary(np.zeros_like(side.rows), side.rows) for side in (x, y)))


#: Estimators by the word that ids use, up to the divisor: HSIC_0, HSIC_1 and the off-diagonal form.
HSIC: dict[str, Callable[[float, Summary, Summary], float]] = {
    "biased": hsic_0,
    "debiased": _hsic_1,
    "lange": hsic_off_diagonal,
}
#: Fewer stimuli leave an estimator undefined.
MIN_STIMULI = {"biased": 2, "debiased": 4, "lange": 4}


def hsic(K: NDArray[Any], L: NDArray[Any], estimator: str = "debiased") -> float:
    """Hilbert-Schmidt independence criterion of two kernel matrices.

    Args:
        K: Kernel between stimuli, symmetric (n_stimuli, n_stimuli); it need not be centred.
        L: Another of the same stimuli.
        estimator: ``biased``, tr(KHLH) / (n-1)^2 with H the centring matrix (Gretton et al. 2005);
            ``debiased``, [tr(K~ L~) + 1'K~1 1'L~1 / ((n-1)(n-2)) - 2/(n-2) 1'K~L~1] / (n(n-3)) with K~ the
            kernel without its diagonal (Song et al. 2012); ``lange``, the sum over i != j of
            (HKH)_ij (HLH)_ij / (n(n-3)) (Lange et al. 2023).

    Returns:
        The estimate, in units of the product of the kernels.

    Raises:
        InputError: No such estimator.
        ShapeError: No two square matrices of the same stimuli.
        TooFewError: Fewer than 4 stimuli (2 for ``biased``).
        DegenerateError: NaN or infinity.
    """
    k, m = _kernel_matrices(K, L, known_estimator(estimator))
    n = len(k)
    divisor = (n - 1) ** 2 if estimator == "biased" else n * (n - 3)
    return HSIC[estimator](*_sums(k, m)) / divisor


def kernel_cka(K: NDArray[Any], L: NDArray[Any], estimator: str = "debiased") -> float:
    """CKA of two kernel matrices: HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) (Cortes et al. 2012).

    Args:
        K: Kernel between stimuli, symmetric (n_stimuli, n_stimuli); it need not be centred.
        L: Another of the same stimuli.
        estimator: ``biased``, ``debiased`` or ``lange``; see :func:`hsic`.

    Returns:
        Similarity in -1..1; in 0..1 for ``biased`` and positive semi-definite kernels.

    Raises:
        InputError: No such estimator.
        ShapeError: No two square matrices of the same stimuli.
        TooFewError: Fewer than 4 stimuli (2 for ``biased``).
        DegenerateError: NaN or infinity, or a kernel that tells no stimuli apart.
    """
    k, m = _kernel_matrices(K, L, known_estimator(estimator))
    return cka_from(*(_sums(a, b) for a, b in ((k, m), (k, k), (m, m))), estimator=estimator)


def linear_cka_lange(X: Array, Y: Array) -> float:
    """Linear CKA from the off-diagonal entries of the centred kernels (Lange et al. 2023).

    In feature space where units are fewer than stimuli, so that no n x n matrix is held.

    Args:
        X: Responses, (n_stimuli, p), an array or a tensor.
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        Similarity in -1..1; not zero in expectation for independent responses.

    Raises:
        TooFewError: Fewer than 4 stimuli.
        DegenerateError: One side does not vary over stimuli.
    """
    x, y = (unit_variation(side, name, at_least=4) for side, name in ((X, "X"), (Y, "Y")))
    same_rows(x, y)
    return cka_from(*(_linear_sums(a, b) for a, b in ((x, y), (x, x), (y, y))), estimator="lange")


def cka_from(*sums: tuple[float, Summary, Summary], estimator: str) -> float:
    """CKA from the sums over K and L, over K and K, and over L and L.

    Every estimator is an inner product (HSIC_1 of U-centred matrices, Szekely & Rizzo 2014, Ann. Stat.
    42:2382), so CKA is a cosine.

    Args:
        sums: Three times the sum of products over i != j and the two summaries.
        estimator: Of :data:`HSIC`.

    Raises:
        DegenerateError: The own estimate of one side is not positive.
    """
    over, own_x, own_y = (HSIC[estimator](*each) for each in sums)
    # Rounding can leave 1 + 1e-16.
    return float(np.clip(alignment(over, own_x, own_y), -1.0, 1.0))


def centred_trace(X: Array) -> float:
    """Sum of the squared centred responses: the trace of the centred linear kernel.

    Args:
        X: Responses, (n_stimuli, n_units).

    Raises:
        DegenerateError: They do not vary over stimuli.
    """
    rows = by_unit(checked(X, "X"), "X")
    return float(host(rows.squared_norms()).sum()) / largest_scale(rows) ** 2


def largest_scale(rows: Rows) -> float:
    """The number that centred responses were multiplied by; units that do not vary were by 0."""
    return float(host(rows.scale).max())


def known_estimator(name: str) -> str:
    """The name, if there is such an estimator.

    Raises:
        InputError: There is not.
    """
    if name not in HSIC:
        raise InputError(f"there is no HSIC estimator {name!r}", hint=f"Known: {', '.join(HSIC)}.")
    return name


def _centred_diagonal(side: Summary) -> Floats:
    rows = side.rows + side.diagonal
    return side.diagonal - 2.0 / len(rows) * rows + rows.sum() / len(rows) ** 2


def _sums(K: Floats, L: Floats) -> tuple[float, Summary, Summary]:
    """Sums over two kernel matrices, (n, n) each."""
    k, m = np.diagonal(K), np.diagonal(L)
    cross = float(np.einsum("ij,ij->", K, L)) - float(k @ m)
    return cross, Summary(k, K.sum(axis=1) - k), Summary(m, L.sum(axis=1) - m)


def _linear_sums(X: Array, Y: Array) -> tuple[float, Summary, Summary]:
    """Sums over X X' and Y Y', columns centred, from the cheaper side."""
    x, y = linear_summary(X), linear_summary(Y)
    cheap = features_are_cheaper(len(X), X.shape[1], Y.shape[1])
    products = [X.T @ Y] * 2 if cheap else [X @ X.T, Y @ Y.T]
    return inner(*products) - float(x.diagonal @ y.diagonal), x, y


def _kernel_matrices(K: NDArray[Any], L: NDArray[Any], estimator: str) -> list[Floats]:
    found = [as_patterns(each, name, at_least=MIN_STIMULI[estimator]) for each, name in ((K, "K"), (L, "L"))]
    for array, name in zip(found, "KL", strict=True):
        if array.shape[0] != array.shape[1]:
            raise ShapeError(
                f"{name} has shape {array.shape}; a kernel is (stimulus, stimulus)",
                hint="K[i, j] says how alike stimuli i and j are.",
            )
    same_rows(*found)
    return found
