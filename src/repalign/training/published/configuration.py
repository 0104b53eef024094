"""Runs of different configurations are not compared with one baseline: what gives them away."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from repalign.errors import InputError
from repalign.training.published.records import TrainingRun

# Runs with one start and kind do the same until the shorter window ends. On GPUs of 2025 they agreed to 2e-8.
AGREE = 1e-6
_SEED = re.compile(r"baseline[a-z_]*?seed_?(\d+)", re.IGNORECASE)
_SEED_ALONE = re.compile(r"seed_?(\d+)", re.IGNORECASE)


def differing(runs: Sequence[TrainingRun], baseline: TrainingRun, folder: Path) -> list[str]:
    """Runs that were made in another way than the others or than the baseline, one sentence for each.

    Seen are: a seed in a folder's name that is not the baseline's; a start later than the epoch after the
    baseline's last, for which it has no snapshot; two runs for one cell; another kind of perturbation than
    the rest of a sweep; and, with the same start and kind, other values inside the window.

    Args:
        runs: Perturbed runs.
        baseline: What they are compared with.
        folder: Below which names of folders are looked at.
    """
    return [
        *_by_seed(runs, baseline, folder),
        *_by_start(runs, baseline),
        *_by_cell(runs),
        *_by_kind([run for run in runs if run.family == "sweep"]),
        *_by_prefix([run for run in runs if run.family == "length"]),
    ]


def refuse(found: Sequence[str]) -> None:
    """Raise for differing runs.

    Raises:
        InputError: There are some; the message names them.
    """
    if found:
        more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
        raise InputError(
            f"runs of different configurations are mixed: {'; '.join(found[:3])}{more}",
            hint="Leave them out with --leave-out NAME, name their baseline with --baseline, or keep them "
            "knowingly with --mixed.",
        )


def _by_seed(runs: Sequence[TrainingRun], baseline: TrainingRun, folder: Path) -> list[str]:
    own = _SEED_ALONE.search(baseline.source.stem)
    if own is None:
        return []
    found = []
    for run in runs:
        inside = run.source.relative_to(folder) if run.source.is_relative_to(folder) else run.source
        # The folder that was named counts too: it may be that of the experiment.
        said = _SEED.search("/".join((folder.resolve().name, *inside.parts)))
        if said and int(said[1]) != int(own[1]):
            found.append(f"{run.name} is of baseline seed {said[1]}, {baseline.name} of seed {own[1]}")
    return found


def _by_start(runs: Sequence[TrainingRun], baseline: TrainingRun) -> list[str]:
    last = int(baseline.epochs[-1])
    return [
        f"{run.name} starts from the baseline's epoch {run.window[0] - 1}, and {baseline.name} has {last}"
        for run in runs
        if run.window[0] - 1 > last
    ]


def _by_cell(runs: Sequence[TrainingRun]) -> list[str]:
    cells: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for run in runs:
        cells[run.family, run.kind, run.start, run.length].append(run.name)
    return [f"{' and '.join(names)} have one window and kind" for names in cells.values() if len(names) > 1]


def _by_kind(sweep: Sequence[TrainingRun]) -> list[str]:
    counts = Counter(run.kind for run in sweep)
    if len(counts) < 2:
        return []
    usual = counts.most_common(1)[0][0]
    return [f"{run.name} is of {run.kind}, the sweep of {usual}" for run in sweep if run.kind != usual]


def _by_prefix(runs: Sequence[TrainingRun]) -> list[str]:
    groups: dict[tuple[object, ...], list[TrainingRun]] = defaultdict(list)
    for run in runs:
        groups[run.kind, run.start].append(run)
    found = []
    for group in groups.values():
        # The run that most others agree with is taken for the usual one; of two, the first.
        usual = max(group, key=lambda run: sum(_agree(run, other) for other in group))
        found += [
            f"{run.name} differs from {usual.name} at epoch {_first_difference(run, usual)}, where both are "
            "perturbed in the same way"
            for run in group
            if not _agree(run, usual)
        ]
    return found


def _agree(a: TrainingRun, b: TrainingRun) -> bool:
    return _first_difference(a, b) is None


def _first_difference(a: TrainingRun, b: TrainingRun) -> int | None:
    """First epoch inside both windows at which two runs of one start differ."""
    n = min(a.length or 0, b.length or 0, len(a.epochs), len(b.epochs))
    same = np.isclose(a.loss[:n], b.loss[:n], rtol=AGREE, atol=0)
    same &= np.isclose(a.rsa[:n], b.rsa[:n], rtol=0, atol=AGREE, equal_nan=True)
    odd = np.flatnonzero(~same)
    return int(a.epochs[odd[0]]) if len(odd) else None
