"""Laws of stochastic shape distances: limits that are Procrustes, closed forms, invariances, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes, sqrtm
from scipy.spatial.distance import cdist
from scipy.stats import energy_distance, ortho_group

from repalign.errors import DegenerateError, InputError, ShapeError, TooFewError
from repalign.maths.shape import procrustes_size_and_shape_distance
from repalign.maths.stochastic import as_trials, energy_shape_distance, gaussian_wasserstein_distance
from repalign.seeds import rng

BOTH = (gaussian_wasserstein_distance, energy_shape_distance)


def trials(seed, repetitions=8, n=15, p=4, q=3, noise=1.0):
    generator = rng(seed, "trials")
    x = generator.normal(size=(n, p)) + generator.normal(size=p)
    y = x[:, :2] @ generator.normal(size=(min(p, 2), q)) + generator.normal(size=(n, q))
    return [side + noise * generator.normal(size=(repetitions, *side.shape)) for side in (x, y)]


@pytest.mark.parametrize(("p", "q"), [(4, 4), (3, 6), (20, 5)])
def test_without_noise_the_gaussian_distance_is_procrustes(p, q):
    X, Y = trials(1, repetitions=2, p=p, q=q, noise=0.0)
    shape = procrustes_size_and_shape_distance(X[0], Y[0])
    assert gaussian_wasserstein_distance(X, Y) == pytest.approx(shape / np.sqrt(15), rel=1e-9)
    assert gaussian_wasserstein_distance(X, Y, 2.0) == pytest.approx(shape * np.sqrt(2 / 15), rel=1e-9)


def test_means_only_is_procrustes_whatever_the_noise():
    X, Y = trials(2)
    shape = procrustes_size_and_shape_distance(X.mean(0), Y.mean(0))
    assert gaussian_wasserstein_distance(X, Y, 2.0) == pytest.approx(shape * np.sqrt(2 / 15), rel=1e-12)


def bures(S, R):
    root = sqrtm(S).real
    return np.trace(S) + np.trace(R) - 2 * np.trace(sqrtm(root @ R @ root).real)


@pytest.mark.parametrize("alpha", [0.7, 1.0, 1.6])
def test_the_gaussian_distance_is_at_most_its_formula_at_any_rotation(alpha):
    X, Y = trials(3, p=3, q=3, repetitions=12)
    x, y = X - X.mean((0, 1)), Y - Y.mean((0, 1))
    found = gaussian_wasserstein_distance(X, Y, alpha)
    covariances = [[np.cov(side[:, i].T) for i in range(15)] for side in (x, y)]
    for Q in ortho_group.rvs(3, size=20, random_state=rng(4)):
        means = ((x.mean(0) - y.mean(0) @ Q.T) ** 2).sum(1)
        noise = [bures(S, Q @ R @ Q.T) for S, R in zip(*covariances, strict=True)]
        assert found <= np.sqrt(np.mean(alpha * means + (2 - alpha) * np.array(noise))) + 1e-9


def test_the_energy_distance_is_less_than_its_formula_at_other_rotations():
    X, Y = trials(14, p=3, q=3, noise=2.0)
    x, y = X - X.mean((0, 1)), Y - Y.mean((0, 1))

    def at(Q):
        def mean_distance(a, b):
            return np.mean([cdist(a[:, i], b[:, i]).mean() for i in range(15)])

        return np.sqrt(mean_distance(x, y @ Q) - mean_distance(x, x) / 2 - mean_distance(y, y) / 2)

    found = energy_shape_distance(X, Y)
    start = orthogonal_procrustes(y.mean(0), x.mean(0))[0]
    assert found < at(start) - 1e-4
    turns = ortho_group.rvs(3, size=20, random_state=rng(15))
    assert found <= min(at(Q) for Q in turns) + 1e-9


def test_one_unit_has_a_closed_form():
    """With one unit only a sign can be chosen: means and standard deviations, side by side."""
    X, Y = trials(5, p=1, q=1)
    x, y = (side[:, :, 0] - side.mean() for side in (X, Y))
    spread = (x.std(0, ddof=1) - y.std(0, ddof=1)) ** 2
    values = [np.sqrt(np.mean((x.mean(0) - sign * y.mean(0)) ** 2 + spread)) for sign in (1, -1)]
    assert gaussian_wasserstein_distance(X, Y) == pytest.approx(min(values), rel=1e-10)
    # scipy's one-dimensional energy distance is the root of twice ours.
    squared = [
        np.mean([energy_distance(x[:, i], sign * y[:, i]) ** 2 / 2 for i in range(15)]) for sign in (1, -1)
    ]
    assert energy_shape_distance(X, Y) == pytest.approx(np.sqrt(min(squared)), rel=1e-7)


@pytest.mark.parametrize("distance", BOTH)
def test_equal_sides_rotated_and_moved_are_at_distance_zero(distance):
    X, Y = trials(6, repetitions=12)
    turned = X @ ortho_group.rvs(4, random_state=rng(7)) + 3
    assert distance(X, X) == pytest.approx(0, abs=1e-7)
    assert distance(X, turned) == pytest.approx(0, abs=1e-6)
    assert distance(turned, Y) == pytest.approx(distance(X, Y), abs=1e-9)
    assert distance(Y, X) == pytest.approx(distance(X, Y), abs=1e-9)
    assert distance(X, Y) > 0.1


@pytest.mark.parametrize(("distance", "power"), [(BOTH[0], 1.0), (BOTH[1], 0.5)])
def test_both_sides_scaled_scale_the_distance(distance, power):
    X, Y = trials(8)
    for scale in (1e-100, 7.0, 1e100):
        assert distance(scale * X, scale * Y) == pytest.approx(scale**power * distance(X, Y), rel=1e-9)


@pytest.mark.parametrize("distance", BOTH)
def test_noise_that_differs_is_seen_where_the_means_are_equal(distance):
    generator = rng(9)
    mean = generator.normal(size=(10, 3))
    noise = generator.normal(size=(100, 10, 3))
    noise -= noise.mean(0)
    quiet, same, loud = mean + 0.1 * noise, mean + 0.1 * noise[::-1], mean + 2 * noise
    assert distance(quiet, loud) > 5 * distance(quiet, same)


def test_repetitions_may_be_permuted_within_a_stimulus():
    X, Y = trials(10)
    shuffled = rng(11).permuted(X, axis=0)  # every number by itself would mix units
    order = np.argsort(rng(12).random((8, 15)), axis=0)
    shuffled = np.take_along_axis(X, order[:, :, None], axis=0)
    for distance in BOTH:
        assert distance(shuffled, Y) == pytest.approx(distance(X, Y), abs=1e-9)


def test_bad_trials_are_refused():
    X, Y = trials(13)
    broken = X.copy()
    broken[2, 7, 1] = np.nan
    with pytest.raises(DegenerateError, match="row 7 first"):
        energy_shape_distance(broken, Y)
    with pytest.raises(ShapeError, match="repetition, stimulus, unit"):
        gaussian_wasserstein_distance(X[0], Y[0])
    with pytest.raises(TooFewError, match="1 repetitions"):
        as_trials(X[:1], "X")
    with pytest.raises(ShapeError, match="15 stimuli and Y has 14"):
        energy_shape_distance(X, Y[:, :14])
    with pytest.raises(InputError, match="0 <= alpha <= 2"):
        gaussian_wasserstein_distance(X, Y, 2.5)
    with pytest.raises(DegenerateError, match="same mean response"):
        energy_shape_distance(X, np.ones((3, 15, 2)))
