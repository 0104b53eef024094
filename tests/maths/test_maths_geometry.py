"""Laws of Bures and Riemannian comparisons: Procrustes, rsatoolbox, closed forms, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import eigh, orthogonal_procrustes, sqrtm
from scipy.spatial.distance import pdist, squareform

from repalign.errors import DegenerateError, InputError, ShapeError, UnsuitableError
from repalign.maths import procrustes_angular_distance
from repalign.maths.comparison import compare
from repalign.maths.geometry import bures, bures_distance_squared, n_stimuli
from repalign.maths.riemannian import riemannian, riemannian_fitted
from repalign.seeds import rng

N = 12


def responses(units: int, *words: str) -> np.ndarray:
    return rng(50, units, *words).normal(size=(N, units)) + 2


def rdm(X: np.ndarray) -> np.ndarray:
    return pdist(X, "sqeuclidean")


def kernel(pairs: np.ndarray) -> np.ndarray:
    n = len(squareform(pairs))
    centring = np.eye(n) - 1 / n
    return -0.5 * centring @ squareform(pairs) @ centring


@pytest.mark.parametrize(("p", "q"), [(3, 3), (3, 20), (30, 5), (20, 20)])
def test_bures_similarity_is_the_cosine_of_the_procrustes_angle(p, q):
    X, Y = responses(p, "x"), responses(q, "y")
    angle = procrustes_angular_distance(X, Y)
    assert compare(rdm(X), rdm(Y), "bures") == pytest.approx(np.cos(angle), abs=1e-12)


@pytest.mark.parametrize("p", [2, 6, 20])
def test_bures_distance_is_what_the_best_rotation_leaves(p):
    X, Y = (each - each.mean(axis=0) for each in (responses(p, "x"), responses(p, "y")))
    rotation, _ = orthogonal_procrustes(Y, X)
    left = np.linalg.norm(X - Y @ rotation)
    assert compare(rdm(X), rdm(Y), "bures-distance") == pytest.approx(left, rel=1e-12)
    assert compare(rdm(X), rdm(Y), "bures-distance-squared") == pytest.approx(left**2, rel=1e-12)
    assert compare(rdm(X), rdm(X @ rotation), "bures-distance") < 1e-6 * np.linalg.norm(X)


def test_bures_similarity_is_its_formula():
    x, y = rdm(responses(20, "x")), rdm(responses(20, "y"))
    K, L = kernel(x) + 1e-12 * np.eye(N), kernel(y)
    root = sqrtm(K)
    fidelity = np.trace(sqrtm(root @ L @ root + 1e-12 * np.eye(N))).real
    assert compare(x, y, "bures") == pytest.approx(fidelity / np.sqrt(np.trace(K) * np.trace(L)), rel=1e-5)


@pytest.mark.parametrize("clipped", [False, True])
@pytest.mark.parametrize("units", [5, 30])
def test_bures_is_that_of_rsatoolbox(units, clipped, rsatoolbox):
    x, y = (np.stack([rdm(responses(units, side, str(i))) for i in range(2)]) for side in "xy")
    sides = [rsatoolbox.rdm.RDMs(side) for side in (x, y)]
    # Theirs takes roots of eigenvalues that are zero but for rounding.
    expected = rsatoolbox.rdm.compare(*sides, method="bures")
    np.testing.assert_allclose(bures(x, y, clipped=clipped), expected, rtol=1e-6)
    expected = rsatoolbox.rdm.compare(*sides, method="bures_metric")
    np.testing.assert_allclose(bures_distance_squared(x, y, clipped=clipped), expected, rtol=1e-5)


def test_what_is_no_squared_distance_is_refused_unless_the_name_says_clipped(rsatoolbox):
    x, y = rng(51).gamma(1.0, size=(2, 1, N * (N - 1) // 2))
    for name in ("bures", "bures-distance", "bures-distance-squared"):
        with pytest.raises(UnsuitableError, match="not one of squared Euclidean distances"):
            compare(x, y, name)
    sides = [rsatoolbox.rdm.RDMs(side) for side in (x, y)]
    for name, theirs in (("bures-clipped", "bures"), ("bures-distance-squared-clipped", "bures_metric")):
        expected = rsatoolbox.rdm.compare(*sides, method=theirs)
        np.testing.assert_allclose(compare(x, y, name), expected, rtol=1e-6)
    # Negative eigenvalues of one side only are set to zero: that side is the first.
    assert compare(x, y, "bures-clipped") != pytest.approx(compare(y, x, "bures-clipped"), abs=1e-4)


@pytest.mark.parametrize("name", ["bures", "bures-distance"])
def test_an_rdm_stored_in_single_precision_is_still_one_of_squared_distances(name):
    x, y = rdm(responses(4, "x")), rdm(responses(4, "y"))
    stored = x.astype(np.float32).astype(np.float64)
    assert np.linalg.eigvalsh(kernel(stored))[0] < -1e-8
    assert compare(stored, y, name) == pytest.approx(compare(x, y, name), rel=1e-3)


@pytest.mark.parametrize("shrinkage", [0.0, 0.3])
def test_the_riemannian_distance_is_that_of_the_generalised_eigenvalues(shrinkage):
    x, y = rdm(responses(30, "x")), rdm(responses(20, "y"))
    basis = np.linalg.svd(np.ones((1, N)))[2][1:]
    kernels = [basis @ kernel(each) @ basis.T for each in (x, y)]
    K, L = ((1 - shrinkage) * k + shrinkage * np.trace(k) / (N - 1) * np.eye(N - 1) for k in kernels)
    expected = np.sqrt((np.log(eigh(K, L, eigvals_only=True)) ** 2).sum())
    assert riemannian(x[None], y[None], shrinkage=shrinkage)[0, 0] == pytest.approx(expected, rel=1e-9)


def test_the_riemannian_distance_of_an_rdm_to_a_multiple_is_known():
    x = rdm(responses(30, "x"))
    for factor in (0.2, 1.0, 5.0):
        expected = np.sqrt(N - 1) * abs(np.log(factor))
        assert compare(x, factor * x, "riemannian") == pytest.approx(expected, abs=1e-9)
        assert compare(x, factor * x, "riemannian-shrinkage0.1") == pytest.approx(expected, abs=1e-9)
        assert compare(x, factor * x, "riemannian-fitted") == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("sigma", ["identity", "diagonal", "whole"])
def test_the_fitted_distance_is_at_most_that_which_rsatoolbox_finds(sigma, rsatoolbox):
    x, y = (np.stack([rdm(responses(30, side, str(i))) for i in range(2)]) for side in "xy")
    covariance = np.cov(rng(52).normal(size=(N, 40)))
    given = {"identity": None, "diagonal": covariance.diagonal(), "whole": covariance}[sigma]
    theirs = np.diag(given) if sigma == "diagonal" else given
    sides = [rsatoolbox.rdm.RDMs(side) for side in (x, y)]
    found = -rsatoolbox.rdm.compare(*sides, method="neg_riem_dist", sigma_k=theirs)
    ours = riemannian_fitted(x, y, given)
    assert (ours <= found + 1e-9).all()
    np.testing.assert_allclose(ours, found, rtol=1e-4)


def test_a_model_of_low_rank_can_be_fitted_to_a_target_of_full_rank():
    low, high = rdm(responses(3, "x")), rdm(responses(30, "y"))
    assert 0 < compare(low, high, "riemannian-fitted") < np.inf
    with pytest.raises(DegenerateError, match="singular"):
        compare(high, low, "riemannian-fitted")
    with pytest.raises(DegenerateError, match="singular"):
        compare(low, high, "riemannian")
    assert compare(low, high, "riemannian-shrinkage0.1") > 0


@pytest.mark.parametrize("name", ["bures-distance", "riemannian", "riemannian-shrinkage0.1", "euclidean"])
def test_a_distance_is_a_metric(name):
    x = np.stack([rdm(responses(14, "metric", str(i))) for i in range(12)])
    x[1] = (x[0] + x[2]) / 2
    apart = compare(x, x, name)
    np.testing.assert_allclose(apart, apart.T, atol=1e-9)
    np.testing.assert_allclose(np.diag(apart), 0, atol=1e-9)
    assert (apart[:, None] <= apart[:, :, None] + apart.T[None] + 1e-9).all()


def test_euclidean_is_the_norm_of_the_difference_of_the_pairs():
    x, y = rdm(responses(3, "x")), rdm(responses(5, "y"))
    whole = np.linalg.norm(squareform(x) - squareform(y))
    assert compare(x, y, "euclidean") == pytest.approx(whole / np.sqrt(2), rel=1e-13)


def test_part_of_an_rdm_an_rdm_of_zeros_and_all_shrinkage_are_refused():
    x = rdm(responses(20, "x"))
    assert [n_stimuli(n * (n - 1) // 2) for n in range(2, 50)] == list(range(2, 50))
    for name in ("bures", "bures-distance", "riemannian"):
        with pytest.raises(ShapeError, match="65 pairs are not all pairs"):
            compare(x[:-1], x[:-1], name)
    with pytest.raises(DegenerateError, match="no geometry"):
        compare(x, 0 * x, "bures")
    with pytest.raises(DegenerateError, match="singular"):
        compare(x, 0 * x, "riemannian-shrinkage0.1")
    with pytest.raises(InputError, match="shrinkage is 1"):
        riemannian(x[None], x[None], shrinkage=1.0)
