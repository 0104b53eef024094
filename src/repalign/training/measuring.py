"""What is measured after every epoch, as Scores: losses, alignment, what of the targets is learned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from repalign.data import Assembly, Score, ScoreTable
from repalign.maths import fold_r2
from repalign.training.problem import OUTPUT, Part, Probe, Problem
from repalign.training.run_spec import RunSpec
from repalign.training.state import State
from repalign.training.steps import Bench, loss_of, rate_at, respond

TRAIN, VALIDATION = "train", "validation"
ACCURACY, R2 = "accuracy", "r2"


def scores_file(folder: Path, epoch: int) -> Path:
    """Where the rows of an epoch of a run lie."""
    return folder / "scores" / f"epoch-{epoch:04d}.parquet"


def measured(
    bench: Bench, problem: Problem, state: State, *, train_loss: float | None
) -> tuple[dict[str, Any], list[Score]]:
    """Everything about the network as it is now.

    Args:
        bench: The network and all around it; all processes take part.
        problem: What is asked.
        state: Of the epoch that has ended.
        train_loss: Of that epoch; None before the first.

    Returns:
        The row of the history, and the scores; these are empty in processes that do not lead.
    """
    spec = bench.spec
    outputs = respond(bench, problem.validation)[OUTPUT]
    loss = loss_of(bench, outputs, problem.validation)
    row: dict[str, Any] = {
        "epoch": state.epoch,
        "train_loss": train_loss,
        "validation_loss": loss,
        "rate": rate_at(spec, state.epoch) if state.epoch else None,
        "perturbed": bool(spec.perturbation and spec.perturbation.covers(state.epoch)),
    }
    scores: list[Score] = []
    for probe in problem.probes:
        scores += _probed(bench, probe, state.epoch)
    if not bench.crew.leads or not np.isfinite(loss):
        return row, []
    about = _learned(spec, problem, outputs)
    for part, value in ((TRAIN, train_loss), (VALIDATION, loss)):
        if value is not None:
            n = len(getattr(problem, part).ids)
            about.append(_row(part, spec.loss_measure, value, n))
    named = [s for s in scores if s.subject == "all" and s.value is not None]
    named += [s for s in about if s.measure == ACCURACY]
    row |= {_column(s): s.value for s in named}
    return row, [*(replace(s, **_factors(spec, state.epoch)) for s in about), *scores]


def _column(score: Score) -> str:
    where = [score.target, score.region or "", score.layer or "", score.measure]
    return "|".join(where)


def _learned(spec: RunSpec, problem: Problem, outputs: torch.Tensor) -> list[Score]:
    """Accuracy where targets are classes; of a baseline also R^2 by dimension where they are numbers."""
    part = problem.validation
    if part.targets.ndim == 1:
        right = float((outputs.argmax(dim=1).numpy() == part.targets).mean())
        return [_row(VALIDATION, ACCURACY, right, len(part.ids))]
    if not problem.dimensions or spec.perturbation is not None:
        return []
    n = len(part.ids)
    # One fold of all; with weights, a dimension that does not vary is NaN and no error.
    found = fold_r2(
        np.asarray(part.targets, np.float64), outputs.double().numpy(), np.zeros(n, np.intp), np.ones(n)
    )
    return [
        _row(VALIDATION, R2, None if np.isnan(value) else float(value), len(part.ids), region=name)
        for name, value in zip(problem.dimensions, found, strict=True)
    ]


def _row(target: str, measure: str, value: float | None, n: int, region: str | None = None) -> Score:
    layer = None if region is None else OUTPUT
    reason = "the targets do not vary" if value is None else None
    return Score(
        model="run",
        target=target,
        measure=measure,
        value=value,
        n_stimuli=n,
        region=region,
        layer=layer,
        reason=reason,
    )


def _factors(spec: RunSpec, epoch: int) -> dict[str, Any]:
    window = spec.perturbation
    return {
        "model": model_name(spec, epoch),
        "epoch": epoch,
        "run": spec.digest,
        "seed": spec.seed,
        "perturbation": None if window is None else window.kind,
        "window_start": None if window is None else window.first,
        "window_length": None if window is None else window.length,
        "spec_digest": spec.digest,
    }


def model_name(spec: RunSpec, epoch: int) -> str:
    """A run at an epoch as a model."""
    return f"run/{spec.digest[:12]}@{epoch}"


def _probed(bench: Bench, probe: Probe, epoch: int) -> list[Score]:
    outputs = respond(bench, probe.part, probe.reading)  # all processes take part
    if not bench.crew.leads:
        return []
    spec = bench.spec
    shown = _assembly(outputs, probe.part, model_name(spec, epoch))
    return [replace(score, **_factors(spec, epoch)) for score in probe.score(shown, spec, epoch)]


def _assembly(outputs: dict[str, torch.Tensor], part: Part, name: str) -> Assembly:
    flat: dict[str, NDArray[Any]] = {
        layer: found.double().flatten(1).numpy() for layer, found in outputs.items()
    }
    layers = np.concatenate([np.full(rows.shape[1], layer, object) for layer, rows in flat.items()])
    return Assembly(
        np.concatenate(list(flat.values()), 1), part.ids, {"layer": layers.astype(str)}, name=name
    )


def inherited(spec: RunSpec, start: Path, epoch: int, folder: Path) -> None:
    """Copy the rows of window epochs that an earlier run trained for this one, under this run's name.

    Args:
        spec: Of the run that begins.
        start: The kept state from which it begins.
        epoch: Of that state.
        folder: Of the run that begins.
    """
    window = spec.perturbation
    before = start.parent.parent
    for each in range(window.first if window is not None else 0, epoch + 1):
        own, there = scores_file(folder, each), scores_file(before, each)
        if not own.exists() and there.exists():
            table = ScoreTable.from_parquet(there)
            ScoreTable(replace(score, **_factors(spec, each)) for score in table).to_parquet(own)
