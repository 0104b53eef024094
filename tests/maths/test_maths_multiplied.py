"""Laws of perturbed cross-validated scores: plain formulas, sums of models, what is generalised to."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from repalign.errors import TooFewError
from repalign.maths.multiplied import Multiplied
from repalign.seeds import rng

MODELS, SUBJECTS, DRAWS, N = 3, 5, 41, 30


def made(n_subjects=SUBJECTS, n_stimuli=N):
    generator = rng(0, "multiplied")
    scores = generator.normal(size=(MODELS, n_subjects))
    shared = generator.normal(size=(DRAWS, 1, 1))
    drawn = scores + shared + 0.5 * generator.normal(size=(DRAWS, MODELS, n_subjects))
    return Multiplied(scores, drawn, n_stimuli)


WEIGHTS = [np.array([1.0, 0, 0]), np.array([1.0, -1, 0]), np.array([0.5, 0.5, -1])]


@pytest.mark.parametrize("weights", WEIGHTS)
def test_over_subjects_it_is_the_standard_error_of_their_mean(weights):
    found = made().uncertainty(weights, "subjects")
    each = weights @ made().scores
    assert found.variance == pytest.approx(stats.sem(each) ** 2, rel=1e-12)
    assert found.freedom == SUBJECTS - 1
    assert found.p(each.mean()) == pytest.approx(stats.ttest_1samp(each, 0).pvalue, rel=1e-9)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_over_stimuli_it_is_the_variance_of_the_drawn_mean(weights):
    sampled = made()
    means = [sum(w * draw[m].mean() for m, w in enumerate(weights)) for draw in sampled.drawn]
    found = sampled.uncertainty(weights, "stimuli")
    assert found.variance == pytest.approx(np.var(means, ddof=1), rel=1e-12)
    assert found.freedom == N - 1


@pytest.mark.parametrize("weights", WEIGHTS)
def test_over_both_it_is_the_two_way_random_effects_variance(weights):
    """V_stimuli + V_subjects - V_interaction, each part written out, not below the first two."""
    sampled = made()
    table = np.einsum("m,dmr->dr", weights, sampled.drawn)
    over_stimuli = np.var(table.mean(axis=1), ddof=1)
    over_subjects = stats.sem(weights @ sampled.scores) ** 2
    own = table - table.mean(axis=1, keepdims=True)
    shared = sum(np.var(own[:, r], ddof=1) for r in range(SUBJECTS)) / (SUBJECTS * (SUBJECTS - 1))
    expected = max(over_stimuli + over_subjects - shared, over_stimuli, over_subjects)
    found = sampled.uncertainty(weights, "both")
    assert found.variance == pytest.approx(expected, rel=1e-12)
    assert min(SUBJECTS, N) - 1 <= found.freedom <= SUBJECTS + N - 2


def test_the_default_is_both_and_stimuli_with_one_subject():
    weights = WEIGHTS[0]
    assert made().uncertainty(weights) == made().uncertainty(weights, "both")
    assert made(1).uncertainty(weights) == made(1).uncertainty(weights, "stimuli")


@pytest.mark.parametrize("over", ["both", "subjects", "stimuli"])
def test_exchanging_models_changes_nothing_and_scaling_scales(over):
    one = made().uncertainty(np.array([1.0, -1, 0]), over)
    turned = made().uncertainty(np.array([-1.0, 1, 0]), over)
    doubled = made().uncertainty(np.array([2.0, -2, 0]), over)
    assert (turned.variance, turned.freedom) == pytest.approx((one.variance, one.freedom), rel=1e-12)
    assert (doubled.variance, doubled.freedom) == pytest.approx((4 * one.variance, one.freedom), rel=1e-12)


@pytest.mark.parametrize("over", ["both", "subjects", "stimuli"])
def test_a_model_against_itself_has_no_variance_at_all(over):
    sampled = made()
    twice = Multiplied(sampled.scores[[0, 0]], sampled.drawn[:, [0, 0]], N)
    assert twice.uncertainty(np.array([1.0, -1.0]), over).variance == 0.0


def test_what_all_models_share_cancels_in_a_difference():
    sampled = made()
    moved = sampled.drawn + 100 * rng(1, "shared").normal(size=(DRAWS, 1, 1))
    found = Multiplied(sampled.scores, moved, N).uncertainty(WEIGHTS[1], "stimuli")
    assert found.variance == pytest.approx(sampled.uncertainty(WEIGHTS[1], "stimuli").variance, rel=1e-9)


@pytest.mark.parametrize("over", [None, "both", "stimuli"])
def test_fewer_than_ten_stimuli_are_refused_unless_they_are_held_fixed(over):
    with pytest.raises(TooFewError, match="9 stimuli: no interval below 10"):
        made(n_stimuli=9).uncertainty(WEIGHTS[0], over)
    assert made(n_stimuli=9).uncertainty(WEIGHTS[0], "subjects").variance > 0


@pytest.mark.parametrize("over", ["both", "subjects"])
def test_one_subject_is_refused_where_subjects_are_to_differ(over):
    with pytest.raises(TooFewError, match="one subject says nothing") as caught:
        made(1).uncertainty(WEIGHTS[0], over)
    assert "stimuli" in caught.value.hint


def test_no_ceiling_is_drawn():
    assert made().ceiling is None
    assert made().ceiling_uncertainties("lower", None, None) == []
