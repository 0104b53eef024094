"""Figure 4 and the heatmap: when runs are back where their baseline is, and how far they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from repalign.maths.dynamics import (
    Recovery,
    alignment_recovery,
    loss_recovery,
    mean_and_sd,
    median_duration,
    rank_correlation,
)
from repalign.training.published.records import TrainingRun

THRESHOLDS = (0.01, 0.02, 0.05)
MARGIN = 0.01
#: A perturbed run and the baseline that it is held against.
Pair = tuple[TrainingRun, TrainingRun]


def recovery_of(pairs: Sequence[Pair], threshold: float) -> dict[str, Any]:
    """Recovery of loss and of alignment: a row per run, counts, medians, and other thresholds."""
    runs = [run for run, _ in pairs]
    rows = [of_loss(run, base, threshold) for run, base in pairs]
    swept = [
        {
            "threshold": t,
            "baseline": end,
            **summary_of([of_loss(*pair, t, trimmed=end == "trimmed") for pair in pairs]),
        }
        for end in ("trimmed", "untrimmed")
        for t in THRESHOLDS
    ]
    aligned = [of_alignment(*pair) for pair in pairs]
    return {
        "threshold": threshold,
        "rows": [_row(run, found) for run, found in zip(runs, rows, strict=True)],
        **summary_of(rows),
        "swept": swept,
        "spearman_length": rank_correlation(*_recovered(runs, rows, "length")),
        "spearman_start": rank_correlation(*_recovered(runs, rows, "start")),
        "alignment": {
            "margin": MARGIN,
            "rows": [_row(run, found) for run, found in zip(runs, aligned, strict=True)],
            **summary_of(aligned),
        },
    }


def of_loss(run: TrainingRun, base: TrainingRun, threshold: float, *, trimmed: bool = True) -> Recovery:
    """When a run's loss is back; see :func:`repalign.maths.dynamics.loss_recovery`."""
    return loss_recovery(
        run.epochs,
        run.loss,
        base.epochs,
        base.loss,
        end=run.window[1],
        threshold=threshold,
        trimmed=trimmed,
    )


def of_alignment(run: TrainingRun, base: TrainingRun) -> Recovery:
    """When a run's RSA is back; see :func:`repalign.maths.dynamics.alignment_recovery`."""
    return alignment_recovery(run.epochs, run.rsa, base.epochs, base.rsa, end=run.window[1], margin=MARGIN)


def _row(run: TrainingRun, found: Recovery) -> dict[str, Any]:
    about = {"start": run.start, "length": run.length, "epochs": found.epochs, "status": found.status}
    return {**about, "followed": found.followed, "kind": run.kind}


def _recovered(
    runs: Sequence[TrainingRun], found: Sequence[Recovery], what: str
) -> tuple[list[float], list[float]]:
    pairs = [(getattr(r, what), f.epochs) for r, f in zip(runs, found, strict=True) if f.epochs is not None]
    return [float(a) for a, _ in pairs], [float(b) for _, b in pairs]


def summary_of(found: Sequence[Recovery]) -> dict[str, Any]:
    """How many are back, never back and unknown; mean and SD of those back, the median over all."""
    mean, sd = mean_and_sd([float(f.epochs) for f in found if f.epochs is not None])
    counts = {
        f"n_{status}": sum(f.status == status for f in found) for status in ("recovered", "never", "censored")
    }
    return {**counts, "mean": mean, "sd": sd, "median": median_duration(found)}


def extremes(run: TrainingRun, base: TrainingRun) -> dict[str, Any]:
    """Lowest loss and highest RSA of a run minus those of the baseline."""
    known = not (np.isnan(run.rsa).all() or np.isnan(base.rsa).all())
    return {
        "kind": run.kind,
        "start": run.start,
        "length": run.length,
        "delta_min_loss": float(run.loss.min() - base.loss.min()),
        "delta_max_rsa": float(np.nanmax(run.rsa) - np.nanmax(base.rsa)) if known else None,
    }
