"""Laws of partial least squares: scikit-learn's, least squares as its limit, rotations, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression

from repalign.errors import InputError, TooFewError
from repalign.maths.pls import pls
from repalign.maths.ridge import ols
from repalign.seeds import rng


def sides(n: int, p: int, q: int, m: int = 7) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = rng(100, n, p, q)
    X = generator.normal(size=(n + m, p)) * generator.gamma(2.0, size=p) + generator.normal(size=p)
    Y = X @ generator.normal(size=(p, q)) / p + generator.normal(size=(n + m, q)) * generator.gamma(
        2.0, size=q
    )
    return X[:n], Y[:n] + 3, X[n:]


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize(
    ("shape", "n_components"),
    [((40, 30, 5), 25), ((41, 7, 1), 7), ((41, 90, 60), 25), ((30, 80, 1), 1), ((31, 4, 50), 3)],
)
def test_predictions_are_those_of_sklearn_once_it_has_converged(shape, n_components, scale):
    X, Y, new = sides(*shape)
    peer = PLSRegression(n_components, scale=scale, tol=1e-28, max_iter=200_000).fit(X, Y)
    expected = peer.predict(new).reshape(len(new), -1)
    np.testing.assert_allclose(pls(X, Y, new, n_components, scale=scale), expected, atol=1e-8)


def test_many_units_on_both_sides_take_the_iterative_route_to_the_same_numbers():
    X, Y, new = sides(260, 300, 280)
    peer = PLSRegression(3, scale=False, tol=1e-26, max_iter=100_000).fit(X, Y)
    np.testing.assert_allclose(pls(X, Y, new, 3), peer.predict(new), atol=1e-8)


@pytest.mark.parametrize("q", [1, 6])
def test_as_many_components_as_units_are_least_squares(q):
    X, Y, new = sides(40, 6, q)
    np.testing.assert_allclose(pls(X, Y, new, 6), ols(X, Y, new), atol=1e-9)


@pytest.mark.parametrize("shape", [(30, 8, 4), (30, 50, 40)])
def test_rotations_of_either_side_change_nothing(shape):
    X, Y, new = sides(*shape)
    turn, back = (np.linalg.qr(rng(101, k).normal(size=(k, k)))[0] for k in shape[1:])
    found = pls(X @ turn, Y @ back, new @ turn, 5) @ back.T
    np.testing.assert_allclose(found, pls(X, Y, new, 5), atol=1e-9)


def test_one_component_is_the_leading_covariance_direction():
    X, Y, new = sides(30, 5, 3)
    Z, W = X - X.mean(axis=0), Y - Y.mean(axis=0)
    w = np.linalg.svd(Z.T @ W)[0][:, 0]
    t = Z @ w
    expected = np.outer((new - X.mean(axis=0)) @ w, t @ W / (t @ t)) + Y.mean(axis=0)
    np.testing.assert_allclose(pls(X, Y, new, 1), expected, atol=1e-11)


def test_components_beyond_an_exact_fit_add_nothing():
    generator = rng(102)
    X, new = generator.normal(size=(30, 10)), generator.normal(size=(5, 10))
    direction = generator.normal(size=(10, 1))
    np.testing.assert_allclose(pls(X, X @ direction, new, 10), new @ direction, atol=1e-9)
    np.testing.assert_allclose(pls(X, np.full((30, 2), 0.1), new, 4), 0.1, atol=1e-12)


@pytest.mark.parametrize(("shape", "most"), [((20, 40, 2), 19), ((20, 6, 2), 6), ((20, 20, 2), 19)])
def test_more_components_than_directions_are_refused(shape, most):
    X, Y, new = sides(*shape)
    assert np.isfinite(pls(X, Y, new, most)).all()
    with pytest.raises(TooFewError, match=f"{most + 1} components need more than {most + 1} stimuli"):
        pls(X, Y, new, most + 1)
    with pytest.raises(InputError, match="0 components"):
        pls(X, Y, new, 0)
