"""Laws of banded ridge: himalaya's search, an explicit solve, ridge where bands are equal, refusals."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit
from sklearn.preprocessing import StandardScaler

from repalign.errors import InputError, ShapeError
from repalign.maths.banded import banded_ridge, sample_shares
from repalign.maths.regression import assign_folds
from repalign.maths.ridge import ridge_cv
from repalign.seeds import rng

ALPHAS = np.logspace(-1, 5, 7)


def sides(widths: tuple[int, ...], q: int = 4, n: int = 40, m: int = 6):
    generator = rng(110, *widths)
    bands = [generator.normal(size=(n + m, w)) * generator.gamma(2.0, size=w) for w in widths]
    Y = bands[0] @ generator.normal(size=(widths[0], q)) / widths[0] + generator.normal(size=(n + m, q)) + 2
    folds = assign_folds(n, 4, generator)
    return [b[:n] for b in bands], Y[:n], [b[n:] for b in bands], folds


@pytest.mark.parametrize("widths", [(5, 3), (50, 30, 2)])
def test_equal_shares_are_ridge_with_as_many_times_the_penalty(widths):
    bands, Y, new, folds = sides(widths)
    k = len(widths)
    found = banded_ridge(bands, Y, new, folds, np.full((1, k), 1 / k), ALPHAS)
    expected = ridge_cv(np.hstack(bands), Y, np.hstack(new), folds, k * ALPHAS)
    np.testing.assert_allclose(found.predictions, expected, atol=1e-9)


@pytest.mark.parametrize("widths", [(5, 3), (50, 30)])
def test_predictions_solve_the_equations_with_a_penalty_per_band(widths):
    bands, Y, new, folds = sides(widths)
    found = banded_ridge(bands, Y, new, folds, sample_shares(2, 6, rng(111)), ALPHAS)
    scaler = StandardScaler().fit(np.hstack(bands))
    Z, Z_new = scaler.transform(np.hstack(bands)), scaler.transform(np.hstack(new))
    for unit in range(Y.shape[1]):
        penalties = np.repeat(found.alphas[unit] / found.shares[:, unit], widths)
        y = Y[:, unit] - Y[:, unit].mean()
        weights = np.linalg.solve(Z.T @ Z + np.diag(penalties), Z.T @ y)
        np.testing.assert_allclose(found.predictions[:, unit], Z_new @ weights + Y[:, unit].mean(), atol=1e-8)


@pytest.mark.parametrize("widths", [(5, 8), (40, 10, 30)])
def test_the_search_chooses_what_himalayas_chooses(widths):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from himalaya.ridge import solve_group_ridge_random_search
    bands, Y, new, folds = sides(widths, q=8)
    shares = np.maximum(sample_shares(len(widths), 12, rng(112)), 1e-6)
    shares /= shares.sum(axis=1, keepdims=True)
    scaled = [StandardScaler().fit_transform(b) for b in bands]
    deltas, _, scores = solve_group_ridge_random_search(
        scaled, Y, shares, alphas=ALPHAS, fit_intercept=True, cv=PredefinedSplit(folds), progress_bar=False,
        warn=False,
    )[:3]  # fmt: skip
    found = banded_ridge(bands, Y, new, folds, shares, ALPHAS)
    np.testing.assert_allclose(found.errors, -scores.max(axis=0), rtol=1e-8)
    np.testing.assert_allclose(np.log(found.shares / found.alphas), deltas, atol=1e-8)


def test_a_band_of_noise_gets_little_and_the_error_falls():
    generator = rng(113)
    useful, noise = generator.normal(size=(60, 10)), generator.normal(size=(60, 200))
    Y = useful @ generator.normal(size=(10, 5)) + generator.normal(size=(60, 5))
    folds = assign_folds(60, 5, generator)
    both = [useful, noise]
    searched = banded_ridge(both, Y, both, folds, sample_shares(2, 30, rng(114)))
    equal = banded_ridge(both, Y, both, folds, sample_shares(2, 1, rng(114)))
    assert (searched.shares[0] > 0.8).all()
    assert (searched.errors < equal.errors).all()


def test_a_band_without_share_is_absent():
    bands, Y, new, folds = sides((6, 9))
    found = banded_ridge(bands, Y, new, folds, np.array([[1.0, 0.0]]), ALPHAS)
    np.testing.assert_allclose(found.predictions, ridge_cv(bands[0], Y, new[0], folds, ALPHAS), atol=1e-9)


@pytest.mark.parametrize("n_bands", [1, 2, 4])
def test_candidates_lie_on_the_simplex_and_begin_with_equal_shares(n_bands):
    shares = sample_shares(n_bands, 21, rng(115))
    assert shares.shape == (21, n_bands)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_allclose(shares[0], 1 / n_bands)
    np.testing.assert_array_equal(shares, sample_shares(n_bands, 21, rng(115)))
    with pytest.raises(InputError, match="0 candidates"):
        sample_shares(n_bands, 0, rng(115))


@pytest.mark.parametrize("shares", [[[0.5, 0.6]], [[1.5, -0.5]], [[1.0]], [], [0.5, 0.5]])
def test_shares_that_fit_no_simplex_are_refused(shares):
    bands, Y, new, folds = sides((3, 4))
    with pytest.raises(InputError, match="rows are non-negative and sum to 1"):
        banded_ridge(bands, Y, new, folds, np.array(shares), ALPHAS)


def test_bands_of_other_stimuli_are_refused():
    bands, Y, new, folds = sides((3, 4))
    with pytest.raises(ShapeError, match="39 stimuli"):
        banded_ridge([bands[0], bands[1][:39]], Y, new, folds, np.array([[0.5, 0.5]]), ALPHAS)
