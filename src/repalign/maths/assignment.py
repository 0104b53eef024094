"""Shape distances in which only a one-to-one matching of units aligns, not a rotation."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from repalign.errors import ShapeError
from repalign.maths.checks import Floats, as_patterns, same_rows
from repalign.maths.kernels import unit_variation
from repalign.maths.shape import centred_to_one_scale


def permutation_similarity(X: Floats, Y: Floats) -> float:
    """Cosine between centred responses after the best one-to-one matching of units (Williams et al. 2021).

    max over permutations P of tr(Xc' Yc P) / (|Xc|_F |Yc|_F).

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, p).

    Returns:
        Similarity, -1..1; never below that of the average matching.

    Raises:
        ShapeError: The numbers of units differ.
        DegenerateError: One side does not vary over stimuli.
    """
    return 1.0 - _permuted_gap(*_unit_pair(X, Y)) / 2.0


def permutation_angular_distance(X: Floats, Y: Floats) -> float:
    """Angle between centred responses after the best one-to-one matching of units (Williams et al. 2021).

    The arccos of :func:`permutation_similarity`, small angles taken from the residual: a metric.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, p).

    Returns:
        Angle in radians, 0..pi.

    Raises:
        ShapeError: The numbers of units differ.
        DegenerateError: One side does not vary over stimuli.
    """
    return 2.0 * float(np.arcsin(min(np.sqrt(_permuted_gap(*_unit_pair(X, Y))) / 2.0, 1.0)))


def permutation_distance(X: Floats, Y: Floats) -> float:
    """Euclidean distance between centred responses after the best one-to-one matching of units.

    min over permutations P of |Xc - Yc P|_F: a metric in which size counts.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, p).

    Returns:
        Distance, 0..inf, in units of the responses.

    Raises:
        ShapeError: The numbers of units differ.
        DegenerateError: One side does not vary over stimuli.
    """
    x, y, scale = centred_to_one_scale(X, Y)
    _same_units(x, y)
    return scale * float(np.sqrt(_permuted_gap(x, y)))


def permutation_uncentred_distance(X: Floats, Y: Floats) -> float:
    """Euclidean distance between responses as they are, after the best one-to-one matching of units.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, p).

    Returns:
        Distance, 0..inf, in units of the responses.

    Raises:
        ShapeError: The numbers of units or of stimuli differ.
    """
    x, y = as_patterns(X, "X"), as_patterns(Y, "Y")
    same_rows(x, y)
    _same_units(x, y)
    scale = max(float(np.abs(x).max()), float(np.abs(y).max())) or 1.0
    return scale * float(np.sqrt(_permuted_gap(x / scale, y / scale)))


def _permuted_gap(x: Floats, y: Floats) -> float:
    rows, columns = linear_sum_assignment(x.T @ y, maximize=True)
    rest = x[:, rows] - y[:, columns]
    return float(np.einsum("ij,ij->", rest, rest))


def _unit_pair(X: Floats, Y: Floats) -> tuple[Floats, Floats]:
    x, y = unit_variation(X, "X"), unit_variation(Y, "Y")
    same_rows(x, y)
    _same_units(x, y)
    return x / np.sqrt(np.einsum("ij,ij->", x, x)), y / np.sqrt(np.einsum("ij,ij->", y, y))


def _same_units(X: Floats, Y: Floats) -> None:
    if X.shape[1] != Y.shape[1]:
        raise ShapeError(
            f"X has {X.shape[1]} units and Y has {Y.shape[1]}; a permutation matches equal numbers",
            hint="Use soft matching (soft-matching-distance), which takes any two numbers of units.",
        )
