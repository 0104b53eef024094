"""Laws of the bootstrap of RDMs: equal to a plain loop and to rsatoolbox, draw by draw."""

from __future__ import annotations

import numpy as np
import pytest
from replicates import rdm, replicate

from repalign.errors import DegenerateError, TooFewError
from repalign.maths import bootstrap as module
from repalign.maths.bootstrap import bootstrap_models, bootstrap_rdms, drawn_similarities, stimulus_counts
from repalign.maths.ceiling import rdm_ceiling
from repalign.maths.comparison import compare
from repalign.maths.embeddings import EMBEDDINGS
from repalign.maths.pooling import below_ceiling, pooled_ceiling
from repalign.maths.uncertainty import dual_variance
from repalign.maths.weighted import WEIGHTED
from repalign.seeds import rng

NAMES = sorted(WEIGHTED)
N = 13


def sides(n_models: int = 3, n_subjects: int = 5, n: int = N) -> tuple[np.ndarray, np.ndarray]:
    shared = rdm(n, False, "shared")
    models = np.stack([shared + k * rdm(n, k == 2, "model", k) for k in range(1, n_models + 1)])
    return models, np.stack([shared + rdm(n, s == 1, "subject", s) for s in range(n_subjects)])


@pytest.mark.parametrize("block", [1, 300, 2_000_000])
@pytest.mark.parametrize("name", NAMES)
def test_bootstrap_equals_a_plain_loop_over_the_same_draws(name, block, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_ENTRIES", block)
    models, subjects = sides()
    fast = bootstrap_models(models, subjects, name, 23, rng(32, "draws"))
    for d, count in enumerate(rng(32, "draws").multinomial(N, np.full(N, 1 / N), size=23)):
        drawn = np.repeat(np.arange(N), count)
        m, s = (np.stack([replicate(x, drawn) for x in side]) for side in (models, subjects))
        np.testing.assert_allclose(fast.drawn[d], compare(m, s, name), atol=1e-12)
        np.testing.assert_allclose(fast.drawn_between[d], compare(s, s, name), atol=1e-12)
    one = bootstrap_rdms(models[1], subjects, name, 23, rng(32, "draws"))
    np.testing.assert_allclose(one, fast.drawn[:, 1], atol=1e-12)
    np.testing.assert_allclose(fast.scores, compare(models, subjects, name))


@pytest.mark.parametrize("name", NAMES)
def test_ceilings_equal_a_plain_loop_over_draws_of_subjects_and_stimuli(name):
    models, subjects = sides()
    fast = bootstrap_models(models, subjects, name, 15, rng(34, "draws"))
    people = stimulus_counts(5, 15, rng(35, name))
    lower, upper = pooled_ceiling(fast.drawn_between, people)
    below = below_ceiling(fast.drawn, fast.drawn_between, people, "lower")
    for d, (count, who) in enumerate(zip(fast.counts.astype(int), people.astype(int), strict=True)):
        drawn, copies = np.repeat(np.arange(N), count), np.repeat(np.arange(5), who)
        e = EMBEDDINGS[name](np.stack([replicate(x, drawn) for x in subjects]))
        pool = e[copies].sum(axis=0)
        assert upper[d] == pytest.approx(np.mean([e[c] @ pool for c in copies]) / np.linalg.norm(pool))
        others = [e[[o for o in copies if o != c]].sum(axis=0) for c in copies]
        each = [e[c] @ o / np.linalg.norm(o) for c, o in zip(copies, others, strict=True)]
        assert lower[d] == pytest.approx(np.mean(each))
        np.testing.assert_allclose(below[d], fast.drawn[d][:, copies].mean(axis=1) - lower[d])


@pytest.mark.parametrize("name", ["pearson", "cosine"])
def test_with_everybody_once_it_is_the_noise_ceiling(name):
    models, subjects = sides()
    found = bootstrap_models(models, subjects, name, 5, rng(36))
    assert pooled_ceiling(found.between, np.ones(5)) == pytest.approx(rdm_ceiling(subjects, name))
    assert found.ceiling == pytest.approx(rdm_ceiling(subjects, name))


def test_a_pool_without_anybody_else_has_no_lower_ceiling():
    lower, upper = pooled_ceiling(np.eye(3), np.array([[3.0, 0, 0], [2, 1, 0]]))
    assert np.isnan(lower[0])
    assert upper[0] == pytest.approx(1)
    assert lower[1] == pytest.approx(0)


@pytest.mark.parametrize(("ours", "theirs"), [("cosine", "cosine"), ("rho-a", "rho-a"), ("pearson", "corr")])
def test_rsatoolbox_agrees_draw_by_draw_and_on_the_variance(ours, theirs, rsatoolbox, monkeypatch):
    models, subjects = sides()
    evaluate, drawn = rsatoolbox.inference.evaluate, []
    monkeypatch.setattr(evaluate.tqdm, "trange", range)

    def recorded(*args, **kwargs):
        drawn.append(original(*args, **kwargs))
        return drawn[-1]

    original = evaluate.bootstrap_sample
    monkeypatch.setattr(evaluate, "bootstrap_sample", recorded)
    named = [rsatoolbox.model.ModelFixed(str(k), rsatoolbox.rdm.RDMs(m[None])) for k, m in enumerate(models)]
    peer = rsatoolbox.inference.eval_dual_bootstrap(named, rsatoolbox.rdm.RDMs(subjects), method=theirs, N=30)
    who = np.stack([np.bincount(each[1], minlength=5) for each in drawn])
    counts = np.stack([np.bincount(each[2], minlength=N) for each in drawn]).astype(float)
    found = drawn_similarities(models, subjects, ours, counts)[:, :3]
    both, over_subjects, over_stimuli = peer.evaluations[:, :, 0, 0].transpose(2, 0, 1)
    np.testing.assert_allclose(found.mean(axis=2), over_stimuli, atol=1e-9)
    np.testing.assert_allclose(np.einsum("dmr,dr->dm", found, who) / 5, both, atol=1e-9)
    parts = [part.var(axis=0, ddof=1) for part in (both, over_subjects, over_stimuli)]
    expected = [dual_variance(*each, 5, N) for each in zip(*parts, strict=True)]
    np.testing.assert_allclose(peer.model_var, expected, rtol=1e-9)


def test_counts_sum_to_the_number_of_stimuli_and_have_mean_one():
    counts = stimulus_counts(20, 4000, rng(34))
    assert (counts.sum(axis=1) == 20).all()
    np.testing.assert_allclose(counts.mean(axis=0), 1, atol=4.5 / np.sqrt(4000))
    assert counts.var(axis=0).mean() == pytest.approx(1 - 1 / 20, rel=0.03)


def test_what_cannot_be_drawn_is_refused():
    models, subjects = sides(n_subjects=3)
    with pytest.raises(TooFewError, match="at least 4 are needed"):
        bootstrap_models(models, subjects, "cosine", 50, rng(0)).ceiling_uncertainties("lower", None, rng(0))
    with pytest.raises(DegenerateError):
        bootstrap_models(np.ones((1, subjects.shape[1])), subjects, "pearson", 50, rng(0))
