"""Centring within groups of stimuli."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.errors import ShapeError
from repalign.maths.checks import Floats


def centred_within(values: Floats, groups: NDArray[Any]) -> Floats:
    """Take the mean of each group away.

    Args:
        values: (..., n_stimuli, n_units).
        groups: Of each stimulus, (n_stimuli,), any values that can be compared.

    Returns:
        The same shape; the mean of every unit over every group is 0. A group of one stimulus becomes 0.

    Raises:
        ShapeError: Not one group per stimulus.
    """
    data = np.array(values, dtype=np.float64)
    if data.ndim < 2 or data.shape[-2] != len(groups):
        raise ShapeError(
            f"values of shape {data.shape} and {len(groups)} groups; the last axis but one is of stimuli",
            hint="Give one group per stimulus.",
        )
    _, which = np.unique(groups, return_inverse=True)
    for group in range(int(which.max(initial=-1)) + 1):
        rows = which == group
        data[..., rows, :] -= data[..., rows, :].mean(axis=-2, keepdims=True)
    return data
