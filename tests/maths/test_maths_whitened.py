"""Laws of whitened comparisons: the P x P matrix written out, linear CKA, rsatoolbox, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from repalign.errors import DegenerateError, ShapeError, UnsuitableError
from repalign.maths import linear_cka
from repalign.maths.comparison import compare
from repalign.maths.whitened import embed_whitened_cosine, whitened_cosine, whitened_pearson
from repalign.seeds import rng

N = 9
FORMS = {
    "whitened-cosine": (whitened_cosine, "cosine_cov"),
    "whitened-pearson": (whitened_pearson, "corr_cov"),
}
SIGMAS = {
    "identity": None,
    "diagonal": rng(40, "sigma").gamma(1.0, size=N) + 0.1,
    "whole": np.cov(rng(41, "sigma").normal(size=(N, 14))),
}


def rdms(count: int, *words: str, n: int = N) -> np.ndarray:
    return rng(42, *words).gamma(2.0, size=(count, n * (n - 1) // 2))


def dense(x: np.ndarray, y: np.ndarray, sigma: np.ndarray | None, centre: bool) -> np.ndarray:
    """The formula of the paper, with V written out."""
    i, j = np.triu_indices(N, 1)
    contrasts = np.eye(N)[i] - np.eye(N)[j]
    covariance = np.eye(N) if sigma is None else np.diag(sigma) if sigma.ndim == 1 else sigma
    inverse = np.linalg.inv((contrasts @ covariance @ contrasts.T) ** 2)
    if centre:
        x, y = (each - each.mean(axis=1, keepdims=True) for each in (x, y))
    own = [np.sqrt(np.einsum("ij,jk,ik->i", each, inverse, each)) for each in (x, y)]
    return x @ inverse @ y.T / np.outer(*own)


@pytest.mark.parametrize("sigma", sorted(SIGMAS))
@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_whitened_comparison_is_the_formula_with_the_whole_covariance(name, sigma):
    x, y = rdms(3, "x"), rdms(2, "y")
    found = FORMS[name][0](x, y, SIGMAS[sigma])
    np.testing.assert_allclose(found, dense(x, y, SIGMAS[sigma], name == "whitened-pearson"), atol=1e-12)


# Given the diagonal, rsatoolbox 0.3.2 centres the kernel without weights and is off by hundredths from its
# own value for the same matrix written out, so only these two.
@pytest.mark.parametrize(("sigma", "tolerance"), [("identity", 1e-12), ("whole", 1e-4)])
@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_whitened_comparison_is_that_of_rsatoolbox(name, sigma, tolerance, rsatoolbox):
    ours, theirs = FORMS[name]
    x, y = rdms(3, "x"), rdms(2, "y")
    sides = [rsatoolbox.rdm.RDMs(side) for side in (x, y)]
    # Theirs solves for the whole matrix iteratively, to a relative 1e-5.
    expected = rsatoolbox.rdm.compare(*sides, method=theirs, sigma_k=SIGMAS[sigma])
    np.testing.assert_allclose(ours(x, y, SIGMAS[sigma]), expected, atol=tolerance)


@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_diagonal_and_its_matrix_are_the_same_covariance(name):
    x, y, diagonal = rdms(3, "x"), rdms(2, "y"), SIGMAS["diagonal"]
    form = FORMS[name][0]
    np.testing.assert_allclose(form(x, y, diagonal), form(x, y, np.diag(diagonal)), atol=1e-13)
    np.testing.assert_allclose(form(x, y, np.full(N, 7.0)), form(x, y), atol=1e-13)


@pytest.mark.parametrize(("n", "p", "q"), [(3, 2, 2), (10, 4, 30), (41, 60, 7)])
def test_whitened_cosine_of_squared_euclidean_rdms_is_linear_cka(n, p, q):
    generator = rng(43, n)
    X, Y = generator.normal(size=(n, p)) + 3, generator.normal(size=(n, q))
    x, y = (pdist(each, "sqeuclidean") for each in (X, Y))
    assert compare(x, y, "whitened-cosine") == pytest.approx(linear_cka(X, Y), abs=1e-12)


def test_an_embedding_has_one_column_per_entry_of_the_kernel_and_unit_length():
    embedded = embed_whitened_cosine(rdms(6, "shape").reshape(2, 3, -1))
    assert embedded.shape == (2, 3, N * (N + 1) // 2)
    np.testing.assert_allclose((embedded**2).sum(axis=-1), 1.0, atol=1e-13)


@pytest.mark.parametrize("factor", [1e-200, 1e200])
@pytest.mark.parametrize("name", sorted(FORMS))
def test_neither_size_nor_order_of_the_stimuli_matters(name, factor):
    x, y = rdms(2, "x"), rdms(2, "y")
    np.testing.assert_allclose(compare(factor * x, y, name), compare(x, y, name), atol=1e-13)
    order = rng(44).permutation(N)
    square = np.zeros((4, N, N))
    square[(slice(None), *np.triu_indices(N, 1))] = np.concatenate([x, y])
    moved = (square + square.transpose(0, 2, 1))[:, order][:, :, order][(slice(None), *np.triu_indices(N, 1))]
    np.testing.assert_allclose(compare(moved[:2], moved[2:], name), compare(x, y, name), atol=1e-13)


@pytest.mark.parametrize("name", sorted(FORMS))
def test_part_of_an_rdm_and_what_has_no_direction_are_refused(name):
    x = rdms(1, "x")[0]
    with pytest.raises(ShapeError, match="35 pairs are not all pairs"):
        compare(x[:-1], x[:-1], name)
    with pytest.raises(DegenerateError, match="constant"):
        compare(x, np.zeros_like(x), name)
    with pytest.raises(DegenerateError, match="1 NaN"):
        compare(np.where(np.arange(len(x)) == 4, np.nan, x), x, name)


@pytest.mark.parametrize("form", [whitened_cosine, whitened_pearson])
def test_what_is_no_covariance_of_stimuli_is_refused(form):
    x = rdms(2, "x")
    with pytest.raises(ShapeError, match=r"sigma_k has shape \(4,\)"):
        form(x, x, np.ones(4))
    lopsided = np.eye(N)
    lopsided[0, 1] = 0.5
    for bad in (np.zeros(N), -np.eye(N), lopsided):
        with pytest.raises(UnsuitableError, match="symmetric and positive definite"):
            form(x, x, bad)
