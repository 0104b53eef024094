"""Laws of CKA: the published number, explicit kernels, no bias, invariances, refusals."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import torch
from scipy.spatial.distance import squareform
from scipy.stats import ortho_group

from repalign.errors import DegenerateError, ShapeError, TooFewError
from repalign.maths import compact, linear_cka, linear_cka_debiased, squared_euclidean
from repalign.maths.kernels import features_are_cheaper, unit_variation
from repalign.seeds import rng

BOTH = [linear_cka, linear_cka_debiased]


def explicit_biased(X, Y):
    n = len(X)
    H = np.eye(n) - 1 / n
    K, L = H @ X @ X.T @ H, H @ Y @ Y.T @ H
    return (K * L).sum() / np.sqrt((K * K).sum() * (L * L).sum())


def explicit_hsic_1(X, Y):
    """Song et al. 2012, eq. 5, letter by letter."""
    n, one = len(X), np.ones(len(X))
    K, L = X @ X.T, Y @ Y.T
    np.fill_diagonal(K, 0)
    np.fill_diagonal(L, 0)
    middle = (one @ K @ one) * (one @ L @ one) / ((n - 1) * (n - 2))
    return (np.trace(K @ L) + middle - 2 / (n - 2) * (one @ K @ L @ one)) / (n * (n - 3))


def explicit_debiased(X, Y):
    return explicit_hsic_1(X, Y) / np.sqrt(explicit_hsic_1(X, X) * explicit_hsic_1(Y, Y))


def related(n: int, p: int, q: int) -> tuple[np.ndarray, np.ndarray]:
    generator = rng(40, n, p, q)
    shared = generator.normal(size=(n, 3))
    sides = [shared @ generator.normal(size=(3, k)) + generator.normal(size=(n, k)) for k in (p, q)]
    return sides[0] + generator.normal(size=p), sides[1]


def test_linear_cka_is_the_published_number():
    # Golden table of nacloos/similarity-repository; its inputs are drawn by the legacy generator.
    legacy = np.random.RandomState(0)
    X, Y = legacy.uniform(size=(30, 25)), legacy.uniform(size=(30, 25))
    assert linear_cka(X, Y) == pytest.approx(0.4893427391044154, abs=1e-13)


SHAPES = [(4, 1, 1), (5, 3, 9), (30, 25, 25), (20, 70, 6), (20, 6, 70), (20, 64, 80), (50, 7, 9)]


@pytest.mark.parametrize("shape", SHAPES)
def test_cka_is_that_of_the_explicit_kernels(shape):
    X, Y = related(*shape)
    assert linear_cka(X, Y) == pytest.approx(explicit_biased(X, Y), abs=1e-12)
    if explicit_hsic_1(X, X) > 0 and explicit_hsic_1(Y, Y) > 0:
        assert linear_cka_debiased(X, Y) == pytest.approx(explicit_debiased(X, Y), abs=1e-10)


@pytest.mark.parametrize("cka", BOTH)
def test_feature_space_and_stimulus_space_agree(cka):
    X, Y = related(30, 12, 20)
    padded = np.hstack([X, np.zeros((30, 40))]), np.hstack([Y, np.zeros((30, 40))])
    assert cka(*padded) == pytest.approx(cka(X, Y), abs=1e-12)
    assert cka(padded[0], Y) == pytest.approx(cka(X, Y), abs=1e-12)


def test_linear_cka_is_the_cosine_of_double_centred_squared_distances():
    X, Y = related(25, 30, 8)
    H = np.eye(25) - 1 / 25
    K, L = (H @ squareform(squared_euclidean(side)) @ H for side in (X, Y))
    expected = (K * L).sum() / np.sqrt((K * K).sum() * (L * L).sum())
    assert linear_cka(X, Y) == pytest.approx(expected, abs=1e-12)


def test_compact_keeps_inner_products_in_at_most_as_many_columns_as_stimuli():
    for X in related(12, 50, 5):
        Z = compact(X)
        assert Z.shape == (12, min(12, X.shape[1]))
        np.testing.assert_allclose(Z @ Z.T, X @ X.T, atol=1e-11)


# Wishart moments, E tr(KL) = m p^2 and E tr(KK) = m p (m + p + 1) with m = n - 1, make the biased
# estimate p / (n + p): .941 and .848.
@pytest.mark.parametrize(("n", "p"), [(48, 768), (92, 512)])
def test_independent_responses_score_zero_debiased_and_near_one_biased(n, p):
    generator, draws = rng(41, n, p), 40
    pairs = [generator.normal(size=(2, n, p)) for _ in range(draws)]
    zero = np.array([linear_cka_debiased(X, Y) for X, Y in pairs])
    high = np.array([linear_cka(X, Y) for X, Y in pairs])
    assert abs(zero.mean()) < 4 * zero.std(ddof=1) / np.sqrt(draws)
    assert high.mean() == pytest.approx(p / (n + p), abs=0.0005 + 4 * high.std(ddof=1) / np.sqrt(draws))


@pytest.mark.parametrize("change", ["rotation", "permutation", "scaling", "translation", "offset"])
@pytest.mark.parametrize("cka", BOTH)
def test_cka_is_invariant_to(cka, change):
    X, Y = related(30, 10, 14)
    generator = rng(42, change)
    changed = {
        "rotation": X @ ortho_group.rvs(10, random_state=generator),
        "permutation": X[:, generator.permutation(10)],
        "scaling": X * 37.5,
        "translation": X + generator.normal(size=10),
        "offset": X + 1e6,
    }[change]
    assert cka(changed, Y) == pytest.approx(cka(X, Y), abs=1e-9 if change == "offset" else 1e-12)
    assert cka(Y, changed) == pytest.approx(cka(changed, Y), abs=1e-14)


@pytest.mark.parametrize("cka", BOTH)
def test_cka_is_not_invariant_to_an_invertible_linear_map(cka):
    X, Y = related(30, 10, 14)
    stretched = X * np.geomspace(0.1, 10, 10)
    assert abs(cka(stretched, Y) - cka(X, Y)) > 0.01


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e30, 1e200])
@pytest.mark.parametrize("cka", BOTH)
def test_tiny_and_huge_responses_give_the_same_number(cka, scale):
    X, Y = related(20, 30, 8)
    assert cka(X * scale, Y / scale) == pytest.approx(cka(X, Y), abs=1e-12)


@pytest.mark.parametrize("cka", BOTH)
def test_a_side_is_like_itself(cka):
    X, _ = related(20, 30, 8)
    assert cka(X, X) == pytest.approx(1.0, abs=1e-13)


@pytest.mark.parametrize("n", [10, 10_000])
@pytest.mark.parametrize("cka", BOTH)
def test_a_side_that_does_not_vary_is_refused(cka, n):
    X, Y = np.full((n, 3), 0.1), rng(43).normal(size=(n, 2))
    with pytest.raises(DegenerateError, match="X gives the same response to every stimulus"):
        cka(X, Y)
    with pytest.raises(DegenerateError, match="Y gives the same"):
        cka(Y, X)


@pytest.mark.parametrize("constant", [0.1, np.pi * 1e16])
@pytest.mark.parametrize("cka", BOTH)
def test_a_unit_that_does_not_vary_changes_nothing_however_large(cka, constant):
    X, Y = related(3000, 6, 5)
    assert cka(np.column_stack([X, np.full(3000, constant)]), Y) == pytest.approx(cka(X, Y), abs=1e-12)


def test_too_few_stimuli_differing_numbers_and_missing_values_are_refused():
    X, Y = related(10, 3, 4)
    with pytest.raises(TooFewError, match="at least 4"):
        linear_cka_debiased(X[:3], Y[:3])
    with pytest.raises(ShapeError, match="10 stimuli and Y has 9"):
        linear_cka(X, Y[:9])
    X[4, 0] = np.nan
    with pytest.raises(DegenerateError, match="row 4"):
        linear_cka(X, Y)


def test_where_the_own_estimate_is_not_positive_debiased_cka_is_refused():
    # Equidistant stimuli: without its diagonal the centred kernel has nothing left to align.
    X = np.eye(6)
    assert explicit_hsic_1(X, X) == pytest.approx(0.0, abs=1e-15)
    with pytest.raises(DegenerateError, match="not positive"):
        linear_cka_debiased(X, related(6, 3, 3)[1])


@pytest.mark.parametrize("cka", BOTH)
def test_no_kernel_is_held_where_features_are_fewer(cka):
    X, Y = related(1500, 6, 8)
    tracemalloc.start()
    cka(X, Y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.05 * 1500 * 1500 * 8


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cka", BOTH)
def test_tensors_give_the_same_number(cka, shape):
    X, Y = related(*shape)
    if cka is linear_cka_debiased and shape[0] < 20:
        pytest.skip("the debiased estimate of so few stimuli may not exist")
    for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 2e-6)):
        sides = [torch.as_tensor(side, dtype=dtype) for side in (X, Y)]
        assert cka(*sides) == pytest.approx(cka(X, Y), abs=tolerance)


@pytest.mark.parametrize(("n", "p"), [(1500, 700), pytest.param(4200, 2048, marks=pytest.mark.slow)])
@pytest.mark.parametrize("cka", BOTH)
def test_float32_tensors_keep_what_float32_norms_lose(cka, n, p):
    # Far from zero, and Grams whose squares are summed over millions of entries: summed in float32, a norm
    # of 2048 x 2048 entries is off by 1e-4.
    generator = rng(44)
    shared = generator.normal(size=(n, 10))
    both = [shared @ generator.normal(size=(10, p)) + 5 * generator.normal(size=(n, p)) + 50 for _ in "XY"]
    x, y = (torch.as_tensor(side, dtype=torch.float32) for side in both)
    exact = cka(x.double().numpy(), y.double().numpy())
    assert cka(x, y) == pytest.approx(exact, abs=1e-6)


@pytest.mark.parametrize("cka", BOTH)
def test_tensors_are_refused_in_the_same_words(cka):
    X, Y = (torch.as_tensor(side) for side in related(10, 3, 4))
    with pytest.raises(ShapeError, match="10 stimuli and Y has 9"):
        cka(X, Y[:9])
    with pytest.raises(DegenerateError, match="X gives the same response to every stimulus"):
        cka(torch.full((10, 3), 0.1), Y)
    X[4, 0] = torch.nan
    with pytest.raises(DegenerateError, match="row 4"):
        cka(X, Y)


def test_a_tensor_that_requires_gradients_is_taken_as_numbers():
    X, Y = related(12, 3, 4)
    assert linear_cka(torch.nn.Parameter(torch.as_tensor(X)), torch.as_tensor(Y)) == pytest.approx(
        linear_cka(X, Y)
    )


@pytest.mark.parametrize(("n", "p", "q"), [(10, 4, 6), (10, 5, 6), (50, 1, 70)])
def test_the_cheaper_side_is_the_one_with_fewer_multiplications(n, p, q):
    # By symmetry X'X takes half of 2 n p^2, XX' half of 2 n^2 p.
    features, stimuli = 2 * n * p * q + n * p * p + n * q * q, n * n * p + n * n * q
    assert features_are_cheaper(n, p, q) == (features <= stimuli)


def test_responses_are_centred_in_float64_before_they_are_float32():
    X = 1e4 + rng(45).normal(size=(30, 4))
    wide = torch.as_tensor(X, dtype=torch.float32)
    expected = unit_variation(wide.double().numpy(), "X")
    np.testing.assert_allclose(unit_variation(wide, "X").numpy(), expected, atol=1e-7)
