"""Laws of the estimators of HSIC and of CKA with kernels of the distance."""

from __future__ import annotations

import tracemalloc
from itertools import permutations

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist, pdist
from sklearn.metrics.pairwise import rbf_kernel

from repalign.errors import DegenerateError, InputError, ShapeError, TooFewError
from repalign.maths import linear_cka, linear_cka_debiased, radial
from repalign.maths.cka import HSIC, centred_trace, hsic, kernel_cka, linear_cka_lange
from repalign.maths.radial import radial_cka, radial_trace
from repalign.seeds import rng

ESTIMATORS = list(HSIC)
KERNELS = {
    "rbf": lambda X, s: np.exp(-cdist(X, X, "sqeuclidean") / (2 * s**2)),
    "laplace": lambda X, s: np.exp(-cdist(X, X) / (np.sqrt(2) * s)),
}
LINEAR = {"biased": linear_cka, "debiased": linear_cka_debiased, "lange": linear_cka_lange}


def explicit(K: np.ndarray, L: np.ndarray, estimator: str) -> float:
    n, one = len(K), np.ones(len(K))
    H = np.eye(n) - 1 / n
    if estimator == "biased":
        return np.trace(K @ H @ L @ H) / (n - 1) ** 2
    if estimator == "lange":
        off = ~np.eye(n, dtype=bool)
        return (H @ K @ H)[off] @ (H @ L @ H)[off] / (n * (n - 3))
    K, L = K - np.diag(np.diag(K)), L - np.diag(np.diag(L))
    middle = (one @ K @ one) * (one @ L @ one) / ((n - 1) * (n - 2))
    return (np.trace(K @ L) + middle - 2 / (n - 2) * (one @ K @ L @ one)) / (n * (n - 3))


def explicit_cka(K: np.ndarray, L: np.ndarray, estimator: str) -> float:
    over, k, m = (explicit(A, B, estimator) for A, B in ((K, L), (K, K), (L, L)))
    return over / np.sqrt(k * m)


def related(n: int, p: int, q: int) -> tuple[np.ndarray, np.ndarray]:
    """Two sides with something in common, a stimulus shown twice and responses far from zero."""
    generator = rng(50, n, p, q)
    shared = generator.normal(size=(n, 3))
    X, Y = (shared @ generator.normal(size=(3, k)) + generator.normal(size=(n, k)) for k in (p, q))
    X[1], Y[1] = X[0], Y[0]
    return X + 3, Y


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("n", [4, 5, 23])
def test_estimators_are_their_formulas(n, estimator):
    X, Y = related(n, 3, 7)
    K, L = X @ X.T, np.exp(-cdist(Y, Y))
    assert hsic(K, L, estimator) == pytest.approx(explicit(K, L, estimator), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("n", [4, 6, 7])
def test_the_debiased_estimator_is_the_mean_over_all_four_distinct_stimuli(n):
    X, Y = related(n, 2, 3)
    K, L = X @ X.T, Y @ Y.T
    terms = [K[i, j] * (L[i, j] + L[q, r] - 2 * L[i, q]) for i, j, q, r in permutations(range(n), 4)]
    assert hsic(K, L, "debiased") == pytest.approx(np.mean(terms), rel=1e-11)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_constant_added_to_a_kernel_changes_nothing(estimator):
    X, Y = related(15, 4, 6)
    K, L = X @ X.T, Y @ Y.T
    shifted = K - 7.0
    if estimator == "debiased":
        np.fill_diagonal(shifted, 1e3)  # which takes no part in it
    assert kernel_cka(shifted, L, estimator) == pytest.approx(kernel_cka(K, L, estimator), rel=1e-9)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("shape", [(5, 3, 9), (30, 25, 25), (20, 70, 6), (50, 7, 9)])
def test_linear_cka_is_that_of_the_explicit_kernels(shape, estimator):
    X, Y = related(*shape)
    K, L = X @ X.T, Y @ Y.T
    assert LINEAR[estimator](X, Y) == pytest.approx(explicit_cka(K, L, estimator), abs=1e-10)
    assert kernel_cka(K, L, estimator) == pytest.approx(LINEAR[estimator](X, Y), abs=1e-10)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("kernel", list(KERNELS))
@pytest.mark.parametrize("sigma", [0.5, 2.0, 40.0])
def test_cka_of_blocks_is_that_of_whole_kernels(monkeypatch, kernel, estimator, sigma):
    monkeypatch.setattr(radial, "_STEP", 7)
    X, Y = related(31, 5, 40)
    K, L = (KERNELS[kernel](side, sigma) for side in (X, Y))
    ours = radial_cka(X, Y, kernel, estimator, sigma=sigma)
    assert ours == pytest.approx(explicit_cka(K, L, estimator), abs=1e-9)


def test_the_rbf_kernel_is_that_of_scikit_learn():
    X, Y = related(40, 6, 8)
    K, L = rbf_kernel(X, gamma=1 / (2 * 1.7**2)), rbf_kernel(Y, gamma=1 / (2 * 1.7**2))
    assert radial_cka(X, Y, "rbf", "debiased", sigma=1.7) == pytest.approx(kernel_cka(K, L), abs=1e-12)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_very_wide_rbf_kernel_is_the_linear_one(estimator):
    X, Y = related(25, 6, 30)
    for sigma in (1e5, 1e9, 1e60):
        wide = radial_cka(X, Y, "rbf", estimator, sigma=sigma)
        assert wide == pytest.approx(LINEAR[estimator](X, Y), abs=1e-8)


@pytest.mark.parametrize("kernel", list(KERNELS))
def test_a_width_relative_to_the_median_is_that_multiple_of_the_median_distance(kernel):
    X, _ = related(22, 6, 4)
    Z = X @ rng(51).normal(size=(6, 6))
    Z *= np.median(pdist(X)) / np.median(pdist(Z))  # one absolute width then serves both sides
    sigma = 0.5 * np.median(pdist(X))
    relative = radial_cka(X, 1e6 * Z - 3, kernel, median=0.5)
    assert relative == pytest.approx(radial_cka(X, Z, kernel, sigma=sigma), abs=1e-9)


@pytest.mark.parametrize("kernel", list(KERNELS))
@pytest.mark.parametrize("sigma", [0.5, 40.0])
def test_traces_are_those_of_the_centred_kernels(kernel, sigma):
    X, _ = related(31, 5, 4)
    H = np.eye(31) - 1 / 31
    expected = np.trace(H @ KERNELS[kernel](X, sigma) @ H)
    assert radial_trace(X, kernel, sigma=sigma) == pytest.approx(expected, rel=1e-9)
    assert centred_trace(X) == pytest.approx(np.trace(H @ X @ X.T @ H), rel=1e-12)


@pytest.mark.parametrize("kernel", list(KERNELS))
def test_independent_responses_score_zero_on_average_debiased_and_not_otherwise(kernel):
    generator, draws = rng(52, kernel), 60
    pairs = [generator.normal(size=(2, 24, 40)) for _ in range(draws)]
    zero = np.array([radial_cka(X, Y, kernel, "debiased", median=1.0) for X, Y in pairs])
    assert abs(zero.mean()) < 4 * zero.std(ddof=1) / np.sqrt(draws)
    assert min(radial_cka(X, Y, kernel, "biased", median=1.0) for X, Y in pairs) > 0.4


@pytest.mark.parametrize("estimator", ["debiased", "lange"])
def test_estimates_are_inner_products_so_cka_is_a_cosine(estimator):
    for seed in range(200):
        generator = rng(53, seed)
        n = int(generator.integers(5, 8))
        K, L = (M + M.T for M in generator.normal(size=(2, n, n)))
        assert abs(explicit_cka(K, L, estimator)) <= 1 + 1e-12
        assert kernel_cka(K, L, estimator) == pytest.approx(explicit_cka(K, L, estimator), abs=1e-9)


@pytest.mark.parametrize("kernel", list(KERNELS))
def test_responses_in_float32_are_computed_in_float64(kernel):
    X, Y = (side.astype(np.float32) for side in related(30, 6, 8))
    whole = radial_cka(X.astype(float), Y.astype(float), kernel, sigma=2.0)
    assert radial_cka(X, Y, kernel, sigma=2.0) == pytest.approx(whole, abs=1e-14)
    assert linear_cka_lange(X, Y) == linear_cka_lange(X.astype(float), Y.astype(float))


@pytest.mark.parametrize("kernel", list(KERNELS))
def test_tensors_give_the_number_of_arrays(kernel):
    X, Y = related(30, 6, 8)
    double, single = (
        [torch.tensor(side, dtype=kind) for side in (X, Y)] for kind in (torch.float64, torch.float32)
    )
    for estimator in ESTIMATORS:
        number = radial_cka(X, Y, kernel, estimator, median=0.7)
        assert radial_cka(*double, kernel, estimator, median=0.7) == pytest.approx(number, abs=1e-10)
        assert radial_cka(*single, kernel, estimator, median=0.7) == pytest.approx(number, abs=1e-5)
    assert linear_cka_lange(*double) == pytest.approx(linear_cka_lange(X, Y), abs=1e-10)
    assert centred_trace(double[0]) == pytest.approx(centred_trace(X), rel=1e-10)


def test_no_kernel_is_held():
    X, Y = rng(54).normal(size=(2, 4000, 4))
    tracemalloc.start()
    radial_cka(X, Y, sigma=1.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.2 * 4000 * 4000 * 8


@pytest.mark.parametrize("sigma", [1e-3, 1e-200])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_kernel_that_is_the_identity_is_refused(estimator, sigma):
    X, Y = rng(55).normal(size=(2, 20, 5))
    assert explicit_cka(np.eye(20), np.eye(20), "biased") == pytest.approx(1)
    with pytest.raises(DegenerateError, match="X: the kernel is so narrow"):
        radial_cka(X, Y, estimator=estimator, sigma=sigma)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "sigma=None, median=None"),
        ({"sigma": 1.0, "median": 1.0}, "one positive number"),
        ({"sigma": 0.0}, "one positive number"),
        ({"median": np.nan}, "one positive number"),
        ({"sigma": 1.0, "kernel": "cubic"}, "no kernel 'cubic'"),
        ({"sigma": 1.0, "estimator": "unbiased"}, "no HSIC estimator 'unbiased'"),
    ],
)
def test_recipes_that_are_none_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        radial_cka(*related(9, 3, 4), **arguments)


def test_responses_without_a_number_are_refused():
    X, Y = related(9, 3, 4)
    with pytest.raises(TooFewError, match="at least 4"):
        radial_cka(X[:3], Y[:3], sigma=1.0)
    with pytest.raises(ShapeError, match="9 stimuli and Y has 8"):
        linear_cka_lange(X, Y[:8])
    with pytest.raises(ShapeError, match=r"K has shape \(9, 3\)"):
        hsic(X, Y)
    with pytest.raises(DegenerateError, match="median distance between stimuli is 0"):
        radial_cka(np.r_[np.zeros((8, 3)), X[:1]], Y, median=1.0)
    with pytest.raises(DegenerateError, match="Y gives the same response"):
        radial_cka(X, np.ones((9, 2)), sigma=1.0)
    X[4, 0] = np.nan
    with pytest.raises(DegenerateError, match="row 4"):
        radial_cka(X, Y, sigma=1.0)
