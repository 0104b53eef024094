"""Running a sweep: what is not there yet is trained, and all rows end up in one folder of results."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from repalign.benchmarks.benchmark import Options
from repalign.data import ResultsDir
from repalign.errors import FileError, InputError
from repalign.execution import Executor, RunReport, Unit, imported, run_units
from repalign.execution.runner import OnDone
from repalign.training.run_spec import RunSpec
from repalign.training.sweep import Planned, Sweep, expand, label


def run_sweep(
    sweep: Sweep,
    out: Path | str,
    *,
    where: Options | None = None,
    about: Mapping[str, Any] | None = None,
    part: tuple[int, int] | None = None,
    device: str = "cpu",
    executor: Executor | None = None,
    on_done: OnDone | None = None,
) -> tuple[ResultsDir, RunReport]:
    """Train all runs of a sweep that are not there yet; a kill loses at most one epoch of each in flight.

    Args:
        sweep: What is asked for. ``baseline.problem["maker"]`` names the function
            (``package.module:function``) that makes the :class:`repalign.training.problem.Problem` from
            this spec and ``where``.
        out: Folder of results; ``runs/DIGEST/`` in it is the folder of a run.
        where: Per data set, where on this machine parts of it lie; no part of the spec.
        about: What else the folder's spec is to say of the study.
        part: ``(i, n)``: only the i-th of n parts of the perturbed runs, counted from 0, for machines
            that share the folder; ``(0, 0)`` is the baselines, which come before all parts.
        device: ``cpu`` or ``cuda``.
        executor: Where the runs are trained; this process by default.
        on_done: Called after each run with the outcome, the number done and that of all.

    Returns:
        The results, and what was computed, skipped and failed. A run whose predecessor failed, or stopped
        early before the window, fails with the reason; all others go on.

    Raises:
        InputError: There is no such part.
        StorageError: The folder cannot be written.
    """
    results, stages = ResultsDir(out), expand(sweep)
    locations = {"runs": str(results.root / "runs"), "where": json.dumps(where or {}), "device": device}
    results.write_spec(_spec(sweep, stages, locations, about or {}))
    chosen = _part(stages, part)
    wanted = [[each for each in stage if each.spec.digest in chosen] for stage in stages]
    reports: list[RunReport] = []
    total = sum(map(len, wanted))
    for stage in wanted:
        done = sum(len(each.computed) + len(each.skipped) + len(each.failed) for each in reports)

        def report(outcome: Any, number: int, _: int, before: int = done) -> None:
            if on_done is not None:
                on_done(outcome, before + number, total)

        units = [unit(planned, locations) for planned in stage]
        how = {"failures": results.failures_dir, "executor": executor, "on_done": report}
        reports.append(run_units(units, results.scores_dir, **how))
    return results, RunReport(
        tuple(unit for each in reports for unit in each.computed),
        tuple(unit for each in reports for unit in each.skipped),
        tuple(outcome for each in reports for outcome in each.failed),
    )


def _spec(
    sweep: Sweep, stages: Sequence[Sequence[Planned]], locations: Mapping[str, str], about: Mapping[str, Any]
) -> dict[str, Any]:
    units = [unit(planned, locations) for stage in stages for planned in stage]
    return {
        "training": {**about, "sweep": sweep.model_dump(mode="json")},
        "units": {each.label: each.digest for each in units},
        "recipes": {each.digest: dict(each.spec) for each in units},
    }


def _part(stages: Sequence[Sequence[Planned]], part: tuple[int, int] | None) -> set[str]:
    """Digests of the runs of a part: windows that begin from one another stay together."""
    baselines = {each.spec.digest for each in stages[0]}
    rest = [each for stage in stages[1:] for each in stage]
    if part is None:
        return baselines | {each.spec.digest for each in rest}
    index, count = part
    if part == (0, 0):
        return baselines
    if not 0 <= index < count:
        raise InputError(f"part {index} of {count}", hint="Parts are counted from 0: 0/8 to 7/8.")
    chains: dict[str, int] = {}
    for each in rest:
        before = each.start[0] if each.start else ""
        chains[each.spec.digest] = chains.get(before, len({*chains.values()}))
    return {digest for digest, chain in chains.items() if chain % count == index}


def unit(planned: Planned, locations: Mapping[str, str]) -> Unit:
    """The unit of work of a run."""
    spec = {"run": planned.spec.model_dump(mode="json"), "start": planned.start, "keep": sorted(planned.keep)}
    return Unit("repalign.training.running:run_unit", spec, locations, label=label(planned.spec))


def run_unit(spec: dict[str, Any], path: Path, *, runs: str, where: str, device: str) -> None:
    """Train one run and write its rows: the unit behind a sweep.

    Args:
        spec: ``run``, ``start`` and ``keep`` of a :class:`Planned`.
        path: Where the rows go.
        runs: The folder of all runs.
        where: For the maker of the problem, as JSON.
        device: ``cpu`` or ``cuda``.
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
    problem = made(asked.problem, json.loads(where))
    found = train(problem, asked, Path(runs) / asked.digest, start=start, keep=spec["keep"], device=device)
    found.scores().to_parquet(path)


def made(problem: Mapping[str, Any], where: Options) -> Any:
    """The problem of a spec, by the function that the spec names.

    Args:
        problem: With ``maker``, ``"package.module:function"``; called with this mapping and ``where``.
        where: Per data set, where on this machine parts of it lie.

    Raises:
        UnitError: There is no such function.
    """
    maker = imported(
        str(problem.get("maker", "")),
        f"the maker {problem.get('maker')!r} of the problem",
        hint="Write it as package.module:function; it takes the problem's spec and where data lie.",
    )
    return maker(problem, where)


class Reached:
    """How far a sweep is, by what lies in its folder, whoever trains it.

    Args:
        stages: From :func:`repalign.training.expand`.
        results: The folder.
    """

    def __init__(self, stages: Sequence[Sequence[Planned]], results: ResultsDir) -> None:
        self._results = results
        self._left = {unit(each, {}).digest: each for stage in stages for each in stage}
        self._over = 0
        self.total = sum(each.epochs for each in self._left.values())

    def epochs(self) -> int:
        """How many epochs have been trained; a run that stopped early counts whole."""
        for digest in set(self._results.units()) & set(self._left):
            self._over += self._left.pop(digest).epochs
        runs = self._results.root / "runs"
        return self._over + sum(_reached(each, runs) for each in self._left.values())


def _reached(planned: Planned, runs: Path) -> int:
    files = sorted((runs / planned.spec.digest / "scores").glob("epoch-*.parquet"))
    begun = planned.start[1] if planned.start else 0
    return max(0, int(files[-1].stem.partition("-")[2]) - begun) if files else 0
