"""Laws of ridge regression: scikit-learn, himalaya, an explicit hat matrix, conditioning, refusals."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import PredefinedSplit
from sklearn.preprocessing import StandardScaler

from repalign.errors import InputError, TooFewError
from repalign.maths.penalties import held_out_losses, ridge_errors
from repalign.maths.regression import assign_folds, fold_correlations, ridge_predictions
from repalign.maths.ridge import ols, ridge_cv, ridge_fixed, ridge_gcv
from repalign.maths.spectrum import exact, spectrum
from repalign.seeds import rng


def sides(n: int, p: int, q: int, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = rng(60, n, p, q)
    X = generator.normal(size=(n, p)) * generator.gamma(2.0, size=p) + generator.normal(size=p)
    Y = X @ generator.normal(size=(p, q)) / p + noise * generator.normal(size=(n, q)) + 3
    return X, Y, assign_folds(n, 5, generator)


def with_sklearn(X, Y, folds, alpha):
    predictions = np.empty_like(Y)
    for fold in np.unique(folds):
        held = folds == fold
        scaler = StandardScaler().fit(X[~held])
        model = Ridge(alpha=alpha).fit(scaler.transform(X[~held]), Y[~held])
        predictions[held] = model.predict(scaler.transform(X[held])).reshape(-1, Y.shape[1])
    return predictions


def generalised_errors(X, y, alphas):
    """GCV = |(I-H) y|^2 / tr(I-H)^2, H the explicit hat matrix, mean included (Golub et al. 1979)."""
    Z, n = StandardScaler().fit_transform(X), len(X)
    hats = [1 / n + Z @ np.linalg.solve(Z.T @ Z + a * np.eye(Z.shape[1]), Z.T) for a in alphas]
    return np.array([((y - H @ y) ** 2).sum() / np.trace(np.eye(n) - H) ** 2 for H in hats])


@pytest.mark.parametrize("alpha", [1e-3, 1.0, 300.0])
@pytest.mark.parametrize("shape", [(40, 6, 3), (41, 120, 4), (25, 25, 1)])
def test_predictions_are_those_of_sklearns_ridge_fold_by_fold(shape, alpha):
    X, Y, folds = sides(*shape)
    found = ridge_predictions(X, Y, folds, np.array([alpha]))
    np.testing.assert_allclose(found, with_sklearn(X, Y, folds, alpha), atol=1e-9)


@pytest.mark.parametrize(("p", "noise"), [(5, 0.3), (12, 3.0), (60, 1.0)])
def test_the_penalty_is_chosen_for_each_unit_by_an_explicit_gcv(p, noise):
    X, Y, folds = sides(40, p, 6, noise)
    alphas = np.logspace(-1, 4, 11)
    found = ridge_predictions(X, Y, folds, alphas)
    for fold in range(5):
        held = folds == fold
        for unit in range(6):
            best = alphas[generalised_errors(X[~held], Y[~held, unit], alphas).argmin()]
            expected = with_sklearn(X, Y[:, [unit]], folds, best)[held, 0]
            np.testing.assert_allclose(found[held, unit], expected, atol=1e-9)


def test_different_units_may_need_different_penalties():
    X, Y, folds = sides(60, 10, 2)
    Y[:, 0] = X[:, 0]
    Y[:, 1] = rng(61).normal(size=60)
    small, large = (ridge_predictions(X, Y, folds, np.array([a])) for a in (1e-4, 1e6))
    found = ridge_predictions(X, Y, folds, np.array([1e-4, 1e6]))
    np.testing.assert_allclose(found[:, 0], small[:, 0], atol=1e-12)
    np.testing.assert_allclose(found[:, 1], large[:, 1], atol=1e-12)


@pytest.mark.parametrize("constant", [0.0, 0.1, np.pi * 1e16])
def test_units_that_are_constant_where_the_fit_is_made_change_nothing(constant):
    X, Y, folds = sides(40, 6, 3)
    still = np.full(40, constant)
    only_held_out = np.where(folds == 0, rng(65).normal(size=40), 0.0)
    found = ridge_predictions(np.column_stack([X, still, only_held_out]), Y, folds)[folds == 0]
    np.testing.assert_allclose(found, ridge_predictions(X, Y, folds)[folds == 0], atol=1e-12)


def test_a_constant_of_many_stimuli_predicts_the_mean_and_nothing_else():
    Y, folds = rng(66).normal(size=(10_000, 1)), assign_folds(10_000, 2, rng(67))
    found = ridge_predictions(np.full((10_000, 2), 0.1), Y, folds)
    expected = np.where(folds == 0, Y[folds == 1].mean(), Y[folds == 0].mean())[:, None]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert fold_correlations(Y, found, folds) == 0


def split(n: int, p: int, q: int, noise: float = 1.0, m: int = 9):
    X, Y, _ = sides(n + m, p, q, noise)
    return X[:n], Y[:n], X[n:]


@pytest.mark.parametrize("penalty", [1e-3, 1.0, 300.0])
@pytest.mark.parametrize("shape", [(31, 6, 3), (31, 30, 3), (31, 31, 2), (30, 120, 4)])
def test_a_fixed_penalty_is_sklearns_on_standardised_units(shape, penalty):
    X, Y, new = split(*shape)
    scaler = StandardScaler().fit(X)
    expected = Ridge(alpha=penalty).fit(scaler.transform(X), Y).predict(scaler.transform(new))
    np.testing.assert_allclose(ridge_fixed(X, Y, new, penalty), expected, atol=1e-8)


def looped_errors(X, Y, folds, alphas):
    """Ridge for every penalty and fold, one after the other."""
    errors = np.zeros((len(np.unique(folds)), len(alphas), Y.shape[1]))
    for f, fold in enumerate(np.unique(folds)):
        held = folds == fold
        for a, alpha in enumerate(alphas):
            predicted = Ridge(alpha=alpha).fit(X[~held], Y[~held]).predict(X[held]).reshape(-1, Y.shape[1])
            errors[f, a] = ((Y[held] - predicted) ** 2).mean(axis=0)
    return errors.mean(axis=0)


@pytest.mark.parametrize("n_alphas", [1, 4, 30])
@pytest.mark.parametrize("shape", [(40, 6, 3), (41, 39, 2), (43, 150, 4)])
def test_errors_of_all_penalties_are_those_of_a_loop_over_sklearns_ridge(shape, n_alphas):
    X, Y, folds = sides(*shape)
    alphas = np.logspace(-2, 6, n_alphas)
    found = ridge_errors(X, Y, folds, alphas)
    np.testing.assert_allclose(found, looped_errors(X, Y, folds, alphas), rtol=1e-7)


@pytest.mark.parametrize("shape", [(40, 12, 5), (40, 90, 5)])
def test_penalties_and_errors_are_those_of_himalaya(shape):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from himalaya.ridge import solve_ridge_cv_svd
    X, Y, folds = sides(*shape)
    alphas = np.logspace(-1, 5, 13)
    best, _, scores, _ = solve_ridge_cv_svd(
        X, Y, alphas, fit_intercept=True, cv=PredefinedSplit(folds), warn=False
    )
    errors = ridge_errors(X, Y, folds, alphas)
    np.testing.assert_allclose(alphas[errors.argmin(axis=0)], best, rtol=1e-12)
    np.testing.assert_allclose(errors.min(axis=0), -scores[0], rtol=1e-8)


@pytest.mark.parametrize("p", [8, 70])
def test_cross_validated_ridge_refits_with_each_units_best_penalty(p):
    X, Y, new = split(40, p, 4, noise=2.0)
    folds, alphas = assign_folds(40, 4, rng(80)), np.logspace(-1, 4, 6)
    scaler = StandardScaler().fit(X)
    Z = scaler.transform(X)
    best = alphas[looped_errors(Z, Y, folds, alphas).argmin(axis=0)]
    found = ridge_cv(X, Y, new, folds, alphas)
    for unit, alpha in enumerate(best):
        expected = Ridge(alpha=alpha).fit(Z, Y[:, unit]).predict(scaler.transform(new))
        np.testing.assert_allclose(found[:, unit], expected, atol=1e-8)


@pytest.mark.parametrize("p", [12, 60])
@pytest.mark.parametrize("penalty", [1e-12, 1e-9, 1e-2])
def test_small_penalties_on_nearly_dependent_units_keep_their_digits(p, penalty):
    """Where eigenvalues fall below what a Gram matrix can hold, the answer is that of an augmented solve."""
    generator = rng(81, p)
    steep = 10.0 ** -np.linspace(0, 6, min(p, 19))
    U = np.linalg.qr(generator.normal(size=(20, 20)))[0][:, : len(steep)]
    X = U * steep @ np.linalg.qr(generator.normal(size=(p, p)))[0][: len(steep)]
    Y, new = generator.normal(size=(20, 2)), generator.normal(size=(5, p))
    augmented = np.vstack([X, np.sqrt(penalty) * np.eye(p)])
    weights = np.linalg.lstsq(augmented, np.vstack([Y, np.zeros((p, 2))]), rcond=None)[0]
    found = spectrum(X, Y, new, penalty).predict(penalty)
    np.testing.assert_allclose(found, new @ weights, rtol=1e-5, atol=1e-6 * np.abs(new @ weights).max())
    np.testing.assert_allclose(exact(X, Y, new).predict(penalty), new @ weights, rtol=1e-6)


def test_fewer_products_than_penalties_lose_no_digits():
    generator = rng(82)
    s, new = np.geomspace(1e3, 1e-2, 50), generator.normal(size=(7, 50))
    fitted, Y, alphas = generator.normal(size=(50, 4)), generator.normal(size=(7, 4)), np.logspace(-4, 8, 25)
    predictions = np.stack([(new * (s / (s**2 + a))) @ fitted for a in alphas])
    expected = ((Y - predictions) ** 2).mean(axis=1)
    np.testing.assert_allclose(held_out_losses(s, new, fitted, Y, alphas), expected, rtol=1e-8)


@pytest.mark.parametrize("p", [20, 150])
def test_generalised_and_k_fold_cross_validation_choose_neighbouring_penalties(p):
    """Both estimate the same error: on a coarse grid nearly all units get the same or the next penalty."""
    generator = rng(83, p)
    X = generator.normal(size=(200, p))
    Y = X[:, :10] @ generator.normal(size=(10, 60)) + 4 * generator.normal(size=(200, 60))
    folds, alphas = assign_folds(200, 5, generator), np.logspace(0, 5, 6)
    singles = np.stack([ridge_fixed(X, Y, X, a) for a in alphas])
    chosen = [
        np.abs(singles - each).max(axis=1).argmin(axis=0)
        for each in (ridge_gcv(X, Y, X, alphas), ridge_cv(X, Y, X, folds, alphas))
    ]
    steps = np.abs(chosen[0] - chosen[1])
    assert (steps <= 1).mean() >= 0.97


@pytest.mark.parametrize("shape", [(30, 6, 3), (30, 29, 1)])
def test_least_squares_is_sklearns(shape):
    X, Y, new = split(*shape)
    expected = LinearRegression().fit(X, Y).predict(new)
    np.testing.assert_allclose(ols(X, Y, new), expected.reshape(-1, shape[2]), rtol=1e-7, atol=1e-8)


def test_units_that_repeat_others_leave_least_squares_as_it_is():
    X, Y, new = split(30, 5, 3)
    doubled = ols(np.column_stack([X, X[:, :2]]), Y, np.column_stack([new, new[:, :2]]))
    np.testing.assert_allclose(doubled, ols(X, Y, new), atol=1e-9)


def test_least_squares_needs_more_stimuli_than_units():
    X, Y, new = split(12, 12, 1, m=13)
    with pytest.raises(TooFewError, match="from 12 units needs more than 12 stimuli in each fit part"):
        ols(X, Y, new)


@pytest.mark.parametrize("alphas", [[0.0, 1.0], [-1.0], [np.nan], [np.inf], []])
def test_penalties_that_are_none_are_refused(alphas):
    X, Y, new = split(20, 3, 1)
    with pytest.raises(InputError, match="penalties are finite numbers above 0"):
        ridge_gcv(X, Y, new, np.array(alphas))


def test_choosing_by_folds_needs_two():
    X, Y, new = split(20, 3, 1)
    with pytest.raises(TooFewError, match="at least 2 folds"):
        ridge_cv(X, Y, new, np.zeros(20, dtype=int))
