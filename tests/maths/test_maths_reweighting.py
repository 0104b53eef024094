"""Laws of fitted RDM models: sums over pairs in closed form, true weights found, nothing fitted to noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import nnls
from scipy.spatial.distance import pdist, squareform

from repalign.errors import TooFewError
from repalign.maths import assign_folds, mixture_weights, reweighted_similarity, weighted_rdm_similarity
from repalign.maths.reweighting import fit_weights, pair_sums, weighted_dissimilarities
from repalign.seeds import rng


def by_unit(X):
    """The design that the closed form avoids: one row per pair, one column per unit."""
    i, j = np.triu_indices(len(X), 1)
    return (X[i] - X[j]) ** 2


@pytest.mark.parametrize("shape", [(9, 4), (12, 30)])
def test_sums_over_pairs_are_those_of_the_design(shape):
    g = rng(40, *shape)
    X, t = g.normal(2.0, 1.0, size=shape), g.random(shape[0] * (shape[0] - 1) // 2)
    D = by_unit(X)
    D, centred = D - D.mean(axis=0), t - t.mean()
    gram, right = pair_sums(X, squareform(t))
    np.testing.assert_allclose(gram, D.T @ D, atol=1e-9 * np.abs(D.T @ D).max())
    np.testing.assert_allclose(right, D.T @ centred, atol=1e-9 * np.abs(D.T @ D).max())


def test_ridge_weights_solve_the_ridge_equations():
    g = rng(41, "ridge")
    X, t = g.normal(size=(14, 5)), g.random(91)
    weights, scale = fit_weights(X, squareform(t), [0.3])
    D = by_unit(X / scale)
    D -= D.mean(axis=0)
    gram = D.T @ D
    expected = np.linalg.solve(gram + 0.3 * np.trace(gram) / 5 * np.eye(5), D.T @ (t - t.mean()))
    np.testing.assert_allclose(weights, expected, rtol=1e-8)
    np.testing.assert_allclose(
        weighted_dissimilarities(X, weights, scale), by_unit(X / scale) @ weights, atol=1e-10
    )


def test_hidden_weights_are_found_on_stimuli_that_were_not_fitted():
    g = rng(42, "hidden")
    X, hidden = g.normal(size=(80, 10)), g.exponential(size=10) ** 3
    target = squareform(by_unit(X) @ hidden)[None]
    folds = assign_folds(80, 5, g)
    assert reweighted_similarity(X, target, folds)[0] > 0.999
    plain = np.corrcoef(pdist(X, "sqeuclidean"), squareform(target[0]))[0, 1]
    assert plain < 0.9


def test_unrelated_units_predict_nothing_on_average():
    found = []
    for repetition in range(40):
        g = rng(43, repetition)
        X, Y = g.normal(size=(2, 40, 12))
        found.append(reweighted_similarity(X, squareform(pdist(Y))[None], assign_folds(40, 5, g))[0])
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(40)


def test_a_constant_unit_has_no_weight_and_three_stimuli_in_a_fold_are_refused():
    g = rng(44, "constant")
    X = g.normal(size=(20, 3))
    X[:, 1] = 0.1
    assert fit_weights(X, squareform(g.random(190)))[0][1] == 0
    with pytest.raises(TooFewError, match="3 stimuli"):
        reweighted_similarity(X, squareform(g.random(190))[None], np.arange(20) % 6)


@pytest.mark.parametrize("comparison", ["pearson", "cosine"])
def test_mixture_weights_are_nonnegative_least_squares(comparison):
    g = rng(45, comparison)
    components, y = g.random((3, 60)) * np.array([[1.0], [100.0], [0.01]]), g.random(60)
    A, b = (
        (components, y)
        if comparison == "cosine"
        else (components - components.mean(1)[:, None], y - y.mean())
    )
    lengths = np.linalg.norm(A, axis=1)
    np.testing.assert_allclose(
        mixture_weights(components, y, comparison), nnls((A.T / lengths), b)[0] / lengths
    )


def test_a_mixture_is_found_on_other_stimuli_and_other_subjects():
    g = rng(46, "mixture")
    parts = np.stack([squareform(pdist(g.normal(size=(40, 6)))) for _ in range(3)])
    truth = 0.2 * parts[0] + 0.8 * parts[2]
    people = np.stack([truth + squareform(0.01 * g.random(780)) for _ in range(4)])
    folds, groups = assign_folds(40, 4, g), np.array([0, 0, 1, 1])
    assert weighted_rdm_similarity(parts, people, folds, groups).min() > 0.99
    assert weighted_rdm_similarity(parts, people[:1], folds, np.array([0])).shape == (1,)
