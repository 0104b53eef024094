"""differences(): order, agreement with score(), nothing to test, corrections, equivalence, layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import repalign as ra
from repalign.errors import (
    DegenerateError,
    IdentityError,
    InputError,
    TooFewError,
    UnknownNameError,
    UnsuitableError,
)
from repalign.maths import benjamini_hochberg, holm
from repalign.testing import random_model, synthetic_target

RSA = "rsa-euclidean-spearman"
N = 24
# One member for each way of resampling: bootstrap of pairs, jackknife of RDMs, of kernels in closed form,
# of whole measures, multipliers of held-out stimuli; and a distance.
FAMILIES = (
    RSA,
    "rsa-correlation-tau-a",
    "cka-linear-debiased",
    "cka-linear-biased",
    "procrustes-angular-distance",
    "encoding-ridge-gcv-4fold-pearson-median",
)


@pytest.fixture(scope="module")
def truth():
    return synthetic_target(N, 5, noise=1.0, seed=3)[0]


@pytest.fixture(scope="module")
def target():
    return synthetic_target(N, 5, noise=1.0, seed=3)[1]


@pytest.fixture(scope="module")
def people(truth):
    """Responses of 5 subjects to the same stimuli."""
    generator = np.random.default_rng(1)
    values = np.stack([truth.values[:, :8] + generator.normal(size=(N, 8)) for _ in range(5)])
    responses = ra.Assembly(values, truth.ids, leading="subject", labels=tuple("abcde"), name="people")
    return ra.Target("toy/people", responses, "toy", 5)


def noisy(truth, amount, seed=0, name="noisy"):
    moved = truth.values + amount * np.random.default_rng(seed).normal(size=truth.values.shape)
    return replace(truth, values=moved, name=name)


def goal_of(measure, target, people):
    return target if measure.startswith("rsa") else people


@pytest.mark.parametrize("measure", FAMILIES)
def test_the_difference_is_that_of_the_scores_and_lies_in_its_interval(truth, target, people, measure):
    goal, models = goal_of(measure, target, people), (truth, random_model(truth.ids))
    (found,) = ra.differences(models, goal, measure, draws=50)
    one, other = (ra.score(m, goal, measure, draws=0, permutations=0)[-1].value for m in models)
    assert found.value == pytest.approx(one - other, abs=1e-12)
    assert found.ci_low < found.value < found.ci_high
    assert 0 < found.p <= 1
    assert found.p_adjusted == found.p
    assert (found.n_tests, found.n_stimuli, found.n_subjects, found.p_equivalent) == (1, N, 5, None)
    assert "other subjects and other stimuli" in found.reason


@pytest.mark.parametrize("measure", FAMILIES)
def test_exchanging_the_models_changes_the_sign_and_nothing_else(truth, target, people, measure):
    goal, other = goal_of(measure, target, people), random_model(truth.ids)
    (one,) = ra.differences([truth, other], goal, measure, draws=50, margin=0.1)
    (turned,) = ra.differences([other, truth], goal, measure, draws=50, margin=0.1)
    assert (turned.a, turned.b) == (one.b, one.a)
    expected = (-one.value, -one.ci_high, -one.ci_low, one.p, one.p_equivalent)
    found = (turned.value, turned.ci_low, turned.ci_high, turned.p, turned.p_equivalent)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("measure", FAMILIES)
def test_equal_models_are_not_tested_and_do_not_count_as_tests(truth, target, people, measure):
    goal = goal_of(measure, target, people)
    same, other = replace(truth, name="same"), random_model(truth.ids)
    found = ra.differences([truth, same, other], goal, measure, draws=50, margin=0.1)
    assert [(d.a, d.b) for d in found] == [("truth", "same"), ("truth", other.name), ("same", other.name)]
    assert (found[0].value, found[0].ci_low, found[0].p, found[0].p_adjusted) == (0.0, None, None, None)
    assert found[0].p_equivalent is None
    assert "nothing to test" in found[0].reason
    assert [d.n_tests for d in found] == [0, 2, 2]
    alone = ra.differences([truth, other], goal, measure, draws=50)[0]
    assert found[1].p == pytest.approx(alone.p, rel=1e-9)
    np.testing.assert_allclose([d.p_adjusted for d in found[1:]], holm([d.p for d in found[1:]]), rtol=1e-12)


@pytest.mark.parametrize("measure", FAMILIES)
def test_the_seed_decides_and_the_order_of_rows_does_not(truth, target, people, measure):
    goal, models = goal_of(measure, target, people), (truth, random_model(truth.ids))
    order = np.random.default_rng(0).permutation(truth.ids).tolist()
    first = ra.differences(models, goal, measure, draws=50)
    assert ra.differences(models, goal, measure, draws=50) == first
    assert ra.differences([models[0].select(order), models[1]], goal, measure, draws=50) == first


@pytest.mark.parametrize(("correction", "adjust"), [("holm", holm), ("bh", benjamini_hochberg)])
def test_p_is_corrected_over_all_pairs_of_the_call(truth, target, correction, adjust):
    models = [noisy(truth, amount, name=f"noise {amount}") for amount in (0.0, 0.5, 1.0, 2.0)]
    found = ra.differences(models, target, RSA, draws=50, correction=correction, margin=0.05)
    assert len(found) == 6
    assert {d.n_tests for d in found} == {6}
    assert {d.correction for d in found} == {correction}
    p = np.array([d.p for d in found])
    np.testing.assert_allclose([d.p_adjusted for d in found], adjust(p), rtol=1e-12)
    assert all(d.p_adjusted >= d.p * (1 - 1e-15 * 6) for d in found)
    if correction == "bh":
        np.testing.assert_allclose([d.p_adjusted for d in found], stats.false_discovery_control(p))


def test_each_pair_of_three_is_what_it_is_alone(truth, target):
    models = [truth, noisy(truth, 0.7), random_model(truth.ids)]
    together = ra.differences(models, target, RSA, draws=60)
    for found, (i, j) in zip(together, [(0, 1), (0, 2), (1, 2)], strict=True):
        (alone,) = ra.differences([models[i], models[j]], target, RSA, draws=60)
        np.testing.assert_allclose(
            (found.value, found.ci_low, found.ci_high, found.p),
            (alone.value, alone.ci_low, alone.ci_high, alone.p),
            rtol=1e-8,
        )


@pytest.mark.parametrize("measure", [RSA, "cka-linear-debiased", "encoding-ridge-gcv-4fold-pearson-median"])
def test_over_subjects_is_the_paired_t_test_of_scipy(truth, target, people, measure):
    goal, models = goal_of(measure, target, people), (truth, random_model(truth.ids))
    (found,) = ra.differences(models, goal, measure, over="subjects", draws=20)
    each = [
        [row.value for row in ra.score(m, goal, measure, draws=0, permutations=0) if row.subject != "all"]
        for m in models
    ]
    expected = stats.ttest_rel(*each)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-6)
    interval = expected.confidence_interval(0.95)
    np.testing.assert_allclose((found.ci_low, found.ci_high), (interval.low, interval.high), rtol=1e-8)
    assert f"for these {N} stimuli only" in found.reason


def test_a_margin_tests_for_sameness_and_not_for_difference(truth, target):
    twin, other = noisy(truth, 0.01, name="twin"), random_model(truth.ids)
    near, far, _ = ra.differences([truth, twin, other], target, RSA, draws=100, margin=0.1)
    assert near.p_equivalent < 0.001
    assert near.p > near.p_equivalent
    assert far.p_equivalent > 0.99
    assert far.p < 0.001
    (strict,) = ra.differences([truth, twin], target, RSA, draws=100, margin=1e-6)
    assert strict.p_equivalent > 0.4
    assert {d.margin for d in (near, far)} == {0.1}


def test_equivalence_is_the_larger_of_two_one_sided_t_tests(truth, target):
    (found,) = ra.differences([truth, noisy(truth, 0.3)], target, RSA, over="subjects", margin=0.08, draws=20)
    each = [
        [row.value for row in ra.score(m, target, RSA, draws=0, permutations=0)[:-1]]
        for m in (truth, noisy(truth, 0.3))
    ]
    gap = np.subtract(*each)
    lower = stats.ttest_1samp(gap, -0.08, alternative="greater").pvalue
    upper = stats.ttest_1samp(gap, 0.08, alternative="less").pvalue
    assert found.p_equivalent == pytest.approx(max(lower, upper), rel=1e-6)


def test_the_equivalences_are_corrected_too(truth, target):
    models = [noisy(truth, 0.02 * k, seed=k, name=f"twin {k}") for k in range(3)]
    (alone,) = ra.differences(models[:2], target, RSA, draws=60, margin=0.05)
    together = ra.differences(models, target, RSA, draws=60, margin=0.05)
    assert together[0].p_equivalent >= alone.p_equivalent
    assert max(d.p_equivalent for d in together) <= 1


@pytest.mark.parametrize("margin", [0.0, -0.1, float("nan")])
def test_a_margin_is_positive(truth, target, margin):
    with pytest.raises(InputError, match="margin"):
        ra.differences([truth, random_model(truth.ids)], target, RSA, draws=20, margin=margin)


def test_what_is_asked_for_wrongly_is_refused(truth, target):
    two = [truth, random_model(truth.ids)]
    with pytest.raises(UnknownNameError, match="correction named 'bonferoni'") as caught:
        ra.differences(two, target, RSA, correction="bonferoni")
    assert "'holm'" in caught.value.hint
    for draws in (1, 0, -5):
        with pytest.raises(InputError, match=f"{draws} draws give no interval"):
            ra.differences(two, target, RSA, draws=draws)
    for models in ([], [truth]):
        with pytest.raises(TooFewError, match="at least two models"):
            ra.differences(models, target, RSA)
    with pytest.raises(InputError, match="over='subject' is not known"):
        ra.differences(two, target, RSA, over="subject")
    average = replace(target, responses=target.responses.mean())
    with pytest.raises(UnsuitableError, match="at least 2 that can be told apart"):
        ra.differences(two, average, RSA, over="both")


def test_each_model_is_joined_with_the_target(truth, target):
    renamed = replace(truth, ids=("other", *truth.ids[1:]), name="renamed")
    with pytest.raises(IdentityError, match="'other'"):
        ra.differences([truth, renamed], target, RSA)
    with pytest.raises(IdentityError, match="no stimulus ids"):
        ra.differences([truth, replace(truth, ids=None)], target, RSA)
    values = truth.values.copy()
    values[7, 0] = np.nan
    with pytest.raises(DegenerateError, match="stimulus-007"):
        ra.differences([truth, replace(truth, values=values)], target, RSA)


def test_below_ten_stimuli_there_are_differences_and_the_reason_for_no_interval(truth, target):
    ids = truth.ids[:9]
    models = [truth.select(ids), random_model(ids)]
    (found,) = ra.differences(models, target.select(ids), RSA)
    assert found.value > 0
    assert (found.ci_low, found.ci_high, found.p, found.p_adjusted, found.n_tests) == (None,) * 4 + (0,)
    assert "9 stimuli: no interval below 10" in found.reason


def two_layers(truth, name="two layers"):
    values = np.hstack([random_model(truth.ids).values, truth.values])
    return ra.Assembly(values, truth.ids, {"layer": np.repeat(["bad", "good"], [20, 20])}, name=name)


def test_layers_count_as_models(truth, target):
    found = ra.differences([two_layers(truth)], target, RSA, draws=50)
    assert [(d.a, d.a_layer, d.b, d.b_layer) for d in found] == [("two layers", "bad", "two layers", "good")]
    assert found[0].value < 0
    among = ra.differences([two_layers(truth), truth], target, RSA, draws=50)
    assert len(among) == 3
    assert among[0].p == pytest.approx(found[0].p, rel=1e-9)
    assert (among[2].a_layer, among[2].b_layer, among[2].value) == ("good", None, 0.0)
    (named,) = ra.differences([two_layers(truth), two_layers(truth, "2")], target, RSA, layers=["good"])
    assert named.value == 0


@pytest.mark.parametrize("bare", [False, True])
def test_chosen_layers_and_whole_models_meet_on_stimuli_no_choice_has_seen(truth, target, bare):
    goal = target
    models = [two_layers(truth), random_model(truth.ids, seed=4)]
    if bare:
        goal = replace(target, responses=replace(target.responses, ids=None))
        models = [replace(m, ids=None) for m in models]
    (found,) = ra.differences(models, goal, RSA, layers="choose", draws=50)
    chosen = ra.score(models[0], goal, RSA, layers="choose", draws=0, permutations=0)[-1]
    assert (found.a_layer, found.n_stimuli) == ("good", N // 2) == (chosen.layer, chosen.n_stimuli)
    assert "layer chosen out of 2 on 12 other stimuli" in found.reason
    assert "scored on the stimuli left by the choice" in found.reason
    turned = ra.differences(models[::-1], goal, RSA, layers="choose", draws=50)[0]
    assert turned.value == pytest.approx(-found.value, abs=1e-12)
    (plain,) = ra.differences([models[1], models[1]], goal, RSA, layers="choose", draws=50)
    assert plain.n_stimuli == N


def test_a_subset_is_the_same_for_all_and_the_row_says_so(truth, target):
    models = [truth, random_model(truth.ids)]
    (found,) = ra.differences(models, target, RSA, subset=12, draws=50, seed=2)
    one, other = (ra.score(m, target, RSA, subset=12, draws=0, permutations=0, seed=2)[-1] for m in models)
    assert found.n_stimuli == 12
    assert found.value == pytest.approx(one.value - other.value, abs=1e-12)
    assert f"12 of {N} stimuli, drawn with seed 2" in found.reason


def test_another_models_layers_are_targets_each_with_differences_of_its_own(truth):
    models = [truth, random_model(truth.ids, seed=4)]
    found = ra.differences(models, two_layers(truth, "goal"), "cka-linear-debiased", draws=20)
    assert [(d.target, d.region) for d in found] == [("goal", "bad"), ("goal", "good")]
    assert found[1].value > 0.5
    assert "this one subject or average only" in found[0].reason


def test_a_measure_that_cannot_be_resampled_is_refused_with_the_reason(truth, people):
    shown = np.random.default_rng(0).permutation(np.tile(truth.ids, 3)).reshape(-1, 3)
    shown = shown[[len(set(row)) == 3 for row in shown.tolist()]]
    triplets = ra.Choices(np.full(len(shown), "p1"), shown, shown[:, 0], name="people")
    models = [side.select(triplets.ids) for side in (truth, random_model(truth.ids))]
    for goal, measure, why in (
        (triplets, "odd-one-out-dot-accuracy", "the trials share stimuli"),
        (people, "soft-matching-distance", "too slow to resample"),
    ):
        with pytest.raises(UnsuitableError, match=why) as caught:
            ra.differences(models, goal, measure, draws=20)
        assert caught.value.hint


def test_the_row_of_a_difference_is_plain_data(truth, target):
    (found,) = ra.differences([truth, random_model(truth.ids)], target, RSA, draws=20, margin=0.1)
    row = found.as_dict()
    assert set(row) == set(type(found).__dataclass_fields__)
    assert all(isinstance(v, str | int | float | None) for v in row.values())
    assert all(np.isfinite(v) for v in row.values() if isinstance(v, float))


@pytest.mark.parametrize("bound", ["lower", "upper"])
@pytest.mark.parametrize("measure", [RSA, "rsa-correlation-tau-a"])
def test_a_model_is_compared_with_the_ceiling_of_its_own_score(truth, target, measure, bound):
    models = [truth, random_model(truth.ids)]
    found = ra.differences(models, target, measure, ceiling=bound, margin=0.1, draws=100)
    pairs, against = found[:1], found[1:]
    assert [d.b for d in against] == [f"noise ceiling, {bound}"] * 2
    for model, each in zip(models, against, strict=True):
        row = ra.score(model, target, measure, draws=0, permutations=0)[-1]
        height = row.ceiling_lower if bound == "lower" else row.ceiling_upper
        assert each.a == model.name
        assert each.value == pytest.approx(row.value - height, abs=1e-9)
        assert each.ci_low < each.value < each.ci_high
        assert (each.margin, each.p_equivalent) == (None, None)
        assert "one-sided" in each.reason
    assert against[1].p < 0.01
    assert against[1].p < against[0].p
    assert {d.n_tests for d in found} == {3}
    np.testing.assert_allclose([d.p_adjusted for d in found], holm([d.p for d in found]), rtol=1e-12)
    assert pairs == tuple(
        replace(d, p_adjusted=pairs[0].p_adjusted, n_tests=3)
        for d in ra.differences(models, target, measure, margin=0.1, draws=100)
    )


def test_where_there_is_no_such_ceiling_that_is_said(truth, target, people):
    models = [truth, random_model(truth.ids)]
    with pytest.raises(UnsuitableError, match="no noise ceiling of cka-linear-debiased") as caught:
        ra.differences(models, people, "cka-linear-debiased", ceiling="lower", draws=20)
    assert caught.value.hint
    average = replace(target, responses=target.responses.mean())
    with pytest.raises(UnsuitableError, match="no noise ceiling"):
        ra.differences(models, average, RSA, ceiling="upper", draws=20)
    with pytest.raises(UnknownNameError, match="noise ceiling named 'middle'"):
        ra.differences(models, target, RSA, ceiling="middle", draws=20)
