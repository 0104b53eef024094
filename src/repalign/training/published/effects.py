"""Effects at the perturbed epoch: run minus baseline, by kind, by epoch and by brain region."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from repalign.maths.dynamics import mean_and_sd, rank_correlation
from repalign.training.published.folder import RunSet
from repalign.training.published.kinds import KINDS, place_of
from repalign.training.published.records import TrainingRun
from repalign.training.published.regions import RegionRecord

#: Early, middle and late, as the study speaks of them: first and last epoch.
RANGES = ((1, 20), (21, 59), (60, None))


def compared(value: float) -> float | None:
    """A number, or None for NaN."""
    return None if math.isnan(value) else value


def type_effects(runs: Sequence[TrainingRun], baseline: TrainingRun) -> list[dict[str, Any]]:
    """A row per run: kind, epoch and effects, in order of kind and epoch."""
    # Controls and kinds of our own come after the four of the study, in order of their names.
    order = {kind: i for i, kind in enumerate(KINDS)}

    def rank(run: TrainingRun) -> tuple[int, str, int]:
        kind = run.kind or next(iter(order))
        return order.get(kind, len(order)), kind, run.start or 0

    return [{"kind": run.kind, **effect(run, baseline)} for run in sorted(runs, key=rank)]


def sweep_of(runs: Sequence[TrainingRun], baseline: TrainingRun) -> dict[str, Any]:
    """The single-epoch sweep: means, signs, course over epochs."""
    rows = [effect(run, baseline) for run in runs]
    epochs = [float(row["epoch"]) for row in rows]
    loss, rsa = (_values(rows, name) for name in ("delta_loss", "delta_rsa"))
    finite = rsa[np.isfinite(rsa)]
    return {
        "n": len(rows),
        **_moments(rows),
        "max_delta_rsa": float(finite.max()) if len(finite) else None,
        "min_delta_rsa": float(finite.min()) if len(finite) else None,
        "spearman_loss_epoch": rank_correlation(epochs, loss),
        "spearman_rsa_epoch": rank_correlation(epochs, rsa),
        "ranges": [_range(rows, first, last) for first, last in RANGES],
        "rows": rows,
    }


def regions_of(runs: RunSet) -> list[dict[str, Any]]:
    """A row per region of each baseline: its course over epochs, and how it goes with behaviour."""
    behaviour = dict(zip(runs.baseline.epochs.tolist(), runs.baseline.rsa.tolist(), strict=True))
    return [
        _course(record, region, behaviour)
        for record in runs.regions
        for region in (record.regions if record.is_baseline else ())
    ]


def _course(record: RegionRecord, region: str, behaviour: Mapping[int, float]) -> dict[str, Any]:
    epochs, rho = record.series(region)
    finite = bool(np.isfinite(rho).any())
    top = int(np.nanargmax(rho)) if finite else 0
    return {
        "source": record.name,
        "region": region,
        "n_epochs": len(epochs),
        "max": float(rho[top]) if finite else None,
        "max_epoch": int(epochs[top]) if finite else None,
        "last": compared(float(rho[-1])),
        "spearman_behaviour": rank_correlation([behaviour.get(e, math.nan) for e in epochs.tolist()], rho),
        "rho": {str(e): compared(v) for e, v in zip(epochs.tolist(), rho.tolist(), strict=True)},
    }


def by_region(runs: RunSet) -> tuple[list[dict[str, Any]], list[str]]:
    """A row per perturbed run and region, at its first perturbed epoch; with messages."""
    rows: list[dict[str, Any]] = []
    notes = []
    for record in runs.regions:
        if record.is_baseline:
            continue
        bases = [r for r in runs.regions if r.is_baseline and set(r.regions) == set(record.regions)]
        if len(bases) != 1:
            notes.append(f"{record.name}: {len(bases)} baselines have its regions; no effect is computed")
            continue
        rows += _effects_by_region(record, bases[0])
    return rows, notes


def _effects_by_region(record: RegionRecord, base: RegionRecord) -> list[dict[str, Any]]:
    known = {(e, r): v for e, r, v in zip(base.epoch.tolist(), base.region, base.rho.tolist(), strict=True)}
    rows = []
    found = zip(record.run, record.epoch.tolist(), record.region, record.rho.tolist(), strict=True)
    for run, epoch, region, rho in found:
        if epoch == _start(run) and (epoch, region) in known:
            delta = compared(rho - known[epoch, region])
            rows.append(
                {"source": record.name, "run": run, "region": region, "epoch": epoch, "delta_rho": delta}
            )
    return rows


def _start(run: str) -> int | None:
    """First perturbed epoch of a run, from the number or the name that region files give it."""
    if run.isdecimal():
        return int(run)
    place = place_of(PurePosixPath(run) / "metrics.csv")
    return None if place is None else place.start


def effect(run: TrainingRun, baseline: TrainingRun) -> dict[str, Any]:
    """Run minus baseline, both at the first perturbed epoch; None where either has no such epoch."""
    epoch = run.window[0]
    here, there = run.at(epoch), baseline.at(epoch)
    if here is None or there is None:
        return {"epoch": epoch, "delta_loss": None, "delta_rsa": None}
    return {"epoch": epoch, "delta_loss": here[0] - there[0], "delta_rsa": compared(here[1] - there[1])}


def _values(rows: Sequence[dict[str, Any]], name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([math.nan if row[name] is None else row[name] for row in rows], dtype=np.float64)


def _moments(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    loss, rsa = (_values(rows, name) for name in ("delta_loss", "delta_rsa"))
    (mean_loss, sd_loss), (mean_rsa, sd_rsa) = mean_and_sd(loss), mean_and_sd(rsa)
    return {
        "mean_delta_loss": mean_loss,
        "sd_delta_loss": sd_loss,
        "mean_delta_rsa": mean_rsa,
        "sd_delta_rsa": sd_rsa,
        "n_positive_rsa": int((rsa > 0).sum()),
        "n_negative_rsa": int((rsa < 0).sum()),
        "n_positive_loss": int((loss > 0).sum()),
        "n_negative_loss": int((loss < 0).sum()),
    }


def _range(rows: Sequence[dict[str, Any]], first: int, last: int | None) -> dict[str, Any]:
    within = [r for r in rows if first <= r["epoch"] and (last is None or r["epoch"] <= last)]
    return {"first": first, "last": last, "n": len(within), **_moments(within)}
