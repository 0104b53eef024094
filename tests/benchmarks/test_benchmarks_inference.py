"""Interval and p beside a score: for every family of measures a number, or a reason in words."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import repalign as ra
from repalign.metrics import GROUPS, MEASURES, Rows
from repalign.testing import random_model, synthetic_target
from repalign.testing.sides import sides

QUICK = {"draws": 20, "permutations": 9}
RSA = "rsa-euclidean-spearman"
# The first of each group, and one for each other way of resampling inside a group.
MEMBERS = list(
    dict.fromkeys(
        [
            *(members[0] for members in GROUPS.values()),
            "rsa-correlation-tau-a",
            "rsa-crossnobis-whitened-cosine",
            "cka-linear-biased",
            "svcca-dim10-mean",
            "soft-matching-distance",
            "encoding-ols-insample-r2-pooled",
            "odd-one-out-dot-accuracy",
            "confusion-pearson",
            "shape-bias-difference",
            "recognition-i1n-pearson",
        ]
    )
)


def check_row(row):
    """What is there is finite and in order; what is absent has its reason in words."""
    numbers = (row.value, row.ci_low, row.ci_high, row.p, row.ceiling_lower, row.ceiling_upper)
    assert all(number is None or math.isfinite(number) for number in numbers)
    assert row.value is not None
    assert (row.ci_low is None) == (row.ci_high is None)
    if row.ci_low is None:
        assert "no interval" in row.reason
    else:
        assert row.ci_low <= row.value <= row.ci_high
        assert "interval generalises to" in row.reason
    if row.p is None:
        assert "no p" in row.reason or "no permutation test" in row.reason
    else:
        assert 0 < row.p <= 1
    if row.ceiling_upper is None:
        assert "ceiling" in row.reason
    assert "nan" not in row.reason.lower().replace("resonance", "")


@pytest.mark.parametrize("name", list(MEASURES))
def test_every_measure_has_interval_and_p_or_says_why_not(name):
    row = ra.score(*sides(MEASURES[name]), name, **QUICK)[-1]
    check_row(row)


@pytest.mark.parametrize("name", MEMBERS)
def test_the_same_seed_gives_the_same_row_and_the_order_of_stimuli_does_not_matter(name):
    model, target = sides(MEASURES[name])
    order = np.random.default_rng(0).permutation(sorted(model.ids)).tolist()
    first = ra.score(model, target, name, seed=3, **QUICK)
    assert ra.score(model, target, name, seed=3, **QUICK) == first
    turned = ra.score(model.select(order), target, name, seed=3, **QUICK)
    numbers = [
        [(r.value, r.ci_low, r.ci_high, r.p, r.ceiling_lower) for r in rows] for rows in (first, turned)
    ]
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize("name", MEMBERS)
def test_nothing_asked_for_is_said(name):
    row = ra.score(*sides(MEASURES[name]), name, draws=0, permutations=0)[-1]
    assert (row.ci_low, row.p) == (None, None)
    assert "no interval: 0 draws asked for" in row.reason
    assert "no p: 0 permutations asked for" in row.reason


@pytest.mark.parametrize("name", MEMBERS)
def test_below_ten_stimuli_no_measure_has_an_interval(name):
    measure = MEASURES[name]
    model, target = sides(measure)
    if measure.min_stimuli > 9 or measure.sample in ("triplets", "recognition") or "dim10" in name:
        pytest.skip("it needs more stimuli than that")
    ids = sorted(model.ids)[:9]
    row = ra.score(model.select(ids), target.select(ids), measure, **QUICK)[-1]
    assert row.ci_low is None
    assert "9 stimuli: no interval below 10" in row.reason


N, SUBJECTS = 24, 5


@pytest.fixture(scope="module")
def truth():
    return synthetic_target(N, SUBJECTS, noise=1.0, seed=3)[0]


def responses_of_people(truth, names="abcde"):
    generator = np.random.default_rng(1)
    values = np.stack([truth.values[:, :8] + generator.normal(size=(N, 8)) for _ in names])
    people = ra.Assembly(values, truth.ids, leading="subject", labels=tuple(names), name="people")
    return ra.Target("toy/people", people, "toy", len(names))


OF_SUBJECTS = (
    RSA,
    "rsa-correlation-tau-a",
    "cka-linear-debiased",
    "procrustes-angular-distance",
    "encoding-ridge-gcv-4fold-pearson-median",
)


@pytest.mark.parametrize("name", OF_SUBJECTS)
def test_over_subjects_it_is_scipys_t_interval_of_their_scores(truth, name):
    rows = ra.score(truth, responses_of_people(truth), name, over="subjects", **QUICK)
    each = [row.value for row in rows if row.subject != "all"]
    assert len(each) == SUBJECTS
    expected = stats.t.interval(0.95, SUBJECTS - 1, np.mean(each), stats.sem(each))
    np.testing.assert_allclose((rows[-1].ci_low, rows[-1].ci_high), expected, rtol=1e-9)


def shifted(offsets):
    """A measure whose scores of subjects differ by constants, however stimuli are drawn."""

    def function(x, y):
        base = float(np.corrcoef(x[:, 0], y[:, 0])[0, 1])
        return base + offsets[round(float(y[0, 1]))]

    return Rows(id="mine", function=function, formula="f", range=(None, None), source="s")


@pytest.mark.parametrize("over", ["stimuli", "subjects", "both"])
def test_over_stimuli_the_spread_of_subjects_does_not_count(truth, over):
    generator = np.random.default_rng(2)
    y = truth.values[:, :1] + generator.normal(size=(N, 1))
    values = np.stack([np.hstack([y, np.full((N, 1), float(k))]) for k in range(4)])
    people = ra.Assembly(values, truth.ids, leading="subject", labels=tuple("abcd"), name="people")
    goal = ra.Target("toy/people", people, "toy", 4)
    width = []
    for spread in (0.0, 1.0, 5.0):
        measure = shifted(spread * np.array([-1.5, -0.5, 0.5, 1.5]))
        row = ra.score(truth, goal, measure, over=over, **QUICK)[-1]
        width.append(row.ci_high - row.ci_low)
    if over == "stimuli":
        assert width[1] == pytest.approx(width[0], rel=1e-9)
        assert width[2] == pytest.approx(width[0], rel=1e-9)
    else:
        assert width[2] > 2 * width[1] > 2 * width[0]


@pytest.mark.parametrize("name", ["cka-linear-debiased", "procrustes-angular-distance", "mutual-knn-k10"])
def test_over_stimuli_the_variance_is_a_plain_jackknife_of_the_mean_score(truth, name):
    goal, measure = responses_of_people(truth), MEASURES[name]
    row = ra.score(truth, goal, name, over="stimuli", **QUICK)[-1]
    left_out = []
    for gone in range(N):
        ids = [i for k, i in enumerate(truth.ids) if k != gone]
        scores = measure.scores(truth.select(ids), goal.responses.select(ids))
        left_out.append(scores.mean())
    deviation = math.sqrt((N - 1) / N * np.sum((left_out - np.mean(left_out)) ** 2))
    quantile = (row.ci_high - row.value) / deviation
    # Between the normal quantile and Student's on few degrees of freedom, by the tails of the scores.
    assert stats.norm.ppf(0.975) < quantile < stats.t.ppf(0.975, 3)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_the_dual_bootstrap_agrees_with_rsatoolbox(seed, monkeypatch):
    rsatoolbox = pytest.importorskip("rsatoolbox")
    inference = pytest.importorskip("rsatoolbox.inference")
    monkeypatch.setattr(inference.evaluate.tqdm, "trange", range)
    truth, target = synthetic_target(25, 14, noise=1.5, seed=seed)
    name = "rsa-euclidean-cosine"
    row = ra.score(truth, target, name, draws=4000, permutations=0)[-1]
    rdm = rsatoolbox.rdm.RDMs(ra.measure(name).pairs(truth))
    peer = inference.eval_dual_bootstrap(
        rsatoolbox.model.ModelFixed("truth", rdm),
        rsatoolbox.rdm.RDMs(np.asarray(target.responses.values)),
        method="cosine",
        N=400,
    )
    deviation = math.sqrt(float(np.squeeze(peer.model_var)))
    half = (row.ci_high - row.ci_low) / 2
    # Their Monte-Carlo error of a deviation from 400 draws is about 4 %; ours takes away what bootstrapped
    # pairs count too often, which makes it smaller, never larger.
    assert 0.7 * stats.norm.ppf(0.975) < half / deviation < 1.1 * stats.t.ppf(0.975, 13)


@pytest.mark.parametrize("name", [*OF_SUBJECTS, "mutual-knn-k10", "distance-correlation-biased"])
def test_p_is_small_for_the_truth_and_not_for_chance(truth, name):
    goal, many = responses_of_people(truth), {"draws": 0, "permutations": 99}
    assert ra.score(truth, goal, name, **many)[-1].p <= 0.05
    chance = [ra.score(random_model(truth.ids, seed=s), goal, name, **many)[-1].p for s in range(5)]
    assert max(chance) > 0.2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["procrustes-angular-distance", "cka-linear-debiased", RSA])
def test_p_is_uniform_for_models_that_know_nothing(truth, name):
    goal = responses_of_people(truth)
    found = [
        ra.score(random_model(truth.ids, seed=s), goal, name, draws=0, permutations=99)[-1].p
        for s in range(150)
    ]
    assert stats.kstest(found, "uniform").pvalue > 0.001


def test_a_rdm_target_of_people_has_interval_ceiling_and_p(truth):
    _, target = synthetic_target(N, SUBJECTS, noise=1.0, seed=3)
    row = ra.score(truth, target, RSA, draws=100, permutations=99)[-1]
    check_row(row)
    assert row.ceiling_lower <= row.ceiling_upper
    assert row.p == 0.01


def test_the_reasons_of_a_row_are_said_once(truth):
    row = ra.score(truth, replace(truth, name="other"), "cka-linear-debiased", **QUICK)[-1]
    parts = row.reason.split("; ")
    assert len(set(parts)) == len(parts)


@pytest.mark.parametrize("name", [*OF_SUBJECTS, "rsa-correlation-pearson", "mutual-knn-k10"])
def test_how_an_array_lies_in_memory_changes_no_bit(truth, name):
    goal = responses_of_people(truth)
    first = ra.score(truth, goal, name, **QUICK)[-1]
    turned = replace(truth, values=np.asfortranarray(truth.values))
    people = replace(goal.responses, values=np.asfortranarray(goal.responses.values))
    second = ra.score(turned, replace(goal, responses=people), name, **QUICK)[-1]
    assert (second.value, second.ci_low, second.p) == (first.value, first.ci_low, first.p)
