"""Laws of Kendall's tau: every pair of pairs looked at, scipy's and rsatoolbox's numbers, ties, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau

from repalign.errors import DegenerateError
from repalign.maths.comparison import compare
from repalign.maths.kendall import inversions, tau_a, tau_b
from repalign.seeds import rng

LEVELS = [2, 7, 40, 10**6]


def levelled(levels: int, n: int, *words: str) -> np.ndarray:
    return rng(30, levels, n, *words).integers(0, levels, n).astype(float)


def excess(x: np.ndarray, y: np.ndarray) -> int:
    """Concordant less discordant, from all pairs of pairs."""
    i, j = np.triu_indices(len(x), 1)
    return int((np.sign(x[i] - x[j]) * np.sign(y[i] - y[j])).sum())


@pytest.mark.parametrize("n", [3, 6, 10, 45, 190])
@pytest.mark.parametrize("first", LEVELS)
@pytest.mark.parametrize("second", LEVELS)
def test_tau_a_is_the_count_over_all_pairs_of_pairs(first, second, n):
    x, y = levelled(first, n, "x"), levelled(second, n, "y")
    assert tau_a(x[None], y[None])[0, 0] == pytest.approx(excess(x, y) / (n * (n - 1) / 2), abs=1e-15)


@pytest.mark.parametrize("n", [10, 435, 3003])
@pytest.mark.parametrize("first", LEVELS)
@pytest.mark.parametrize("second", LEVELS)
def test_tau_b_is_that_of_scipy(first, second, n):
    x, y = levelled(first, n, "x"), levelled(second, n, "y")
    y += np.where(rng(31, n).random(n) < 0.5, x, 0)
    assert tau_b(x[None], y[None])[0, 0] == pytest.approx(kendalltau(x, y).statistic, abs=1e-13)


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 26, 27, 28, 124, 125, 126, 1000])
def test_inversions_are_the_pairs_in_descending_order(n):
    permutation = rng(32, n).permutation(n)
    i, j = np.triu_indices(n, 1)
    assert inversions(permutation) == (permutation[i] > permutation[j]).sum()
    assert inversions(np.arange(n)) == 0
    assert inversions(np.arange(n)[::-1]) == n * (n - 1) // 2


@pytest.mark.slow
def test_more_pairs_than_digits_of_eight_bits_hold_are_counted_as_well():
    n = 257**3 - 5
    assert inversions(np.arange(n)[::-1]) == n * (n - 1) // 2


@pytest.mark.parametrize("name", ["tau-a", "tau-b"])
@pytest.mark.parametrize("levels", LEVELS)
def test_all_pairs_of_rdms_are_those_of_rsatoolbox(name, levels, rsatoolbox):
    x, y = (np.stack([levelled(levels, 190, side, str(i)) for i in range(3)]) for side in "xy")
    expected = rsatoolbox.rdm.compare(rsatoolbox.rdm.RDMs(x), rsatoolbox.rdm.RDMs(y), method=name)
    np.testing.assert_allclose(compare(x, y, name), expected, atol=1e-13)


def test_tau_a_is_the_mean_of_tau_over_random_orders_of_the_ties():
    x, generator = levelled(3, 15, "ties"), rng(33)
    y = x + generator.normal(size=15)
    broken = [kendalltau(x + 1e-6 * generator.random(15), y).statistic for _ in range(500)]
    error = np.std(broken) / np.sqrt(len(broken))
    assert tau_a(x[None], y[None])[0, 0] == pytest.approx(np.mean(broken), abs=4 * error)
    assert tau_a(x[None], y[None]) < tau_b(x[None], y[None])


@pytest.mark.parametrize("tau", [tau_a, tau_b])
def test_tau_is_odd_symmetric_and_blind_to_increasing_changes(tau):
    x, y = levelled(50, 780, "x")[None], levelled(6, 780, "y")[None]
    assert tau(x, y) == tau(y, x) == -tau(-x, y) == tau(np.exp(x / 9), y**3)
    assert tau(np.argsort(x), np.argsort(x)) == pytest.approx(1.0)


def test_a_constant_rdm_is_all_ties_to_tau_a_and_refused_by_tau_b():
    flat, y = np.full((1, 45), 0.3), levelled(50, 45, "y")[None]
    assert tau_a(flat, y) == 0
    with pytest.raises(DegenerateError, match="constant"):
        tau_b(y, flat)
    with pytest.raises(DegenerateError, match="1 NaN"):
        tau_a(np.where(np.arange(45) == 4, np.nan, y), y)
