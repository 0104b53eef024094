"""Responses by run: what every cross-validated formula asks of its arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.errors import DegenerateError, ShapeError, TooFewError
from repalign.maths.checks import Floats


def average_runs(observations: Floats, stimulus: NDArray[np.integer], run: NDArray[Any]) -> Floats:
    """Single observations as one pattern per run and stimulus.

    Args:
        observations: (n_observations, n_units), in any order.
        stimulus: Position of each observation's stimulus, 0..n_stimuli - 1, (n_observations,).
        run: Label of each observation's run, (n_observations,).

    Returns:
        (n_runs, n_stimuli, n_units), runs sorted by label: the mean of the observations of a stimulus in a
        run, NaN where there are none.

    Raises:
        ShapeError: The lengths differ, or stimuli are not numbered from 0.
        DegenerateError: NaN or infinity; ``rows`` names the stimuli.
    """
    values, stimuli = np.asarray(observations, dtype=np.float64), np.asarray(stimulus)
    if values.ndim != 2 or not len(values) == len(stimuli) == len(run):
        raise ShapeError(
            f"{values.shape} observations, {len(stimuli)} stimuli, {len(run)} runs; these need one length",
            hint="Give the stimulus and the run of each observation (row).",
        )
    if stimuli.dtype.kind not in "iu" or stimuli.min() < 0:
        raise ShapeError(
            "stimuli are given as positions 0..n-1", hint="numpy.unique(..., return_inverse=True)."
        )
    missing = ~np.isfinite(values).all(axis=1)
    if missing.any():
        raise DegenerateError(
            f"{int(missing.sum())} of {len(values)} observations are NaN or infinite",
            hint="Leave those observations out; the other runs of the stimulus still count.",
            rows=np.unique(stimuli[missing]).tolist(),
        )
    labels, runs = np.unique(run, return_inverse=True)
    n = int(stimuli.max()) + 1
    cells, which, counts = np.unique(runs * n + stimuli, return_inverse=True, return_counts=True)
    sums = np.zeros((len(cells), values.shape[1]))
    np.add.at(sums, which, values)
    out = np.full((len(labels) * n, values.shape[1]), np.nan)
    out[cells] = sums / counts[:, None]
    return out.reshape(len(labels), n, -1)


@dataclass(frozen=True)
class Runs:
    """Checked responses by run.

    Args:
        values: (n_runs, n_stimuli, n_units); NaN where a stimulus was not measured in a run.
        present: Which stimulus was measured in which run, (n_runs, n_stimuli).
        largest: The largest absolute response.
    """

    values: Floats
    present: NDArray[np.bool_]
    largest: float

    @property
    def complete(self) -> bool:
        """Whether every stimulus was measured in every run."""
        return bool(self.present.all())


def as_runs(X: Floats) -> Runs:
    """Check responses of shape (n_runs, n_stimuli, n_units); a pattern may be missing as a whole.

    Raises:
        ShapeError: Not three axes, or no units.
        TooFewError: Fewer than 2 runs or 2 stimuli.
        DegenerateError: NaN in a part of a pattern, or infinity; ``rows`` names the stimuli.
    """
    runs = np.asarray(X)
    if runs.ndim != 3 or runs.shape[2] == 0:
        raise ShapeError(
            f"responses have shape {runs.shape}; they are (run, stimulus, unit)",
            hint="Single observations become such an array with average_runs.",
        )
    if runs.shape[0] < 2 or runs.shape[1] < 2:
        raise TooFewError(
            f"there are {runs.shape[0]} runs of {runs.shape[1]} stimuli; at least 2 of each are needed",
            hint="Cross-validation multiplies runs; without repetitions use mahalanobis or poisson.",
        )
    largest = max(float(runs.max()), -float(runs.min()))
    if np.isfinite(largest):  # spares an array of truths as large as X
        return Runs(runs, np.ones(runs.shape[:2], dtype=bool), largest)
    present = ~np.asarray(np.isnan(runs).all(axis=2))
    broken = np.flatnonzero((present & ~np.isfinite(runs).all(axis=2)).any(axis=0)).tolist()
    if broken:
        raise DegenerateError(
            f"{len(broken)} of {runs.shape[1]} stimuli are NaN or infinite in a part of the units",
            hint="Only a whole pattern may be missing in a run (all NaN); leave those units or runs out.",
            rows=broken,
        )
    return Runs(runs, present, float(np.abs(runs[present]).max(initial=0.0)))
