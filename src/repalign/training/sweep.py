"""Sweeps: baselines, single epochs, and grids of windows, planned so that no epoch is trained twice."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from repalign.data import write_bytes
from repalign.errors import FileError, UnitError
from repalign.execution import Executor, RunReport, Unit, run_units
from repalign.execution.runner import OnDone
from repalign.training.perturbations import PERTURBATIONS
from repalign.training.run_spec import Perturbation, RunSpec

_FROZEN = ConfigDict(extra="forbid", frozen=True)


class Windows(BaseModel):
    """Windows of perturbation: every kind at every start for every length.

    Args:
        kinds: Of :data:`PERTURBATIONS`.
        starts: First epochs, counted from 1.
        lengths: In epochs.
        follow: Epochs to train after the window; None to the end.
        options: By kind.
    """

    model_config = _FROZEN

    kinds: tuple[str, ...] = Field(min_length=1)
    starts: tuple[int, ...] = Field(min_length=1)
    lengths: tuple[int, ...] = (1,)
    follow: int | None = None
    options: dict[str, dict[str, Any]] = Field(default_factory=dict)


class Sweep(BaseModel):
    """A study of training.

    Args:
        baseline: The run that is perturbed; its own seed is replaced by each of ``seeds``.
        seeds: Of the baseline.
        noise_seeds: Of the perturbation.
        windows: What is perturbed when.
    """

    model_config = _FROZEN

    baseline: RunSpec
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    noise_seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    windows: tuple[Windows, ...] = ()

    @model_validator(mode="after")
    def _starts_clean(self) -> Sweep:
        if self.baseline.perturbation is not None:
            raise ValueError("the baseline of a sweep is not perturbed")
        return self


@dataclass
class Planned:
    """A run of a sweep.

    Args:
        spec: What is trained.
        start: The run and the epoch from whose state it begins; None for epoch 0.
        keep: Epochs whose state later runs begin from.
    """

    spec: RunSpec
    start: tuple[str, int] | None = None
    keep: set[int] = field(default_factory=set)

    @property
    def epochs(self) -> int:
        """How many epochs it trains itself, early stopping aside."""
        return self.spec.last_epoch - (self.start[1] if self.start else 0)


def expand(sweep: Sweep) -> list[list[Planned]]:
    """The runs of a sweep in stages; each begins from states of earlier ones, so that prefixes are shared.

    A baseline comes first. Of one kind and start the shortest window begins from the baseline, each longer
    one from the last epoch of the shorter one's window.

    Args:
        sweep: What is asked for.

    Returns:
        Stages, which follow one another; the runs of a stage do not depend on each other.
    """
    stages: list[list[Planned]] = [[]]
    for seed in sweep.seeds:
        base = Planned(sweep.baseline.model_copy(update={"seed": seed}))
        stages[0].append(base)
        for chain in _chains(sweep, base.spec):
            before, epoch = base, chain[0].perturbation_first - 1
            for depth, link in enumerate(chain, start=1):
                link.run.start = before.spec.digest, epoch
                before.keep.add(epoch)
                while len(stages) <= depth:
                    stages.append([])
                stages[depth].append(link.run)
                if link.shares:
                    before, epoch = link.run, link.last
    return stages


@dataclass(frozen=True)
class _Link:
    run: Planned

    @property
    def _window(self) -> Perturbation:
        window = self.run.spec.perturbation
        assert window is not None
        return window

    @property
    def perturbation_first(self) -> int:
        return self._window.first

    @property
    def last(self) -> int:
        return self._window.last

    @property
    def shares(self) -> bool:
        return not PERTURBATIONS[self._window.kind].skips


def _chains(sweep: Sweep, base: RunSpec) -> Iterator[list[_Link]]:
    """Per kind, start and noise seed the runs by length, each once."""
    for windows in sweep.windows:
        for kind, first, noise in product(windows.kinds, sorted(set(windows.starts)), sweep.noise_seeds):
            options = windows.options.get(kind, {})
            chain: list[_Link] = []
            for length in sorted(set(windows.lengths)):
                window = Perturbation(kind=kind, first=first, length=length, options=options)
                more = {"perturbation": window, "noise_seed": noise, "follow": windows.follow}
                chain.append(_Link(Planned(RunSpec(**{**base.model_dump(), **more}))))
            yield chain


def run_sweep(
    sweep: Sweep,
    out: Path | str,
    *,
    locations: Mapping[str, str] | None = None,
    executor: Executor | None = None,
    on_done: OnDone | None = None,
) -> RunReport:
    """Train all runs of a sweep that are not there yet; a kill loses at most one epoch of each in flight.

    Args:
        sweep: What is asked for. ``baseline.problem["maker"]`` names the function
            (``package.module:function``) that makes the :class:`Problem` from this spec.
        out: Folder: ``runs/DIGEST/`` for each run, and beside it one JSON file per finished
            unit, with its history.
        locations: Where the maker finds its data on this machine; no part of the spec.
        executor: Where the runs are trained; this process by default.
        on_done: Called after each run with the outcome, the number done and that of all.

    Returns:
        What was computed, skipped and failed. A run whose predecessor failed, or stopped early before the
        window, fails with the reason; all others go on.
    """
    place = Path(out) / "runs"
    stages = expand(sweep)
    reports: list[RunReport] = []
    total = sum(map(len, stages))
    done = 0
    for stage in stages:
        units = [_unit(planned, place, locations or {}) for planned in stage]

        def report(outcome: Any, number: int, _: int, before: int = done) -> None:
            if on_done is not None:
                on_done(outcome, before + number, total)

        found = run_units(units, place, failures=place / "failures", executor=executor, on_done=report)
        reports.append(found)
        done += len(stage)
    return RunReport(
        tuple(unit for each in reports for unit in each.computed),
        tuple(unit for each in reports for unit in each.skipped),
        tuple(outcome for each in reports for outcome in each.failed),
    )


def _unit(planned: Planned, place: Path, locations: Mapping[str, str]) -> Unit:
    spec = {"run": planned.spec.model_dump(mode="json"), "start": planned.start, "keep": sorted(planned.keep)}
    where = {"runs": str(place), **locations}
    return Unit("repalign.training.sweep:run_unit", spec, where, ".json", label(planned.spec))


def label(spec: RunSpec) -> str:
    """A run in a few words."""
    window = spec.perturbation
    if window is None:
        return f"baseline, seed {spec.seed}"
    epochs = f"epoch {window.first}" if window.length == 1 else f"epochs {window.first} to {window.last}"
    return f"{window.kind} in {epochs}, seed {spec.seed}, noise {spec.noise_seed}"


def run_unit(spec: dict[str, Any], path: Path, *, runs: str, **locations: str) -> None:
    """Train one run and write its history: the unit behind a sweep.

    Args:
        spec: ``run``, ``start`` and ``keep`` of a :class:`Planned`.
        path: Where the history goes, as JSON.
        runs: The folder of all runs.
        locations: For the maker of the problem.
    """
    from repalign.training.trainer import snapshot, train

    asked = RunSpec(**spec["run"])
    start = None
    if spec["start"] is not None:
        before, epoch = spec["start"]
        start = snapshot(Path(runs) / before, epoch)
        if not start.is_file():
            raise FileError(
                f"there is no state at epoch {epoch} to begin from: the run before failed or stopped earlier",
                hint=f"See {Path(runs) / before / 'metrics.csv'}; begin earlier, or with a longer patience.",
            )
    problem = _maker(asked.problem)(asked.problem, **locations)
    found = train(problem, asked, Path(runs) / asked.digest, start=start, keep=spec["keep"])
    content = {"spec": spec["run"], "digest": asked.digest, "stopped": found.state.stopped}
    write_bytes(path, json.dumps({**content, "history": found.state.history}, indent=1).encode())


def _maker(problem: Mapping[str, Any]) -> Any:
    module, _, name = str(problem.get("maker", "")).partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UnitError(
            f"the maker {problem.get('maker')!r} of the problem cannot be imported ({error})",
            hint="Write it as package.module:function; it takes the problem's spec and gives a Problem.",
        ) from error


def epochs_to_train(stages: Sequence[Sequence[Planned]]) -> tuple[int, int]:
    """Epochs that a sweep trains, and those it would train if no prefix were shared.

    Args:
        stages: From :func:`expand`.

    Returns:
        Both numbers, early stopping aside.
    """
    planned = [each for stage in stages for each in stage]
    return sum(each.epochs for each in planned), sum(each.spec.last_epoch for each in planned)
