"""Laws of Procrustes: the published number, scipy's rotation, a metric, invariances, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.stats import ortho_group

from repalign.errors import DegenerateError, ShapeError
from repalign.maths import procrustes_angular_distance
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
    assert procrustes_angular_distance(a, a) == pytest.approx(0, abs=1e-7)


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
    assert procrustes_angular_distance(changed, X) == pytest.approx(0, abs=1e-7)


def test_the_angle_is_not_invariant_to_an_invertible_linear_map():
    X = rng(53).normal(size=(20, 6))
    assert procrustes_angular_distance(X * np.geomspace(0.1, 10, 6), X) > 0.1


def test_a_side_that_does_not_vary_and_differing_numbers_are_refused():
    X = rng(54).normal(size=(8, 3))
    with pytest.raises(DegenerateError, match="Y gives the same response"):
        procrustes_angular_distance(X, np.full((8, 2), 0.7))
    with pytest.raises(ShapeError, match="8 stimuli and Y has 7"):
        procrustes_angular_distance(X, X[:7])
