"""Laws of canonical correlations, SVCCA and PWCCA."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import eigvals, subspace_angles
from sklearn.cross_decomposition import CCA
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression

from repalign.errors import DegenerateError, InputError, ShapeError, TooFewError
from repalign.maths.cca import canonical_correlations, cca_mean, leading_components, pwcca, svcca
from repalign.seeds import rng

SHAPES = [(12, 1, 1), (30, 4, 7), (30, 25, 25), (51, 9, 3)]


def related(n: int, p: int, q: int) -> tuple[np.ndarray, np.ndarray]:
    generator = rng(60, n, p, q)
    shared = generator.normal(size=(n, 3))
    sides = [shared @ generator.normal(size=(3, k)) + generator.normal(size=(n, k)) for k in (p, q)]
    return sides[0] + 5, sides[1] * 0.01


def mixed(X: np.ndarray, word: str) -> np.ndarray:
    """After an invertible linear map and a shift."""
    generator = rng(61, word)
    return X @ generator.normal(size=(X.shape[1],) * 2) + generator.normal(size=X.shape[1])


@pytest.mark.parametrize("shape", SHAPES)
def test_correlations_are_cosines_of_the_angles_between_the_subspaces(shape):
    X, Y = related(*shape)
    angles = subspace_angles(*(side - side.mean(axis=0) for side in (X, Y)))
    np.testing.assert_allclose(canonical_correlations(X, Y), np.sort(np.cos(angles))[::-1], atol=1e-9)


@pytest.mark.parametrize("shape", [(30, 4, 7), (51, 9, 3)])
def test_squared_correlations_are_the_eigenvalues_of_hotelling(shape):
    X, Y = related(*shape)
    p, S = X.shape[1], np.cov(X.T, Y.T)
    product = np.linalg.solve(S[:p, :p], S[:p, p:]) @ np.linalg.solve(S[p:, p:], S[p:, :p])
    found = np.sort(eigvals(product).real)[::-1][: min(shape[1:])]
    np.testing.assert_allclose(canonical_correlations(X, Y) ** 2, found, atol=1e-9)


def test_correlations_are_those_of_scikit_learn():
    X, Y = related(40, 4, 5)
    scores = CCA(n_components=4, tol=1e-14, max_iter=100_000).fit_transform(X, Y)
    theirs = [np.corrcoef(*pair)[0, 1] for pair in zip(*(side.T for side in scores), strict=True)]
    np.testing.assert_allclose(canonical_correlations(X, Y), theirs, atol=1e-5)


def test_of_single_units_it_is_the_correlation_and_of_one_the_variance_explained():
    X, Y = related(30, 5, 1)
    assert cca_mean(X[:, :1], Y) == pytest.approx(abs(np.corrcoef(X[:, 0], Y[:, 0])[0, 1]), abs=1e-12)
    explained = LinearRegression().fit(X, Y[:, 0]).score(X, Y[:, 0])
    assert cca_mean(X, Y, 2) == pytest.approx(explained, abs=1e-12)


@pytest.mark.parametrize("power", [1, 2])
def test_cca_is_blind_to_invertible_linear_maps_and_shifts(power):
    X, Y = related(30, 6, 9)
    assert cca_mean(mixed(X, "x"), mixed(Y, "y"), power) == pytest.approx(cca_mean(X, Y, power), abs=1e-9)
    assert cca_mean(Y, X, power) == pytest.approx(cca_mean(X, Y, power), abs=1e-13)


def test_units_without_information_of_their_own_change_nothing():
    X, Y = related(30, 6, 9)
    idle = np.column_stack([X[:, :2] * 1e-14, np.full(30, 0.1), X[:, 2] - X[:, 3]])
    np.testing.assert_allclose(
        canonical_correlations(np.hstack([X, idle]), Y), canonical_correlations(X, Y), atol=1e-9
    )
    tiny = X * np.geomspace(1e-30, 1e30, 6)
    np.testing.assert_allclose(canonical_correlations(tiny, Y), canonical_correlations(X, Y), atol=1e-9)


def test_independent_gaussians_have_the_expected_squared_correlations():
    # E sum rho^2 = p q / (n - 1), the mean of Pillai's trace.
    n, p, q, draws = 40, 12, 20, 300
    generator = rng(62)
    found = np.array(
        [cca_mean(generator.normal(size=(n, p)), generator.normal(size=(n, q)), 2) for _ in range(draws)]
    )
    assert found.mean() == pytest.approx(q / (n - 1), abs=4 * found.std(ddof=1) / np.sqrt(draws))


def test_dimensions_in_excess_of_the_stimuli_correlate_perfectly():
    X, Y = rng(63).normal(size=(2, 30, 20))
    rho = canonical_correlations(X, Y)
    assert (rho > 1 - 1e-12).sum() == 20 + 20 - 29
    assert rho.max() <= 1


@pytest.mark.parametrize("cut", [{"dimensions": 4}, {"variance": 0.9}, {"variance": 0.99}])
@pytest.mark.parametrize("shape", [(30, 12, 9), (25, 40, 60)])
def test_svcca_is_cca_of_principal_components(shape, cut):
    X, Y = related(*shape)
    asked = next(iter(cut.values()))
    scores = [PCA(n_components=asked, svd_solver="full").fit_transform(side) for side in (X, Y)]
    rho = canonical_correlations(*scores)
    assert svcca(X, Y, **cut) == pytest.approx(rho.mean(), abs=1e-9)
    assert svcca(Y, X, power=2, **cut) == pytest.approx((rho**2).mean(), abs=1e-9)


def test_svcca_of_all_components_is_cca_and_components_say_what_they_carry():
    X, Y = related(30, 6, 9)
    assert svcca(X, Y[:, :6], dimensions=6) == pytest.approx(cca_mean(X, Y[:, :6]), abs=1e-10)
    left, share = leading_components(X, dimensions=3)
    np.testing.assert_allclose(left.T @ left, np.eye(3), atol=1e-12)
    assert share == pytest.approx(PCA(n_components=3).fit(X).explained_variance_ratio_.sum(), abs=1e-12)


def test_a_share_reached_exactly_takes_no_further_component():
    X = np.zeros((9, 3))
    X[:8, 0], X[:8, 1], X[:8, 2] = [1, -1] * 4, [1, 1, -1, -1] * 2, [1, 1, 1, 1, -1, -1, -1, -1]
    X *= np.sqrt([5.0, 3.0, 2.0])
    assert leading_components(X, variance=0.8)[0].shape == (9, 2)
    assert leading_components(X @ np.linalg.qr(rng(64).normal(size=(3, 3)))[0], variance=0.8)[0].shape[1] == 2


def naive_pwcca(X: np.ndarray, Y: np.ndarray) -> float:
    """Through eigenvectors of covariances, one variate at a time."""
    x, y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    Sx, Sy, C = x.T @ x, y.T @ y, x.T @ y
    values, vectors = np.linalg.eig(np.linalg.solve(Sx, C) @ np.linalg.solve(Sy, C.T))
    over = under = 0.0
    for value, vector in sorted(zip(values.real, vectors.real.T, strict=True), key=lambda pair: -pair[0])[
        : min(X.shape[1], Y.shape[1])
    ]:
        h = x @ vector / np.linalg.norm(x @ vector)
        weight = sum(abs(h @ unit) for unit in x.T)
        over, under = over + weight * np.sqrt(value), under + weight
    return over / under


@pytest.mark.parametrize("shape", [(30, 4, 7), (51, 9, 3), (40, 6, 6)])
def test_pwcca_weights_correlations_by_what_the_variates_say_about_the_units_of_x(shape):
    X, Y = related(*shape)
    assert pwcca(X, Y) == pytest.approx(naive_pwcca(X, Y), abs=1e-9)
    assert abs(pwcca(Y, X) - pwcca(X, Y)) > 1e-4
    assert pwcca(X[:, ::-1] * 7, mixed(Y, "y")) == pytest.approx(pwcca(X, Y), abs=1e-9)
    assert pwcca(X, mixed(X, "x")) == pytest.approx(1, abs=1e-12)


def test_pwcca_is_refused_where_its_weights_are_arbitrary():
    X, Y = rng(65).uniform(size=(2, 30, 25))
    with pytest.raises(DegenerateError, match="21 of 25 canonical correlations equal another"):
        pwcca(X, Y)
    # Why: any rotation among variates of equal correlation is as good, and gives another number.
    x, y = (np.linalg.qr(side - side.mean(axis=0))[0] for side in (X, Y))
    left, rho, _ = np.linalg.svd(x.T @ y)
    turned = left.copy()
    turned[:, :21] = left[:, :21] @ np.linalg.qr(rng(66).normal(size=(21, 21)))[0]
    weights = [np.abs((x @ each).T @ (X - X.mean(axis=0))).sum(axis=1) for each in (left, turned)]
    values = [w @ rho / w.sum() for w in weights]
    np.testing.assert_allclose((x @ turned).T @ y @ (y.T @ x @ turned), np.diag(rho**2), atol=1e-12)
    assert abs(values[0] - values[1]) > 1e-4


def test_responses_in_float32_are_computed_in_float64():
    X, Y = (side.astype(np.float32) for side in related(30, 6, 9))
    whole = X.astype(float), Y.astype(float)
    assert cca_mean(X, Y) == cca_mean(*whole)
    assert svcca(X, Y, variance=0.9) == svcca(*whole, variance=0.9)
    assert pwcca(X, Y) == pwcca(*whole)


@pytest.mark.parametrize("of", [canonical_correlations, cca_mean, pwcca])
@pytest.mark.parametrize(
    ("n", "p", "seen"), [(20, 20, "20 units"), (20, 31, "31 units"), (20, 19, "19 independent")]
)
def test_as_many_units_as_stimuli_are_refused(of, n, p, seen):
    X, Y = rng(67).normal(size=(n, p)), rng(68).normal(size=(n, 3))
    with pytest.raises(TooFewError, match=f"X has {seen}.* and 20 stimuli: every canonical correlation"):
        of(X, Y)
    with pytest.raises(TooFewError, match=f"Y has {seen}"):
        of(Y, X)


@pytest.mark.parametrize(
    ("cut", "error", "message"),
    [
        ({}, InputError, "needs one of"),
        ({"variance": 0.9, "dimensions": 3}, InputError, "needs one of"),
        ({"variance": 1.0}, InputError, "between 0 and 1"),
        ({"dimensions": 0}, InputError, "dimensions=0"),
        ({"dimensions": 7}, TooFewError, "X has 6 components; 7 are asked for"),
    ],
)
def test_cuts_that_are_none_are_refused(cut, error, message):
    with pytest.raises(error, match=message):
        svcca(*related(30, 6, 9), **cut)


def test_responses_without_a_number_are_refused():
    X, Y = related(20, 6, 9)
    with pytest.raises(ShapeError, match="20 stimuli and Y has 19"):
        cca_mean(X, Y[:19])
    with pytest.raises(DegenerateError, match="Y gives the same response"):
        cca_mean(X, np.ones((20, 3)))
    with pytest.raises(DegenerateError, match="components 1 and 2 carry equal variance"):
        svcca(np.eye(20), Y, dimensions=1)
    with pytest.raises(TooFewError, match="Y has 19 components and 20 stimuli"):
        svcca(X, rng(69).normal(size=(20, 300)), variance=0.999)
    X[4, 0] = np.nan
    with pytest.raises(DegenerateError, match="row 4"):
        svcca(X, Y, variance=0.9)
