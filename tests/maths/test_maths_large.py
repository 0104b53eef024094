"""Laws of CKA in blocks: the small forms, from arrays or tensors, in little memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import torch

from repalign.errors import DegenerateError, InputError, ShapeError, TooFewError
from repalign.maths import linear_cka, linear_cka_debiased
from repalign.maths.cka import linear_cka_lange
from repalign.maths.large import large_linear_cka, large_rbf_cka
from repalign.maths.radial import radial_cka
from repalign.seeds import rng

ESTIMATORS = ["biased", "debiased", "lange"]
SMALL = {"biased": linear_cka, "debiased": linear_cka_debiased, "lange": linear_cka_lange}
SHAPES = [(60, 5, 9), (61, 80, 7), (30, 40, 50)]


def related(n: int, p: int, q: int) -> tuple[np.ndarray, np.ndarray]:
    generator = rng(70, n, p, q)
    shared = generator.normal(size=(n, 3))
    X, Y = (shared @ generator.normal(size=(3, k)) + generator.normal(size=(n, k)) for k in (p, q))
    X[:, 0] = 0.1
    Y[5] = Y[6]
    return X + 4, Y


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_linear_cka_in_blocks_is_the_small_form(estimator, shape):
    X, Y = related(*shape)
    expected = SMALL[estimator](X, Y)
    for step in (7, None):
        assert large_linear_cka(X, Y, estimator, step=step) == pytest.approx(expected, abs=1e-10)
    for dtype, tolerance in ((torch.float64, 1e-10), (torch.float32, 1e-5)):
        sides = [torch.as_tensor(side, dtype=dtype) for side in (X, Y)]
        assert large_linear_cka(*sides, estimator, step=7) == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_rbf_cka_in_blocks_is_the_small_form(estimator, shape):
    X, Y = related(*shape)
    for median in (0.5, 1.0, 2.0):
        expected = radial_cka(X, Y, "rbf", estimator, median=median)
        assert large_rbf_cka(X, Y, estimator, median=median, step=13) == pytest.approx(expected, abs=1e-6)
    for dtype in (torch.float64, torch.float32):
        sides = [torch.as_tensor(side, dtype=dtype) for side in (X, Y)]
        assert large_rbf_cka(*sides, estimator, median=2.0) == pytest.approx(expected, abs=1e-5)


def test_float32_arrays_are_taken_in_float64_block_by_block():
    X, Y = (side.astype(np.float32) for side in related(60, 5, 9))
    assert large_linear_cka(X, Y) == pytest.approx(linear_cka_debiased(X, Y), abs=1e-12)


@pytest.mark.parametrize("cka", [large_linear_cka, large_rbf_cka])
@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor])
def test_bad_input_is_refused(cka, kind):
    X, Y = (kind(side) for side in related(20, 4, 5))
    with pytest.raises(InputError, match="no HSIC estimator 'unbiased'"):
        cka(X, Y, "unbiased")
    with pytest.raises(ShapeError, match="20 stimuli and Y has 19"):
        cka(X, Y[:19])
    with pytest.raises(TooFewError, match="at least 4"):
        cka(X[:3], Y[:3])
    with pytest.raises(DegenerateError, match="Y gives the same response"):
        cka(X, Y * 0 + 0.3)
    X[[2, 11], 1] = np.nan
    with pytest.raises(DegenerateError, match="X is NaN or infinite for 2 of 20") as caught:
        cka(X, Y)
    assert caught.value.rows == (2, 11)


def test_a_width_that_is_no_width_is_refused():
    X, Y = related(20, 4, 5)
    with pytest.raises(InputError, match="must be positive"):
        large_rbf_cka(X, Y, median=0.0)


@pytest.mark.parametrize(("n", "p"), [(3000, 40), pytest.param(20_000, 200, marks=pytest.mark.slow)])
def test_neither_a_kernel_nor_a_second_copy_is_held(n, p):
    generator = rng(71)
    X, Y = (generator.standard_normal((n, p), dtype=np.float32) for _ in "XY")
    tracemalloc.start()
    large_linear_cka(X, Y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # A kernel has 8 n^2 bytes; of blocks of responses at most 32 MB are held, a few at a time.
    assert peak < min(0.2 * 8 * n * n, 2e8)
