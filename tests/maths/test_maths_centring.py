"""Laws of centring within groups: a projection that takes the group means away and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from repalign.errors import ShapeError
from repalign.maths import centred_within
from repalign.seeds import rng

GROUPS = rng(0, "groups").integers(4, size=30)
WORDS = np.array(["cat", "dog", "ship", "truck"])[GROUPS]


def projected(values, groups):
    """The residual of least squares on one indicator per group."""
    indicators = (groups[:, None] == np.unique(groups)).astype(float)
    return values - indicators @ np.linalg.lstsq(indicators, values, rcond=None)[0]


@pytest.mark.parametrize("groups", [GROUPS, WORDS, WORDS.astype(object), GROUPS / 7])
def test_it_is_the_residual_of_a_regression_on_the_groups(groups):
    x = rng(1, "values").normal(3.0, 2.0, size=(30, 5))
    np.testing.assert_allclose(centred_within(x, groups), projected(x, GROUPS), atol=1e-12)


def test_leading_axes_are_centred_each_by_itself():
    x = rng(2, "values").normal(size=(2, 3, 30, 4))
    found = centred_within(x, WORDS)
    for i, j in np.ndindex(2, 3):
        np.testing.assert_array_equal(found[i, j], centred_within(x[i, j], WORDS))


def test_differences_within_a_group_stay_and_those_between_means_go():
    x = rng(3, "values").normal(size=(30, 4))
    found = centred_within(x, GROUPS)
    for group in range(4):
        rows = group == GROUPS
        np.testing.assert_allclose(found[rows].mean(axis=0), 0.0, atol=1e-14)
        np.testing.assert_allclose(found[rows] - found[rows][0], x[rows] - x[rows][0], atol=1e-12)


def test_centring_again_and_moving_whole_groups_change_nothing():
    x = rng(4, "values").normal(size=(30, 4))
    once = centred_within(x, GROUPS)
    moved = x + 10 * rng(5, "shift").normal(size=(4, 4))[GROUPS]
    np.testing.assert_allclose(centred_within(once, GROUPS), once, atol=1e-14)
    np.testing.assert_allclose(centred_within(moved, GROUPS), once, atol=1e-12)


def test_one_group_is_plain_centring_and_a_group_of_one_becomes_zero():
    x = rng(6, "values").normal(size=(30, 4))
    np.testing.assert_allclose(centred_within(x, np.zeros(30)), x - x.mean(axis=0), atol=1e-14)
    np.testing.assert_array_equal(centred_within(x, np.arange(30)), np.zeros((30, 4)))


def test_whole_numbers_are_centred_in_float64_and_the_input_stays():
    x = np.array([[1, 2], [2, 2], [7, 7]])
    found = centred_within(x, np.array(["a", "a", "b"]))
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, [[-0.5, 0.0], [0.5, 0.0], [0.0, 0.0]])
    np.testing.assert_array_equal(x, [[1, 2], [2, 2], [7, 7]])
    real = x.astype(float)
    centred_within(real, np.array(["a", "a", "b"]))
    np.testing.assert_array_equal(real, x)


def test_no_stimuli_are_no_error():
    assert centred_within(np.zeros((0, 3)), np.array([])).shape == (0, 3)


@pytest.mark.parametrize(("shape", "n"), [((5, 3), 4), ((3, 5), 5), ((5,), 5)])
def test_other_than_one_group_per_stimulus_is_refused(shape, n):
    with pytest.raises(ShapeError, match=rf"and {n} groups; the last axis but one is of stimuli") as caught:
        centred_within(np.zeros(shape), np.zeros(n))
    assert caught.value.hint == "Give one group per stimulus."
