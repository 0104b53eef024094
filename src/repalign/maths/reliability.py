"""Reliability of responses measured repeatedly: the ceiling of what any model could predict."""

from __future__ import annotations

import numpy as np

from repalign.errors import DegenerateError, ShapeError, TooFewError
from repalign.maths.checks import Floats, is_constant


def spearman_brown(r: Floats, times: float = 2.0) -> Floats:
    """Reliability of data ``times`` as long: k r / (1 + (k - 1) r) (Spearman 1910; Brown 1910).

    Args:
        r: Correlation of two halves, -1..1.
        times: k; 2 leads from half to all repetitions.

    Returns:
        The same shape. Negative correlations stay negative (and are no reliability).

    Raises:
        DegenerateError: A correlation of -1 (for k = 2), where the formula divides by zero.
    """
    r = np.asarray(r, dtype=np.float64)
    if (1.0 + (times - 1.0) * r <= 0).any():
        raise DegenerateError("two halves are exactly opposite", hint="Are the responses centred twice?")
    return times * r / (1.0 + (times - 1.0) * r)


def split_half(responses: Floats, generator: np.random.Generator, splits: int = 100) -> Floats:
    """Split-half reliability of every unit, corrected to all repetitions.

    The repetitions are split at random into halves (of an odd number one is left out), the halves are
    averaged and correlated over stimuli; correlations are averaged over splits, then stepped up by
    Spearman-Brown.

    Args:
        responses: (n_repetitions, n_stimuli, n_units).
        generator: Draws the splits.
        splits: How many; where fewer different ones exist, some come twice.

    Returns:
        Reliability, (n_units,): the share of variance over stimuli that repeats. The square root of it
        bounds the correlation of any model with the mean over repetitions. May be negative by chance.

    Raises:
        ShapeError: Not three axes.
        TooFewError: Fewer than 2 repetitions or 3 stimuli.
        DegenerateError: NaN; or a half of a unit is constant over stimuli.
    """
    data = _repeated(responses)
    n = len(data) // 2
    total = np.zeros(data.shape[2])
    for _ in range(splits):
        order = generator.permutation(len(data))
        total += _correlations(data[order[:n]].mean(axis=0), data[order[n : 2 * n]].mean(axis=0))
    return spearman_brown(total / splits, len(data) / n)


def signal_to_noise(responses: Floats) -> Floats:
    """Noise-ceiling signal-to-noise ratio of every unit: SD of the signal over SD of the noise.

    The noise variance is that over repetitions, averaged over stimuli; the signal variance that of the
    means over stimuli less its part of noise, and 0 where that is negative (Allen et al. 2022).

    Args:
        responses: (n_repetitions, n_stimuli, n_units).

    Returns:
        ncsnr, (n_units,), 0..inf.

    Raises:
        ShapeError: Not three axes.
        TooFewError: Fewer than 2 repetitions or 3 stimuli.
        DegenerateError: NaN; or a unit that repeats exactly, whose ratio is infinite.
    """
    data = _repeated(responses)
    noise = data.var(axis=0, ddof=1).mean(axis=0)
    if (noise == 0).any():
        raise DegenerateError(
            f"{int((noise == 0).sum())} units repeat exactly: they have no noise and no ceiling",
            hint="Are the repetitions copies of one another?",
        )
    signal = data.mean(axis=0).var(axis=0, ddof=1) - noise / len(data)
    return np.sqrt(np.maximum(signal, 0.0) / noise)


def ceiling_from_snr(ncsnr: Floats, repetitions: int) -> Floats:
    """Highest share of variance that any model can explain in means over repetitions (Allen et al. 2022).

    ncsnr^2 / (ncsnr^2 + 1 / repetitions); its square root bounds a correlation.

    Args:
        ncsnr: From :func:`signal_to_noise`, or as published with NSD, (n_units,), not negative.
        repetitions: How many were averaged.

    Returns:
        (n_units,), 0..1.

    Raises:
        TooFewError: Fewer than 1 repetition.
        DegenerateError: A ratio is negative or NaN.
    """
    ratio = np.asarray(ncsnr, dtype=np.float64)
    if repetitions < 1:
        raise TooFewError(f"{repetitions} repetitions were averaged", hint="At least 1.")
    if not (ratio >= 0).all():
        raise DegenerateError("a signal-to-noise ratio is negative or NaN", hint="Leave those units out.")
    return ratio**2 / (ratio**2 + 1.0 / repetitions)


def _repeated(responses: Floats) -> Floats:
    data = np.asarray(responses, dtype=np.float64)
    if data.ndim != 3:
        raise ShapeError(
            f"responses have shape {data.shape}; repeated ones are (repetition, stimulus, unit)",
            hint="Keep the repetitions apart; means have no reliability.",
        )
    if data.shape[0] < 2 or data.shape[1] < 3:
        raise TooFewError(
            f"{data.shape[0]} repetitions of {data.shape[1]} stimuli; at least 2 of 3 are needed",
            hint="Without repetitions there is no split-half ceiling.",
        )
    if not np.isfinite(data).all():
        rows = np.flatnonzero(~np.isfinite(data).all(axis=(0, 2))).tolist()
        raise DegenerateError("NaN or infinite responses", hint="Leave those stimuli out.", rows=rows)
    return data


def _correlations(a: Floats, b: Floats) -> Floats:
    still = is_constant(a, axis=0) | is_constant(b, axis=0)
    if still.any():
        raise DegenerateError(
            f"{int(still.sum())} units do not vary over stimuli in one half of the repetitions",
            hint="Leave those units out: they have no reliability.",
        )
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    scale = np.sqrt(np.einsum("ij,ij->j", a, a) * np.einsum("ij,ij->j", b, b))
    return np.einsum("ij,ij->j", a, b) / scale
