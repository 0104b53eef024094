"""Laws of linear predictivity: scikit-learn's ridge, an explicit hat matrix, no leakage, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import pearsonr
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from repalign.errors import DegenerateError, ShapeError, TooFewError
from repalign.maths import assign_folds, fold_correlations, ridge_predictions
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


def test_the_held_out_folds_responses_never_reach_its_predictions():
    X, Y, folds = sides(50, 80, 4)
    before, held = ridge_predictions(X, Y, folds), folds == 2
    Y[held] = 1e3 * rng(62).normal(size=Y[held].shape)
    after = ridge_predictions(X, Y, folds)
    np.testing.assert_array_equal(after[held], before[held])
    assert (after[~held] != before[~held]).any(axis=0).all()


def test_a_held_out_stimulus_does_not_reach_the_predictions_beside_it():
    X, Y, folds = sides(50, 8, 4)
    before = ridge_predictions(X, Y, folds)
    first, *others = np.flatnonzero(folds == 1)
    X[first] += 1e6
    np.testing.assert_allclose(ridge_predictions(X, Y, folds)[others], before[others], atol=1e-12)


@pytest.mark.parametrize("p", [10, 100])
def test_without_a_relation_r_is_zero_on_average(p):
    generator, means = rng(63, p), []
    for _ in range(60):
        X, Y, folds = (
            generator.normal(size=(50, p)),
            generator.normal(size=(50, 15)),
            assign_folds(50, 5, generator),
        )
        means.append(fold_correlations(Y, ridge_predictions(X, Y, folds), folds).mean())
    assert abs(np.mean(means)) < 4 * np.std(means, ddof=1) / np.sqrt(len(means))


@pytest.mark.parametrize(("p", "least"), [(5, 0.99999), (300, 0.95)])
def test_a_linear_relation_is_found_whether_units_or_stimuli_are_more(p, least):
    generator = rng(64, p)
    shared = generator.normal(size=(60, 4))
    X, Y = shared @ generator.normal(size=(4, p)), shared @ generator.normal(size=(4, 7))
    folds = assign_folds(60, 5, generator)
    assert (fold_correlations(Y, ridge_predictions(X, Y, folds), folds) > least).all()


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


def test_folds_are_equal_to_one_and_need_five_stimuli():
    sizes = np.bincount(assign_folds(53, 5, rng(68)))
    assert sorted(sizes) == [10, 10, 11, 11, 11]
    assert (assign_folds(53, 5, rng(68)) != assign_folds(53, 5, rng(69))).any()
    with pytest.raises(TooFewError, match="24 stimuli are too few for 5 folds"):
        assign_folds(24, 5, rng(70))


def test_fold_correlations_are_the_mean_of_scipys_r_within_folds():
    Y, predictions, folds = sides(43, 3, 3)
    Y, predictions = Y[:, :3], predictions[:, :3] + 100.0 * folds[:, None]
    each = [[pearsonr(Y[folds == f, u], predictions[folds == f, u])[0] for u in range(3)] for f in range(5)]
    np.testing.assert_allclose(fold_correlations(Y, predictions, folds), np.mean(each, axis=0), atol=1e-12)


def test_integer_weights_equal_repeated_stimuli():
    X, Y, folds = sides(40, 6, 3)
    predictions = ridge_predictions(X, Y, folds)
    for draw in range(20):
        counts = rng(71, draw).integers(0, 4, size=40)
        rows = np.repeat(np.arange(40), counts)
        expected = fold_correlations(Y[rows], predictions[rows], folds[rows])
        found = fold_correlations(Y, predictions, folds, counts.astype(float))
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_fold_drawn_without_two_different_stimuli_is_left_out_of_the_average():
    Y, predictions, folds = rng(72).normal(size=(20, 2)), rng(73).normal(size=(20, 2)), np.arange(20) // 5
    weights = np.ones(20)
    weights[:5] = 0  # the first fold is not drawn at all, the second only through one stimulus
    weights[5:10] = [7, 0, 0, 0, 0]
    rest = folds >= 2
    expected = fold_correlations(Y[rest], predictions[rest], folds[rest])
    np.testing.assert_allclose(fold_correlations(Y, predictions, folds, weights), expected, atol=1e-13)
    assert np.isnan(fold_correlations(Y, predictions, folds, np.eye(20)[6])).all()


def test_a_missing_prediction_is_not_averaged_away():
    Y, folds = rng(74).normal(size=(10, 2)), np.arange(10) // 5
    broken = Y.copy()
    broken[3, 0] = np.nan
    assert np.isnan(fold_correlations(Y, broken, folds)).tolist() == [True, False]


def test_a_constant_prediction_explains_nothing_and_a_constant_target_is_refused():
    Y, folds = rng(75).normal(size=(20, 3)), np.arange(20) // 5
    flat = np.full_like(Y, 0.1)
    np.testing.assert_array_equal(fold_correlations(Y, flat, folds), 0)
    Y[folds == 2, 1] = 0.1
    with pytest.raises(DegenerateError, match=r"1 of 3 measured units are constant in fold 2 \(first: 1\)"):
        fold_correlations(Y, flat, folds)


def test_differing_numbers_and_missing_values_are_refused():
    X, Y, folds = sides(30, 3, 2)
    with pytest.raises(ShapeError, match="30 stimuli and Y has 29"):
        ridge_predictions(X, Y[:29], folds)
    Y[7, 1] = np.nan
    with pytest.raises(DegenerateError, match="Y is NaN or infinite for 1 of 30 stimuli"):
        ridge_predictions(X, Y, folds)
