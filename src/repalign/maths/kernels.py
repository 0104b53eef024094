"""Centred kernel alignment (CKA), linear, biased and debiased."""

from __future__ import annotations

from typing import cast

import numpy as np

from repalign.errors import DegenerateError
from repalign.maths.checks import Floats, as_patterns, is_constant, same_rows


def compact(X: Floats) -> Floats:
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


def qr_r(X: Floats) -> Floats:
    """The triangular factor of X, (min(n, p), p)."""
    return cast(Floats, np.linalg.qr(X, mode="r"))


def linear_cka(X: Floats, Y: Floats) -> float:
    """Linear CKA with the biased estimator of HSIC (Kornblith et al. 2019; Gretton et al. 2005).

    Biased upwards where units outnumber stimuli: independent Gaussians give about p / (n + p), .848 for
    92 stimuli and 512 units. Use :func:`linear_cka_debiased` unless compatibility is asked for.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        Similarity in 0..1.

    Raises:
        DegenerateError: One side does not vary over stimuli.
    """
    x, y = _centred(X, Y, at_least=2)
    cross, own_x, own_y = (_squared_product(a, b) for a, b in ((x, y), (x, x), (y, y)))
    return float(cross / np.sqrt(own_x * own_y))


def linear_cka_debiased(X: Floats, Y: Floats) -> float:
    """Linear CKA with the unbiased estimator of HSIC (Song et al. 2012), HSIC_1.

    With K~ the kernel without its diagonal, HSIC_1 = [tr(K~ L~) + 1'K~1 1'L~1 / ((n-1)(n-2))
    - 2/(n-2) 1'K~L~1] / (n(n-3)); CKA is HSIC_1(X,Y) / sqrt(HSIC_1(X,X) HSIC_1(Y,Y)). The sums are
    taken in feature space where that is cheaper, so that no n x n matrix is held.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        Similarity, at most about 1; zero in expectation for independent responses, so it may be negative.

    Raises:
        TooFewError: Fewer than 4 stimuli.
        DegenerateError: One side does not vary, or its own HSIC_1 is not positive.
    """
    x, y = _centred(X, Y, at_least=4)
    cross, own_x, own_y = (_hsic_1(a, b) for a, b in ((x, y), (x, x), (y, y)))
    if own_x <= 0 or own_y <= 0:
        raise DegenerateError(
            "debiased CKA is undefined: one side's own HSIC estimate is not positive",
            hint="There are too few stimuli for the structure they carry; add stimuli.",
        )
    return float(cross / np.sqrt(own_x * own_y))


def unit_variation(X: Floats, name: str, *, at_least: int = 2) -> Floats:
    """Centre over stimuli and scale by the largest entry, which keeps squares finite.

    Raises:
        DegenerateError: The responses do not vary over stimuli.
    """
    patterns = as_patterns(X, name, at_least=at_least)
    still = is_constant(patterns, axis=0)
    if still.all():
        raise DegenerateError(
            f"{name} gives the same response to every stimulus",
            hint="Nothing can be compared there; is the model blind to these stimuli?",
        )
    # What is left of a constant unit is rounding, and of a large constant it is large.
    centred = np.where(still, 0.0, patterns - patterns.mean(axis=0))
    return centred / np.abs(centred).max()


def _centred(X: Floats, Y: Floats, at_least: int) -> tuple[Floats, Floats]:
    x, y = unit_variation(X, "X", at_least=at_least), unit_variation(Y, "Y", at_least=at_least)
    same_rows(x, y)
    return x, y


def _squared_product(X: Floats, Y: Floats) -> float:
    """tr(X X' Y Y') = |X'Y|^2, on the cheaper side."""
    n = len(X)
    if X.shape[1] * Y.shape[1] <= n * max(X.shape[1], Y.shape[1]):
        product = X.T @ Y
        return float(np.einsum("ij,ij->", product, product))
    return float(np.einsum("ij,ij->", X @ X.T, Y @ Y.T))


def _hsic_1(X: Floats, Y: Floats) -> float:
    n = len(X)
    diagonal_x, diagonal_y = np.einsum("ij,ij->i", X, X), np.einsum("ij,ij->i", Y, Y)
    squared = _squared_product(X, Y)
    trace = squared - float(diagonal_x @ diagonal_y)
    # The columns are centred, so a row of K sums to zero and a row of K~ to minus its diagonal.
    rows_x, rows_y = X @ X.sum(axis=0) - diagonal_x, Y @ Y.sum(axis=0) - diagonal_y
    total = float(rows_x.sum() * rows_y.sum()) / ((n - 1) * (n - 2))
    left = trace + total - 2.0 / (n - 2) * float(rows_x @ rows_y)
    # Equidistant stimuli have HSIC_1 = 0; what the sums leave of it is rounding of either sign.
    return left / (n * (n - 3)) if abs(left) > 1e-13 * squared else 0.0
