"""What a reader of a study's numbers must know: what is missing, what ended early, what cannot be tested."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from repalign.training.published.analysis import ONE_SEED
from repalign.training.study_records import Series
from repalign.training.study_recovery import cut_short
from repalign.training.study_runs import Perturbed, StudyRuns


def messages_of(
    study: StudyRuns, series: Series | None, perturbed: Sequence[Perturbed], threshold: float
) -> list[str]:
    """Messages, in order of weight."""
    found = [*_missing(study), *_seeds(study), *_early(study), *_undefined(study, series, perturbed)]
    windows = [each for each in perturbed if each.place.figure == "lengths"]
    n, follows = cut_short(windows, threshold)
    if n:
        epochs = " or ".join(map(str, follows))
        found.append(
            f"{n} of {len(windows)} runs were followed for {epochs} epochs after their window and were not "
            "back by then: of these recoveries only a lower bound is known (censored)"
        )
    found += [note for record in study.records.values() for note in record.notes]
    if study.unplanned:
        found.append(f"{_runs(study.unplanned)} in the folder are not of this sweep and are left out")
    return found


def _missing(study: StudyRuns) -> list[str]:
    found, absent, never = [], 0, dict.fromkeys(study.baselines, 0)
    for planned in study.planned:
        spec = planned.spec
        if spec.digest in study.records:
            continue
        base = study.baselines.get(spec.seed)
        if spec.perturbation is None:
            found.append(f"baseline, seed {spec.seed}: not there; runs of this seed have no effect")
        elif base is not None and base.last < spec.perturbation.first - 1:
            never[spec.seed] += 1
        else:
            absent += 1
    if absent:
        failed = f" ({study.failed} failed)" if study.failed else ""
        found.append(
            f"{absent} of {len(study.planned)} planned runs are not there{failed}: "
            "each cell says how many seeds it has"
        )
    found += [
        f"the baseline of seed {seed} ended at epoch {study.baselines[seed].last}: {_runs(n)} planned for "
        "later epochs cannot be"
        for seed, n in never.items()
        if n
    ]
    return found


def _seeds(study: StudyRuns) -> list[str]:
    n = len(study.baselines)
    if n == 1:
        return [ONE_SEED]
    return [f"{n} seeds: intervals are wide, and generalise to further seeds alone"] if n < 3 else []


def _early(study: StudyRuns) -> list[str]:
    ended = {seed: record.last for seed, record in study.baselines.items()}
    planned = study.sweep.baseline.last_epoch
    found = [
        f"baseline, seed {seed}: ended early, at epoch {last} of at most {planned}"
        for seed, last in ended.items()
        if last < planned
    ]
    if len(set(ended.values())) > 1:
        found.append(
            f"baselines end at different epochs: past epoch {min(ended.values())} means are over fewer seeds"
        )
    runs = [record for record in study.records.values() if record.spec.perturbation and record.n_epochs]
    early = sum(record.last < record.spec.last_epoch for record in runs)
    within = sum(record.last < record.spec.perturbation.last for record in runs if record.spec.perturbation)
    if early:
        found.append(f"{early} of {len(runs)} perturbed runs ended before their last planned epoch")
    if within:
        found.append(f"{_runs(within)} ended inside the window: cut short")
    return found


def _undefined(study: StudyRuns, series: Series | None, perturbed: Sequence[Perturbed]) -> list[str]:
    if series is None:
        return ["no alignment was measured: there is loss alone"]
    lacking = {each.run.name for each in perturbed if np.isnan(each.run.rsa[:1]).any()}
    found = [f"RSA is undefined at the first perturbed epoch of {_runs(len(lacking))}"] if lacking else []
    without = [seed for seed, record in study.baselines.items() if series not in record.aligned]
    return found + [f"baseline, seed {seed}: this alignment was not measured" for seed in without]


def _runs(n: int) -> str:
    return f"{n} run" if n == 1 else f"{n} runs"
