"""Laws of behaviour: scikit-learn's kappa, kept signs, softmax without overflow, shared credit."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from repalign.errors import DegenerateError, ShapeError
from repalign.maths import (
    error_consistency,
    odd_one_out_credit,
    odd_one_out_probability,
    triplet_similarities,
    weighted_error_consistency,
)
from repalign.seeds import rng


def right(accuracy: float, n: int, *words: str | int) -> np.ndarray:
    return rng(80, *words).random(n) < accuracy


@pytest.mark.parametrize("accuracies", [(0.5, 0.5), (0.9, 0.4), (0.97, 0.95), (1.0, 0.6), (0.0, 1.0)])
@pytest.mark.parametrize("n", [7, 160])
def test_error_consistency_is_sklearns_kappa_of_being_right(accuracies, n):
    a, b = (right(p, n, i, n) for i, p in enumerate(accuracies))
    assert error_consistency(a, b) == pytest.approx(cohen_kappa_score(a, b), abs=1e-13)
    assert error_consistency(b, a) == pytest.approx(error_consistency(a, b), abs=1e-15)


def test_the_sign_of_disagreement_is_kept():
    a = np.array([True, False] * 10)
    assert error_consistency(a, ~a) == pytest.approx(-1.0)
    assert error_consistency(a, a) == pytest.approx(1.0)


@pytest.mark.parametrize("value", [True, False])
def test_kappa_of_two_who_never_differ_from_one_answer_is_refused(value):
    both = np.full(9, value)
    with pytest.raises(DegenerateError, match="undefined"):
        error_consistency(both, both)
    assert error_consistency(both, ~both) == 0


@pytest.mark.parametrize(("a", "b"), [(5, 6), (0, 0)])
def test_differing_or_no_trials_are_refused(a, b):
    with pytest.raises(ShapeError, match="same trials"):
        error_consistency(np.ones(a, dtype=bool), np.ones(b, dtype=bool))


def test_integer_weights_equal_repeated_trials():
    a, b = right(0.7, 30, "a"), right(0.8, 30, "b")
    counts = rng(81).integers(0, 4, size=(25, 30))
    counts[0] = np.where(a & b, 2, 0)
    rows = [np.repeat(np.arange(30), each) for each in counts]
    expected = [np.nan] + [cohen_kappa_score(a[r], b[r]) for r in rows[1:]]
    np.testing.assert_allclose(weighted_error_consistency(a, b, counts.astype(float)), expected, atol=1e-13)


def test_the_kth_similarity_is_that_of_the_pair_without_the_kth():
    X, triplets = rng(82).normal(size=(6, 4)), np.array([[0, 1, 2], [5, 3, 4], [1, 1, 0]])
    gram = X @ X.T
    expected = [[gram[b, c], gram[a, c], gram[a, b]] for a, b, c in triplets]
    np.testing.assert_allclose(triplet_similarities(X, triplets), expected, atol=1e-14)


def test_the_odd_one_out_is_a_softmax_over_the_pairs():
    S = rng(83).normal(size=(50, 3))
    naive = np.exp(S) / np.exp(S).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(odd_one_out_probability(S), naive, rtol=1e-13)


@pytest.mark.parametrize("size", [1e4, 1e300])
def test_large_similarities_do_not_overflow(size):
    S = np.array([[size, 0, 0], [-size, -size, -size], [size, size, -size]])
    expected = [[1, 0, 0], [1 / 3] * 3, [0.5, 0.5, 0]]
    np.testing.assert_allclose(odd_one_out_probability(S), expected, atol=1e-15)
    # Only differences of similarities count.
    np.testing.assert_allclose(
        odd_one_out_probability(np.array([[1e4, 1e4 + 1, 0]]))[0, 1], 1 / (1 + np.exp(-1))
    )


def test_ties_share_the_credit_whatever_the_order_of_stimuli():
    S = np.array([[3.0, 1, 2], [3, 3, 1], [2, 2, 2]])
    credit = np.stack([odd_one_out_credit(S, np.full(3, k)) for k in range(3)], axis=1)
    np.testing.assert_allclose(credit, [[1, 0, 0], [0.5, 0.5, 0], [1 / 3] * 3])
    for order in ([1, 2, 0], [2, 1, 0]):
        moved = np.stack([odd_one_out_credit(S[:, order], np.full(3, k)) for k in range(3)], axis=1)
        np.testing.assert_array_equal(moved, credit[:, order])


@pytest.mark.parametrize("levels", [2, 3, 1000])
def test_chance_is_a_third_with_and_without_ties(levels):
    generator, n = rng(84, levels), 9000
    credit = odd_one_out_credit(
        generator.integers(levels, size=(n, 3)).astype(float), generator.integers(3, size=n)
    )
    assert credit.mean() == pytest.approx(1 / 3, abs=4 * credit.std() / np.sqrt(n))
