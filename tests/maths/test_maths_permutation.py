"""Laws of permutation tests: exact shares, plain loops, uniform p under the null."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import pdist, squareform

from repalign.errors import DegenerateError, ShapeError, TooFewError
from repalign.maths.comparison import compare
from repalign.maths.permutation import mantel, permutation_p, sign_flip
from repalign.seeds import rng


def test_permutation_p_approaches_the_share_among_all_permutations():
    x, y = np.array([0.1, 0.5, 0.7, 1.2, 3.0]), np.array([0.3, 0.2, 1.0, 0.9, 2.0])
    every = np.array([x[list(order)] @ y for order in permutations(range(5))])
    exact = np.mean(every >= x @ y - 1e-12)
    found = permutation_p(lambda order: float(x[order] @ y), 5, 4000, rng(112))
    assert found == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4000) + 1 / 4000)


def test_permutations_that_leave_the_score_count_as_reaching_it():
    # Two values in two classes: 1 - 16/20 of the orders of six do as well; summed in any order.
    x = np.array([0.1, 0.1, 0.1, 0.7, 0.7, 0.7])
    exact = np.mean([x[list(o)] @ x >= x @ x - 1e-12 for o in permutations(range(6))])
    assert exact == pytest.approx(1 / 20)
    found = permutation_p(lambda order: float((x[order] * x)[order].sum()), 6, 3000, rng(113))
    assert found == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 3000) + 1 / 3000)


def test_p_is_never_zero_nor_above_one():
    assert permutation_p(lambda order: float(order[0] == 0), 50, 9, rng(114)) >= 0.1
    assert permutation_p(lambda order: 0.0, 5, 9, rng(115)) == 1.0


def test_p_is_uniform_where_nothing_is_related():
    generator, found = rng(116), []
    for _ in range(1000):
        x, y = generator.normal(size=(2, 8))
        found.append(permutation_p(lambda order, x=x, y=y: float(x[order] @ y), 8, 79, generator))
    values = np.array(found)
    for level in (0.05, 0.25, 0.5, 0.75):
        assert np.mean(values <= level) == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / 1000))


@pytest.mark.parametrize("name", ["cosine", "pearson", "rho-a", "spearman", "tau-a", "whitened-cosine"])
def test_mantel_equals_a_plain_loop_over_the_same_permutations(name):
    generator = rng(117, name)
    Z = generator.normal(size=(9, 3))
    model = np.ceil(3 * pdist(Z))
    subjects = np.stack([pdist(Z + 2 * generator.normal(size=(9, 3))) for _ in range(3)])
    orders, square, reached = rng(118), squareform(model), 0
    observed = compare(model, subjects, name).mean()
    for _ in range(100):
        order = orders.permutation(9)
        moved = squareform(square[order][:, order])
        reached += compare(moved, subjects, name).mean() >= observed - 1e-12
    assert mantel(model, subjects, name, 100, rng(118)) == (1 + reached) / 101


def test_mantel_of_a_distance_counts_what_is_as_near():
    Z = rng(119).normal(size=(12, 4))
    assert mantel(pdist(Z), pdist(Z)[None], "euclidean", 99, rng(120)) == 0.01


def test_mantel_finds_the_same_geometry_and_takes_pairs_together():
    Z = rng(119).normal(size=(15, 4))
    assert mantel(pdist(Z), pdist(Z)[None], "spearman", 99, rng(120)) == 0.01


@pytest.mark.parametrize("n", [2, 5, 9])
def test_flipping_signs_of_few_subjects_is_exact(n):
    d = np.round(rng(160, n).normal(0.4, 1, size=n), 1)
    every = [abs(np.dot(signs, d)) >= abs(d.sum()) - 1e-12 for signs in product((-1, 1), repeat=n)]
    found = sign_flip(d, 0, rng(0))
    assert found == np.mean(every)
    assert 2 / 2**n <= found <= 1
    peer = stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert found == pytest.approx(peer.pvalue)


def test_flipping_signs_of_many_subjects_samples_them():
    d = rng(161).normal(0.5, 1, size=13)
    every = 1.0 - 2.0 * ((np.arange(2**13)[:, None] >> np.arange(13)) & 1)
    exact = np.mean(np.abs(every @ d) >= abs(d.sum()) - 1e-12)
    found = sign_flip(d, 5000, rng(162))
    assert found == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 5000) + 1 / 5000)
    assert sign_flip(d + 100, 99, rng(163)) >= 0.01
    assert sign_flip(np.zeros(20), 99, rng(164)) == 1.0


def test_flipping_signs_keeps_its_level_and_knows_no_direction():
    d = rng(165).normal(size=(2000, 8))
    found = np.array([sign_flip(each, 0, rng(0)) for each in d])
    assert np.mean(found <= 0.05) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 2000))
    assert sign_flip(-d[0], 0, rng(0)) == found[0]


def test_differences_that_cannot_be_flipped_are_refused():
    with pytest.raises(TooFewError, match="no signs to flip"):
        sign_flip(np.ones(1), 10, rng(0))
    with pytest.raises(ShapeError, match="one number per subject"):
        sign_flip(np.ones((2, 3)), 10, rng(0))
    with pytest.raises(DegenerateError, match="NaN or infinite"):
        sign_flip(np.array([0.1, np.nan]), 10, rng(0))
