"""Laws of RSA in blocks: the RDMs themselves, their jackknife, a bound for ranks, in little memory."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from repalign.errors import DegenerateError, ShapeError, TooFewError, UnknownNameError
from repalign.maths import DISSIMILARITIES as SMALL
from repalign.maths import compare
from repalign.maths.large_rsa import DISSIMILARITIES, large_rsa
from repalign.seeds import rng

# Features (36 + 3 units) <= n, and blocks of pairs.
SHAPES = [(130, 36, 3), (45, 30, 8)]


def related(n: int, p: int, q: int) -> tuple[np.ndarray, np.ndarray]:
    generator = rng(80, n, p, q)
    shared = generator.normal(size=(n, 3))
    X, Y = (shared @ generator.normal(size=(3, k)) + generator.normal(size=(n, k)) + 1 for k in (p, q))
    X[5], Y[8] = X[6], Y[6]
    return X, Y


def held(X: np.ndarray, Y: np.ndarray, dissimilarity: str, comparison: str) -> float:
    return float(compare(SMALL[dissimilarity](X), SMALL[dissimilarity](Y), comparison))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("comparison", ["pearson", "cosine"])
@pytest.mark.parametrize("dissimilarity", DISSIMILARITIES)
def test_value_and_jackknife_are_those_of_the_rdms(dissimilarity, comparison, shape):
    X, Y = related(*shape)
    found = large_rsa(X, Y, dissimilarity, comparison, step=17)
    assert found.value == pytest.approx(held(X, Y, dissimilarity, comparison), abs=1e-10)
    assert found.error == 0
    for left in (0, 5, len(X) - 1):
        others = np.arange(len(X)) != left
        expected = held(X[others], Y[others], dissimilarity, comparison)
        assert found.left_out[left] == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("comparison", ["spearman", "rho-a"])
@pytest.mark.parametrize("dissimilarity", DISSIMILARITIES)
def test_ranks_are_within_the_stated_error(dissimilarity, comparison, shape):
    X, Y = related(*shape)
    expected = held(X, Y, dissimilarity, comparison)
    # Equal dissimilarities count as lost although nothing is.
    for bins, most in ((2**22, 2e-3), (2**8, 0.3)):
        found = large_rsa(X, Y, dissimilarity, comparison, bins=bins, step=20)
        assert abs(found.value - expected) <= found.error < most
        assert found.left_out is None


def test_ranks_of_categorical_models_keep_their_ties():
    classes = np.eye(4)[np.arange(40) % 4] + 1
    Y = related(40, 5, 6)[1]
    exact = held(classes, Y, "correlation", "spearman")
    assert large_rsa(classes, Y, "correlation", "spearman", bins=2**18, step=7).value == pytest.approx(
        exact, abs=1e-6
    )


@pytest.mark.parametrize("comparison", ["pearson", "spearman"])
@pytest.mark.parametrize("dissimilarity", DISSIMILARITIES)
def test_tensors_give_the_same_number(dissimilarity, comparison):
    X, Y = related(*SHAPES[0])
    expected = large_rsa(X, Y, dissimilarity, comparison, bins=2**16)
    for dtype, tolerance in ((torch.float64, 1e-10), (torch.float32, 1e-5)):
        sides = [torch.as_tensor(side, dtype=dtype) for side in (X, Y)]
        found = large_rsa(*sides, dissimilarity, comparison, bins=2**16, step=50)
        assert found.value == pytest.approx(expected.value, abs=tolerance)
        if expected.left_out is not None:
            np.testing.assert_allclose(found.left_out, expected.left_out, atol=tolerance)


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor])
def test_bad_input_is_refused(kind):
    X, Y = (kind(side) for side in related(30, 4, 3))
    with pytest.raises(UnknownNameError, match="mahalanobis"):
        large_rsa(X, Y, "mahalanobis")
    with pytest.raises(UnknownNameError, match="tau-a"):
        large_rsa(X, Y, comparison="tau-a")
    with pytest.raises(ShapeError, match="30 stimuli and Y has 29"):
        large_rsa(X, Y[:29])
    with pytest.raises(TooFewError, match="at least 4"):
        large_rsa(X[:3], Y[:3])
    X[12] = 7.0
    with pytest.raises(DegenerateError, match="row 12 first") as caught:
        large_rsa(X, Y)
    assert caught.value.rows == (12,)
    Y[3, 0] = np.inf
    with pytest.raises(DegenerateError, match=r"Y is NaN or infinite for 1 of 30 stimuli \(row 3"):
        large_rsa(X, Y, "euclidean")


@pytest.mark.parametrize("comparison", ["pearson", "spearman"])
@pytest.mark.parametrize("dissimilarity", DISSIMILARITIES)
def test_a_constant_rdm_is_refused(dissimilarity, comparison):
    with pytest.raises(DegenerateError, match="constant"):
        large_rsa(np.eye(12), related(12, 4, 3)[1], dissimilarity, comparison)


_PEAK = """
import resource, numpy as np
from repalign.maths.large_rsa import large_rsa
from repalign.maths.large import large_linear_cka
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
generator = np.random.default_rng(0)
X, Y = (generator.standard_normal((20_000, 200), dtype=np.float32) for _ in "XY")
large_rsa(X[:100], Y[:100])
before = peak()
large_linear_cka(X, Y)
large_rsa(X, Y)
large_rsa(X, Y, "euclidean")
print(peak() - before)
"""


@pytest.mark.slow
def test_twenty_thousand_stimuli_add_less_than_an_eighth_of_a_kernel():
    # One kernel of 20,000 stimuli has 3,200 MB.
    run = subprocess.run([sys.executable, "-c", _PEAK], capture_output=True, text=True, check=True)
    assert float(run.stdout) < 3200 / 8
