"""Laws of dissimilarities: scipy's numbers, true ties, bounded memory, refusals."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from repalign.errors import DegenerateError, InputError, ShapeError, TooFewError
from repalign.maths import compare, pairs
from repalign.maths.dissimilarity import DISSIMILARITIES, mahalanobis
from repalign.maths.poisson import poisson
from repalign.seeds import rng

SCIPY = {
    "correlation": "correlation",
    "cosine": "cosine",
    "euclidean": "euclidean",
    "squared-euclidean": "sqeuclidean",
    "mahalanobis": lambda x, y: np.mean((x - y) ** 2),
}
#: How a dissimilarity grows with the responses.
POWER = {"euclidean": 1, "squared-euclidean": 2, "mahalanobis": 2}
NAMES = sorted(SCIPY)


@pytest.mark.parametrize("shape", [(2, 2), (2, 7), (3, 1001), (17, 5), (64, 64), (101, 33)])
@pytest.mark.parametrize("name", NAMES)
def test_a_dissimilarity_is_that_of_scipy(name, shape):
    X = rng(1, name, *shape).normal(size=shape)
    np.testing.assert_allclose(DISSIMILARITIES[name](X), pdist(X, SCIPY[name]), rtol=1e-11, atol=1e-12)


def test_every_registered_dissimilarity_has_an_oracle_here():
    assert set(DISSIMILARITIES) == {*SCIPY, "poisson"}


@pytest.mark.parametrize("name", NAMES)
def test_a_large_common_offset_costs_no_more_digits_than_it_costs_scipy(name):
    X = rng(3, name).normal(size=(23, 40)) + 1e6
    np.testing.assert_allclose(DISSIMILARITIES[name](X), pdist(X, SCIPY[name]), rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("exponent", [-140, -30, 30, 140])
@pytest.mark.parametrize("name", NAMES)
def test_tiny_and_huge_responses_give_the_same_geometry(name, exponent):
    X = rng(4, name).normal(size=(9, 14))
    scaled = DISSIMILARITIES[name](X * 10.0**exponent)
    for _ in range(POWER.get(name, 0)):
        scaled = scaled * 10.0**-exponent
    np.testing.assert_allclose(scaled, pdist(X, SCIPY[name]), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_single_precision_input_is_computed_in_double(name):
    X = rng(5, name).normal(size=(20, 300)).astype(np.float32)
    result = DISSIMILARITIES[name](X)
    assert result.dtype == np.float64
    np.testing.assert_allclose(result, pdist(X.astype(float), SCIPY[name]), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("entries", [1, 50, 97, 1000])
@pytest.mark.parametrize("name", NAMES)
def test_blocks_change_nothing(name, entries, monkeypatch):
    X = rng(6, name).normal(size=(37, 11))
    X[5] = X[30] = X[12]
    whole = DISSIMILARITIES[name](X)
    monkeypatch.setattr(pairs, "BLOCK_ENTRIES", entries)
    np.testing.assert_allclose(DISSIMILARITIES[name](X), whole, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_the_square_matrix_is_never_held(name, monkeypatch):
    monkeypatch.setattr(pairs, "BLOCK_ENTRIES", 8_000)
    n = 800
    X = rng(7, name).normal(size=(n, 4))
    tracemalloc.start()
    DISSIMILARITIES[name](X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The condensed result alone is half the square.
    assert peak < 0.75 * n * n * 8


@pytest.mark.parametrize("name", NAMES)
def test_stimuli_that_repeat_have_distance_zero(name):
    X = np.repeat(rng(8, name).normal(size=(6, 50)), 4, axis=0)
    same = pdist(np.repeat(np.arange(6.0), 4)[:, None]) == 0
    assert (DISSIMILARITIES[name](X)[same] == 0).all()
    assert (DISSIMILARITIES[name](X)[~same] > 0).all()


@pytest.mark.parametrize(("n", "kinds"), [(40, 5), (92, 12), (117, 7)])
@pytest.mark.parametrize("name", NAMES)
def test_equal_distances_stay_ties_so_that_categories_rank_as_categories(name, n, kinds):
    # One-hot categories: every pair is either within or between, and rounding must not order them.
    label = rng(9, name, n).integers(kinds, size=n)
    truth = pdist(label[:, None].astype(float)) > 0
    found = DISSIMILARITIES[name](np.eye(kinds)[label] + 0.3)
    assert len(np.unique(found)) == 2
    assert compare(found, truth.astype(float), "spearman") == pytest.approx(1.0)


def test_near_stimuli_keep_their_distance_beside_a_far_one():
    X = rng(10, "far").normal(size=(12, 6)) * 1e-3
    X[0] += 1e6
    np.testing.assert_allclose(DISSIMILARITIES["euclidean"](X), pdist(X), rtol=1e-9)


def test_correlation_and_cosine_name_the_stimuli_they_cannot_use():
    X = rng(11, "degenerate").normal(size=(6, 5))
    X[2], X[4] = 0.1, 0.0
    with pytest.raises(DegenerateError, match="2 of 6 patterns are constant") as caught:
        DISSIMILARITIES["correlation"](X)
    assert caught.value.rows == (2, 4)
    with pytest.raises(DegenerateError, match="1 of 6 patterns are all zero") as caught:
        DISSIMILARITIES["cosine"](X)
    assert caught.value.rows == (4,)
    assert np.isfinite(DISSIMILARITIES["euclidean"](X)).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", NAMES)
def test_a_missing_number_is_refused_and_its_stimulus_named(name, bad):
    X = rng(12, name).normal(size=(7, 4))
    X[3, 1] = X[6, 0] = bad
    with pytest.raises(DegenerateError, match="NaN or infinite for 2 of 7") as caught:
        DISSIMILARITIES[name](X)
    assert caught.value.rows == (3, 6)


@pytest.mark.parametrize(
    ("shape", "error"),
    [((5,), ShapeError), ((2, 3, 4), ShapeError), ((5, 0), ShapeError), ((1, 5), TooFewError)],
)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_table_of_at_least_two_stimuli_is_refused(name, shape, error):
    with pytest.raises(error):
        DISSIMILARITIES[name](np.ones(shape))


def counts(*shape: int) -> np.ndarray:
    """Spike counts with ties and silent units."""
    generator = rng(50, "counts", *shape)
    return generator.poisson(generator.uniform(0.0, 5.0, size=shape)).astype(float)


def theirs(rsatoolbox, X: np.ndarray, method: str, **options) -> np.ndarray:
    return rsatoolbox.rdm.calc_rdm(rsatoolbox.data.Dataset(X), method=method, **options).dissimilarities[0]


@pytest.mark.parametrize("shape", [(2, 3), (7, 1), (23, 11), (40, 101)])
def test_mahalanobis_is_that_of_rsatoolbox_whose_noise_is_a_precision(rsatoolbox, shape):
    X, root = counts(*shape), rng(51, *shape).normal(size=(shape[1], shape[1]))
    P = root @ root.T + np.eye(shape[1])
    expected = theirs(rsatoolbox, X, "mahalanobis", noise=P)
    np.testing.assert_allclose(mahalanobis(X, P), expected, rtol=1e-9, atol=1e-9 * expected.max())
    difference = X[0] - X[1]
    assert mahalanobis(X, P)[0] == pytest.approx(difference @ P @ difference / shape[1], rel=1e-10)


@pytest.mark.parametrize("shape", [(2, 3), (23, 11), (40, 101)])
def test_what_rsatoolbox_calls_euclidean_is_mahalanobis_without_a_precision(rsatoolbox, shape):
    # A listed fault: it is squared, and divided by the number of units.
    X = counts(*shape)
    np.testing.assert_allclose(mahalanobis(X), theirs(rsatoolbox, X, "euclidean"), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("shape", [(2, 3), (23, 11), (40, 101)])
@pytest.mark.parametrize(("rate", "weight"), [(1.0, 0.1), (3.5, 2.0)])
def test_poisson_is_that_of_rsatoolbox(rsatoolbox, shape, rate, weight):
    X = counts(*shape)
    expected = theirs(rsatoolbox, X, "poisson", prior_lambda=rate, prior_weight=weight)
    np.testing.assert_allclose(poisson(X, rate, weight), expected, rtol=1e-9, atol=1e-11)


def test_poisson_is_the_divergence_both_ways():
    X = counts(9, 4)
    r = (X + 0.1) / 1.1

    def divergence(p: np.ndarray, q: np.ndarray) -> float:
        return float((p * np.log(p / q) - p + q).sum())

    expected = pdist(r, lambda p, q: divergence(p, q) + divergence(q, p)) / 4
    np.testing.assert_allclose(poisson(X), expected, rtol=1e-10)


def test_poisson_keeps_stimuli_that_repeat_at_zero_and_equal_distances_tied():
    label = rng(52, "label").integers(5, size=40)
    same = pdist(label[:, None].astype(float)) == 0
    found = poisson(3.0 * np.eye(5)[label])
    assert (found[same] == 0).all()
    assert len(np.unique(found)) == 2


def test_negative_rates_are_refused_and_named():
    X = counts(6, 4)
    X[2, 1] = X[5, 0] = -1e-9
    with pytest.raises(DegenerateError, match="2 of 6 stimuli have negative responses") as caught:
        poisson(X)
    assert caught.value.rows == (2, 5)
    with pytest.raises(InputError, match="both must be positive"):
        poisson(abs(X), prior_rate=0.0)


@pytest.mark.parametrize("name", NAMES)
def test_permuted_stimuli_give_the_same_pairs_to_the_last_bit_kept(name):
    X = rng(53, name).normal(size=(30, 301))
    order = rng(54, name).permutation(30)
    i, j = np.triu_indices(30, 1)
    square = np.zeros((30, 30))
    square[i, j] = square[j, i] = DISSIMILARITIES[name](X)
    np.testing.assert_allclose(DISSIMILARITIES[name](X[order]), square[order[i], order[j]], rtol=1e-12)
