"""Laws of weighted comparisons: each bootstrap draw equals the replicate built pair by pair."""

from __future__ import annotations

import numpy as np
import pytest
from replicates import rdm, replicate

from repalign.errors import UnsuitableError
from repalign.maths import weighted as module
from repalign.maths.bootstrap import pair_weights, stimulus_counts
from repalign.maths.comparison import compare
from repalign.maths.weighted import WEIGHTED, Sorted, weighted
from repalign.seeds import rng

NAMES = sorted(WEIGHTED)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("block", [1, 400_000])
@pytest.mark.parametrize("name", NAMES)
def test_a_weighted_draw_equals_the_replicate_built_pair_by_pair(name, tied, block, monkeypatch):
    monkeypatch.setattr(module, "_CACHED", block)
    n = 12
    models = np.stack([rdm(n, tied, "m", k) for k in range(2)])
    subjects = np.stack([rdm(n, k == 0, "s", k) for k in range(3)])
    counts = stimulus_counts(n, 40, rng(31, name))
    fast = weighted(models, subjects, name)(pair_weights(counts))
    for found, count in zip(fast, counts, strict=True):
        drawn = np.repeat(np.arange(n), count.astype(int))
        every = np.stack([replicate(x, drawn) for x in (*models, *subjects)])
        np.testing.assert_allclose(found, compare(every, every[2:], name), atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_weights_of_one_give_the_comparison_itself(name):
    models, subjects = rdm(9, False, "a")[None], np.stack([rdm(9, True, "b"), rdm(9, False, "c")])
    found = weighted(models, subjects, name)(np.ones((36, 1)))[0]
    every = np.concatenate([models, subjects])
    np.testing.assert_allclose(found, compare(every, subjects, name), atol=1e-13)


@pytest.mark.parametrize("scale", [1e-180, 1e180])
@pytest.mark.parametrize("name", NAMES)
def test_the_scale_of_an_rdm_does_not_matter(name, scale):
    model, subjects = rdm(10, False, "m")[None], rdm(10, False, "s")[None]
    weights = pair_weights(stimulus_counts(10, 20, rng(33)))
    plain = weighted(model, subjects, name)(weights)
    np.testing.assert_allclose(weighted(model * scale, subjects, name)(weights), plain, atol=1e-12)


def test_a_far_outlier_does_not_hide_the_rest_of_an_rdm():
    model, subjects, n = rdm(10, False, "m"), rdm(10, False, "s")[None], 10
    model[0] = 1e9  # the pair of stimuli 0 and 1
    drawn = np.array([1, 2, 3, 4, 4, 5, 6, 7, 8, 9])
    counts = np.bincount(drawn, minlength=n)[None].astype(float)
    found = weighted(model[None], subjects, "pearson")(pair_weights(counts))[0, 0, 0]
    expected = compare(replicate(model, drawn), replicate(subjects[0], drawn), "pearson")
    assert found == pytest.approx(float(expected), abs=1e-6)


@pytest.mark.parametrize("name", ["pearson", "spearman"])
def test_a_draw_that_leaves_an_rdm_constant_has_no_number(name):
    # Stimuli 0..4 are all 0.3 apart, 5 is elsewhere: a draw without 5 is constant.
    model = np.full((6, 6), 0.3)
    model[5] = model[:, 5] = np.arange(6.0)
    pairs = model[np.triu_indices(6, 1)]
    counts = np.array([[2, 1, 1, 1, 1, 0], [1, 3, 0, 1, 1, 0], [1, 1, 1, 1, 1, 1.0]])
    found = weighted(pairs[None], rdm(6, False, "s")[None], name)(pair_weights(counts))[:, 0, 0]
    assert np.isnan(found[:2]).all()
    assert np.isfinite(found[2])


@pytest.mark.parametrize("name", NAMES)
def test_a_draw_of_one_stimulus_only_has_no_number(name):
    weights = pair_weights(np.array([[4, 0, 0, 0.0]]))
    x = rdm(4, False, "one")[None]
    assert np.isnan(weighted(x, x, name)(weights)).all()


def test_midranks_of_weights_are_those_of_the_multiset():
    values, weights = np.array([3.0, 1.0, 3.0, 2.0]), np.array([[2.0], [1.0], [0.0], [3.0]])
    # 1, 2 2 2, 3 3: mid-ranks 1, 3, 5.5, less one half.
    np.testing.assert_array_equal(Sorted.of(values).midranks(weights)[:, 0], [5.0, 0.5, 5.0, 2.5])


def test_comparisons_without_a_weighted_form_are_refused():
    with pytest.raises(UnsuitableError, match="'tau-a' has no weighted form"):
        weighted(np.ones((1, 6)), np.ones((1, 6)), "tau-a")
