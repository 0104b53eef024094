"""repalign score: models on published benchmarks and on data of the user's own."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from repalign.benchmarks import Study, run_study
from repalign.cli.arguments import (
    Images,
    Json,
    Layers,
    Models,
    Over,
    OwnStimuli,
    Seed,
    Subset,
    checked_over,
    chosen_layers,
    goals,
    image_folders,
    named_model,
    own_goals,
)
from repalign.cli.output import print_failures, print_json, print_text
from repalign.cli.progress import progress
from repalign.cli.scores_table import print_scores
from repalign.cli.summary import counts, number, print_summary
from repalign.data import ResultsDir, ScoreTable
from repalign.execution import InProcess, ProcessPool, RunReport


def score(
    models: Models,
    benchmark: Annotated[list[str] | None, typer.Option(help="dataset/target; may be repeated.")] = None,
    stimuli: OwnStimuli = None,
    target: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Your own responses to them, or an RDM; may be repeated."),
    ] = None,
    measure: Annotated[list[str] | None, typer.Option(help="Measure id; may be repeated.")] = None,
    layers: Layers = None,
    subset: Subset = None,
    draws: Annotated[int, typer.Option(min=0, help="Bootstrap draws; 0 for no interval.")] = 1000,
    permutations: Annotated[int, typer.Option(min=0, help="Permutations for p; 0 for none.")] = 1000,
    seed: Seed = 0,
    over: Over = "auto",
    images: Images = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes; results do not depend on it.")] = 1,
    views: Annotated[
        bool, typer.Option("--views/--no-views", help="Also what the report draws: RDMs, map, differences.")
    ] = True,
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("repalign-results"),
    json: Json = False,
) -> None:
    """Score models on benchmarks: values, intervals, ceilings, p; rows go to OUT and to the screen.

    Example: repalign score builtin/rgb --benchmark ekman1954/similarity --out o
    """
    own = own_goals(stimuli, target)
    study = Study(
        models=tuple(named_model(text) for text in models),
        benchmarks=goals(benchmark, own),
        measures=tuple(measure or ()),
        layers=chosen_layers(layers),
        subset=subset,
        draws=draws,
        permutations=permutations,
        seed=seed,
        over=checked_over(over),
    )
    began = time.monotonic()
    executor = InProcess() if workers == 1 else ProcessPool(workers)
    with progress("scoring") as shown:
        how = {"options": {**image_folders(images), **own}, "executor": executor, "views": views}
        results, done = run_study(study, out, **how, on_done=shown.units, on_extract=shown.stimuli)
    _finish(results, done, json, time.monotonic() - began)


def _finish(results: ResultsDir, done: RunReport, json: bool, seconds: float) -> None:
    table = results.scores([unit.digest for unit in (*done.computed, *done.skipped)])
    print_failures(done.failed, as_json=json, alone=not len(table))
    if json and (len(table) or not done.failed):
        print_json(table.rows())
    elif not json:
        _print(results, table, done, seconds)
    if done.failed:
        raise typer.Exit(1)


def _print(results: ResultsDir, table: ScoreTable, done: RunReport, seconds: float) -> None:
    print_scores(table)
    print_failed_views(results)
    print_summary(
        f"{told(done, seconds)} ({number(len(table), 'row')})",
        [results.root] if len(table) else [],
        [("repalign", "report", str(results.root))] if len(table) else [],
    )


def told(done: RunReport, seconds: float) -> str:
    """What became of the scores of a study."""
    units = {"computed": len(done.computed), "found": len(done.skipped), "failed": len(done.failed)}
    return counts("score", **units, seconds=seconds)


def print_failed_views(results: ResultsDir) -> None:
    """Say which parts of the report will be missing, and why."""
    listed = set(results.spec().get("views", {}).values())
    failures = results.failures()
    for digest in sorted(listed & set(failures)):
        print_text(f"the report will lack a figure: {failures[digest].get('message', 'no message')}")
