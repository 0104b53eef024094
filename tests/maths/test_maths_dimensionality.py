"""Laws of dimensionality: closed forms, known dimensions, bounds, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ortho_group
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from repalign.errors import DegenerateError, InputError, TooFewError
from repalign.maths import dimensionality
from repalign.maths.dimensionality import components_for_variance, eigenspectrum, participation_ratio, two_nn
from repalign.seeds import rng


@pytest.mark.parametrize("shape", [(30, 7), (7, 30), (12, 12), (2, 5)])
def test_the_spectrum_and_what_is_read_from_it_are_those_of_principal_components(shape):
    X = rng(1, *shape).normal(size=shape) * np.geomspace(1, 9, shape[1]) + 4
    fitted = PCA().fit(X)
    variances = fitted.explained_variance_[: min(shape[0] - 1, shape[1])]
    assert eigenspectrum(X) == pytest.approx(variances, rel=1e-9)
    assert participation_ratio(X) == pytest.approx(variances.sum() ** 2 / (variances**2).sum(), rel=1e-11)
    for share in (0.5, 0.9, 0.99):
        expected = int((np.cumsum(fitted.explained_variance_ratio_) < share).sum()) + 1
        assert components_for_variance(X, share) == expected


@pytest.mark.parametrize("d", [1, 3, 5, 6, 7, 11, 13])
def test_equal_variance_in_d_directions_is_d_dimensions(d):
    """The corners of a cross: exactly isotropic."""
    X = np.vstack([np.eye(d), -np.eye(d)]) @ ortho_group.rvs(20, random_state=rng(2))[:d]
    assert participation_ratio(X) == pytest.approx(d, rel=1e-12)
    assert components_for_variance(X, 1.0) == d
    assert [components_for_variance(X, k / d) for k in range(1, d + 1)] == list(range(1, d + 1))
    assert eigenspectrum(X)[:d] == pytest.approx(2 / (2 * d - 1), rel=1e-10)


def test_the_participation_ratio_lies_between_one_and_the_units():
    generator = rng(3)
    for _ in range(50):
        n, p = generator.integers(2, 20, size=2)
        X = generator.normal(size=(n, p)) * generator.gamma(0.3, size=p)
        assert 1 - 1e-12 <= participation_ratio(X) <= min(n - 1, p) + 1e-9


@pytest.mark.parametrize(("d", "tolerance"), [(1, 0.1), (2, 0.2), (5, 0.6)])
def test_two_nn_recovers_the_dimension_of_a_curved_sheet(d, tolerance):
    flat = rng(4, d).uniform(size=(1500, d))
    curved = np.column_stack([flat, flat**2, np.sin(3 * flat)])
    for X in (flat, curved @ ortho_group.rvs(3 * d, random_state=rng(5))):
        assert two_nn(X) == pytest.approx(d, abs=tolerance)


def test_two_nn_is_the_slope_through_the_origin_over_scikit_learns_neighbours():
    X = rng(6).normal(size=(60, 4))
    near = NearestNeighbors(n_neighbors=2).fit(X).kneighbors()[0]
    x = np.sort(np.log(near[:, 1] / near[:, 0]))[:54]
    y = -np.log(1 - np.arange(1, 55) / 60)
    assert two_nn(X) == pytest.approx(np.linalg.lstsq(x[:, None], y, rcond=None)[0][0], rel=1e-10)
    assert two_nn(X * 1e100 + 1e100) == pytest.approx(two_nn(X), rel=1e-6)


def test_two_nn_in_blocks_is_the_same(monkeypatch):
    X = rng(7).normal(size=(50, 3))
    whole = two_nn(X)
    monkeypatch.setattr(dimensionality, "_BLOCK_ENTRIES", 120)
    assert two_nn(X) == pytest.approx(whole, rel=1e-12)


def test_what_has_no_dimension_is_refused():
    X = rng(8).normal(size=(12, 3))
    X[7] = X[2]
    with pytest.raises(DegenerateError, match="2 stimuli have the pattern of another") as refusal:
        two_nn(X)
    assert refusal.value.rows == (2, 7)
    with pytest.raises(DegenerateError, match="equally far"):
        two_nn(np.eye(12))
    with pytest.raises(TooFewError, match="at least 10"):
        two_nn(X[:9])
    for dimension in (participation_ratio, eigenspectrum, lambda x: components_for_variance(x, 0.9)):
        with pytest.raises(DegenerateError, match="same response"):
            dimension(np.ones((5, 2)))
    for share in (0.0, 1.1):
        with pytest.raises(InputError, match="0 < share <= 1"):
            components_for_variance(X, share)
    with pytest.raises(InputError, match="0 <= share < 1"):
        two_nn(X, discarded=1.0)
