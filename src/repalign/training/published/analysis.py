"""Everything that the study computes from its runs, and what it left out; one seed, so no test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from repalign.errors import InputError
from repalign.maths.dynamics import elastic_window
from repalign.training.published.effects import by_region, compared, regions_of, sweep_of, type_effects
from repalign.training.published.folder import RunSet
from repalign.training.published.records import TrainingRun
from repalign.training.published.recoveries import extremes, recovery_of
from repalign.training.published.vit import ViTBaseline

ONE_SEED = "one seed: no test"


@dataclass(frozen=True)
class Dynamics:
    """Numbers behind the figures; plain values as in JSON, None where there is no number.

    Args:
        baseline: Figure 1a.
        types: Figure 2a, a row per kind and epoch.
        sweep: Figure 3.
        recovery: Figure 4.
        heatmap: Lowest loss and highest RSA of each run minus the baseline's.
        vit: Figure 1b, or None.
        vit_types: Figure 2b.
        regions: A row per region of each baseline.
        region_effects: A row per run and region.
        messages: What a reader must know.
    """

    baseline: dict[str, Any]
    types: list[dict[str, Any]]
    sweep: dict[str, Any]
    recovery: dict[str, Any]
    heatmap: list[dict[str, Any]]
    vit: dict[str, Any] | None
    vit_types: list[dict[str, Any]]
    regions: list[dict[str, Any]]
    region_effects: list[dict[str, Any]]
    messages: list[str]

    def as_dict(self) -> dict[str, Any]:
        """As the command line prints it with ``--json``."""
        return {**vars(self), "statistics": ONE_SEED}


def analyse(runs: RunSet, *, threshold: float = 0.01) -> Dynamics:
    """Compute the numbers of figures 1a to 4, regions and heatmap.

    Args:
        runs: Out of :func:`read_folder`.
        threshold: Excess of loss over the baseline's, relative, at which a run counts as recovered.

    Raises:
        InputError: A threshold that is negative or not finite.
    """
    check_threshold(threshold)
    base, lengths = runs.baseline, runs.family("length")
    effects, effect_notes = by_region(runs)
    return Dynamics(
        baseline=_baseline(base),
        types=type_effects(runs.family("type"), base),
        sweep=sweep_of(runs.family("sweep"), base),
        recovery=recovery_of([(run, base) for run in lengths], threshold),
        heatmap=[extremes(run, base) for run in lengths],
        vit=None if runs.vit is None else _vit(runs.vit),
        vit_types=[vars(effect) for effect in runs.vit_effects],
        regions=regions_of(runs),
        region_effects=effects,
        messages=[*runs.messages, *_past_the_end(runs), *effect_notes],
    )


def check_threshold(threshold: float) -> None:
    """Refuse what is no excess of loss.

    Raises:
        InputError: It is negative or not finite.
    """
    if not (math.isfinite(threshold) and threshold >= 0):
        raise InputError(f"a threshold of {threshold} is none", hint="Give 0.01 for 1 %.")


def _baseline(run: TrainingRun) -> dict[str, Any]:
    epochs, gains = elastic_window(run.epochs, run.rsa)
    return {
        "source": run.name,
        "n_epochs": len(run.epochs),
        **_lowest(run.epochs, run.loss),
        **_highest(run.epochs, run.rsa),
        "elastic_window": epochs,
        "elastic_gains": gains,
        "rsa": _by_epoch(run.epochs, run.rsa),
        "loss": _by_epoch(run.epochs, run.loss),
    }


def _vit(vit: ViTBaseline) -> dict[str, Any]:
    return {
        "n_epochs": len(vit.epochs),
        **_lowest(vit.epochs, vit.loss),
        **_highest(vit.epochs, vit.rsa),
        "last_rsa": float(vit.rsa[-1]),
        "max_accuracy": float(vit.accuracy.max()),
        "rsa": _by_epoch(vit.epochs, vit.rsa),
        "loss": _by_epoch(vit.epochs, vit.loss),
    }


def _lowest(epochs: Any, loss: Any) -> dict[str, Any]:
    i = int(np.argmin(loss))
    return {"min_loss": float(loss[i]), "min_loss_epoch": int(epochs[i])}


def _highest(epochs: Any, rsa: Any) -> dict[str, Any]:
    if np.isnan(rsa).all():
        return {"max_rsa": None, "max_rsa_epoch": None}
    i = int(np.nanargmax(rsa))
    return {"max_rsa": float(rsa[i]), "max_rsa_epoch": int(epochs[i])}


def _by_epoch(epochs: Any, values: Any) -> dict[str, float | None]:
    # Keys are text, as in JSON, so that what Python returns is what is printed.
    return {str(int(e)): compared(float(v)) for e, v in zip(epochs, values, strict=True)}


def _past_the_end(runs: RunSet) -> list[str]:
    last = int(runs.baseline.epochs[-1])
    found = []
    for run in runs.runs:
        start, end = run.window
        if start > last:
            found.append(
                f"{run.name}: the baseline ends at epoch {last}, before its window: no effect is computed"
            )
        elif end > last and run.family == "length":
            found.append(
                f"{run.name}: its window ends at epoch {end}, the baseline at {last}: its loss is held "
                "against the baseline's lowest, its RSA against nothing"
            )
    return found
