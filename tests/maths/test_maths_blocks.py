"""Laws of matrices made block by block: the small forms, whatever the step, dtype or layout."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from repalign.errors import DegenerateError, TooFewError, UnknownNameError
from repalign.maths import DISSIMILARITIES
from repalign.maths.blocks import KINDS, Blocks, meetings, stimulus_sums
from repalign.maths.histograms import Histogram
from repalign.maths.kernels import unit_variation
from repalign.seeds import rng


def responses(n: int, p: int) -> np.ndarray:
    X = rng(5, n, p).normal(size=(n, p)) * 4 + 2
    X[n // 2] = X[0]
    X[:, -1] = 0.1
    return X


def reference(X: np.ndarray, kind: str) -> np.ndarray:
    if kind in ("correlation", "cosine"):
        return squareform(DISSIMILARITIES[kind](X))
    centred = unit_variation(X, "X")
    return centred @ centred.T if kind == "product" else squareform(DISSIMILARITIES[kind](centred))


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_blocks_hold_the_small_form(kind, ties):
    X = responses(23, 6)
    expected = reference(X, kind)
    blocks = Blocks(X, kind, ties=ties)
    for step in (5, 23, 64):
        found = np.zeros((23, 23))
        for met in meetings(blocks, blocks, step):
            found[met.rows, met.columns] += met.upper(met.first)
        np.testing.assert_allclose(found, np.triu(expected, 1), atol=1e-11)


@pytest.mark.parametrize("kind", ["correlation", "cosine", "squared-euclidean", "product"])
def test_factors_multiply_to_the_entries(kind):
    blocks = Blocks(responses(14, 5), kind)
    left, right = blocks.factors(slice(0, 14))
    np.testing.assert_allclose(left @ right.T, reference(responses(14, 5), kind), atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(4, 40), st.integers(1, 50), st.sampled_from(KINDS))
def test_sums_over_the_pairs_of_each_stimulus_do_not_depend_on_the_step(n, step, kind):
    X, Y = responses(n, 7), rng(6, n).normal(size=(n, 3))
    a, b = (reference(side, kind) for side in (X, Y))
    for matrix in (a, b):
        np.fill_diagonal(matrix, 0)
    expected = [m.sum(axis=1) for m in (a, b, a * a, b * b, a * b)]
    found = stimulus_sums(Blocks(X, kind), Blocks(Y, kind), step=step)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("kind", KINDS)
def test_tensors_give_the_same_entries(kind):
    X = responses(20, 6)
    everything = slice(0, 20)
    expected = np.triu(Blocks(X, kind).between(everything, everything), 1)
    for dtype, tolerance in ((torch.float64, 1e-13), (torch.float32, 2e-6)):
        tensor = Blocks(torch.as_tensor(X, dtype=dtype), kind)
        found = np.triu(tensor.between(everything, everything).numpy(), 1)
        np.testing.assert_allclose(found, expected, atol=tolerance * max(1, expected.max()))


@pytest.mark.parametrize("scale", [1e-200, 1e200])
@pytest.mark.parametrize("kind", KINDS)
def test_tiny_and_huge_responses_are_scaled_first(kind, scale):
    X = responses(12, 4)
    sums = [stimulus_sums(Blocks(side, kind), Blocks(side, kind)) for side in (X, X * scale)]
    np.testing.assert_allclose(sums[1], sums[0], rtol=1e-9)


def test_bad_responses_are_refused_by_name_and_row():
    X = responses(9, 4)
    X[[3, 7]] = 2.5
    with pytest.raises(DegenerateError, match="2 of 9 patterns are constant") as caught:
        Blocks(X, "correlation")
    assert caught.value.rows == (3, 7)
    X[3] = 0
    with pytest.raises(DegenerateError, match="1 of 9 patterns are all zero"):
        Blocks(torch.as_tensor(X), "cosine")
    with pytest.raises(DegenerateError, match="model 2 gives the same response"):
        Blocks(np.ones((5, 2)), "euclidean", "model 2")
    with pytest.raises(TooFewError, match="at least 4"):
        Blocks(X[:3], "product", at_least=4)
    with pytest.raises(UnknownNameError, match="euclidian"):
        Blocks(X, "euclidian")
    X[8, 1] = np.nan
    with pytest.raises(DegenerateError, match="row 8"):
        Blocks(X.astype(np.float32), "cosine")


@pytest.mark.parametrize("n", [10, 11])
def test_a_histogram_of_narrow_bins_gives_medians_and_ranks(n):
    values = rng(7, n).uniform(0, 3, size=n)
    histogram = Histogram(3.0, 2**20)
    histogram.add(values[:4])
    histogram.add(values[4:])
    assert histogram.median() == pytest.approx(np.median(values), abs=3 / 2**20)
    ranks = histogram.centred_ranks()[histogram.places(values)]
    np.testing.assert_array_equal(ranks, rankdata(values) - (n + 1) / 2)
    assert histogram.lost() == 0.0


def test_what_a_coarse_histogram_loses_is_the_sine_between_the_rank_vectors():
    values = rng(8).uniform(size=400)
    histogram = Histogram(1.0, 16)
    histogram.add(values)
    coarse = histogram.centred_ranks()[histogram.places(values)]
    exact = rankdata(values) - 401 / 2
    cosine = coarse @ exact / np.linalg.norm(coarse) / np.linalg.norm(exact)
    assert histogram.lost() == pytest.approx(np.sqrt(1 - cosine**2), rel=1e-9)
