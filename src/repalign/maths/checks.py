"""What every formula asks of its arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.errors import DegenerateError, ShapeError, TooFewError

#: A numpy array of float64.
Floats = NDArray[np.float64]


def as_patterns(X: NDArray[Any], name: str = "X", *, at_least: int = 2) -> Floats:
    """Return ``X`` as float64 of shape (n_stimuli, n_units), finite.

    Args:
        X: Responses, (n_stimuli, n_units).
        name: What they are called in errors.
        at_least: Fewer stimuli are refused.

    Returns:
        (n_stimuli, n_units).

    Raises:
        ShapeError: Not two axes, or no units.
        TooFewError: Fewer than ``at_least`` stimuli.
        DegenerateError: NaN or infinity; ``rows`` holds the stimuli at fault.
    """
    array = np.asarray(X, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] == 0:
        raise ShapeError(
            f"{name} has shape {array.shape}; responses are (stimulus, unit)",
            hint="One row per stimulus, one column per unit.",
        )
    if array.shape[0] < at_least:
        raise TooFewError(
            f"{name} has {array.shape[0]} stimuli; at least {at_least} are needed", hint="Add stimuli."
        )
    finite = np.isfinite(array).all(axis=1)
    if not finite.all():
        rows = np.flatnonzero(~finite).tolist()
        raise DegenerateError(
            f"{name} is NaN or infinite for {len(rows)} of {len(array)} stimuli (row {rows[0]} first)",
            hint="Find out why they are missing; repalign never replaces a missing number.",
            rows=rows,
        )
    return array


def as_pairs(values: NDArray[Any], name: str = "RDM") -> Floats:
    """Return ``values`` as float64 with finite pairs on the last axis.

    Args:
        values: Dissimilarities of pairs of stimuli, (..., n_pairs).
        name: What they are called in errors.

    Returns:
        (..., n_pairs).

    Raises:
        TooFewError: Fewer than 3 pairs.
        DegenerateError: NaN or infinity.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.shape[-1] < 3:
        raise TooFewError(
            f"{name} has {array.shape[-1]} pairs; at least 3 (of 3 stimuli) are needed", hint="Add stimuli."
        )
    bad = int((~np.isfinite(array)).sum())
    if bad:
        raise DegenerateError(
            f"{name} has {bad} NaN or infinite pairs",
            hint="Remove the stimuli concerned; repalign never replaces a missing number.",
        )
    return array


def same_rows(X: Floats, Y: Floats) -> None:
    """Check that two sides have the same number of stimuli.

    Raises:
        ShapeError: They differ.
    """
    if len(X) != len(Y):
        raise ShapeError(
            f"X has {len(X)} stimuli and Y has {len(Y)}; both sides are about the same stimuli",
            hint="Join them by stimulus id first.",
        )


def constant_rows(X: Floats) -> list[int]:
    """Positions of rows whose entries are all equal, up to float64 rounding."""
    return np.flatnonzero(is_constant(X, axis=1)).tolist()


def is_constant(X: Floats, axis: int) -> NDArray[np.bool_]:
    """Whether all entries along ``axis`` are equal, up to float64 rounding.

    Taken from the range: subtracting a mean leaves rounding that grows with the number of entries.

    Args:
        X: Finite numbers of any shape.
        axis: The axis along which entries are compared.

    Returns:
        The shape of ``X`` without that axis; True where the range is at most 1e-13 times the largest
        entry in size.
    """
    low, high = X.min(axis=axis), X.max(axis=axis)
    return np.asarray(high - low <= 1e-13 * np.maximum(np.abs(low), np.abs(high)))
