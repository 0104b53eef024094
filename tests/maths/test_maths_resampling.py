"""Laws of inference: formulas by hand, plain loops, exact permutation tests, closed forms."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import pdist, squareform

from repalign.errors import DegenerateError
from repalign.maths import (
    EMBEDDINGS,
    Uncertainty,
    compare,
    dual_variance,
    from_draws,
    from_jackknife,
    jackknife,
    mantel,
    permutation_p,
    stimulus_counts,
)
from repalign.seeds import rng


@pytest.mark.parametrize(
    ("both", "expected"),
    [
        # R = 5, C = 10, Vr = .2, Vp = .25: 1.25 Vr + (10/9) Vp = .25 + .27778, factor of the rest 12.5/9.
        (0.5, 0.25 + 2.5 / 9 - 12.5 / 9 * 0.05),
        (0.8, 2.5 / 9),  # .04167, raised to the larger one-factor variance
        (0.4, 0.4),  # .59722, lowered to V2
        (0.1, 0.1),  # V2 is the last word
    ],
)
def test_the_dual_variance_is_the_published_formula_and_its_clips(both, expected):
    assert dual_variance(both, 0.2, 0.25, 5, 10) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(("level", "freedom"), [(0.95, 3), (0.9, 11), (0.99, 91)])
def test_the_interval_is_students(level, freedom):
    found = Uncertainty(0.04, freedom).interval(0.3, level)
    np.testing.assert_allclose(found, stats.t.interval(level, freedom, loc=0.3, scale=0.2), rtol=1e-12)


def test_one_subject_is_uncertain_over_stimuli_only():
    drawn = rng(100).normal(size=(50, 1))
    found = from_draws(np.array([0.1]), drawn, 10, rng(101))
    assert found == Uncertainty(pytest.approx(10 / 9 * drawn.var()), 9)


def test_several_subjects_combine_the_three_variances():
    # Strong enough an interaction of subjects and stimuli that no clip hides the formula.
    scores = np.array([-1.8, -0.6, 0.6, 1.8])
    drawn = scores + rng(103).normal(size=(400, 4)) + 0.4 * rng(99).normal(size=(400, 1))
    who = rng(104).integers(4, size=(400, 4))
    both = np.mean([[drawn[d, s] for s in who[d]] for d in range(400)], axis=1).var()
    expected = dual_variance(both, scores.var() / 4, drawn.mean(axis=1).var(), 4, 30)
    assert max(4 / 3 * scores.var() / 4, 30 / 29 * drawn.mean(axis=1).var()) < expected < both
    assert from_draws(scores, drawn, 30, rng(104)) == Uncertainty(pytest.approx(expected), 3)


def test_the_variance_of_additive_effects_is_their_sum():
    # score = subject effect + mean of stimulus effects: the bootstrap variances are known exactly.
    a, b, draws = rng(105).normal(size=12), rng(106).normal(size=20), 20_000
    counts = stimulus_counts(20, draws, rng(107))
    found = from_draws(a + b.mean(), a + (counts @ b / 20)[:, None], 20, rng(108))
    assert found.variance == pytest.approx(a.var() / 12 + b.var() / 20, rel=4 * np.sqrt(2 / draws))


def test_draws_without_a_number_are_left_out_until_they_are_a_tenth():
    drawn = rng(109).normal(size=(100, 3))
    drawn[:10, 1] = np.nan
    found = from_draws(np.zeros(3), drawn, 20, rng(110))
    assert found.variance == from_draws(np.zeros(3), drawn[10:], 20, rng(110)).variance
    drawn[10, 0] = np.nan
    with pytest.raises(DegenerateError, match="11 of 100 bootstrap draws"):
        from_draws(np.zeros(3), drawn, 20, rng(111))


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


@pytest.mark.parametrize("name", sorted(EMBEDDINGS))
def test_mantel_equals_a_plain_loop_over_the_same_permutations(name):
    generator = rng(117, name)
    Z = generator.normal(size=(9, 3))
    model = np.ceil(3 * pdist(Z))
    subjects = np.stack([pdist(Z + 2 * generator.normal(size=(9, 3))) for _ in range(3)])
    orders, square, reached = rng(118), squareform(model), 0
    observed = compare(model, subjects, name).mean()
    for _ in range(200):
        order = orders.permutation(9)
        moved = squareform(square[order][:, order])
        reached += compare(moved, subjects, name).mean() >= observed - 1e-12
    assert mantel(model, subjects, name, 200, rng(118)) == (1 + reached) / 201


def test_mantel_finds_the_same_geometry_and_takes_pairs_together():
    Z = rng(119).normal(size=(15, 4))
    assert mantel(pdist(Z), pdist(Z)[None], "spearman", 99, rng(120)) == 0.01


@pytest.mark.parametrize("n", [2, 7, 40])
def test_the_jackknife_variance_of_a_mean_is_its_closed_form(n):
    x = rng(121, n).normal(size=n)
    left_out, groups = jackknife(lambda rows: np.array([x[rows].mean()]), n, rng(122))
    assert groups == n
    found = from_jackknife(np.array([x.mean()]), left_out, n)
    assert found == Uncertainty(pytest.approx(x.var(ddof=1) / n), n - 1)


@pytest.mark.parametrize(("n", "groups"), [(60, 12), (65, 12)])
def test_groups_are_left_out_whole_once_each_and_the_variance_stays_unbiased(n, groups):
    x, found = rng(123, n).normal(size=n), []
    for repetition in range(400):
        seen: list[np.ndarray] = []

        def mean(rows: np.ndarray, seen: list[np.ndarray] = seen) -> np.ndarray:
            seen.append(rows)
            return np.array([x[rows].mean()])

        left_out, count = jackknife(mean, n, rng(124, repetition), groups)
        found.append(from_jackknife(np.array([x.mean()]), left_out, n).variance)
        assert count == len(seen) == groups
        assert (np.bincount(np.concatenate(seen), minlength=n) == groups - 1).all()
        assert {n - len(rows) for rows in seen} <= {n // groups, -(-n // groups)}
    error = 4 * np.std(found) / np.sqrt(len(found))
    assert np.mean(found) == pytest.approx(x.var(ddof=1) / n, abs=error + (0.03 / n if n % groups else 0))


def test_with_several_subjects_their_variance_is_added():
    scores, left_out = rng(125).normal(size=5), rng(126).normal(size=(8, 5))
    means = left_out.mean(axis=1)
    expected = 7 / 8 * ((means - means.mean()) ** 2).sum() + scores.var(ddof=1) / 5
    assert from_jackknife(scores, left_out, 8) == Uncertainty(pytest.approx(expected), 4)
