"""Laws of noise ceilings: explicit loops, rsatoolbox's numbers, bounds, refusals."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr
from sklearn.metrics import cohen_kappa_score

from repalign.errors import DegenerateError, TooFewError
from repalign.maths import EMBEDDINGS, compare, consistency_ceiling, rdm_ceiling
from repalign.seeds import rng

NAMES = sorted(EMBEDDINGS)


def group(n_subjects: int, tied: bool = False) -> np.ndarray:
    generator = rng(90, n_subjects)
    found = generator.gamma(3.0, size=66) + generator.gamma(2.0, size=(n_subjects, 66))
    return np.ceil(found) if tied else found


@pytest.mark.parametrize("n_subjects", [2, 5])
@pytest.mark.parametrize("tied", [False, True])
def test_the_spearman_ceiling_is_the_explicit_leave_one_out(n_subjects, tied):
    # Sums of ranks are exact, so that the many ties among pooled ranks are ties here as well.
    subjects = group(n_subjects, tied)
    ranks = rankdata(subjects, axis=1)
    others = [np.delete(ranks, s, axis=0).sum(axis=0) for s in range(n_subjects)]
    lower = np.mean([spearmanr(s, o)[0] for s, o in zip(subjects, others, strict=True)])
    upper = np.mean([spearmanr(s, ranks.sum(axis=0))[0] for s in subjects])
    np.testing.assert_allclose(rdm_ceiling(subjects, "spearman"), (lower, upper), atol=1e-12)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize(
    ("name", "theirs"),
    [("cosine", "cosine"), ("rho-a", "rho-a"), ("pearson", "corr"), ("spearman", "spearman")],
)
def test_the_ceiling_is_that_of_rsatoolbox(name, theirs, tied, rsatoolbox):
    subjects = group(6, tied)
    rdms = rsatoolbox.rdm.RDMs(subjects, rdm_descriptors={"index": np.arange(6)})
    expected = rsatoolbox.inference.noise_ceiling.boot_noise_ceiling(rdms, method=theirs)
    np.testing.assert_allclose(rdm_ceiling(subjects, name), expected, atol=1e-12)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_the_upper_ceiling_is_not_below_the_lower(name, tied):
    lower, upper = rdm_ceiling(group(7, tied), name)
    assert lower < upper


@pytest.mark.parametrize("name", ["pearson", "cosine"])
def test_no_model_exceeds_the_upper_ceiling(name):
    subjects, generator = group(4), rng(91, name)
    upper = rdm_ceiling(subjects, name)[1]
    models = subjects.mean(axis=0) + np.geomspace(1e-3, 10, 300)[:, None] * generator.normal(size=(300, 66))
    assert compare(models, subjects, name).mean(axis=1).max() <= upper + 1e-12


@pytest.mark.parametrize("name", ["pearson", "cosine", "spearman"])
def test_subjects_who_agree_leave_no_room(name):
    np.testing.assert_allclose(rdm_ceiling(np.tile(group(2)[0], (3, 1)), name), (1, 1), atol=1e-12)


def test_the_consistency_ceiling_is_the_mean_kappa_over_pairs():
    right = rng(92).random((5, 80)) < np.array([[0.9], [0.8], [0.7], [0.6], [0.5]])
    expected = np.mean([cohen_kappa_score(a, b) for a, b in combinations(right, 2)])
    assert consistency_ceiling(right) == pytest.approx(expected, abs=1e-13)


def test_one_subject_has_no_ceiling_and_two_without_errors_no_consistency():
    with pytest.raises(TooFewError, match="at least 2 subjects"):
        rdm_ceiling(group(2)[:1], "cosine")
    with pytest.raises(TooFewError, match="at least 2 subjects"):
        consistency_ceiling(np.ones((1, 5), dtype=bool))
    with pytest.raises(DegenerateError):
        consistency_ceiling(np.ones((2, 5), dtype=bool))
