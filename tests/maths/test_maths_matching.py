"""Laws of matching units: brute force over permutations, linear programmes, metrics, refusals."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment, linprog

from repalign.errors import DegenerateError, ShapeError
from repalign.maths import transport
from repalign.maths.assignment import (
    permutation_angular_distance,
    permutation_distance,
    permutation_similarity,
    permutation_uncentred_distance,
)
from repalign.maths.matching import (
    hard_matching_correlation,
    semi_matching_correlation,
    soft_matching_correlation,
    soft_matching_distance,
    unit_correlations,
)
from repalign.seeds import rng


def by_programme(gain):
    """The transport optimum by a dense linear programme."""
    p, q = gain.shape
    rows = [np.repeat(np.eye(p)[i], q) for i in range(p)] + [np.tile(np.eye(q)[j], p) for j in range(q)]
    sums = [1 / p] * p + [1 / q] * q
    return -linprog(-gain.ravel(), A_eq=np.array(rows), b_eq=sums, method="highs-ipm").fun


def pair(seed, n, p, q):
    generator = rng(seed, "matching", n, p, q)
    return generator.normal(size=(n, p)) + generator.normal(size=p), generator.normal(size=(n, q)) * 2


@pytest.mark.parametrize(("n", "p"), [(3, 1), (9, 5), (4, 6)])
def test_permutation_distances_are_the_best_over_all_permutations(n, p):
    X, Y = pair(1, n, p, p)
    x, y = X - X.mean(0), Y - Y.mean(0)
    orders = [list(order) for order in permutations(range(p))]
    best = min(np.linalg.norm(x - y[:, order]) for order in orders)
    cosine = max((x * y[:, order]).sum() for order in orders) / np.linalg.norm(x) / np.linalg.norm(y)
    assert permutation_distance(X, Y) == pytest.approx(best, rel=1e-12)
    assert permutation_similarity(X, Y) == pytest.approx(cosine, abs=1e-12)
    assert permutation_angular_distance(X, Y) == pytest.approx(np.arccos(cosine), abs=1e-10)
    raw = min(np.linalg.norm(X - Y[:, order]) for order in orders)
    assert permutation_uncentred_distance(X, Y) == pytest.approx(raw, rel=1e-12)


def test_a_permuted_copy_is_at_distance_zero_and_a_nudged_one_at_its_nudge():
    X = rng(2).normal(size=(12, 7))
    copy = X[:, rng(3).permutation(7)]
    for distance in (permutation_distance, permutation_angular_distance, permutation_uncentred_distance):
        assert distance(X, copy) == pytest.approx(0, abs=1e-14)
    assert permutation_distance(X, 2e-9 * np.eye(12, 7) + X) == pytest.approx(
        2e-9 * np.sqrt(7 - 7 / 12), rel=1e-5
    )


def test_a_permutation_needs_equal_numbers_of_units():
    X, Y = pair(4, 8, 3, 4)
    for distance in (permutation_distance, permutation_similarity, permutation_uncentred_distance):
        with pytest.raises(ShapeError, match="3 units and Y has 4"):
            distance(X, Y)


@pytest.mark.parametrize(("p", "q"), [(4, 4), (4, 6), (7, 3), (1, 5)])
def test_soft_matching_is_the_linear_programme(p, q):
    X, Y = pair(5, 11, p, q)
    correlations = np.corrcoef(X.T, Y.T)[:p, p:]
    assert soft_matching_correlation(X, Y) == pytest.approx(by_programme(correlations), abs=1e-9)
    x, y = X - X.mean(0), Y - Y.mean(0)
    apart = ((x[:, :, None] - y[:, None]) ** 2).sum(0)
    assert soft_matching_distance(X, Y) == pytest.approx(np.sqrt(-by_programme(-apart)), rel=1e-8)


def test_both_ways_of_solving_transport_agree(monkeypatch):
    gain = rng(6).normal(size=(6, 4))
    by_copies = transport.best_transport(gain)
    monkeypatch.setattr(transport, "_MOST_COPIES", 1)
    assert transport.best_transport(gain) == pytest.approx(by_copies, abs=1e-12)
    assert transport.best_transport(gain.T) == pytest.approx(by_copies, abs=1e-12)


def test_with_equal_numbers_soft_matching_is_hard_matching():
    X, Y = pair(7, 20, 6, 6)
    assert soft_matching_correlation(X, Y) == pytest.approx(hard_matching_correlation(X, Y), abs=1e-13)
    assert soft_matching_distance(X, Y) == pytest.approx(permutation_distance(X, Y) / np.sqrt(6), rel=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_the_soft_matching_distance_is_a_metric_over_representations_of_any_width(seed):
    generator = rng(seed, "soft metric")
    a, b, c = (generator.normal(size=(6, p)) for p in generator.integers(1, 6, size=3))
    ab, bc, ac = (soft_matching_distance(*two) for two in ((a, b), (b, c), (a, c)))
    assert ac <= ab + bc + 1e-12
    assert ab == pytest.approx(soft_matching_distance(b, a), rel=1e-12)
    # A representation with every unit doubled is the same set of units.
    assert soft_matching_distance(a, np.repeat(a, 2, axis=1)) == pytest.approx(0, abs=1e-12)


def test_hard_and_semi_matching_read_the_correlations_of_units():
    X, Y = pair(8, 15, 4, 7)
    correlations = np.corrcoef(X.T, Y.T)[:4, 4:]
    rows, columns = linear_sum_assignment(-correlations)
    assert unit_correlations(X, Y) == pytest.approx(correlations, abs=1e-13)
    assert hard_matching_correlation(X, Y) == pytest.approx(correlations[rows, columns].mean(), abs=1e-13)
    both = correlations.max(1).mean() / 2 + correlations.max(0).mean() / 2
    assert semi_matching_correlation(X, Y) == pytest.approx(both, abs=1e-13)


def test_a_silent_unit_has_no_correlation_and_is_named():
    X, Y = pair(9, 10, 4, 3)
    Y[:, 1] = 0.3
    for match in (hard_matching_correlation, semi_matching_correlation, soft_matching_correlation):
        with pytest.raises(DegenerateError, match=r"1 of 3 units of Y .*\(unit 1 first\)"):
            match(X, Y)
    assert soft_matching_distance(X, Y) > 0
