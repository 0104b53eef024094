"""score(): identity, aggregation, silences, layers, subsets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

import repalign as ra
from repalign.errors import (
    DegenerateError,
    IdentityError,
    InputError,
    TooFewError,
    UnknownNameError,
    UnsuitableError,
)
from repalign.testing import random_model, synthetic_target

QUICK = {"draws": 100, "permutations": 50}
RSA = "rsa-euclidean-spearman"


@pytest.fixture(scope="module")
def pair():
    return synthetic_target(n_stimuli=24, n_subjects=4, noise=1.0, seed=3)


def test_the_aggregate_is_the_mean_over_subjects_of_scipys_spearman(pair):
    truth, target = pair
    table = ra.score(truth, target, RSA, **QUICK)
    own = ra.measure(RSA).pairs(truth)[0]
    expected = [spearmanr(own, each).statistic for each in target.responses.values]
    each = [row.value for row in table if row.subject != "all"]
    np.testing.assert_allclose(each, expected, atol=1e-12)
    assert table.where(subject="all")[0].value == pytest.approx(np.mean(expected), abs=1e-12)


@pytest.mark.parametrize("measure", [RSA, "rsa-correlation-rho-a"])
def test_shuffling_the_rows_of_either_side_changes_no_bit(pair, measure):
    truth, target = pair
    order = np.random.default_rng(0).permutation(truth.ids).tolist()
    plain = ra.score(truth, target, measure, **QUICK)[-1]
    for shuffled in (
        ra.score(truth.select(order), target, measure, **QUICK)[-1],
        ra.score(truth, target.select(order), measure, **QUICK)[-1],
    ):
        assert (shuffled.value, shuffled.ci_low, shuffled.p) == (plain.value, plain.ci_low, plain.p)


@pytest.mark.parametrize("name", ["cka-linear-debiased", "encoding-ridge-gcv-5fold-pearson-median"])
def test_shuffling_changes_no_bit_for_responses_either(name):
    truth, _ = synthetic_target(n_stimuli=30)
    other = random_model(truth.ids, n_units=4)
    order = truth.ids[::-1]
    plain = ra.score(truth, other, name, **QUICK)[-1]
    turned = ra.score(truth.select(order), other, name, **QUICK)[-1]
    assert (turned.value, turned.ci_low, turned.ci_high) == (plain.value, plain.ci_low, plain.ci_high)


def test_differing_stimuli_are_refused_and_some_are_named(pair):
    truth, target = pair
    renamed = replace(truth, ids=("other", *truth.ids[1:]))
    with pytest.raises(IdentityError, match="'other'") as caught:
        ra.score(renamed, target, RSA)
    assert "stimulus-000" in caught.value.message
    assert "select" in caught.value.hint


def test_ids_on_one_side_only_are_refused(pair):
    truth, target = pair
    with pytest.raises(IdentityError, match="no stimulus ids"):
        ra.score(replace(truth, ids=None), target, RSA)


def test_two_bare_sides_are_joined_by_position_and_the_row_says_so(pair):
    truth, _ = pair
    bare = replace(truth, ids=None)
    row = ra.score(bare, bare, "cka-linear-debiased", **QUICK)[-1]
    assert row.value == pytest.approx(1.0)
    assert "joined by position" in row.reason


def test_only_the_aggregate_carries_ceiling_interval_and_p(pair):
    truth, target = pair
    rows = ra.score(truth, target, RSA, **QUICK)
    assert [r.subject for r in rows] == [*target.subjects, "all"]
    assert all(r.ci_low is None and r.p is None and r.ceiling_lower is None for r in rows[:-1])
    whole = rows[-1]
    assert whole.ci_low < whole.value < whole.ci_high
    assert whole.ceiling_lower <= whole.ceiling_upper
    assert whole.n_subjects == 4


def test_the_truth_reaches_the_ceiling_and_a_random_model_does_not(pair):
    truth, target = pair
    best = ra.score(truth, target, RSA, **QUICK)[-1]
    chance = ra.score(random_model(truth.ids), target, RSA, **QUICK)[-1]
    assert best.value > best.ceiling_lower
    assert chance.value < best.ceiling_lower
    assert best.p == pytest.approx(1 / 51)


def test_one_average_has_no_ceiling_and_an_interval_over_stimuli_only(pair):
    truth, target = pair
    average = replace(target, responses=target.responses.mean(), note="one average of 4 people")
    row = ra.score(truth, average, RSA, **QUICK)[-1]
    assert len(ra.score(truth, average, RSA, **QUICK)) == 1
    assert row.ceiling_lower is None
    assert row.ceiling_upper is None
    assert row.ci_low is not None
    for words in (
        "one average of 4 people",
        "no ceiling",
        "other stimuli, for this one subject or average only",
    ):
        assert words in row.reason


def test_sessions_of_a_subject_are_averaged_and_never_counted_as_subjects(pair):
    truth, target = pair
    rdms = target.responses
    labels = {"subject": np.array(["a", "a", "b", "b"]), "session": np.array([1, 2, 1, 2])}
    row = ra.score(truth, replace(target, responses=replace(rdms, labels=labels), n_subjects=2), RSA, **QUICK)
    assert [r.subject for r in row] == ["a", "b", "all"]
    assert "averaged within subject" in row[-1].reason
    own = ra.measure(RSA).pairs(truth)[0]
    assert row[0].value == pytest.approx(spearmanr(own, rdms.values[:2].mean(axis=0)).statistic, abs=1e-12)


def test_below_ten_stimuli_there_is_no_interval_and_the_reason(pair):
    truth, target = pair
    ids = truth.ids[:9]
    row = ra.score(truth.select(ids), target.select(ids), RSA, **QUICK)[-1]
    assert row.ci_low is None
    assert "9 stimuli: no interval below 10" in row.reason


def test_too_few_stimuli_are_refused(pair):
    truth, _ = pair
    few = truth.select(truth.ids[:3])
    with pytest.raises(TooFewError, match="at least 4 stimuli; there are 3"):
        ra.score(few, few, "cka-linear-debiased")


def test_a_constant_pattern_is_refused_and_its_stimulus_named(pair):
    truth, target = pair
    values = truth.values.copy()
    values[5] = 0.1
    with pytest.raises(DegenerateError, match="stimulus-005"):
        ra.score(replace(truth, values=values), target, "rsa-correlation-spearman")


def test_nan_is_refused_and_its_stimulus_named(pair):
    truth, target = pair
    values = truth.values.copy()
    values[7, 0] = np.nan
    for measure in (RSA, "rsa-cosine-pearson"):
        with pytest.raises(DegenerateError, match="stimulus-007"):
            ra.score(replace(truth, values=values), target, measure)


def test_a_measure_of_responses_refuses_an_rdm(pair):
    truth, target = pair
    with pytest.raises(UnsuitableError, match=r"needs responses.*is RDM"):
        ra.score(truth, target, "cka-linear-debiased")


def test_a_model_needs_a_benchmark_that_has_stimuli(pair):
    with pytest.raises(InputError, match="no stimuli to show it"):
        ra.score("builtin/rgb", pair[1], RSA)


@pytest.mark.parametrize(
    ("model", "benchmark", "near"),
    [
        ("builtin/cielap", "ekman1954/similarity", "builtin/cielab"),
        ("bultin/rgb", "ekman1954/similarity", "builtin/rgb"),
        ("builtin/rgb", "ekman1954/similarty", "ekman1954/similarity"),
        ("builtin/rgb", "ekman1945/similarity", "ekman1954/similarity"),
    ],
)
def test_a_misspelt_name_gets_the_nearest(model, benchmark, near):
    with pytest.raises(UnknownNameError) as caught:
        ra.score(model, benchmark)
    assert near in caught.value.hint


def layered(n_stimuli=40):
    truth, target = synthetic_target(n_stimuli=n_stimuli, n_subjects=3, noise=0.5)
    noise = random_model(truth.ids, n_units=20)
    values = np.hstack([noise.values, truth.values])
    layers = np.repeat(["bad", "good"], [20, 20])
    return ra.Assembly(values, truth.ids, {"layer": layers}, name="two layers"), target


def test_all_layers_are_scored_each_as_if_alone():
    model, target = layered()
    table = ra.score(model, target, RSA, **QUICK).where(subject="all")
    assert [r.layer for r in table] == ["bad", "good"]
    alone = ra.score(model.layer("good"), target, RSA, **QUICK)[-1]
    assert (alone.value, alone.ci_low, alone.p) == (table[1].value, table[1].ci_low, table[1].p)


def test_a_chosen_layer_is_scored_on_stimuli_that_the_choice_did_not_see():
    model, target = layered()
    row = ra.score(model, target, RSA, layers="choose", **QUICK)[-1]
    assert row.layer == "good"
    assert row.n_stimuli == 20
    assert "layer chosen out of 2 on 20 other stimuli" in row.reason


def test_choosing_among_many_random_layers_does_not_inflate_the_score():
    truth, target = synthetic_target(n_stimuli=40, n_subjects=3)
    scores = []
    for seed in range(20):
        values = np.hstack([random_model(truth.ids, 5, 100 * seed + k).values for k in range(20)])
        layers = np.repeat([f"layer-{k}" for k in range(20)], 5)
        model = ra.Assembly(values, truth.ids, {"layer": layers}, name="noise")
        row = ra.score(model, target, RSA, layers="choose", draws=0, permutations=0, seed=seed)[-1]
        scores.append(row.value)
    # The null mean is 0; the mean over 20 independent models is within 3 standard errors of it.
    assert abs(np.mean(scores)) < 3 * np.std(scores) / np.sqrt(20)


def test_choosing_needs_enough_stimuli_and_a_named_layer_must_exist():
    model, target = layered(n_stimuli=18)
    with pytest.raises(TooFewError, match="18 stimuli are too few to choose"):
        ra.score(model, target, RSA, layers="choose")
    with pytest.raises(UnknownNameError) as caught:
        ra.score(model, target, RSA, layers=["god"])
    assert "'good'" in caught.value.hint


def test_another_model_is_a_target_whose_regions_are_its_layers():
    model, _ = layered()
    table = ra.score(model.layer("good"), model, "cka-linear-debiased", **QUICK)
    assert [(r.target, r.region) for r in table] == [("two layers", "bad"), ("two layers", "good")]
    assert table[1].value == pytest.approx(1.0)
    assert table[1].n_subjects is None


def test_a_subset_is_seeded_and_the_row_says_so(pair):
    truth, target = pair
    one, same, other = (ra.score(truth, target, RSA, subset=12, seed=seed, **QUICK)[-1] for seed in (0, 0, 1))
    assert one == same
    assert one.value != other.value
    assert one.n_stimuli == 12
    assert "12 of 24 stimuli, drawn with seed 0" in one.reason
    with pytest.raises(TooFewError, match="25 of 24"):
        ra.score(truth, target, RSA, subset=25)


def test_rsa_of_very_many_stimuli_streams_responses_and_is_refused_for_other_comparisons():
    generator = np.random.default_rng(0)
    ids = tuple(f"{i:04d}" for i in range(3300))
    big, other = (ra.Assembly(generator.normal(size=(3300, 2)), ids, name=n) for n in ("a", "b"))
    row = ra.score(big, other, "rsa-squared-euclidean-pearson")[-1]
    i, j = np.triu_indices(3300, 1)
    pairs = [((side.values[i] - side.values[j]) ** 2).sum(axis=1) for side in (big, other)]
    assert row.value == pytest.approx(np.corrcoef(*pairs)[0, 1], abs=1e-10)
    assert row.ci_low < row.value < row.ci_high
    with pytest.raises(UnsuitableError, match="5,443,350 pairs") as caught:
        ra.score(big, other, "rsa-euclidean-tau-a")
    assert "--subset" in caught.value.hint


def test_the_seed_decides_everything_random(pair):
    truth, target = pair
    assert ra.score(truth, target, RSA, seed=1, **QUICK) == ra.score(truth, target, RSA, seed=1, **QUICK)
    first, second = (ra.score(truth, target, RSA, seed=s, **QUICK)[-1] for s in (1, 2))
    assert first.value == second.value
    assert first.ci_low != second.ci_low


def test_triplets_are_scored_by_the_odd_one_out():
    ids = tuple("abcdef")
    x = ra.Assembly(np.repeat(np.eye(2), 3, axis=0) + np.arange(6)[:, None] * 1e-3, ids, name="two groups")
    shown = np.array([["a", "b", "d"], ["d", "e", "a"], ["b", "c", "f"]])
    people = ra.Choices(np.full(3, "p1"), shown, np.array(["d", "a", "b"]), name="people")
    row = ra.score(x, ra.Target("toy/triplets", people, "behaviour", 1))[-1]
    assert row.measure == "odd-one-out-dot-accuracy"
    assert row.value == pytest.approx(2 / 3)
    assert "no interval" in row.reason


def test_rsa_of_an_rdm_says_that_it_is_taken_as_it_is(pair):
    _, target = pair
    given = replace(target.responses.mean(), dissimilarity="as published", name="somebody's")
    row = ra.score(given, target, RSA, **QUICK)[-1]
    assert "the model's RDM is taken as published" in row.reason


def test_a_callable_of_the_users_own_is_a_model():
    def mean_colour(images):
        return np.stack([image.mean(axis=(0, 1)) for image in images])

    row = ra.score(mean_colour, "ekman1954/similarity", **QUICK)[-1]
    assert row.n_stimuli == 14
    assert row.model.startswith("callable/")
