"""Other comparisons of two representations: distance correlation, norms of RDMs, simple statistics."""

from __future__ import annotations

import numpy as np

from repalign.errors import DegenerateError
from repalign.maths.checks import Floats, as_patterns, same_rows
from repalign.maths.dissimilarity import DISSIMILARITIES, euclidean, squared_euclidean
from repalign.maths.kernels import unit_variation


def rdm_norm_difference(X: Floats, Y: Floats, dissimilarity: str = "euclidean") -> float:
    """Euclidean norm of the difference of two RDMs, each pair counted once (Klabunde et al. 2023).

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).
        dissimilarity: Within each side.

    Returns:
        Distance, 0..inf, in units of the dissimilarity.

    Raises:
        DegenerateError: A pattern has no dissimilarity; ``rows`` names it.
    """
    x, y = _both(X, Y)
    within = DISSIMILARITIES[dissimilarity]
    return float(np.linalg.norm(within(x) - within(y)))


def distance_correlation(X: Floats, Y: Floats) -> float:
    """Distance correlation, biased: zero only for independence in the limit (Székely, Rizzo & Bakirov 2007).

    sqrt( dCov2(X,Y) / sqrt(dCov2(X,X) dCov2(Y,Y)) ), dCov2 the mean product of the doubly centred Euclidean
    distances. Biased upwards, strongly where units are many.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        0..1.

    Raises:
        DegenerateError: One side does not vary over stimuli.
    """
    a, b = _distances(X, Y, at_least=2)
    n = len(a[1])

    def covariance(u: tuple[Floats, Floats], v: tuple[Floats, Floats]) -> float:
        (pairs_u, rows_u), (pairs_v, rows_v) = u, v
        products, totals = 2.0 * float(pairs_u @ pairs_v) / n**2, float(rows_u.sum() * rows_v.sum()) / n**4
        return products + totals - 2.0 * float(rows_u @ rows_v) / n**3

    # A mean product of centred distances of Euclidean spaces is not negative but for rounding.
    return float(np.sqrt(max(covariance(a, b), 0.0) / np.sqrt(covariance(a, a) * covariance(b, b))))


def distance_correlation_debiased(X: Floats, Y: Floats) -> float:
    """Bias-corrected squared distance correlation (Székely & Rizzo 2013).

    The distances are centred so that the expectation for independent sides is 0; estimates may be
    negative, and are not rooted.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        At most 1; 0 expected by chance.

    Raises:
        TooFewError: Fewer than 4 stimuli.
        DegenerateError: One side does not vary over stimuli, or all its distances are equal.
    """
    a, b = _distances(X, Y, at_least=4)
    n = len(a[1])

    def covariance(u: tuple[Floats, Floats], v: tuple[Floats, Floats]) -> float:
        (pairs_u, rows_u), (pairs_v, rows_v) = u, v
        total = float(rows_u.sum() * rows_v.sum()) / ((n - 1) * (n - 2))
        left = 2.0 * float(pairs_u @ pairs_v) + total - 2.0 * float(rows_u @ rows_v) / (n - 2)
        # Equidistant stimuli have covariance 0; what the sums leave of it is rounding of either sign.
        return left if abs(left) > 1e-11 * total else 0.0

    own_a, own_b = covariance(a, a), covariance(b, b)
    if own_a <= 0 or own_b <= 0:
        raise DegenerateError(
            "debiased distance correlation is undefined: on one side all stimuli are equally far apart",
            hint="There is no structure to compare; use another layer or more stimuli.",
        )
    return covariance(a, b) / float(np.sqrt(own_a * own_b))


def magnitude_difference(X: Floats, Y: Floats) -> float:
    """Difference in the length of the mean pattern, | |mean x_i| - |mean y_i| | (Klabunde et al. 2025).

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        0..inf, in units of the responses.
    """
    x, y = _both(X, Y)
    return abs(float(np.linalg.norm(x.mean(axis=0))) - float(np.linalg.norm(y.mean(axis=0))))


def concentricity_difference(X: Floats, Y: Floats) -> float:
    """Difference in the mean cosine of patterns with their mean pattern (Klabunde et al. 2025).

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        0..1.

    Raises:
        DegenerateError: A pattern is zero (``rows`` names it), or the mean pattern is: no direction.
    """
    x, y = _both(X, Y)
    return abs(_concentricity(x) - _concentricity(y))


def uniformity_difference(X: Floats, Y: Floats) -> float:
    """Difference in uniformity, log of the mean of exp(-2 |x_i - x_j|^2) over all i, j (Wang & Isola 2020).

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        0..log(n_stimuli).
    """
    x, y = _both(X, Y)
    return abs(_uniformity(x) - _uniformity(y))


def _both(X: Floats, Y: Floats) -> tuple[Floats, Floats]:
    x, y = as_patterns(X, "X"), as_patterns(Y, "Y")
    same_rows(x, y)
    return x, y


def _concentricity(X: Floats) -> float:
    largest = np.abs(X).max(axis=1, keepdims=True)
    zero = np.flatnonzero(largest[:, 0] == 0).tolist()
    mean = X.mean(axis=0) / (largest.max() or 1.0)
    length = float(np.linalg.norm(mean))
    if zero or length < 1e-12:
        raise DegenerateError(
            f"{len(zero)} patterns are all zero" if zero else "the patterns cancel: their mean is zero",
            hint="Zero has no direction; concentricity cannot be had.",
            rows=zero,
        )
    scaled = X / largest
    return float((scaled @ mean / np.linalg.norm(scaled, axis=1)).mean()) / length


def _uniformity(X: Floats) -> float:
    n = len(X)
    return float(np.log((n + 2.0 * np.exp(-2.0 * squared_euclidean(X)).sum()) / n**2))


def _distances(X: Floats, Y: Floats, at_least: int) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    x, y = unit_variation(X, "X", at_least=at_least), unit_variation(Y, "Y", at_least=at_least)
    same_rows(x, y)
    first, second = euclidean(x), euclidean(y)
    return (first, _row_sums(first, len(x))), (second, _row_sums(second, len(y)))


def _row_sums(pairs: Floats, n: int) -> Floats:
    sums, place = np.zeros(n), 0
    for i in range(n - 1):
        row = pairs[place : place + n - i - 1]
        sums[i] += row.sum()
        sums[i + 1 :] += row
        place += n - i - 1
    return sums
