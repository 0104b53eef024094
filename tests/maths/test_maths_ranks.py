"""Laws of ranks: scipy's numbers to the last bit, whatever the values are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata

from repalign.errors import DegenerateError
from repalign.maths import ranks, threads
from repalign.maths.ranks import midranks, radix_order, sort_row
from repalign.seeds import rng

SIZES = [3, 45, 999, 1001, 4186]
KINDS = {
    "spread": lambda g, n: g.normal(size=n),
    "tied": lambda g, n: g.integers(0, 7, n) * 0.1,
    "half tied": lambda g, n: np.where(g.random(n) < 0.5, g.integers(0, 9, n), g.normal(size=n)),
    "all equal": lambda g, n: np.full(n, 0.3),
    "an outlier far away": lambda g, n: np.append(g.normal(size=n - 1), 1e18),
    "neighbours in floating point": lambda g, n: 1 + g.integers(0, 50, n) * 2.0**-52,
    "zeros of both signs": lambda g, n: g.choice([0.0, -0.0, 1.0, -1.0], n),
    "nearly vanishing": lambda g, n: g.normal(size=n) * 5e-320,
    "nearly overflowing": lambda g, n: g.uniform(-1, 1, n) * 1.7e308,
    "few buckets disordered": lambda g, n: np.append(g.normal(size=n - 3), [1 + 3e-16, 1 + 1e-15, 1.0]),
}


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_mid_ranks_are_exactly_those_of_scipy(kind, n):
    x = KINDS[kind](rng(1, kind, n), n)
    np.testing.assert_array_equal(midranks(x), rankdata(x))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_row_is_sorted_keeping_equal_values_in_the_order_in_which_they_come(kind):
    x = KINDS[kind](rng(2, kind), 2500)
    order, new = sort_row(x)
    np.testing.assert_array_equal(order, np.argsort(x, kind="stable"))
    assert new.sum() == len(np.unique(x))


def test_values_that_share_a_bucket_are_mended_one_bucket_at_a_time():
    # Two clusters a million apart: within each, dozens of values share a bucket with another one.
    generator = rng(3)
    x = np.concatenate([generator.uniform(0, 1e-3, 300), generator.uniform(1e4, 1e4 + 1, 60_000)])
    span = ((x - x.min()) * (2.0**32 - 1) / (x.max() - x.min())).astype(np.uint32)
    assert 10 < len(x) - len(np.unique(span)) < len(x)
    np.testing.assert_array_equal(midranks(x), rankdata(x))


def test_threads_and_axes_change_no_rank(monkeypatch):
    x = rng(4).integers(0, 1000, (2, 3, 2001)).astype(float)
    alone = midranks(x)
    monkeypatch.setattr(threads, "_WORTHWHILE", 1)
    monkeypatch.setattr(threads, "_cores", lambda: 4)
    np.testing.assert_array_equal(midranks(x), alone)
    np.testing.assert_array_equal(alone, rankdata(x, axis=-1))


@pytest.mark.parametrize("levels", [2, 60_000, 2**32 - 1])
def test_sorting_by_halves_is_the_stable_order(levels):
    keys = rng(5, levels).integers(0, levels, 5000).astype(np.uint32)
    np.testing.assert_array_equal(radix_order(keys), np.argsort(keys, kind="stable"))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("n", [5, ranks._SMALL + 5])
def test_what_is_not_finite_has_no_rank(bad, n):
    with pytest.raises(DegenerateError, match="have no rank"):
        midranks(np.append(np.arange(float(n)), bad))


def test_an_error_in_a_thread_reaches_the_caller(monkeypatch):
    monkeypatch.setattr(threads, "_WORTHWHILE", 1)
    monkeypatch.setattr(threads, "_cores", lambda: 2)
    with pytest.raises(DegenerateError, match="have no rank"):
        midranks(np.array([[1.0, 2.0], [np.nan, 1.0], [1.0, 3.0]]))
