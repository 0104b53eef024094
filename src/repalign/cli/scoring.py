"""repalign compare, score and report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from json import loads as parse_json
from pathlib import Path
from typing import Annotated, Any

import typer

from repalign.benchmarks import OVER, Study, run_study
from repalign.cli.output import print_failures, print_json, print_scores
from repalign.cli.progress import unit_progress
from repalign.cli.stimulus_progress import ModelLines
from repalign.data import ResultsDir
from repalign.errors import InputError
from repalign.execution import InProcess, ProcessPool
from repalign.report import write_report

OVER_HELP = "What intervals generalise to: auto, both, subjects (these stimuli), stimuli (these subjects)."
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def checked_over(given: str) -> Any:
    """What to generalise to.

    Raises:
        InputError: Not one of the four.
    """
    if given not in OVER:
        raise InputError(f"--over {given} is not known", hint=f"One of: {', '.join(OVER)}.")
    return given


def score(
    models: Annotated[
        list[str], typer.Argument(metavar="MODEL...", help="source/name, a JSON triple, or a saved .npz.")
    ],
    benchmark: Annotated[list[str], typer.Option(help="dataset/target; may be repeated.")],
    measure: Annotated[list[str] | None, typer.Option(help="Measure id; may be repeated.")] = None,
    layers: Annotated[
        list[str] | None,
        typer.Option(
            help="default, all, choose (on other stimuli than those scored), or names; may be repeated."
        ),
    ] = None,
    stimuli: Annotated[
        int | None, typer.Option(min=1, help="A seeded random subset of this many stimuli.")
    ] = None,
    draws: Annotated[int, typer.Option(min=0, help="Bootstrap draws; 0 for no interval.")] = 1000,
    permutations: Annotated[int, typer.Option(min=0, help="Permutations for p; 0 for none.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of every random step.")] = 0,
    over: Annotated[str, typer.Option(help=OVER_HELP)] = "auto",
    images: Annotated[
        list[str] | None, typer.Option(help="DATASET=FOLDER: where a data set's images lie on this machine.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes; results do not depend on it.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("repalign-results"),
    json: Json = False,
) -> None:
    """Score models on benchmarks: values, intervals, ceilings, p; rows go to OUT and to the screen."""
    study = Study(
        models=tuple(named_model(text) for text in models),
        benchmarks=tuple(benchmark),
        measures=tuple(measure or ()),
        layers=chosen_layers(layers),
        stimuli=stimuli,
        draws=draws,
        permutations=permutations,
        seed=seed,
        over=checked_over(over),
    )
    executor = InProcess() if workers == 1 else ProcessPool(workers)
    # What a model prints must not get between the rows.
    with redirect_stdout(sys.stderr), unit_progress("scoring") as on_done:
        how = {"options": _options(images), "executor": executor}
        results, done = run_study(study, out, **how, on_done=on_done, on_extract=ModelLines())
    table = results.scores([unit.digest for unit in (*done.computed, *done.skipped)])
    print_failures(done.failed, as_json=json, alone=not len(table))
    if json and (len(table) or not done.failed):
        print_json(table.rows())
    elif not json:
        print_scores(table)
        print(f"{len(table)} rows in {out}\nNext      repalign report {out}")
    if done.failed:
        raise typer.Exit(1)


def named_model(text: str) -> Any:
    """A name, or a triple as JSON: '{"model_name": ..., "source": ..., "model_parameters": ...}'."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        return parse_json(text)
    except ValueError as error:
        raise InputError(
            f"the model {text!r} is no JSON object ({error})",
            hint='Write {"model_name": "random", "source": "builtin", "model_parameters": {"seed": 1}}.',
        ) from error


def chosen_layers(given: Sequence[str] | None) -> Any:
    """One of the rules, or names."""
    rules = ("default", "all", "choose")
    if not given:
        return "default"
    return given[0] if len(given) == 1 and given[0] in rules else tuple(given)


def _options(images: Sequence[str] | None) -> dict[str, dict[str, str]]:
    pairs = [item.partition("=") for item in images or ()]
    for name, sign, folder in pairs:
        if not (name and sign and folder):
            raise typer.BadParameter("--images takes DATASET=FOLDER, e.g. things-behaviour=/data/things")
    return {name: {"images": folder} for name, _, folder in pairs}


def report(
    results: Annotated[Path, typer.Argument(help="Folder given as --out to `score` or `demo`.")],
    out: Annotated[Path | None, typer.Option(help="The HTML file; RESULTS/report.html by default.")] = None,
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "",
    json: Json = False,
) -> None:
    """Write one self-contained HTML page about a results folder."""
    page = write_report(ResultsDir.open(results), out, title=title)
    print_json({"report": str(page)}) if json else print(f"open {page}")
