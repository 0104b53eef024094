"""Multidimensional scaling: exact where points exist, never a matter of their order."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from repalign.errors import ShapeError
from repalign.maths import classical_mds, metric_mds


def between(points):
    return squareform(pdist(points))


@pytest.mark.parametrize("scale", [classical_mds, lambda d: metric_mds(d)[0]])
def test_distances_of_points_in_a_plane_are_reproduced(scale):
    points = np.random.default_rng(0).normal(size=(12, 2))
    np.testing.assert_allclose(between(scale(between(points))), between(points), atol=1e-9)


def test_points_in_a_plane_leave_no_stress_and_a_simplex_does():
    assert metric_mds(between(np.random.default_rng(1).normal(size=(9, 2))))[1] < 1e-9
    # Of four points at equal distance the best picture is a square.
    side = (4 + 2 * np.sqrt(2)) / (4 + 2 * 2)
    found = np.array([side] * 4 + [side * np.sqrt(2)] * 2)
    stress = np.sqrt(((found - 1) ** 2).sum() / (found**2).sum())
    assert metric_mds(1.0 - np.eye(4))[1] == pytest.approx(stress, abs=1e-6)


def test_stress_is_no_worse_than_that_of_scikit_learn():
    manifold = pytest.importorskip("sklearn.manifold")
    wanted = between(np.random.default_rng(2).normal(size=(15, 6)))
    theirs = manifold.MDS(
        2, metric="precomputed", init="random", n_init=8, max_iter=3000, eps=1e-12, random_state=0
    )
    theirs = between(theirs.fit_transform(wanted))
    _, stress = metric_mds(wanted)
    assert stress <= np.sqrt(((theirs - wanted) ** 2).sum() / (theirs**2).sum()) * 1.05


def test_the_order_of_the_points_does_not_matter():
    wanted = between(np.random.default_rng(3).normal(size=(10, 4)))
    order = np.random.default_rng(4).permutation(10)
    np.testing.assert_allclose(
        metric_mds(wanted[np.ix_(order, order)])[0], metric_mds(wanted)[0][order], atol=1e-6
    )


def test_axes_are_principal_and_signed():
    points, _ = metric_mds(between(np.random.default_rng(5).normal(size=(20, 5))))
    spread = points.T @ points
    assert abs(spread[0, 1]) < 1e-9 * spread[0, 0]
    assert spread[0, 0] >= spread[1, 1]
    assert (points[np.abs(points).argmax(axis=0), [0, 1]] > 0).all()


def test_points_that_coincide_and_too_few_points():
    points, stress = metric_mds(np.zeros((3, 3)))
    assert np.abs(points).max() == 0
    assert stress == 0
    two, _ = metric_mds(np.array([[0.0, 2.0], [2.0, 0.0]]))
    assert sorted(two[:, 0]) == pytest.approx([-1, 1])


def test_what_is_not_square_is_refused():
    with pytest.raises(ShapeError, match=r"\(3, 2\)"):
        metric_mds(np.zeros((3, 2)))
