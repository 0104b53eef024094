"""Laws of behaviour summed up: closed forms, bounds, refusals; d' against its definition in loops."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, pearsonr
from sklearn.metrics import confusion_matrix

from repalign.errors import DegenerateError, InputError, ShapeError
from repalign.maths import (
    LEVELS,
    accuracy_closeness,
    binary_hits,
    chance_corrected,
    confusion_rates,
    confusion_similarity,
    shape_bias,
    signature,
    signature_similarity,
    trial_hits,
    value_delta,
)
from repalign.seeds import rng


@pytest.mark.parametrize("person", [0.0, 0.3, 0.5, 0.8, 1.0])
def test_accuracy_closeness_is_one_at_the_person_and_zero_at_the_far_end(person):
    assert accuracy_closeness(person, person) == 1
    assert accuracy_closeness(0.0 if person >= 0.5 else 1.0, person) == pytest.approx(0, abs=1e-15)


def test_an_accuracy_in_per_cent_is_refused():
    with pytest.raises(InputError, match="lie in 0"):
        accuracy_closeness(71.0, 0.5)


def test_value_delta_falls_by_e_with_each_unit_of_its_scale():
    assert value_delta(0.2, 0.2) == 1
    assert value_delta(1.0, 3.0, 0.5) == pytest.approx(np.exp(-1))
    with pytest.raises(InputError, match="above 0"):
        value_delta(1.0, 3.0, 0.0)


def test_chance_corrected_is_zero_at_chance_one_at_the_ceiling_and_negative_below():
    assert chance_corrected(1 / 3, 0.7) == 0
    assert chance_corrected(0.7, 0.7) == 1
    assert chance_corrected(0.2, 0.7) < 0
    with pytest.raises(DegenerateError, match="nothing can be scored"):
        chance_corrected(0.5, 1 / 3)


def test_shape_bias_counts_decisions_only():
    shape, texture = (np.array([c == k for c in "sstn"]) for k in "st")
    assert shape_bias(shape, texture) == pytest.approx(2 / 3)
    with pytest.raises(DegenerateError, match="does not exist"):
        shape_bias(shape & False, texture & False)
    with pytest.raises(DegenerateError, match="same category"):
        shape_bias(shape, shape)
    with pytest.raises(ShapeError, match="trials"):
        shape_bias(shape, texture[:2])


def test_confusions_are_those_of_scikit_learn_and_correlate_off_the_diagonal():
    g = rng(90, "confusions")
    truth = np.arange(300) % 5
    said = [np.where(g.random(300) < 0.5, truth, g.integers(5, size=300)) for _ in range(2)]
    rates = [confusion_rates(truth, each, 5) for each in said]
    for each, found in zip(said, rates, strict=True):
        np.testing.assert_allclose(found, confusion_matrix(truth, each, normalize="true"))
    off = ~np.eye(5, dtype=bool)
    assert confusion_similarity(*rates) == pytest.approx(pearsonr(rates[0][off], rates[1][off]).statistic)


def test_no_errors_cannot_be_correlated_and_a_category_never_shown_is_refused():
    truth = np.arange(20) % 4
    with pytest.raises(DegenerateError, match="cannot be correlated"):
        confusion_similarity(confusion_rates(truth, truth, 4), confusion_rates(truth, truth, 4))
    with pytest.raises(DegenerateError, match="never shown") as refused:
        confusion_rates(truth, truth, 6)
    assert refused.value.rows == (4, 5)
    with pytest.raises(ShapeError, match="confusion matrices"):
        confusion_similarity(np.eye(3), np.eye(4))


# d' by the definitions of Rajalingham et al. 2018, one cell at a time.
N_OBJECTS, PER_OBJECT = 4, 5
TRUTH = np.repeat(np.arange(N_OBJECTS), PER_OBJECT)
PROBABILITIES = rng(91, "probabilities").dirichlet(np.ones(N_OBJECTS), size=len(TRUTH))


def hit(i, d):
    p = PROBABILITIES[i]
    return p[TRUTH[i]] / (p[TRUTH[i]] + p[d])


def false_alarm(c, d):
    return np.mean([1 - hit(j, c) for j in np.flatnonzero(d == TRUTH)])


def others(c):
    return [d for d in range(N_OBJECTS) if d != c]


def alarm_of_all(c):
    return np.mean([1 - hit(j, c) for j in np.flatnonzero(c != TRUTH)])


def sensitivity(h, f):
    return float(np.clip(norm.ppf(h) - norm.ppf(f), -5, 5))


def spelt_out(level):
    def images(c):
        return np.flatnonzero(c == TRUTH)

    if level == "o1":
        rate = {c: np.mean([hit(i, d) for i in images(c) for d in others(c)]) for c in range(N_OBJECTS)}
        return {(c,): sensitivity(rate[c], alarm_of_all(c)) for c in rate}
    if level == "o2":
        pairs = [(c, d) for c in range(N_OBJECTS) for d in others(c)]
        return {
            (c, d): sensitivity(np.mean([hit(i, d) for i in images(c)]), false_alarm(c, d)) for c, d in pairs
        }
    every = range(len(TRUTH))
    if level == "i1":
        rate = {i: np.mean([hit(i, d) for d in others(TRUTH[i])]) for i in every}
        return {(i,): sensitivity(rate[i], alarm_of_all(TRUTH[i])) for i in every}
    if level == "i2":
        pairs = [(i, d) for i in every for d in others(TRUTH[i])]
        return {(i, d): sensitivity(hit(i, d), false_alarm(TRUTH[i], d)) for i, d in pairs}
    plain = spelt_out(level[:2])
    return {k: v - np.mean([plain[(j, *k[1:])] for j in images(TRUTH[k[0]])]) for k, v in plain.items()}


@pytest.mark.parametrize("level", LEVELS)
def test_a_signature_is_its_definition(level):
    found = signature(binary_hits(PROBABILITIES, TRUTH), TRUTH, level)
    expected = spelt_out(level)
    assert {tuple(k) for k in np.argwhere(~np.isnan(found)).tolist()} == set(expected)
    for where, value in expected.items():
        assert found[where] == pytest.approx(value, abs=1e-12)


def test_hits_of_trials_are_shares_of_right_choices():
    image, distractor = np.array([0, 0, 0, 1]), np.array([1, 1, 2, 0])
    right, truth = np.array([True, False, True, False]), np.array([0, 1])
    found = trial_hits(image, distractor, right, truth, 3)
    np.testing.assert_array_equal(found, [[np.nan, 0.5, 1.0], [0.0, np.nan, np.nan]])
    with pytest.raises(ShapeError, match="own object"):
        trial_hits(image, np.array([0, 1, 2, 0]), right, truth, 3)


def test_certain_classifiers_reach_five_and_no_further():
    certain = np.eye(3)[np.arange(6) % 3]
    np.testing.assert_array_equal(
        signature(binary_hits(certain, np.arange(6) % 3), np.arange(6) % 3, "i1"), 5.0
    )


def test_what_is_no_probability_is_refused_by_image():
    bad = PROBABILITIES.copy()
    bad[3, 0], bad[7] = -0.1, 0.0
    with pytest.raises(DegenerateError, match="negative, NaN, or zero") as refused:
        binary_hits(bad, TRUTH)
    assert refused.value.rows == (3, 7)


def test_signatures_that_do_not_vary_or_do_not_overlap_are_refused():
    flat, some = np.ones(5), np.array([1.0, np.nan, np.nan, np.nan, 2.0])
    with pytest.raises(DegenerateError, match="cannot be correlated"):
        signature_similarity(flat, np.arange(5.0))
    with pytest.raises(DegenerateError, match="2 cases"):
        signature_similarity(some, np.arange(5.0))
    with pytest.raises(InputError, match="no level"):
        signature(np.ones((4, 2)), np.array([0, 1, 0, 1]), "i3")
    with pytest.raises(DegenerateError, match="has no image"):
        signature(np.ones((4, 3)), np.array([0, 1, 0, 1]), "i1")
