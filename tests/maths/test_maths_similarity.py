"""Laws of the other comparisons: naive transcriptions, scipy, bounds, chance, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from scipy.spatial.distance import cdist, pdist, squareform

from repalign.errors import DegenerateError, InputError, TooFewError
from repalign.maths import linear_cka
from repalign.maths.dimensionality import participation_ratio
from repalign.maths.similarity import (
    concentricity_difference,
    distance_correlation,
    distance_correlation_debiased,
    magnitude_difference,
    rdm_norm_difference,
    uniformity_difference,
)
from repalign.maths.subspaces import (
    eigenspace_overlap,
    gulp_distance,
    gulp_squared_distance,
    shared_dimensions,
)
from repalign.seeds import rng


def pair(seed, n=21, p=4, q=6):
    generator = rng(seed, "similarity")
    x = generator.normal(size=(n, p)) + generator.normal(size=p)
    return x, np.column_stack([x[:, :1] ** 2, generator.normal(size=(n, q - 1))])


def test_norms_of_rdm_differences_are_scipys():
    X, Y = pair(1)
    for name in ("euclidean", "correlation", "cosine"):
        expected = np.linalg.norm(pdist(X, name) - pdist(Y, name))
        assert rdm_norm_difference(X, Y, name) == pytest.approx(expected, rel=1e-11)
    # Each pair counts once: the Frobenius norm of the squares counts it twice.
    square = np.linalg.norm(squareform(pdist(X)) - squareform(pdist(Y)))
    assert rdm_norm_difference(X, Y) == pytest.approx(square / np.sqrt(2), rel=1e-11)


@pytest.mark.parametrize("n", [4, 9, 40])
def test_distance_correlations_are_their_definitions(n):
    X, Y = pair(2, n=n)
    A, B = cdist(X, X), cdist(Y, Y)
    H = np.eye(n) - 1 / n
    a, b = H @ A @ H, H @ B @ H
    expected = np.sqrt((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))
    assert distance_correlation(X, Y) == pytest.approx(expected, abs=1e-10)

    def centred(D):
        rows = D.sum(0) / (n - 2)
        U = D - rows - rows[:, None] + D.sum() / ((n - 1) * (n - 2))
        np.fill_diagonal(U, 0)
        return U

    u, v = centred(A), centred(B)
    expected = (u * v).sum() / np.sqrt((u * u).sum() * (v * v).sum())
    assert distance_correlation_debiased(X, Y) == pytest.approx(expected, abs=1e-9)


def test_chance_of_debiased_distance_correlation_is_zero_and_of_the_biased_one_is_not():
    draws = [rng(i, "chance").normal(size=(2, 20, 30)) for i in range(200)]
    debiased = [distance_correlation_debiased(*draw) for draw in draws]
    assert np.mean(debiased) == pytest.approx(0, abs=4 * np.std(debiased) / np.sqrt(200))
    assert np.mean([distance_correlation(*draw) for draw in draws[:20]]) > 0.7


@pytest.mark.parametrize(("p", "q"), [(3, 3), (2, 7), (9, 4)])
def test_eigenspace_overlap_is_the_sum_of_squared_cosines_of_principal_angles(p, q):
    X, Y = pair(3, p=p, q=q)
    expected = (np.cos(subspace_angles(X, Y)) ** 2).sum() / max(p, q)
    assert eigenspace_overlap(X, Y) == pytest.approx(expected, abs=1e-12)
    # A unit that repeats another adds no dimension.
    assert eigenspace_overlap(np.column_stack([X, X[:, 0]]), Y) == pytest.approx(expected, abs=1e-12)


def test_chance_of_eigenspace_overlap_is_the_fewer_units_over_stimuli():
    draws = [
        eigenspace_overlap(rng(i, "eos").normal(size=(20, 5)), rng(i, "e").normal(size=(20, 3)))
        for i in range(300)
    ]
    assert np.mean(draws) == pytest.approx(3 / 20, abs=4 * np.std(draws) / np.sqrt(300))


@pytest.mark.parametrize("penalty", [0.0, 1e-3, 0.1, 10.0])
def test_gulp_is_the_gap_of_ridge_predictors(penalty):
    X, Y = pair(4)
    maps = []
    for side in (X, Y):
        x = side - side.mean(0)
        x = x / np.linalg.norm(x) * np.sqrt(21)
        maps.append(x @ np.linalg.solve(x.T @ x / 21 + penalty * np.eye(x.shape[1]), x.T) / 21)
    expected = np.linalg.norm(maps[0] - maps[1])
    assert gulp_distance(X, Y, penalty) == pytest.approx(expected, rel=1e-10)
    assert gulp_squared_distance(X, Y, penalty) == pytest.approx(expected**2, rel=1e-10)
    assert gulp_distance(X, 3 * X, penalty) == pytest.approx(0, abs=1e-7)


def test_shared_dimensions_are_alignment_times_participation():
    X, Y = pair(5)
    both = np.sqrt(participation_ratio(X) * participation_ratio(Y))
    assert shared_dimensions(X, Y) == pytest.approx(linear_cka(X, Y) * both, rel=1e-12)
    assert shared_dimensions(X, X) == pytest.approx(participation_ratio(X), rel=1e-12)


def test_simple_statistics_are_their_formulas():
    X, Y = pair(6)

    def numbers(x):
        mean = x.mean(0)
        cosines = 1 - cdist(x, [mean], "cosine")
        return np.linalg.norm(mean), cosines.mean(), np.log(np.exp(-2 * cdist(x, x, "sqeuclidean")).mean())

    expected = [abs(a - b) for a, b in zip(numbers(X), numbers(Y), strict=True)]
    found = [each(X, Y) for each in (magnitude_difference, concentricity_difference, uniformity_difference)]
    assert found == pytest.approx(expected, rel=1e-10)


def test_what_has_no_number_is_refused():
    X, Y = pair(7, n=6)
    still = np.ones((6, 2))
    for compare in (distance_correlation, distance_correlation_debiased, shared_dimensions):
        with pytest.raises(DegenerateError, match="Y gives the same response"):
            compare(X, still)
    with pytest.raises(DegenerateError, match="equally far apart"):
        distance_correlation_debiased(X, np.eye(6))
    with pytest.raises(TooFewError, match="6 units and 6 stimuli"):
        eigenspace_overlap(X, Y)
    with pytest.raises(TooFewError, match="6 units and 6 stimuli"):
        gulp_distance(X, Y, 0.0)
    with pytest.raises(InputError, match="not negative"):
        gulp_distance(X, Y, -1.0)
    with pytest.raises(DegenerateError, match="is zero for every stimulus"):
        eigenspace_overlap(X, np.zeros((6, 2)))
    with pytest.raises(DegenerateError, match="mean is zero"):
        concentricity_difference(np.vstack([X, -X]), np.vstack([X, X]))
    X[2] = 0
    with pytest.raises(DegenerateError, match="1 patterns are all zero"):
        concentricity_difference(X, Y)
