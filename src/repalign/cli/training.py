"""repalign train and repalign sweep: the runs of a training study."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Annotated, Any

import typer

from repalign.cli.arguments import Json
from repalign.cli.output import print_failures, print_json, print_text
from repalign.cli.progress import Tracker, progress
from repalign.cli.summary import counts, in_time, number, print_summary
from repalign.cli.tables import Column, Kind, print_table
from repalign.data import ResultsDir
from repalign.errors import InputError
from repalign.execution import KeptPool, RunReport
from repalign.training.cost import Cost, estimate, seconds_of
from repalign.training.run_spec import Perturbation, RunSpec
from repalign.training.running import Reached, made, run_sweep, unit
from repalign.training.study import TrainingStudy, read_study
from repalign.training.sweep import Planned, expand, label

EVERY = 2.0  # seconds between two looks at how far the runs are
StudyFile = Annotated[
    str, typer.Argument(metavar="STUDY", help="A study file, or the name of one that comes with repalign.")
]
Out = Annotated[Path, typer.Option(help="Folder of the results.")]
Device = Annotated[str, typer.Option(help="cpu or cuda.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes; results do not depend on it.")]
OUT = Path("repalign-training")


def sweep(
    study: StudyFile,
    out: Out = OUT,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print every run and what it will cost, and train nothing.")
    ] = False,
    part: Annotated[
        str | None,
        typer.Option(
            metavar="I/N", help="Only part I of N of the perturbed runs, from 0; 'baselines' comes first."
        ),
    ] = None,
    device: Device = "cpu",
    workers: Workers = 1,
    json: Json = False,
) -> None:
    """Train all runs of a study that are not there yet: baselines, single epochs, grids of windows.

    Example: repalign sweep digits --dry-run
    """
    found = read_study(study)
    if dry_run:
        _print_plan(found, as_json=json)
        return
    began = time.monotonic()
    results, done = trained(found, out, part=_part(part), device=device, workers=workers)
    print_failures(done.failed, as_json=json, alone=json)
    if json and not done.failed:
        print_json({"results": str(results.root), "computed": len(done.computed), "found": len(done.skipped)})
    elif not json:
        print_summary(
            told(done, time.monotonic() - began),
            [results.root],
            [("repalign", "dynamics", str(results.root)), ("repalign", "report", str(results.root))],
        )
    if done.failed:
        raise typer.Exit(1)


def trained(
    study: TrainingStudy,
    out: Path,
    *,
    part: tuple[int, int] | None = None,
    device: str = "cpu",
    workers: int = 1,
) -> tuple[ResultsDir, RunReport]:
    """Train what is missing of a study, with progress over the whole."""
    with progress("training") as shown:
        wanted = study.sweep()
        stages = expand(wanted)
        how = {"where": study.where, "about": study.described(), "part": part, "device": device}
        with _watched(stages, ResultsDir(out), shown):
            if workers == 1:
                return run_sweep(wanted, out, **how)
            with KeptPool(workers) as executor:  # what a worker has read serves all its runs
                return run_sweep(wanted, out, **how, executor=executor)


@contextmanager
def _watched(stages: Sequence[Sequence[Planned]], results: ResultsDir, shown: Tracker) -> Generator[None]:
    """Look from time to time how many epochs there are, whoever trains them."""
    over, reached = Event(), Reached(stages, results)

    def look() -> None:
        while not over.wait(EVERY):
            shown.epochs(reached.epochs(), reached.total)

    watcher = Thread(target=look, daemon=True)
    shown.epochs(reached.epochs(), reached.total)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def told(done: RunReport, seconds: float) -> str:
    """What became of the runs of a sweep."""
    units = {"computed": len(done.computed), "found": len(done.skipped), "failed": len(done.failed)}
    return counts("run", **units, seconds=seconds)


def _part(given: str | None) -> tuple[int, int] | None:
    if given is None or given == "baselines":
        return None if given is None else (0, 0)
    index, slash, count = given.partition("/")
    if not (slash and index.isdecimal() and count.isdecimal() and int(index) < int(count)):
        raise InputError(f"--part {given} is none", hint="E.g. 0/8 to 7/8; first --part baselines.")
    return int(index), int(count)


def _print_plan(study: TrainingStudy, *, as_json: bool) -> None:
    stages = expand(study.outline())
    whole = estimate(stages, study.cost)
    runs = [_planned(each, stage, study.cost) for stage, found in enumerate(stages) for each in found]
    if as_json:
        print_json({**whole.model_dump(), "runs": runs, "n_runs": whole.runs, "cost": _cost(study.cost)})
        return
    columns = [
        Column("run", Kind.NAME),
        *(Column(name, Kind.NUMBER) for name in ("stage", "from epoch", "epochs", "time")),
    ]
    cells = [
        [r["run"], str(r["stage"]), "-" if r["from"] is None else str(r["from"]), str(r["epochs"]), _time(r)]
        for r in runs
    ]
    print_table(study.title or "runs", columns, cells)
    saved = f"; {whole.alone} if no run began where another left off"
    print_text(f"\n{number(whole.runs, 'run')}, {number(whole.epochs, 'epoch')}{saved}.")
    if whole.seconds is None:
        print_text("No cost is known: say what an epoch takes under [cost] in the study file.")
        return
    measured = f" ({study.cost.measured})" if study.cost and study.cost.measured else ""
    print_text(
        f"About {in_time(whole.seconds)} one after the other{measured}, "
        f"{whole.megabytes:.0f} MB of kept states."
    )


def _planned(planned: Planned, stage: int, cost: Cost | None) -> dict[str, Any]:
    return {
        "run": label(planned.spec),
        "stage": stage,
        "from": planned.start[1] if planned.start else None,
        "epochs": planned.epochs,
        "seconds": None if cost is None else seconds_of(planned, cost),
        "figures": sorted(planned.figures),
        "spec": planned.spec.model_dump(mode="json"),
        "unit": unit(planned, {}).digest,
    }


def _cost(cost: Cost | None) -> dict[str, Any] | None:
    return None if cost is None else cost.model_dump()


def _time(row: dict[str, Any]) -> str:
    return "?" if row["seconds"] is None else in_time(row["seconds"])


def train(
    study: StudyFile,
    out: Out = OUT,
    seed: Annotated[int | None, typer.Option(min=0, help="Of the run; the study's first by default.")] = None,
    perturb: Annotated[
        str | None, typer.Option(metavar="KIND", help="Disturb it; see the page on training for kinds.")
    ] = None,
    first: Annotated[int, typer.Option(min=1, help="First epoch that is disturbed.")] = 1,
    length: Annotated[int, typer.Option(min=1, help="How many are.")] = 1,
    noise_seed: Annotated[int, typer.Option(min=0, help="Of the disturbance.")] = 0,
    follow: Annotated[
        int | None, typer.Option(min=0, help="Epochs after the window; all by default.")
    ] = None,
    keep: Annotated[
        str, typer.Option(help="States to keep: 'all', or epochs such as 0,10,20; the last is always kept.")
    ] = "",
    adapters: Annotated[
        Path | None, typer.Option(help="Write the trained adapters to one safetensors file.")
    ] = None,
    device: Device = "cpu",
    json: Json = False,
) -> None:
    """Train one run of a study: a baseline, or one window; go on where it was interrupted.

    It begins from the baseline's state where OUT holds one. Under torchrun (torchrun --nproc-per-node 2
    -m repalign train STUDY) the processes train one run together.

    Example: repalign train digits --seed 1 --keep 0,5
    """
    from repalign.training.parallel import is_leader
    from repalign.training.trainer import train as train_run  # it loads torch

    found, kept = read_study(study), _epochs(keep)
    window = None if perturb is None else Perturbation(kind=perturb, first=first, length=length)
    began = time.monotonic()
    with progress("training") as shown:
        problem = made(found.problem_spec, found.where)
        base = found.outline(problem.spec).baseline
        base = base.model_copy(update={"seed": found.seeds[0] if seed is None else seed})
        more = {} if window is None else {"perturbation": window, "noise_seed": noise_seed, "follow": follow}
        spec = RunSpec(**{**base.model_dump(), **more})
        folder = out / "runs" / spec.digest
        start = None if window is None else _start(out / "runs" / base.digest, window.first - 1)

        def heard(row: dict[str, Any]) -> None:
            shown.epochs(int(row["epoch"]), spec.last_epoch)

        run = train_run(problem, spec, folder, start=start, keep=kept, device=device, on_epoch=heard)
        if adapters is not None and is_leader():
            _export(problem, spec, folder, adapters)
    if not is_leader():
        return
    last = run.state.history[-1]
    if json:
        print_json({"run": spec.digest, "folder": str(folder), "stopped": run.state.stopped, "last": last})
        return
    print_text(f"{label(spec)}: over after epoch {last['epoch']} ({run.state.stopped})")
    for name, value in last.items():
        if isinstance(value, float):
            print_text(f"  {name}: {value:.6g}")
    taken = in_time(time.monotonic() - began)
    print_summary(f"1 run, in {taken}", [folder, *([adapters] if adapters else [])])


def _start(baseline: Path, epoch: int) -> Path | None:
    """The baseline's state before the window, if it was kept; else the run begins at epoch 0."""
    from repalign.training.trainer import snapshot

    found = snapshot(baseline, epoch)
    return found if found.is_file() else None


def _export(problem: Any, spec: RunSpec, folder: Path, path: Path) -> None:
    from repalign.models.adapters import export_adapters
    from repalign.training.problem import innermost
    from repalign.training.trainer import LAST, network_at

    export_adapters(innermost(network_at(problem, spec, folder / LAST)), path)


def _epochs(given: str) -> tuple[int, ...] | str:
    if given == "all":
        return given
    parts = [each.strip() for each in given.split(",") if each.strip()]
    if not all(each.isdecimal() for each in parts):
        raise InputError(f"--keep {given} is no list of epochs", hint="E.g. 0,10,20, or all.")
    return tuple(int(each) for each in parts)
