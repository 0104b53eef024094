"""Laws of variances put together from draws: formulas by hand, plain loops, closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from repalign.errors import DegenerateError, ShapeError, TooFewError
from repalign.maths.bootstrap import stimulus_counts
from repalign.maths.resampling import Covariances, from_draws, pair_covariance, without_each
from repalign.maths.uncertainty import (
    Uncertainty,
    chosen,
    dual_uncertainty,
    dual_variance,
    of_subjects,
    satterthwaite,
)
from repalign.seeds import rng


@pytest.mark.parametrize(
    ("both", "of_pairs", "expected"),
    [
        # R = 5, C = 10, Vr = .2, Vp = .25: 1.25 Vr + (10/9) Vp = .25 + .27778, factor of the rest 12.5/9.
        (0.5, 0.0, 0.25 + 2.5 / 9 - 12.5 / 9 * 0.05),
        (0.8, 0.0, 2.5 / 9),  # .04167, raised to the larger one-factor variance
        (0.8, 0.01, 10 / 9 * 0.23),  # which counts less of what belongs to pairs alone
        (0.8, 0.1, 0.25),  # until the other is the larger
        (0.4, 0.0, 0.4),  # .59722, lowered to V2
        (0.1, 0.0, 0.1),  # V2 is the last word
    ],
)
def test_the_dual_variance_is_the_published_formula_and_its_clips(both, of_pairs, expected):
    assert dual_variance(both, 0.2, 0.25, 5, 10, of_pairs) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(("level", "freedom"), [(0.95, 3), (0.9, 11.5), (0.99, 91)])
def test_the_interval_is_students(level, freedom):
    found = Uncertainty(0.04, freedom).interval(0.3, level)
    np.testing.assert_allclose(found, stats.t.interval(level, freedom, loc=0.3, scale=0.2), rtol=1e-12)


@pytest.mark.parametrize("value", [-0.4, -0.1, 0.0, 0.3])
def test_p_is_students_and_agrees_with_the_interval(value):
    found = Uncertainty(0.04, 7)
    assert found.p(value) == pytest.approx(2 * stats.t.sf(abs(value) / 0.2, 7))
    assert found.p_above(value) == pytest.approx(stats.t.sf(value / 0.2, 7))
    assert found.p_below(value) + found.p_above(value) == pytest.approx(1)
    low, high = found.interval(value, 1 - found.p(value)) if value else (0.0, 0.0)
    assert min(abs(low), abs(high)) == pytest.approx(0, abs=1e-9)


def test_p_is_never_0_nor_above_1():
    assert 0 < Uncertainty(1e-30, 500).p(10.0) < 1e-100
    assert Uncertainty(0.0, 5).p(0.0) == 1.0
    assert 0 < Uncertainty(0.0, 5).p(0.1) < 1e-100
    assert Uncertainty(0.0, 5).p_below(0.1) == 1.0


def test_degrees_of_freedom_lie_between_the_smaller_factors_and_the_sum():
    assert satterthwaite(1.0, (1.0, 11), (0.0, 19)) == 11
    assert satterthwaite(1.0, (0.5, 11), (0.5, 19)) == pytest.approx(1 / (0.25 / 11 + 0.25 / 19))
    assert satterthwaite(0.5, (0.5, 11), (0.5, 19)) == 11  # published: min(R, C) - 1
    assert satterthwaite(2.0, (0.5, 11), (0.5, 19)) == 30
    assert satterthwaite(0.0, (0.0, 11), (0.0, 19)) == 11
    assert dual_uncertainty(0.012, 0.005, 0.005, (12, 20)).freedom > 11


@pytest.mark.parametrize(("n_subjects", "n_stimuli"), [(12, 20), (20, 30)])
def test_degrees_of_freedom_match_the_spread_of_the_estimate(n_subjects, n_stimuli):
    # The variance of a variance estimate with nu degrees of freedom is 2 V^2 / nu.
    generator = rng(140, n_subjects)
    subjects = generator.normal(size=(20_000, n_subjects)).var(axis=1, ddof=1) / n_subjects
    stimuli = generator.normal(size=(20_000, n_stimuli)).var(axis=1, ddof=1) / n_stimuli
    total = subjects + stimuli
    expected = 2 * total.mean() ** 2 / total.var()
    parts = (subjects.mean(), n_subjects - 1), (stimuli.mean(), n_stimuli - 1)
    assert satterthwaite(total.mean(), *parts) == pytest.approx(expected, rel=0.05)


def test_one_subject_is_uncertain_over_stimuli_only():
    drawn = rng(100).normal(size=(50, 1))
    found = from_draws(np.array([0.1]), drawn, 10)
    assert found == Uncertainty(pytest.approx(10 / 9 * drawn.var()), 9)


def test_the_variance_over_subjects_in_closed_form_is_that_of_drawing_them():
    # Drawing subjects within each draw of stimuli: V2, up to its Monte-Carlo error.
    scores = np.array([-1.8, -0.6, 0.6, 1.8])
    drawn = scores + rng(103).normal(size=(400, 4)) + 0.4 * rng(99).normal(size=(400, 1))
    found = Covariances.of(scores[None], drawn[:, None], 30, None)
    who = rng(104).integers(4, size=(200, 400, 4))
    means = np.take_along_axis(drawn[None], who, axis=2).mean(axis=2)
    assert found.both[0, 0] == pytest.approx(means.var(), rel=0.02)
    assert found.over_subjects[0, 0] == pytest.approx(
        scores[rng(105).integers(4, size=(80_000, 4))].mean(axis=1).var(), rel=0.03
    )
    assert found.over_stimuli[0, 0] == pytest.approx(drawn.mean(axis=1).var())


def test_several_subjects_combine_the_three_variances():
    # Strong enough an interaction of subjects and stimuli that no clip hides the formula.
    scores = np.array([-1.8, -0.6, 0.6, 1.8])
    drawn = scores + rng(103).normal(size=(400, 4)) + 0.4 * rng(99).normal(size=(400, 1))
    vr, vp = scores.var() / 4, drawn.mean(axis=1).var()
    v2 = np.mean([row.var() / 4 for row in drawn]) + vp
    expected = dual_variance(v2, vr, vp, 4, 30)
    assert max(4 / 3 * vr, 30 / 29 * vp) < expected < v2
    assert from_draws(scores, drawn, 30).variance == pytest.approx(expected)


def test_the_variance_of_additive_effects_is_their_sum():
    # score = subject effect + mean of stimulus effects: the bootstrap variances are known exactly, and
    # without interaction the clip at V2 decides.
    a, b, draws = rng(105).normal(size=12), rng(106).normal(size=20), 20_000
    counts = stimulus_counts(20, draws, rng(107))
    found = from_draws(a + b.mean(), a + (counts @ b / 20)[:, None], 20)
    expected = a.var() / 12 + b.var() / 20
    assert found.variance == pytest.approx(expected, rel=4 * np.sqrt(2 / draws))


def test_covariances_of_a_difference_are_those_of_the_differences():
    scores, drawn = (
        rng(141).normal(size=(3, 6)),
        rng(142).normal(size=(200, 3, 6)) + 2 * rng(143).normal(size=6),
    )
    counts = stimulus_counts(15, 200, rng(144))
    together = Covariances.of(scores, drawn, 15, counts)
    weights = np.array([1.0, -1.0, 0.0])
    alone = from_draws(scores[0] - scores[1], drawn[:, 0] - drawn[:, 1], 15, counts)
    assert together.uncertainty(weights, "both").variance == pytest.approx(alone.variance)
    assert together.uncertainty(weights, "both").freedom == pytest.approx(alone.freedom)
    over_subjects = together.uncertainty(weights, "subjects")
    assert over_subjects.variance == pytest.approx(of_subjects(scores[0] - scores[1]).variance)
    assert together.uncertainty(weights, "stimuli").freedom == 14


def test_what_is_linear_in_the_counts_leaves_nothing_to_pairs():
    counts = stimulus_counts(8, 300, rng(145))
    linear = counts @ rng(146).normal(size=(8, 2)) + 3.0
    np.testing.assert_allclose(pair_covariance(linear, counts), 0, atol=1e-20)
    noise = rng(147).normal(size=(300, 1))
    assert pair_covariance(linear[:, :1] + noise, counts)[0, 0] == pytest.approx(1, rel=0.25)
    assert not pair_covariance(noise[:23], counts[:23]).any()  # fewer than 3 draws a stimulus


def test_a_mean_over_pairs_has_a_third_of_its_excess_outside_the_linear_part():
    # Pairs without effects of their stimuli: a bootstrap counts their variance three times.
    n, draws, shares, sizes = 30, 2000, [], []
    i, j = np.triu_indices(n, 1)
    for repetition in range(20):
        counts = stimulus_counts(n, draws, rng(148, repetition))
        values, weights = rng(149, repetition).normal(size=len(i)), counts[:, i] * counts[:, j]
        drawn = (weights @ values / weights.sum(axis=1))[:, None]
        shares.append(pair_covariance(drawn, counts)[0, 0] / drawn.var())
        sizes.append(drawn.var() * len(i))
    assert np.mean(shares) == pytest.approx(1 / 3, abs=0.03)
    assert np.mean(sizes) == pytest.approx(3, rel=0.15)


def test_draws_without_a_number_are_left_out_until_they_are_a_tenth():
    drawn = rng(109).normal(size=(100, 3))
    drawn[:10, 1] = np.nan
    found = from_draws(np.zeros(3), drawn, 20)
    assert found.variance == from_draws(np.zeros(3), drawn[10:], 20).variance
    drawn[10, 0] = np.nan
    with pytest.raises(DegenerateError, match="11 of 100 bootstrap draws"):
        from_draws(np.zeros(3), drawn, 20)


def test_leaving_each_out_is_a_mean_of_the_others():
    x = rng(150).normal(size=(2, 5))
    expected = [[np.delete(row, k).mean() for k in range(5)] for row in x]
    np.testing.assert_allclose(without_each(x), expected)


def test_the_design_chooses_what_is_generalised_over():
    assert chosen(None, 5, 20) == "both"
    assert chosen(None, 1, 20) == "stimuli"
    assert chosen("subjects", 5, 3) == "subjects"
    with pytest.raises(TooFewError, match="9 stimuli: no interval below 10"):
        chosen(None, 5, 9)
    with pytest.raises(TooFewError, match="one subject says nothing about others"):
        chosen("both", 1, 20)


def test_subjects_must_match():
    with pytest.raises(ShapeError, match="different subjects"):
        from_draws(np.zeros(3), np.zeros((50, 4)), 20)
