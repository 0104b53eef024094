"""Comparing the spaces that two representations span, and what a linear readout can see of them."""

from __future__ import annotations

import numpy as np

from repalign.errors import DegenerateError, InputError, TooFewError
from repalign.maths.checks import Floats, as_patterns, same_rows
from repalign.maths.kernels import unit_variation


def eigenspace_overlap(X: Floats, Y: Floats) -> float:
    """Overlap of the spaces that the units span over stimuli (May et al. 2019).

    |U' V|_F^2 / max(rank X, rank Y), U and V orthonormal bases of the columns of X and Y as they are,
    not centred. Expected for independent sides of full rank: min(p, q) / n_stimuli.

    Args:
        X: Responses, (n_stimuli, p), p < n_stimuli.
        Y: Responses to the same stimuli, (n_stimuli, q), q < n_stimuli.

    Returns:
        0..1, 1 for equal spaces.

    Raises:
        TooFewError: As many units as stimuli: every space is the whole.
        DegenerateError: A side is all zero.
    """
    first, second = (_basis(side, name) for side, name in ((X, "X"), (Y, "Y")))
    same_rows(first, second)
    product = first.T @ second
    return float(np.einsum("ij,ij->", product, product)) / max(product.shape)


def gulp_squared_distance(X: Floats, Y: Floats, penalty: float) -> float:
    """Squared GULP distance: how far ridge predictions from X and Y can differ (Boix-Adserà et al. 2022).

    Centred and scaled so that units' variances sum to 1, S the covariances over stimuli,
    A = Xc (S_x + penalty)^-1 Xc' / n and B likewise: |A - B|_F^2, the difference of predictions for a label
    drawn at random, on average. With penalty 0 it is rank X + rank Y - 2 sum of squared canonical
    correlations.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).
        penalty: Ridge penalty, not negative.

    Returns:
        0..n_stimuli; absolute error about 1e-14 times the number of units.

    Raises:
        InputError: The penalty is negative or infinite.
        TooFewError: The penalty is 0 and a side has as many units as stimuli.
        DegenerateError: One side does not vary over stimuli.
    """
    if not 0.0 <= penalty < np.inf:
        raise InputError(f"the GULP penalty is {penalty}; it is finite and not negative", hint="Try 0.01.")
    (u, a), (v, b) = (_predictor(side, name, penalty) for side, name in ((X, "X"), (Y, "Y")))
    same_rows(u, v)
    # |A - B|^2 = sum a^2 + sum b^2 - 2 sum a_i b_j (u_i'v_j)^2, here without taking large numbers apart.
    shared = (u.T @ v) ** 2
    apart = (a[:, None] - b) ** 2
    rest_u, rest_v = 1.0 - shared.sum(axis=1), 1.0 - shared.sum(axis=0)
    squared = float((shared * apart).sum() + rest_u @ a**2 + rest_v @ b**2)
    return max(squared, 0.0)


def gulp_distance(X: Floats, Y: Floats, penalty: float) -> float:
    """GULP distance, the root of :func:`gulp_squared_distance`: a metric (Boix-Adserà et al. 2022).

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).
        penalty: Ridge penalty, not negative.

    Returns:
        0..sqrt(n_stimuli).

    Raises:
        InputError: The penalty is negative or infinite.
        TooFewError: The penalty is 0 and a side has as many units as stimuli.
        DegenerateError: One side does not vary over stimuli.
    """
    return float(np.sqrt(gulp_squared_distance(X, Y, penalty)))


def shared_dimensions(X: Floats, Y: Floats) -> float:
    """Effective number of shared dimensions, ENSD (Giaffar et al. 2024).

    With K, L the centred linear kernels, tr(K L) tr K tr L / (|K|_F^2 |L|_F^2). For equal sides it is their
    participation ratio.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        0..min of the two participation ratios times the alignment; at least 0.

    Raises:
        DegenerateError: One side does not vary over stimuli.
    """
    x, y = unit_variation(X, "X"), unit_variation(Y, "Y")
    same_rows(x, y)
    cross, own_x, own_y = (float(np.linalg.norm(a.T @ b)) ** 2 for a, b in ((x, y), (x, x), (y, y)))
    size_x, size_y = (float(np.einsum("ij,ij->", each, each)) for each in (x, y))
    return cross * size_x * size_y / (own_x * own_y)


def _thin(X: Floats) -> tuple[Floats, Floats]:
    left, sizes, _ = np.linalg.svd(X, full_matrices=False)
    kept = sizes > np.finfo(np.float64).eps * max(X.shape) * sizes[0]
    return left[:, kept], sizes[kept]


def _fewer_units(X: Floats, name: str) -> None:
    if X.shape[1] >= len(X):
        raise TooFewError(
            f"{name} has {X.shape[1]} units and {len(X)} stimuli; so many units span everything",
            hint="Use fewer units (a reduction) or more stimuli.",
        )


def _basis(X: Floats, name: str) -> Floats:
    patterns = as_patterns(X, name)
    _fewer_units(patterns, name)
    if not patterns.any():
        raise DegenerateError(f"{name} is zero for every stimulus", hint="Use another layer.")
    return _thin(patterns / np.abs(patterns).max())[0]


def _predictor(X: Floats, name: str, penalty: float) -> tuple[Floats, Floats]:
    """Eigenvectors and eigenvalues of the map from labels to ridge predictions."""
    varied = unit_variation(X, name)
    if penalty == 0:
        _fewer_units(varied, name)
    left, sizes = _thin(varied)
    variances = sizes**2 / (sizes**2).sum()
    return left, variances / (variances + penalty)
