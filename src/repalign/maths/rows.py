"""Responses normalised a block of stimuli at a time, so that no second copy is held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repalign.maths.arrays import (
    Array,
    check_finite,
    check_shape,
    extremes,
    float64,
    host,
    is_tensor,
    like,
    namespace,
    row_inner,
    working,
)
from repalign.maths.checks import is_constant
from repalign.maths.dissimilarity import correlation, cosine
from repalign.maths.kernels import refuse_still
from repalign.maths.pairs import row_blocks


@dataclass(frozen=True)
class Rows:
    """Responses that are normalised a block of stimuli at a time: (X - shift) * scale.

    Args:
        X: Responses, (n_stimuli, n_units), of any float dtype; never copied as a whole.
        shift: float64, (n_stimuli, 1) or (1, n_units).
        scale: float64, of the same shape.
    """

    X: Array
    shift: Array
    scale: Array

    def __len__(self) -> int:
        return len(self.X)

    @property
    def width(self) -> int:
        """Number of units."""
        return self.X.shape[1]

    def exact(self, rows: slice) -> Array:
        """The stimuli of a slice, normalised, in float64."""
        of_rows = len(self.shift) == len(self.X)
        shift, scale = (v[rows] if of_rows else v for v in (self.shift, self.scale))
        block = float64(self.X[rows]) - shift
        block *= scale
        return block

    def __call__(self, rows: slice) -> Array:
        """The stimuli of a slice, normalised, in the dtype in which they are multiplied."""
        return working(self.exact(rows), self.X)

    def squared_norms(self) -> Array:
        """Sums of squares of the normalised responses to each stimulus, (n_stimuli,), float64."""
        parts = [row_inner(x, x) for x in map(self.exact, row_blocks(len(self), self.width))]
        return namespace(self.X).concatenate(parts)


def checked(X: Array, name: str, *, at_least: int = 2) -> Array:
    """Responses of any float dtype, (n_stimuli, n_units), checked a block at a time.

    Raises:
        ShapeError: Not two axes, or no units.
        TooFewError: Fewer than ``at_least`` stimuli.
        DegenerateError: NaN or infinity; ``rows`` holds the stimuli at fault.
    """
    responses = X.detach() if is_tensor(X) else np.asarray(X)
    check_shape(responses, name, at_least=at_least)
    xp = namespace(responses)
    finite = [xp.isfinite(responses[rows]).all(1) for rows in row_blocks(*responses.shape)]
    check_finite(host(xp.concatenate(finite)) > 0, name)
    return responses


def by_stimulus(X: Array, *, centre: bool) -> Rows:
    """Patterns of unit length, for ``centre`` about their own mean.

    Raises:
        DegenerateError: A pattern is constant (all zero, where not centred); ``rows`` names it.
    """
    xp = namespace(X)
    shifts: list[Array] = []
    scales: list[Array] = []
    bad: list[NDArray[np.bool_]] = []
    for rows in row_blocks(*X.shape):
        unit = float64(X[rows])
        low, high = extremes(unit, 1)
        peak = xp.maximum(abs(low), abs(high))
        bad.append(is_constant(host(xp.stack([low, high])), axis=0) if centre else host(peak) == 0)
        peak = peak + (peak == 0)
        # Scaling by the largest entry first keeps squares of very large or small responses finite.
        unit = unit / peak[:, None]
        mean = unit.mean(1) * float(centre)
        unit -= mean[:, None]
        length = row_inner(unit, unit) ** 0.5
        shifts.append(mean * peak)
        scales.append(1.0 / (peak * (length + (length == 0))))
    wrong = np.concatenate(bad)[:, None]
    if wrong.any():
        # The small forms refuse in words that this need not repeat.
        (correlation if centre else cosine)(np.where(wrong, 0.0, [0.0, 1.0]))
    return Rows(X, xp.concatenate(shifts)[:, None], xp.concatenate(scales)[:, None])


def by_unit(X: Array, name: str) -> Rows:
    """Units centred over stimuli, all divided by the largest entry then left.

    Raises:
        DegenerateError: The responses do not vary over stimuli.
    """
    xp = namespace(X)
    low = high = float64(X[0])
    total = low * 0.0
    for rows in row_blocks(*X.shape):
        block = float64(X[rows])
        ends = extremes(block, 0)
        low, high = xp.minimum(low, ends[0]), xp.maximum(high, ends[1])
        total = total + block.sum(0)
    mean = total / len(X)
    still = is_constant(host(xp.stack([low, high])), axis=0)
    refuse_still(bool(still.all()), name)
    # What is left of a constant unit is rounding, and of a large constant it is large.
    varies = like(np.where(still, 0.0, 1.0), total)
    peak = float((xp.maximum(high - mean, mean - low) * varies).max())
    return Rows(X, mean[None, :], (varies / peak)[None, :])
