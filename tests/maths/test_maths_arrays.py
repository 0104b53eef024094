"""Laws of the operations that numpy and torch share: same numbers, same refusals, float64 sums."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy.stats import rankdata

from repalign.errors import DegenerateError, ShapeError, TooFewError
from repalign.maths import arrays
from repalign.seeds import rng

KINDS = [np.asarray, torch.as_tensor]


@pytest.mark.parametrize("kind", KINDS)
def test_bad_responses_are_refused_in_the_same_words_for_arrays_and_tensors(kind):
    X = rng(0, "arrays").normal(size=(6, 3))
    with pytest.raises(ShapeError, match=r"Z has shape \(6,\)"):
        arrays.as_responses(kind(X[:, 0]), "Z")
    with pytest.raises(ShapeError, match=r"Z has shape \(6, 0\)"):
        arrays.as_responses(kind(X[:, :0]), "Z")
    with pytest.raises(TooFewError, match="Z has 6 stimuli; at least 7"):
        arrays.as_responses(kind(X), "Z", at_least=7)
    X[[2, 5], 1] = np.nan, np.inf
    with pytest.raises(DegenerateError, match="Z is NaN or infinite for 2 of 6 stimuli") as caught:
        arrays.as_responses(kind(X), "Z")
    assert caught.value.rows == (2, 5)


@pytest.mark.parametrize("levels", [2, 7, 10_000])
@pytest.mark.parametrize("kind", KINDS)
def test_mid_ranks_are_scipys_with_and_without_ties(kind, levels):
    x = rng(1, levels).integers(levels, size=501) / 7
    np.testing.assert_array_equal(arrays.host(arrays.mid_ranks(kind(x))), rankdata(x))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64])
def test_tensors_are_multiplied_in_float32_or_float64_and_summed_in_float64(dtype):
    x = torch.arange(6).reshape(2, 3).to(dtype)
    narrow = dtype not in (torch.float64, torch.int64)
    assert arrays.working(x, x).dtype == (torch.float32 if narrow else torch.float64)
    assert arrays.row_inner(x, x).dtype == torch.float64
    np.testing.assert_array_equal(arrays.host(arrays.row_inner(x, x)), [5, 50])


def test_sums_of_products_of_float32_keep_what_float32_sums_lose():
    # Above 2^24 float32 counts in steps of two or more.
    x = torch.ones(1, 1000)
    x[0, 0] = 2.0**12
    assert arrays.inner(x, x) == 2.0**24 + 999


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("kind", KINDS)
def test_constant_lines_are_found_on_either_axis(kind, axis):
    X = rng(2).normal(size=(5, 5))
    X[:, 3] = 0.1
    found = arrays.constant(kind(X if axis == 0 else X.T.copy()), axis)
    np.testing.assert_array_equal(found, [False, False, False, True, False])


@pytest.mark.parametrize("shape", [(9, 4), (4, 9)])
@pytest.mark.parametrize("kind", KINDS)
def test_factors_and_singular_values_are_those_of_the_matrix(kind, shape):
    X = rng(3, *shape).normal(size=shape)
    R = arrays.host(arrays.triangular(kind(X)))
    np.testing.assert_allclose(R.T @ R, X.T @ X, atol=1e-12)
    expected = np.sqrt(np.maximum(np.linalg.eigvalsh(X @ X.T), 0))[::-1][:4]
    np.testing.assert_allclose(arrays.singular_values(kind(X)), expected, atol=1e-7)


def test_the_maths_do_not_import_torch():
    code = "import repalign.maths.all_pairs, repalign.maths.large_rsa, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
