"""Matching unit to unit: one to one, by optimal transport, or each to its best partner."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from repalign.errors import DegenerateError
from repalign.maths.checks import Floats, as_patterns, is_constant, same_rows
from repalign.maths.shape import centred_to_one_scale
from repalign.maths.transport import best_transport


def hard_matching_correlation(X: Floats, Y: Floats) -> float:
    """Mean correlation over the pairs of the best one-to-one matching of units (Li et al. 2015).

    Where one side has more units, those that find no partner are left out.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        Mean Pearson r, -1..1.

    Raises:
        DegenerateError: A unit does not vary over stimuli, and so has no correlation.
    """
    correlations = unit_correlations(X, Y)
    rows, columns = linear_sum_assignment(correlations, maximize=True)
    return float(correlations[rows, columns].mean())


def semi_matching_correlation(X: Floats, Y: Floats) -> float:
    """Mean correlation of each unit with its best partner, averaged over both directions (Li et al. 2015).

    A partner may serve several units.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        Mean Pearson r, -1..1.

    Raises:
        DegenerateError: A unit does not vary over stimuli, and so has no correlation.
    """
    correlations = unit_correlations(X, Y)
    return float((correlations.max(axis=1).mean() + correlations.max(axis=0).mean()) / 2.0)


def soft_matching_correlation(X: Floats, Y: Floats) -> float:
    """Correlation under the best soft matching of units (Khosla & Williams 2024).

    max over T of sum_ij T_ij r_ij, where T spreads the mass 1/p of every unit of X over the units of Y so
    that each receives 1/q: optimal transport, solved exactly. With p = q the best T is a permutation and
    the value that of :func:`hard_matching_correlation`.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        Pearson r, -1..1.

    Raises:
        DegenerateError: A unit does not vary over stimuli, and so has no correlation.
    """
    return best_transport(unit_correlations(X, Y))


def soft_matching_distance(X: Floats, Y: Floats) -> float:
    """Transport distance between two sets of centred unit responses (Khosla & Williams 2024).

    sqrt( min over T of sum_ij T_ij |x_i - y_j|^2 ), T as in :func:`soft_matching_correlation`: a metric over
    representations of any width. With p = q it is the distance after the best permutation
    (:func:`repalign.maths.assignment.permutation_distance`) over sqrt(p).

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        Distance, 0..inf, in units of the responses.

    Raises:
        DegenerateError: One side does not vary over stimuli.
    """
    x, y, scale = centred_to_one_scale(X, Y)
    # Distances are taken one by one: |x|^2 + |y|^2 - 2xy would leave rounding where units are equal.
    apart = np.stack([np.einsum("ij,ij->j", x - y[:, [j]], x - y[:, [j]]) for j in range(y.shape[1])], axis=1)
    return scale * float(np.sqrt(max(-best_transport(-apart), 0.0)))


def unit_correlations(X: Floats, Y: Floats) -> Floats:
    """Pearson r between the responses of each unit of X and each unit of Y, (p, q).

    Raises:
        DegenerateError: A unit does not vary over stimuli.
        ShapeError: The numbers of stimuli differ.
    """
    x, y = (_unit_columns(side, name) for side, name in ((X, "X"), (Y, "Y")))
    same_rows(x, y)
    return x.T @ y


def _unit_columns(X: Floats, name: str) -> Floats:
    patterns = as_patterns(X, name)
    silent = np.flatnonzero(is_constant(patterns, axis=0))
    if len(silent):
        raise DegenerateError(
            f"{len(silent)} of {patterns.shape[1]} units of {name} give the same response to every stimulus "
            f"(unit {silent[0]} first); they have no correlation",
            hint="Leave those units out, or use soft-matching-distance, which needs no correlation.",
        )
    centred = patterns - patterns.mean(axis=0)
    scaled = centred / np.abs(centred).max(axis=0)
    return scaled / np.sqrt(np.einsum("ij,ij->j", scaled, scaled))
