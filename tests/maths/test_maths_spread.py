"""Laws of the degrees of freedom of a sample's spread."""

from __future__ import annotations

import numpy as np
import pytest

from repalign.errors import TooFewError
from repalign.maths.spread import spread_freedom
from repalign.seeds import rng


@pytest.mark.parametrize("draw", ["normal", "laplace", "exponential"])
def test_freedom_is_that_of_a_chi_squared_as_variable_as_the_variance(draw):
    n = 400
    samples = getattr(rng(1, draw), draw)(size=(20_000, n))
    variances = samples.var(axis=1, ddof=1)
    expected = 2 * variances.mean() ** 2 / variances.var()
    found = np.median([spread_freedom(sample) for sample in samples[:500]])
    # A sample seldom holds the rarest values, so its kurtosis is on the low side.
    assert 0.9 * expected <= found <= 1.5 * expected


def test_one_value_that_makes_up_the_spread_leaves_hardly_any():
    assert 2 < spread_freedom(np.r_[np.zeros(29), 1.0]) < 2.5


@pytest.mark.parametrize("values", [np.tile([-1.0, 1.0], 10), np.full(20, 3.0), np.linspace(0, 1, 20)])
def test_it_is_never_more_than_one_less_than_the_values(values):
    assert spread_freedom(values) == 19


def test_scale_and_offset_do_not_matter():
    values = rng(2, "values").exponential(size=31)
    assert spread_freedom(1e6 * values - 5e3) == pytest.approx(spread_freedom(values), rel=1e-9)


def test_one_value_is_refused():
    with pytest.raises(TooFewError, match="no spread"):
        spread_freedom(np.ones(1))
