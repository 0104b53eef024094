"""Laws of the uncertainty of held-out scores: a naive jackknife, shared multipliers, an exact test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import pearsonr

from repalign.errors import DegenerateError, ShapeError
from repalign.maths.held_out import from_multipliers, held_out_draws, predictivity_p, unit_influences
from repalign.maths.regression import by_ols, by_pls, by_ridge_gcv, held_out_predictions, held_out_scores
from repalign.seeds import rng

FOLDS = np.arange(33) % 4


def sides(seed: int, q: int = 5, related: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    generator = rng(seed, "held out")
    X = generator.normal(size=(33, 6))
    return X, related * X @ generator.normal(size=(6, q)) + generator.normal(size=(33, q))


def draws(responses: list, predictions: list, seed: int = 0, **options) -> np.ndarray:
    options = {"draws": 4000, "summary": np.mean, **options}
    return held_out_draws(responses, predictions, FOLDS, generator=rng(seed, "draws"), **options)


def test_influences_are_the_jackknife_within_each_fold():
    _, Y = sides(1)
    P = Y + rng(2, "noise").normal(size=Y.shape)
    expected = np.zeros(Y.shape[1])
    for fold in range(4):
        held = np.flatnonzero(np.equal(FOLDS, fold))
        without = np.array(
            [
                [pearsonr(Y[rows, u], P[rows, u])[0] for u in range(Y.shape[1])]
                for rows in (held[held != i] for i in held)
            ]
        )
        expected += (len(held) - 1) * without.var(axis=0) / 4**2
    found = unit_influences(Y, P, FOLDS, generator=rng(0, "unused"))
    np.testing.assert_allclose((found**2).sum(axis=0), expected, rtol=1e-10)


def test_groups_of_stimuli_say_about_the_same_as_single_ones():
    _, Y = sides(3, q=200)
    P = Y + rng(4, "noise").normal(size=Y.shape)
    single, grouped = (
        (unit_influences(Y, P, FOLDS, groups=g, generator=rng(0, "groups")) ** 2).sum(axis=0)
        for g in (200, 16)
    )
    assert unit_influences(Y, P, FOLDS, groups=16, generator=rng(0, "groups")).shape == (16, 200)
    assert grouped.mean() == pytest.approx(single.mean(), rel=0.25)


def test_draws_of_a_mean_have_the_variance_of_its_influence():
    _, Y = sides(5)
    P = Y + rng(6, "noise").normal(size=Y.shape)
    moves = unit_influences(Y, P, FOLDS, generator=rng(0, "unused")).mean(axis=1)
    assert draws([Y], [P])[:, 0].std() == pytest.approx(np.sqrt((moves**2).sum()), rel=0.05)


def test_subjects_share_the_multipliers_of_stimuli():
    _, Y = sides(7)
    P = Y + rng(8, "noise").normal(size=Y.shape)
    twice = draws([Y, Y[:, :3]], [P, P[:, :3]], draws=50)
    alone = draws([Y], [P], draws=50)
    np.testing.assert_allclose(twice[:, 0], alone[:, 0], rtol=1e-12)
    equal = draws([Y, Y], [P, P], draws=50)
    np.testing.assert_allclose(equal[:, 0], equal[:, 1], rtol=1e-12)


def test_the_variance_of_a_table_is_that_of_the_two_way_model():
    generator = rng(9, "table")
    R, C = 7, 40
    table = generator.normal(size=(R, 1)) + generator.normal(size=C) + generator.normal(size=(R, C))
    # Draws of column means move each row's mean as the multipliers of a jackknife of means do.
    moves = (table - table.mean(axis=1, keepdims=True)) / np.sqrt(C * (C - 1))
    drawn = table.mean(axis=1) + generator.standard_normal((200_000, C)) @ moves.T
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    rest = table - rows[:, None] - columns + table.mean()
    between_rows, between_columns = C * rows.var(ddof=1), R * columns.var(ddof=1)
    residual = (rest**2).sum() / ((R - 1) * (C - 1))
    expected = (between_rows + between_columns - residual) / (R * C)
    assert from_multipliers(rows, drawn, C).variance == pytest.approx(expected, rel=0.02)


def test_one_subject_generalises_over_stimuli_alone():
    drawn = rng(10, "one").normal(size=(500, 1))
    found = from_multipliers(np.zeros(1), drawn, 33)
    assert found.freedom == 32
    assert found.variance == pytest.approx(drawn.var(ddof=1))


@pytest.mark.parametrize("method", [by_ridge_gcv(), by_ols(), by_pls(2)], ids=["ridge", "ols", "pls"])
def test_p_counts_the_permutations_a_plain_loop_finds(method):
    X, Y = sides(11, q=4, related=0.15)
    Ys = [Y, Y[:, ::2] + rng(12, "other").normal(size=(33, 2))]

    def value(order: np.ndarray) -> float:
        targets = [each[order] for each in Ys]
        return float(np.mean([np.median(u) for u in held_out_scores(X, targets, FOLDS, method)]))

    generator = rng(13, "orders")
    reached = sum(value(generator.permutation(33)) >= value(np.arange(33)) for _ in range(19))
    found = predictivity_p(X, Ys, FOLDS, method, permutations=19, generator=rng(13, "orders"))
    assert found == (1 + reached) / 20


def test_a_real_relation_has_the_smallest_p():
    X, Y = sides(14)
    assert predictivity_p(X, [Y], FOLDS, by_ridge_gcv(), permutations=49, generator=rng(0, "p")) == 1 / 50


def test_a_unit_constant_but_for_one_stimulus_of_a_fold_is_refused():
    X, Y = sides(15)
    Y[FOLDS == 2, 1] = 0.0
    Y[2, 1] = 1.0
    P = held_out_predictions(X, [Y], FOLDS, by_ridge_gcv())[0]
    with pytest.raises(DegenerateError, match="constant in fold 2 but for one stimulus"):
        unit_influences(Y, P, FOLDS, generator=rng(0, "unused"))


def test_draws_of_other_subjects_are_refused():
    with pytest.raises(ShapeError, match="different subjects"):
        from_multipliers(np.zeros(3), np.zeros((10, 2)), 20)
