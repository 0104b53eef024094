"""Laws of linear predictivity: no leakage, scores within folds, several subjects, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import pearsonr
from sklearn.metrics import r2_score

from repalign.errors import DegenerateError, InputError, ShapeError, TooFewError
from repalign.maths.predictivity import fold_r2, normalised_median
from repalign.maths.regression import (
    assign_folds,
    by_ols,
    by_pls,
    by_ridge,
    by_ridge_cv,
    by_ridge_gcv,
    fold_correlations,
    held_out_predictions,
    held_out_scores,
    ridge_predictions,
)
from repalign.seeds import rng

METHODS = {
    "ridge-gcv": by_ridge_gcv(),
    "ridge-cv": by_ridge_cv(),
    "ridge": by_ridge(1.0),
    "ols": by_ols(),
    "pls": by_pls(3),
}


def sides(n: int, p: int, q: int, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = rng(60, n, p, q)
    X = generator.normal(size=(n, p)) * generator.gamma(2.0, size=p) + generator.normal(size=p)
    Y = X @ generator.normal(size=(p, q)) / p + noise * generator.normal(size=(n, q)) + 3
    return X, Y, assign_folds(n, 5, generator)


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


@pytest.mark.parametrize("name", METHODS)
def test_no_method_sees_what_it_predicts(name):
    X, Y, folds = sides(50, 8, 4)
    before, held = held_out_predictions(X, [Y], folds, METHODS[name])[0], folds == 2
    Y[held] = 1e3 * rng(90).normal(size=Y[held].shape)
    after = held_out_predictions(X, [Y], folds, METHODS[name])[0]
    np.testing.assert_array_equal(after[held], before[held])
    assert (after[~held] != before[~held]).any(axis=0).all()


@pytest.mark.parametrize("name", METHODS)
def test_subjects_together_are_subjects_one_by_one(name):
    X, Y, folds = sides(50, 8, 6)
    Ys = [Y[:, :1], Y[:, 1:4], Y[:, 4:]]
    together = held_out_scores(X, Ys, folds, METHODS[name], "r2")
    for each, found in zip(Ys, together, strict=True):
        alone = held_out_scores(X, [each], folds, METHODS[name], "r2")[0]
        np.testing.assert_allclose(found, alone, atol=1e-9)


def test_explained_variance_is_sklearns_within_folds():
    Y, predictions, folds = sides(43, 3, 3)
    predictions = Y + rng(91).normal(size=Y.shape)
    each = [r2_score(Y[folds == f], predictions[folds == f], multioutput="raw_values") for f in range(5)]
    np.testing.assert_allclose(fold_r2(Y, predictions, folds), np.mean(each, axis=0), atol=1e-12)


def test_weighted_explained_variance_equals_repeated_stimuli():
    X, Y, folds = sides(40, 6, 3)
    predictions = ridge_predictions(X, Y, folds)
    for draw in range(20):
        counts = rng(92, draw).integers(0, 4, size=40)
        rows = np.repeat(np.arange(40), counts)
        expected = fold_r2(Y[rows], predictions[rows], folds[rows])
        np.testing.assert_allclose(fold_r2(Y, predictions, folds, counts.astype(float)), expected, atol=1e-10)


def test_the_mean_explains_nothing_and_bad_predictions_less():
    Y, _, folds = sides(40, 3, 2)
    own = np.stack([Y[folds == f].mean(axis=0) for f in folds])
    np.testing.assert_allclose(fold_r2(Y, own, folds), 0, atol=1e-12)
    assert (fold_r2(Y, own + 100, folds) < -100).all()


def test_the_two_orders_of_normalising_differ_and_nothing_is_clipped():
    scores, ceilings = np.array([0.1, 0.9, 0.2]), np.array([0.2, 0.5, 0.8])
    assert normalised_median(scores, ceilings, "median-of-ratios") == pytest.approx(0.5)
    assert normalised_median(scores, ceilings, "ratio-of-medians") == pytest.approx(0.4)
    assert normalised_median(10 * scores, ceilings, "ratio-of-medians") == pytest.approx(4.0)
    assert normalised_median(-scores, ceilings, "median-of-ratios") == pytest.approx(-0.5)


@pytest.mark.parametrize(
    ("scores", "ceilings", "order", "words"),
    [
        ([0.1, 0.2], [0.5], "median-of-ratios", "scores and"),
        ([0.1, 0.2], [0.5, 0.0], "median-of-ratios", "1 of 2 units have no score or no ceiling above 0"),
        ([np.nan, 0.2], [0.5, 0.1], "ratio-of-medians", "1 of 2 units"),
        ([0.1, 0.2], [0.5, 0.1], "mean", "no order 'mean'"),
    ],
)
def test_what_cannot_be_normalised_is_refused(scores, ceilings, order, words):
    with pytest.raises(InputError, match=words):
        normalised_median(np.array(scores), np.array(ceilings), order)


def test_one_fold_or_folds_of_another_length_are_refused():
    X, Y, folds = sides(30, 3, 2)
    with pytest.raises(InputError, match="there is one fold"):
        held_out_predictions(X, [Y], np.zeros(30, dtype=int), by_ols())
    with pytest.raises(ShapeError, match=r"folds have shape \(29,\) for 30 stimuli"):
        held_out_predictions(X, [Y], folds[:29], by_ols())
