"""Laws of Procrustes: the published number, scipy's rotation, a metric, invariances, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes, sqrtm
from scipy.spatial import procrustes as disparity_of
from scipy.stats import ortho_group

from repalign.errors import DegenerateError, InputError, ShapeError, TooFewError
from repalign.maths import procrustes_angular_distance
from repalign.maths.aligned import aligned_cosine
from repalign.maths.shape import (
    nuclear_norm,
    procrustes_chord_distance,
    procrustes_ding_distance,
    procrustes_similarity,
    procrustes_size_and_shape_distance,
)
from repalign.maths.whitening import shape_whitening_angular_distance
from repalign.seeds import rng


def by_rotating(X, Y):
    """Pad to equal widths, rotate explicitly with scipy, and read the angle off the aligned cosine."""
    width = max(X.shape[1], Y.shape[1])
    x, y = (np.pad(side - side.mean(0), ((0, 0), (0, width - side.shape[1]))) for side in (X, Y))
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    rotation, _ = orthogonal_procrustes(x, y)
    return np.arccos(np.clip((x @ rotation * y).sum(), -1, 1))


def test_the_angle_is_the_published_number():
    legacy = np.random.RandomState(0)
    X, Y = legacy.uniform(size=(30, 25)), legacy.uniform(size=(30, 25))
    assert procrustes_angular_distance(X, Y) == pytest.approx(0.7629815799340968, abs=1e-12)


@pytest.mark.parametrize("shape", [(2, 1, 1), (10, 3, 3), (10, 3, 8), (10, 40, 5), (12, 30, 50), (60, 7, 9)])
def test_the_angle_is_that_after_scipys_best_rotation(shape):
    n, p, q = shape
    X, Y = rng(50, *shape).normal(size=(n, p)), rng(51, *shape).normal(size=(n, q)) + 5
    assert procrustes_angular_distance(X, Y) == pytest.approx(
        by_rotating(X, Y), abs=1e-7 if n == 2 else 1e-11
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 12), st.lists(st.integers(1, 15), min_size=3, max_size=3))
def test_the_angle_is_a_metric_over_representations_of_any_width(seed, n, widths):
    generator = rng(seed, "metric")
    sides = [generator.normal(size=(n, p)) * generator.gamma(1.0, size=p) for p in widths]
    a, b, c = sides
    ab, bc, ac = (procrustes_angular_distance(*two) for two in ((a, b), (b, c), (a, c)))
    assert ac <= ab + bc + 1e-7
    assert ab == pytest.approx(procrustes_angular_distance(b, a), abs=1e-7)
    assert 0 <= ab <= np.pi / 2
    assert procrustes_angular_distance(a, a) == pytest.approx(0, abs=1e-13)


@pytest.mark.parametrize(
    "change", ["rotation", "reflection", "scaling", "translation", "embedding", "huge", "tiny"]
)
def test_the_angle_is_invariant_to(change):
    generator = rng(52, change)
    X, Y = generator.normal(size=(20, 6)), generator.normal(size=(20, 9))
    changed = {
        "rotation": X @ ortho_group.rvs(6, random_state=generator),
        "reflection": X * np.array([-1, 1, 1, 1, 1, 1]),
        "scaling": 12.5 * X,
        "translation": X + generator.normal(size=6),
        "embedding": X @ ortho_group.rvs(40, random_state=generator)[:6],
        "huge": X * 1e200,
        "tiny": X * 1e-200,
    }[change]
    expected = procrustes_angular_distance(X, Y)
    assert procrustes_angular_distance(changed, Y) == pytest.approx(expected, abs=1e-12)
    assert procrustes_angular_distance(changed, X) == pytest.approx(0, abs=1e-13)


def test_the_angle_is_not_invariant_to_an_invertible_linear_map():
    X = rng(53).normal(size=(20, 6))
    assert procrustes_angular_distance(X * np.geomspace(0.1, 10, 6), X) > 0.1


def test_a_side_that_does_not_vary_and_differing_numbers_are_refused():
    X = rng(54).normal(size=(8, 3))
    with pytest.raises(DegenerateError, match="Y gives the same response"):
        procrustes_angular_distance(X, np.full((8, 2), 0.7))
    with pytest.raises(ShapeError, match="8 stimuli and Y has 7"):
        procrustes_angular_distance(X, X[:7])


def padded(X, Y):
    """Both centred and as wide as the wider."""
    width = max(X.shape[1], Y.shape[1])
    return (np.pad(side - side.mean(0), ((0, 0), (0, width - side.shape[1]))) for side in (X, Y))


@pytest.mark.parametrize("shape", [(10, 3, 3), (10, 3, 8), (10, 40, 5), (12, 30, 50), (60, 7, 9)])
def test_size_and_shape_is_the_residual_after_scipys_rotation_and_the_bures_distance(shape):
    n, p, q = shape
    X, Y = rng(55, *shape).normal(size=(n, p)), 3 * rng(56, *shape).normal(size=(n, q)) + 5
    x, y = padded(X, Y)
    found = procrustes_size_and_shape_distance(X, Y)
    assert found == pytest.approx(np.linalg.norm(x @ orthogonal_procrustes(x, y)[0] - y), rel=1e-12)
    root = sqrtm(x @ x.T + 1e-13 * np.eye(n)).real
    fidelity = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ (y @ y.T) @ root), 0)).sum()
    assert found**2 == pytest.approx(np.trace(x @ x.T) + np.trace(y @ y.T) - 2 * fidelity, rel=1e-4)


@pytest.mark.parametrize("shape", [(9, 4), (30, 25), (8, 12)])
def test_the_forms_of_one_angle_agree_and_so_does_scipys_disparity(shape):
    X, Y = rng(57, *shape).normal(size=shape), rng(58, *shape).normal(size=shape)
    angle = procrustes_angular_distance(X, Y)
    assert procrustes_similarity(X, Y) == pytest.approx(np.cos(angle), abs=1e-13)
    assert procrustes_chord_distance(X, Y) == pytest.approx(2 * np.sin(angle / 2), abs=1e-13)
    assert procrustes_ding_distance(X, Y) == pytest.approx(2 - 2 * np.cos(angle), abs=1e-13)
    # scipy also scales one side: what is left is 1 - cos^2.
    assert disparity_of(X, Y)[2] == pytest.approx(np.sin(angle) ** 2, abs=1e-12)


@pytest.mark.parametrize("step", [1e-1, 1e-3, 1e-6, 1e-10, 1e-13])
def test_small_angles_keep_their_digits(step):
    """In a direction orthogonal to x no rotation helps: the angle to x + step z is arctan(step)."""
    x, z = rng(59).normal(size=(30, 6)), rng(60).normal(size=(30, 6))
    x -= x.mean(0)
    x /= np.linalg.norm(x)
    basis = np.linalg.qr(np.column_stack([x, np.ones(30)]))[0]
    z -= basis @ (basis.T @ z)
    z /= np.linalg.norm(z)
    assert procrustes_angular_distance(x, x + step * z) == pytest.approx(np.arctan(step), rel=1e-9, abs=3e-15)
    size = procrustes_size_and_shape_distance(7 * x, 7 * (x + step * z))
    assert size == pytest.approx(7 * step, rel=1e-9, abs=3e-14)


@pytest.mark.parametrize("step", [1e-3, 1e-7, 1e-12])
def test_one_unit_more_is_seen_however_faint(step):
    x, z = rng(70).normal(size=(25, 4)), rng(71).normal(size=25)
    x, z = x - x.mean(0), z - z.mean()
    z -= x @ np.linalg.lstsq(x, z, rcond=None)[0]
    wider = np.column_stack([x, step * z])
    expected = np.arctan(step * np.linalg.norm(z) / np.linalg.norm(x))
    for two in ((x, wider), (wider, x)):
        assert procrustes_angular_distance(*two) == pytest.approx(expected, rel=1e-8, abs=3e-15)


def test_sizes_far_apart_neither_overflow_nor_vanish():
    X, Y = rng(72).normal(size=(9, 3)), rng(73).normal(size=(9, 4))
    large = 1e200 * np.linalg.norm(Y - Y.mean(0))
    for two in ((1e-200 * X, 1e200 * Y), (1e200 * Y, 1e-200 * X)):
        assert procrustes_size_and_shape_distance(*two) == pytest.approx(large, rel=1e-12)


@pytest.mark.parametrize("step", [1e-2, 1e-4, 1e-6, 1e-9])
def test_with_more_units_than_stimuli_small_angles_are_those_of_the_whole_svd(step):
    x, z = rng(68).normal(size=(12, 40)), rng(69).normal(size=(12, 40))
    x, y = padded(x, x + step * z)
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    left, _, right = np.linalg.svd(x.T @ y)
    chord = np.linalg.norm(x @ left - y @ right.T)
    assert procrustes_angular_distance(x, y) == pytest.approx(2 * np.arcsin(chord / 2), rel=1e-6, abs=1e-14)


@pytest.mark.parametrize("decay", [0.0, 1.0, 3.0, 6.0])
def test_the_nuclear_norm_is_the_sum_of_singular_values_however_fast_they_fall(decay):
    generator = rng(61)
    for p, q in ((40, 40), (40, 25), (25, 40)):
        sizes = np.arange(1, min(p, q) + 1) ** -decay
        left, right = ortho_group.rvs(p, random_state=generator), ortho_group.rvs(q, random_state=generator)
        M = left[:, : len(sizes)] * sizes @ right[:, : len(sizes)].T
        assert nuclear_norm(M) == pytest.approx(sizes.sum(), rel=1e-11)
    assert nuclear_norm(np.zeros((3, 2))) == 0


def whitened(X, alpha):
    """A naive transcription of partial whitening."""
    x = X - X.mean(0)
    sizes, axes = np.linalg.eigh(x.T @ x)
    return x @ (alpha * np.eye(len(sizes)) + (1 - alpha) * axes / np.sqrt(sizes) @ axes.T)


@pytest.mark.parametrize("alpha", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_partial_whitening_is_procrustes_after_whitening(alpha):
    X, Y = rng(62).normal(size=(20, 5)) * [1, 2, 3, 4, 5], rng(63).normal(size=(20, 7)) + 4
    expected = by_rotating(whitened(X, alpha), whitened(Y, alpha))
    assert shape_whitening_angular_distance(X, Y, alpha) == pytest.approx(expected, abs=1e-12)


def test_full_whitening_sees_canonical_correlations_alone():
    X, Y = rng(64).normal(size=(30, 4)), rng(65).normal(size=(30, 4))
    bases = [np.linalg.qr(side - side.mean(0))[0] for side in (X, Y)]
    correlations = np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)
    expected = np.arccos(correlations.mean())
    assert shape_whitening_angular_distance(X, Y, 0.0) == pytest.approx(expected, abs=1e-12)
    mixed = X @ rng(66).normal(size=(4, 4)) + 3
    assert shape_whitening_angular_distance(mixed, Y, 0.0) == pytest.approx(expected, abs=1e-10)


def test_whitening_out_of_range_and_without_enough_stimuli_is_refused():
    X = rng(67).normal(size=(6, 6))
    with pytest.raises(InputError, match="0 <= alpha <= 1"):
        shape_whitening_angular_distance(X, X, 1.5)
    with pytest.raises(TooFewError, match="6 units and 6 stimuli"):
        shape_whitening_angular_distance(X, X[:, :2], 0.0)
    assert shape_whitening_angular_distance(X, X, 0.3) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("centred", [True, False])
def test_the_aligned_cosine_is_that_after_scipys_rotation(centred):
    X, Y = rng(74).normal(size=(20, 4)) + 1, rng(75).normal(size=(20, 6)) + 1
    x, y = padded(X, Y) if centred else (np.pad(X, ((0, 0), (0, 2))), Y)
    turned = x @ orthogonal_procrustes(x, y)[0]
    cosines = (turned * y).sum(1) / np.linalg.norm(turned, axis=1) / np.linalg.norm(y, axis=1)
    assert aligned_cosine(X, Y, centred=centred) == pytest.approx(cosines.mean(), abs=1e-12)
    few = X[:3]  # fewer stimuli than units: the rotation is not unique, the value is
    assert aligned_cosine(
        few, few @ ortho_group.rvs(4, random_state=rng(76)), centred=centred
    ) == pytest.approx(1)
    with pytest.raises(DegenerateError, match="row 2 first"):
        aligned_cosine(np.vstack([X[:2], X[:2].mean(0) if centred else 0 * X[0]]), X[:3], centred=centred)
