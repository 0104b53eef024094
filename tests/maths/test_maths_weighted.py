"""Laws of weighted embeddings: each bootstrap draw equals the replicate built pair by pair."""

from __future__ import annotations

import numpy as np
import pytest

from repalign.maths import EMBEDDINGS, bootstrap_rdms, compare, resampling, stimulus_counts
from repalign.maths.resampling import pair_weights
from repalign.maths.weighted import WEIGHTED, Sorted
from repalign.seeds import rng

NAMES = sorted(EMBEDDINGS)


def replicate(values: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """The pairs of the drawn stimuli, in full; a stimulus beside itself makes no pair."""
    n = round((1 + (1 + 8 * len(values)) ** 0.5) / 2)
    square = np.zeros((n, n))
    square[np.triu_indices(n, 1)] = values
    square += square.T
    i, j = np.triu_indices(len(drawn), 1)
    keep = drawn[i] != drawn[j]
    return square[drawn[i][keep], drawn[j][keep]]


def rdm(n: int, tied: bool, *words: str | int) -> np.ndarray:
    generator = rng(30, *words)
    size = n * (n - 1) // 2
    return generator.integers(1, 5, size=size).astype(float) if tied else generator.gamma(2.0, size=size)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_a_weighted_draw_equals_the_replicate_built_pair_by_pair(name, tied):
    n = 12
    x, y = rdm(n, tied, "x"), rdm(n, True, "y")
    counts = stimulus_counts(n, 40, rng(31, name))
    weights = pair_weights(counts)
    fast = (WEIGHTED[name](Sorted.of(x), weights) * WEIGHTED[name](Sorted.of(y), weights)).sum(axis=1)
    drawn = [np.repeat(np.arange(n), each.astype(int)) for each in counts]
    slow = [float(compare(replicate(x, d), replicate(y, d), name)) for d in drawn]
    np.testing.assert_allclose(fast, slow, atol=1e-12)


def test_every_comparison_can_be_weighted():
    assert set(WEIGHTED) == set(EMBEDDINGS)


@pytest.mark.parametrize("block", [1, 300, 2_000_000])
@pytest.mark.parametrize("name", NAMES)
def test_bootstrap_equals_a_plain_loop_over_the_same_draws(name, block, monkeypatch):
    monkeypatch.setattr(resampling, "_BLOCK_ENTRIES", block)
    n, draws = 11, 23
    model, subjects = rdm(n, True, "model"), np.stack([rdm(n, False, "subject", s) for s in range(3)])
    fast = bootstrap_rdms(model, subjects, name, draws, rng(32, "draws"))
    slow = np.empty((draws, 3))
    for d, count in enumerate(rng(32, "draws").multinomial(n, np.full(n, 1 / n), size=draws)):
        drawn = np.repeat(np.arange(n), count)
        slow[d] = [compare(replicate(model, drawn), replicate(s, drawn), name) for s in subjects]
    np.testing.assert_allclose(fast, slow, atol=1e-12)


@pytest.mark.parametrize("scale", [1e-180, 1e180])
@pytest.mark.parametrize("name", NAMES)
def test_the_scale_of_an_rdm_does_not_matter(name, scale):
    model, subjects = rdm(10, False, "m"), rdm(10, False, "s")[None]
    plain = bootstrap_rdms(model, subjects, name, 20, rng(33))
    np.testing.assert_allclose(bootstrap_rdms(model * scale, subjects, name, 20, rng(33)), plain, atol=1e-12)


@pytest.mark.parametrize("name", ["pearson", "spearman"])
def test_a_draw_that_leaves_an_rdm_constant_has_no_number(name):
    # Stimuli 0..4 are all 0.3 apart, 5 is elsewhere: a draw without 5 is constant.
    model = np.full((6, 6), 0.3)
    model[5] = model[:, 5] = np.arange(6.0)
    pairs = model[np.triu_indices(6, 1)]
    counts = np.array([[2, 1, 1, 1, 1, 0], [1, 3, 0, 1, 1, 0], [1, 1, 1, 1, 1, 1.0]])
    embedded = WEIGHTED[name](Sorted.of(pairs), pair_weights(counts))
    assert np.isnan(embedded[:2]).all()
    assert np.isfinite(embedded[2]).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_draw_of_one_stimulus_only_has_no_number(name):
    weights = pair_weights(np.array([[4, 0, 0, 0.0]]))
    assert np.isnan(WEIGHTED[name](Sorted.of(rdm(4, False, "one")), weights)).all()


def test_counts_sum_to_the_number_of_stimuli_and_have_mean_one():
    counts = stimulus_counts(20, 4000, rng(34))
    assert (counts.sum(axis=1) == 20).all()
    np.testing.assert_allclose(counts.mean(axis=0), 1, atol=4.5 / np.sqrt(4000))
    assert counts.var(axis=0).mean() == pytest.approx(1 - 1 / 20, rel=0.03)
