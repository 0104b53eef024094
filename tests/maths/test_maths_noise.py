"""Laws of noise covariances: published formulas, scikit-learn, rsatoolbox, unbiasedness, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf

from repalign.errors import DegenerateError, ShapeError, TooFewError, UnknownNameError
from repalign.maths.noise import SHRINKAGES, estimate_noise, precision_root, repetition_residuals
from repalign.seeds import rng

SHAPES = [(200, 7), (31, 12), (9, 40), (5, 301)]


def correlated(shape: tuple[int, int], *words: str | int) -> np.ndarray:
    """Residuals of correlated units with variances that differ."""
    generator = rng(20, "noise", *shape, *words)
    own, common = generator.normal(size=shape), generator.normal(size=(shape[0], 1))
    return (own + common * generator.normal(size=shape[1])) * generator.uniform(0.2, 3.0, size=shape[1])


@pytest.mark.parametrize("shape", SHAPES)
def test_shrinkage_to_the_identity_is_that_of_scikit_learn(shape):
    R = correlated(shape)
    theirs = LedoitWolf(assume_centered=True).fit(R)
    ours = estimate_noise(R)
    assert ours.shrinkage == pytest.approx(theirs.shrinkage_, rel=1e-10)
    np.testing.assert_allclose(ours.covariance(), theirs.covariance_, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shape", [(200, 7), (31, 12), (9, 40)])
def test_shrinkage_to_the_diagonal_is_the_formula_of_schaefer_and_strimmer(shape):
    # Their unbiased variance of a correlation, n / (n-1)^3 sum (w_k - mean w)^2, term by term.
    R = correlated(shape)
    R -= R.mean(axis=0)
    n, off = len(R), ~np.eye(shape[1], dtype=bool)
    z = R / R.std(axis=0, ddof=1)
    w = np.einsum("ki,kj->kij", z, z)
    variances = n / (n - 1) ** 3 * ((w - w.mean(axis=0)) ** 2).sum(axis=0)
    weight = min(1.0, variances[off].sum() / (np.corrcoef(R.T)[off] ** 2).sum())
    expected = np.cov(R.T) * np.where(off, 1 - weight, 1.0)
    ours = estimate_noise(R, "diagonal", dof=n - 1)
    assert ours.shrinkage == pytest.approx(weight, rel=1e-9)
    np.testing.assert_allclose(ours.covariance(), expected, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize(("shrinkage", "theirs"), [("eye", "shrinkage_eye"), ("full", "full")])
@pytest.mark.parametrize("shape", [(200, 7), (61, 12)])
def test_without_lost_degrees_of_freedom_it_is_that_of_rsatoolbox(rsatoolbox, shape, shrinkage, theirs):
    R = correlated(shape)
    R -= R.mean(axis=0)
    covariance = rsatoolbox.data.noise.cov_from_residuals(R.copy(), dof=len(R), method=theirs)
    np.testing.assert_allclose(estimate_noise(R, shrinkage).covariance(), covariance, rtol=1e-9, atol=1e-12)


def test_shrinkage_to_the_diagonal_is_close_to_that_of_rsatoolbox(rsatoolbox):
    # It subtracts n^2 / (n-1) squared means of products where the published variance has n.
    R = correlated((400, 9))
    R -= R.mean(axis=0)
    theirs = rsatoolbox.data.noise.cov_from_residuals(R.copy(), method="shrinkage_diag")
    ours = estimate_noise(R, "diagonal", dof=399).covariance()
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)
    assert abs(ours - theirs).max() > 1e-9


@pytest.mark.parametrize("shrinkage", SHRINKAGES)
@pytest.mark.parametrize("shape", [(200, 7), (31, 12)])
def test_precision_and_whitening_invert_the_covariance(shape, shrinkage):
    noise = estimate_noise(correlated(shape), shrinkage)
    X = rng(21, "whiten", *shape).normal(size=(5, shape[1]))
    S = noise.covariance()
    np.testing.assert_allclose(noise.precision() @ S, np.eye(shape[1]), atol=1e-9)
    Z = noise.whiten(X)
    np.testing.assert_allclose(Z @ Z.T, X @ np.linalg.solve(S, X.T), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("shrinkage", ["eye", "diagonal"])
def test_many_units_are_whitened_without_their_covariance(shrinkage):
    noise = estimate_noise(correlated((9, 40)), shrinkage)
    assert noise.axes.shape[1] <= 9
    X = rng(22, "whiten").normal(size=(3, 5, 40))
    Z = noise.whiten(X)
    expected = X[1] @ np.linalg.inv(noise.covariance()) @ X[2].T
    np.testing.assert_allclose(Z[1] @ Z[2].T, expected, rtol=1e-8, atol=1e-10)


def test_noise_from_repetitions_is_unbiased_whatever_the_stimuli():
    generator = rng(23, "unbiased")
    root = generator.normal(size=(6, 6))
    stimulus = np.repeat(np.arange(150), generator.integers(1, 4, size=150))
    found = np.zeros((6, 6))
    for _ in range(40):
        signal = 10 * generator.normal(size=(150, 6))
        rows = signal[stimulus] + generator.normal(size=(len(stimulus), 6)) @ root
        residuals, dof = repetition_residuals(rows, stimulus)
        found += estimate_noise(residuals, "full", dof).covariance() / 40
    np.testing.assert_allclose(found, root.T @ root, atol=0.06 * np.trace(root.T @ root) / 6)


def test_two_repetitions_shrink_as_much_as_as_many_independent_residuals():
    # The residuals of a stimulus measured twice are x and -x: one observation, not two.
    x = correlated((15, 30))
    twice = np.stack([x, -x], axis=1).reshape(30, 30) / np.sqrt(2)
    once, both = estimate_noise(x), estimate_noise(twice, dof=15)
    assert both.shrinkage == pytest.approx(once.shrinkage, rel=1e-9)
    np.testing.assert_allclose(both.covariance(), once.covariance(), rtol=1e-9, atol=1e-12)


def test_residuals_do_not_depend_on_the_order_of_observations_and_leave_single_ones_out():
    generator = rng(24, "residuals")
    rows, stimulus = generator.normal(size=(12, 4)), np.array([5, 5, 7, 7, 7, 9, 2, 2, 2, 2, 11, 11])
    residuals, dof = repetition_residuals(rows, stimulus)
    assert residuals.shape == (11, 4)
    assert dof == 11 - 4
    np.testing.assert_allclose(residuals[:2].sum(axis=0), 0.0, atol=1e-15)
    order = generator.permutation(12)
    shuffled, _ = repetition_residuals(rows[order], stimulus[order])
    np.testing.assert_allclose(np.sort(shuffled, axis=0), np.sort(residuals, axis=0), atol=1e-15)


def test_what_gives_no_covariance_is_refused():
    R = correlated((9, 40))
    with pytest.raises(DegenerateError, match="40 units has rank 9 and no inverse"):
        estimate_noise(R, "full")
    with pytest.raises(DegenerateError, match="40 units has rank 1"):
        estimate_noise(R[:1])
    with pytest.raises(DegenerateError, match="repetitions are identical"):
        estimate_noise(np.zeros((4, 3)))
    with pytest.raises(DegenerateError, match="NaN or infinite"):
        estimate_noise(np.full((4, 3), np.nan))
    silent = R.copy()
    silent[:, [3, 8]] = 0.0
    with pytest.raises(DegenerateError, match=r"2 of 40 units have no noise \(unit 3 first\)"):
        estimate_noise(silent, "diagonal")
    assert estimate_noise(silent).covariance()[3, 3] > 0
    with pytest.raises(UnknownNameError, match="no shrinkage named 'eyes'"):
        estimate_noise(R, "eyes")
    with pytest.raises(ShapeError, match=r"not \(residual, unit\)"):
        estimate_noise(R[0])
    with pytest.raises(TooFewError, match="0 degrees of freedom"):
        estimate_noise(R, dof=0)
    with pytest.raises(TooFewError, match="no stimulus was measured twice"):
        repetition_residuals(R, np.arange(9))


def test_a_precision_that_is_none_is_refused():
    with pytest.raises(ShapeError, match=r"shape \(2, 2\); there are 3 units"):
        precision_root(np.eye(2), 3)
    for bad in (np.diag([1.0, -1.0]), np.array([[1.0, 0.5], [0.1, 1.0]]), np.full((2, 2), np.nan)):
        with pytest.raises(DegenerateError, match="not symmetric and positive definite"):
            precision_root(bad, 2)
