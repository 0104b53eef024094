"""Laws of reliability: known signal and noise are recovered, the ceiling is what a perfect model reaches."""

from __future__ import annotations

import numpy as np
import pytest

from repalign.errors import DegenerateError, ShapeError, TooFewError
from repalign.maths import ceiling_from_snr, signal_to_noise, spearman_brown, split_half
from repalign.seeds import rng

N = 4000


def repeated(repetitions, snr, n=N):
    g = rng(60, repetitions, int(100 * max(snr)))
    signal = np.asarray(snr) * g.normal(size=(n, len(snr)))
    return signal + g.normal(size=(repetitions, n, len(snr))), signal


@pytest.mark.parametrize("repetitions", [2, 3, 4, 7])
def test_split_half_reliability_is_the_share_of_signal(repetitions):
    snr = np.array([0.3, 1.0, 2.0])
    data, _ = repeated(repetitions, snr)
    expected = snr**2 / (snr**2 + 1 / repetitions)
    np.testing.assert_allclose(split_half(data, rng(61), 20), expected, atol=0.035)


@pytest.mark.parametrize("repetitions", [2, 5])
def test_the_signal_to_noise_ratio_is_recovered_and_bounds_a_perfect_model(repetitions):
    snr = np.array([0.5, 1.0, 3.0])
    data, signal = repeated(repetitions, snr)
    found = signal_to_noise(data)
    np.testing.assert_allclose(found, snr, rtol=0.06)
    reached = [np.corrcoef(signal[:, k], data.mean(axis=0)[:, k])[0, 1] ** 2 for k in range(3)]
    np.testing.assert_allclose(ceiling_from_snr(found, repetitions), reached, atol=0.03)


def test_noise_alone_is_not_reliable():
    data = rng(62).normal(size=(4, N, 5))
    assert np.abs(split_half(data, rng(63), 10)).max() < 0.12
    assert signal_to_noise(data).max() < 0.25


def test_spearman_brown_in_closed_form():
    assert spearman_brown(np.array(0.5)) == pytest.approx(2 / 3)
    assert spearman_brown(np.array(0.5), 1.0) == 0.5
    # Twice doubled is four times as long.
    r = np.array([0.1, 0.6, -0.05])
    np.testing.assert_allclose(spearman_brown(spearman_brown(r)), spearman_brown(r, 4.0))


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (np.ones((10, 5)), ShapeError, "repetition, stimulus, unit"),
        (np.ones((1, 10, 5)), TooFewError, "1 repetitions"),
        (np.full((2, 10, 5), np.nan), DegenerateError, "NaN"),
        (np.ones((2, 10, 5)), DegenerateError, "do not vary"),
    ],
)
def test_what_has_no_reliability_is_refused(data, error, words):
    with pytest.raises(error, match=words):
        split_half(data, rng(64))


def test_exact_copies_have_no_noise_ceiling():
    data, _ = repeated(2, [1.0])
    with pytest.raises(DegenerateError, match="repeat exactly"):
        signal_to_noise(np.stack([data[0], data[0]]))
    with pytest.raises(DegenerateError, match="negative"):
        ceiling_from_snr(np.array([-1.0]), 3)
    with pytest.raises(TooFewError, match="averaged"):
        ceiling_from_snr(np.array([1.0]), 0)
