"""Laws of noise ceilings: explicit loops, rsatoolbox's numbers, bounds, refusals."""

from __future__ import annotations

import warnings
from itertools import combinations

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import rankdata, spearmanr
from sklearn.metrics import cohen_kappa_score

from repalign.errors import DegenerateError, TooFewError
from repalign.maths.ceiling import consistency_ceiling, rdm_ceiling
from repalign.maths.comparison import COMPARISONS, compare
from repalign.seeds import rng

NAMES = sorted(COMPARISONS)
PRODUCTS = [name for name in NAMES if COMPARISONS[name].embed is not None]


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
    [
        ("cosine", "cosine"),
        ("rho-a", "rho-a"),
        ("pearson", "corr"),
        ("spearman", "spearman"),
        ("tau-a", "tau-a"),
        ("tau-b", "tau-b"),
    ],
)
def test_the_ceiling_is_that_of_rsatoolbox(name, theirs, tied, rsatoolbox):
    subjects = group(6, tied)
    np.testing.assert_allclose(rdm_ceiling(subjects, name), peer(rsatoolbox, subjects, theirs), atol=1e-12)


@pytest.mark.parametrize(
    ("name", "theirs"), [("whitened-cosine", "cosine_cov"), ("whitened-pearson", "corr_cov")]
)
def test_the_whitened_ceiling_is_a_little_above_that_of_rsatoolbox(name, theirs, rsatoolbox):
    # Theirs gives subjects equal length before whitening, so that its pool is not the best of all models.
    subjects = group(6) * np.geomspace(0.1, 10, 66) ** np.linspace(-0.3, 0.3, 6)[:, None]
    upper, expected = rdm_ceiling(subjects, name)[1], peer(rsatoolbox, subjects, theirs)[1]
    assert expected < upper < expected + 0.05


def peer(rsatoolbox, subjects: np.ndarray, method: str) -> tuple[float, float]:
    rdms = rsatoolbox.rdm.RDMs(subjects, rdm_descriptors={"index": np.arange(len(subjects))})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that tau pools averaged ranks, as ours does
        return rsatoolbox.inference.noise_ceiling.boot_noise_ceiling(rdms, method=method)


def geometries(n_subjects: int, n: int = 12) -> np.ndarray:
    """RDMs of squared distances between points that subjects share but for noise."""
    generator = rng(93, n_subjects)
    points = generator.normal(size=(n, n + 3)) + 0.7 * generator.normal(size=(n_subjects, n, n + 3))
    return np.stack([pdist(each, "sqeuclidean") for each in points])


@pytest.mark.parametrize("name", sorted({*NAMES} - {*PRODUCTS}))
def test_the_ceiling_of_what_is_no_product_is_the_explicit_leave_one_out(name):
    subjects = geometries(4)
    if name.startswith("tau"):
        normalised = rankdata(subjects, axis=1)
    elif name in ("bures", "bures-clipped"):
        normalised = subjects / subjects.sum(axis=1, keepdims=True)
    else:
        normalised = subjects
    pools = [np.delete(normalised, s, axis=0).mean(axis=0) for s in range(4)]
    lower = np.mean([compare(pool, s, name) for pool, s in zip(pools, subjects, strict=True)])
    upper = compare(normalised.mean(axis=0), subjects, name).mean()
    np.testing.assert_allclose(rdm_ceiling(subjects, name), (lower, upper), rtol=1e-10)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("name", [*PRODUCTS, "tau-a", "tau-b"])
def test_the_upper_ceiling_is_not_below_the_lower(name, tied):
    lower, upper = rdm_ceiling(group(7, tied), name)
    assert lower < upper


@pytest.mark.parametrize("name", NAMES)
def test_the_pool_of_all_is_closer_than_the_pool_of_the_others(name):
    lower, upper = rdm_ceiling(geometries(5), name)
    assert (lower < upper) == COMPARISONS[name].higher_is_closer


@pytest.mark.parametrize("name", ["pearson", "cosine", "whitened-cosine", "whitened-pearson"])
def test_no_model_exceeds_the_upper_ceiling(name):
    subjects, generator = group(4), rng(91, name)
    upper = rdm_ceiling(subjects, name)[1]
    models = subjects.mean(axis=0) + np.geomspace(1e-3, 10, 300)[:, None] * generator.normal(size=(300, 66))
    assert compare(models, subjects, name).mean(axis=1).max() <= upper + 1e-12


@pytest.mark.parametrize("name", NAMES)
def test_subjects_who_agree_leave_no_room(name):
    best = 1.0 if COMPARISONS[name].higher_is_closer else 0.0
    np.testing.assert_allclose(rdm_ceiling(np.tile(geometries(2)[0], (3, 1)), name), best, atol=1e-6)


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
