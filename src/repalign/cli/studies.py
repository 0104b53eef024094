"""repalign run: a whole study from its file, up to the page; and repalign train: one run of one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from repalign.benchmarks import Study, run_study
from repalign.benchmarks.benchmark import Options
from repalign.cli.arguments import Json
from repalign.cli.output import print_failures, print_json, print_text
from repalign.cli.progress import progress
from repalign.cli.reporting import opening
from repalign.cli.scoring import told as told_scores
from repalign.cli.study_page import draw, print_effects, print_headlines
from repalign.cli.summary import Command, print_summary
from repalign.cli.training import OUT, Device, Out, Workers, told, trained
from repalign.data import ResultsDir
from repalign.execution import InProcess, ProcessPool, RunReport
from repalign.report import write_report
from repalign.training.study import (
    TrainingStudy,
    kind_of,
    parsed,
    read_scoring,
    read_study,
    shipped_studies,
    study_text,
)
from repalign.training.study_dynamics import study_dynamics


def run(
    study: Annotated[
        str | None, typer.Argument(metavar="[STUDY]", help="A study file, or one that comes with repalign.")
    ] = None,
    out: Out = OUT,
    show: Annotated[
        bool, typer.Option("--show", help="Print the study file and stop; without STUDY list all names.")
    ] = False,
    device: Device = "cpu",
    workers: Workers = 1,
    json: Json = False,
) -> None:
    """Do a whole study: score models, or train baselines and sweeps; then write the page.

    Example: repalign run digits --show
    """
    if study is None or show:
        _print_study(study, as_json=json)
        return
    if kind_of(study) == "scores":
        _scores(*read_scoring(study), out, workers=workers, as_json=json)
        return
    whole(read_study(study), out, device=device, workers=workers, as_json=json)


def _print_study(study: str | None, *, as_json: bool) -> None:
    if study is not None:
        content = parsed(study) if as_json else None
        print_json(content) if as_json else typer.echo(study_text(study), nl=False)
        return
    found = {name: read_study(name).title for name in shipped_studies()}
    if as_json:
        print_json(found)
        return
    for name, title in found.items():
        print_text(f"{name}: {title}")
    following: list[Command | str] = [("repalign", "run", next(iter(found)), "--show")]
    print_summary(f"{len(found)} studies come with repalign", [], following)


def _scores(study: Study, where: Options, out: Path, *, workers: int, as_json: bool) -> None:
    began = time.monotonic()
    executor = InProcess() if workers == 1 else ProcessPool(workers)
    with progress("scoring") as shown:
        heard = {"on_done": shown.units, "on_extract": shown.stimuli}
        results, done = run_study(study, out, options=where, executor=executor, **heard)
    page = None if done.failed and not len(results.scores()) else write_report(results)
    _finish(done, results, page, told_scores(done, time.monotonic() - began), as_json=as_json)


def whole(
    study: TrainingStudy,
    out: Path,
    *,
    device: str = "cpu",
    workers: int = 1,
    as_json: bool = False,
) -> None:
    """A study of training: all its runs, then its page.

    Args:
        study: What is trained.
        out: Folder of the results.
        device: ``cpu`` or ``cuda``.
        workers: Processes.
        as_json: Print JSON.
    """
    began = time.monotonic()
    results, done = trained(study, out, device=device, workers=workers)
    page = None
    if len(done.computed) + len(done.skipped):
        found = study_dynamics(results).as_dict()
        page, _ = draw(found, results, title=study.title)
        if not as_json:
            print_headlines(found)
            print_effects(found)
    _finish(done, results, page, told(done, time.monotonic() - began), as_json=as_json)


def _finish(done: RunReport, results: ResultsDir, page: Path | None, said: str, *, as_json: bool) -> None:
    print_failures(done.failed, as_json=as_json, alone=page is None)
    if as_json and page is not None:
        print_json({"report": str(page), "results": str(results.root), "failed": len(done.failed)})
    elif not as_json:
        following = [] if page is None else opening(page)
        print_summary(said, [page or results.root], following)
    if done.failed:
        raise typer.Exit(1)
