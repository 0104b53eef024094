"""Laws of dissimilarities: scipy's numbers, true ties, bounded memory, refusals."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from repalign.errors import DegenerateError, ShapeError, TooFewError
from repalign.maths import DISSIMILARITIES, compare, dissimilarity, squared_euclidean
from repalign.seeds import rng

SCIPY = {"correlation": "correlation", "cosine": "cosine", "euclidean": "euclidean"}
NAMES = sorted(DISSIMILARITIES)


@pytest.mark.parametrize("shape", [(2, 2), (2, 7), (3, 1001), (17, 5), (64, 64), (101, 33)])
@pytest.mark.parametrize("name", NAMES)
def test_a_dissimilarity_is_that_of_scipy(name, shape):
    X = rng(1, name, *shape).normal(size=shape)
    np.testing.assert_allclose(DISSIMILARITIES[name](X), pdist(X, SCIPY[name]), rtol=1e-11, atol=1e-12)


def test_every_registered_dissimilarity_has_an_oracle_here():
    assert set(DISSIMILARITIES) == set(SCIPY)


def test_squared_euclidean_is_that_of_scipy_and_not_divided_by_units():
    X = rng(2, "squared").normal(size=(31, 12))
    np.testing.assert_allclose(squared_euclidean(X), pdist(X, "sqeuclidean"), rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_large_common_offset_costs_no_more_digits_than_it_costs_scipy(name):
    X = rng(3, name).normal(size=(23, 40)) + 1e6
    np.testing.assert_allclose(DISSIMILARITIES[name](X), pdist(X, SCIPY[name]), rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("exponent", [-200, -30, 30, 200])
@pytest.mark.parametrize("name", NAMES)
def test_tiny_and_huge_responses_give_the_same_geometry(name, exponent):
    X = rng(4, name).normal(size=(9, 14))
    factor = 10.0**exponent if name == "euclidean" else 1.0
    scaled = DISSIMILARITIES[name](X * 10.0**exponent) / factor
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
    monkeypatch.setattr(dissimilarity, "_BLOCK_ENTRIES", entries)
    np.testing.assert_allclose(DISSIMILARITIES[name](X), whole, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_the_square_matrix_is_never_held(name, monkeypatch):
    monkeypatch.setattr(dissimilarity, "_BLOCK_ENTRIES", 8_000)
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
