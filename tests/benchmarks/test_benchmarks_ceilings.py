"""Noise ceilings beside a score: what a perfect model reaches, and a reason where there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

import repalign as ra
from repalign.benchmarks.ceilings import noise_ceiling
from repalign.benchmarks.effort import Effort
from repalign.maths import rdm_ceiling
from repalign.metrics import MEASURES
from repalign.testing import random_model, synthetic_target
from repalign.testing.sides import sides

NOTHING = {"draws": 0, "permutations": 0}
PEARSON, R2 = "encoding-ridge-gcv-5fold-pearson-median", "encoding-ridge-gcv-5fold-r2-mean"
N = 200


def repeated(seed, *, noise=1.0, signal=1.0, repetitions=8, units=12):
    """A model, and units that are a linear map of it, seen several times in noise."""
    generator = np.random.default_rng(seed)
    ids = tuple(f"s{i:03d}" for i in range(N))
    x = generator.normal(size=(N, 6))
    true = signal * x @ generator.normal(size=(6, units)) / np.sqrt(6)
    trials = true + noise * generator.normal(size=(repetitions, N, units))
    labels = tuple(map(str, range(repetitions)))
    measured = ra.Assembly(trials, ids, leading="repetition", labels=labels, name="units")
    return ra.Assembly(x, ids, name="perfect"), measured


@pytest.mark.parametrize("name", ["rsa-euclidean-spearman", "rsa-correlation-cosine", "rsa-euclidean-tau-a"])
def test_of_rdms_it_is_the_formula_on_the_subjects(name):
    truth, target = synthetic_target(n_stimuli=15, n_subjects=4)
    row = ra.score(truth, target, name, **NOTHING)[-1]
    expected = rdm_ceiling(target.responses.values, name.split("-", 2)[2])
    assert (row.ceiling_lower, row.ceiling_upper) == pytest.approx(expected, abs=1e-12)
    assert row.ceiling_lower <= row.ceiling_upper
    assert "ceiling" not in (row.reason or "")


def test_the_pool_of_subjects_itself_reaches_the_upper_ceiling():
    _, target = synthetic_target(n_stimuli=15, n_subjects=4)
    values = target.responses.values
    pool = (values / np.linalg.norm(values, axis=1, keepdims=True)).mean(axis=0)
    best = ra.RDM(pool, target.ids, name="pool")
    row = ra.score(best, target, "rsa-euclidean-cosine", **NOTHING)[-1]
    assert row.value == pytest.approx(row.ceiling_upper, abs=1e-12)


@pytest.mark.parametrize("noise", [0.5, 1.5])
@pytest.mark.parametrize("name", [PEARSON, R2])
def test_a_perfect_linear_model_reaches_about_the_ceiling_of_encoding(name, noise):
    found = []
    for seed in range(6):
        row = ra.score(*repeated(seed, noise=noise), name, **NOTHING)[-1]
        assert row.ceiling_lower is None
        assert "split half of 8 repetitions" in row.reason
        found.append((row.value, row.ceiling_upper))
    value, ceiling = np.mean(found, axis=0)
    # It is fitted to 160 stimuli, so it falls a little short.
    assert ceiling - 0.05 < value < ceiling + 0.015


def test_the_ceiling_is_the_share_of_variance_that_is_signal():
    """Of the mean of m repetitions that is S / (S + noise / m), S the variance of the signal."""
    _, measured = repeated(0, noise=2.0)
    values = np.asarray(measured.values)
    within = values.var(axis=0, ddof=1).mean(axis=0) / len(values)
    total = values.mean(axis=0).var(axis=0, ddof=1)
    (low, high), words = noise_ceiling(MEASURES[R2], measured, Effort())
    assert low is None
    assert high == pytest.approx(float(((total - within) / total).mean()), abs=0.02)
    assert "Spearman-Brown" in words
    root = noise_ceiling(MEASURES[PEARSON], measured, Effort())[0][1]
    assert root == pytest.approx(float(np.median(np.sqrt((total - within) / total))), abs=0.02)


def test_a_model_that_knows_nothing_stays_far_below_the_ceiling():
    model, measured = repeated(0)
    row = ra.score(random_model(model.ids), measured, PEARSON, **NOTHING)[-1]
    assert row.value < 0.2 < 0.8 < row.ceiling_upper


def test_responses_that_do_not_repeat_have_no_ceiling_and_the_reason():
    absent = 0
    for seed in range(8):
        model, measured = repeated(seed, signal=0.0)
        row = ra.score(model, measured, PEARSON, **NOTHING)[-1]
        if row.ceiling_upper is None:
            absent += 1
            assert "responses do not repeat: no ceiling" in row.reason
        else:
            assert row.ceiling_upper < 0.5
    assert absent > 0


def test_the_seed_draws_the_halves():
    _, measured = repeated(0)
    first, same, other = (noise_ceiling(MEASURES[PEARSON], measured, Effort(seed=s)) for s in (0, 0, 1))
    assert first == same
    assert first[0][1] != other[0][1]
    assert first[0][1] == pytest.approx(other[0][1], abs=0.02)


def test_a_mean_of_roots_needs_units_that_all_repeat():
    _, measured = repeated(3, signal=0.0)
    found = noise_ceiling(MEASURES["encoding-ridge-gcv-5fold-pearson-mean"], measured, Effort())
    assert found == ((None, None), "some units repeat below chance: no mean ceiling")


def test_without_repetitions_or_with_one_rdm_the_reason_is_given():
    model, measured = repeated(0)
    single = ra.score(model, measured.mean(), PEARSON, **NOTHING)[-1]
    assert single.ceiling_upper is None
    assert "no repetitions: no ceiling" in single.reason
    truth, target = synthetic_target(n_stimuli=15, n_subjects=4)
    average = replace(target, responses=target.responses.mean())
    assert "one RDM: no ceiling" in ra.score(truth, average, "rsa-euclidean-cosine", **NOTHING)[-1].reason


def observers(*right):
    """Subjects who are right on the stimuli marked 1."""
    ids = [f"s{i:02d}" for i in range(len(right[0]))]
    who = np.repeat([f"p{k}" for k in range(len(right))], len(ids))
    truth = np.tile(["car", "face"] * (len(ids) // 2), len(right))
    other = np.where(truth == "car", "face", "car")
    said = np.where(np.concatenate(right).astype(bool), truth, other)
    return ra.Choices(who, np.tile(ids, len(right)), said, truth, name="observers")


def test_of_error_consistency_it_is_cohens_kappa_between_people_and_no_upper_one():
    right = np.random.default_rng(0).random((3, 20)) < 0.6
    found, words = noise_ceiling(MEASURES["error-consistency-kappa"], observers(*right), Effort())
    each = [cohen_kappa_score(right[i], right[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert found == (pytest.approx(np.mean(each)), None)
    assert words == "upper ceiling undefined for kappa"
    alone = noise_ceiling(MEASURES["error-consistency-kappa"], observers(right[0]), Effort())
    assert alone == ((None, None), "one subject: no ceiling")


def test_a_ceiling_that_is_no_number_takes_no_score_away():
    """Two people without an error have no kappa with one another; a model has one with each."""
    model = observers(np.random.default_rng(0).random(20) < 0.6)
    people = observers(np.ones(20), np.ones(20))
    row = ra.score(model, ra.Target("toy/people", people, "behaviour", 2), **NOTHING)[-1]
    assert row.value == pytest.approx(0.0)
    assert row.ceiling_lower is None
    assert "no ceiling: " in row.reason


@pytest.mark.parametrize("name", ["cka-linear-debiased", "procrustes-angular-distance", "accuracy"])
def test_where_no_ceiling_is_defined_the_row_says_so(name):
    row = ra.score(*sides(MEASURES[name]), name, **NOTHING)[-1]
    assert (row.ceiling_lower, row.ceiling_upper) == (None, None)
    assert "no ceiling for this measure" in row.reason
