"""repalign demo: true numbers about models and people, from nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from repalign.benchmarks import run_study, write_views
from repalign.cli.arguments import Json
from repalign.cli.datasets import gotten
from repalign.cli.demo_studies import SECTIONS, colours, digits, objects
from repalign.cli.demo_training import perturbation
from repalign.cli.output import console, print_failures, print_json, print_line, print_text
from repalign.cli.progress import Tracker, progress
from repalign.cli.reporting import figures_of, opening
from repalign.cli.scores_table import Group, groups, print_group
from repalign.cli.scoring import print_failed_views, told
from repalign.cli.summary import Command, print_summary
from repalign.data import ResultsDir, ScoreTable
from repalign.datasets import dataset
from repalign.errors import StorageError, UnavailableError, UnknownNameError
from repalign.execution import RunReport
from repalign.report import write_report

MODELS, PERTURBATION = "models", "perturbation"
OUT = "repalign-demo"
BRAINS = "kriegeskorte92"
FIRST = f"{BRAINS}/human-it"
_MOST, _MORE = 5, 3  # rows of the first table, and of each other
_ANOTHER: Command = (
    *("repalign", "score", "builtin/cielab", "--benchmark", "ekman1954/similarity"),
    *("--measure", "rsa-cosine-rho-a"),
)


def demo(
    what: Annotated[
        str, typer.Argument(metavar="[WHAT]", help="models, or perturbation: training that is disturbed.")
    ] = MODELS,
    out: Annotated[Path | None, typer.Option(help="Folder of the results; repalign-demo by default.")] = None,
    short: Annotated[bool, typer.Option("--short", help="Of perturbation: under three minutes.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Of perturbation: processes; one per core by default.")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not try to download anything.")] = False,
    json: Json = False,
) -> None:
    """Score simple models and small networks against people, brains (if here) and one another.

    Example: repalign demo --offline --out repalign-demo
    """
    if what == PERTURBATION:
        perturbation(out or Path(f"{OUT}-{what}"), short=short, workers=workers, as_json=json)
        return
    if what != MODELS:
        raise UnknownNameError.among("demonstration", what, (MODELS, PERTURBATION))
    _models(out or Path(OUT), offline=offline, json=json)


def _models(out: Path, *, offline: bool, json: bool) -> None:
    began = time.monotonic()
    with progress("demo") as shown:
        missing = {BRAINS: _missing(offline, shown)}
        done = _run(out, missing, shown)
        if done.failed:
            print_failures(done.failed, as_json=json, alone=True)
            raise typer.Exit(1)
        results = ResultsDir(out)
        table = results.scores()
        csv, page = results.root / "scores.csv", results.root / "report.html"
        table.to_csv(csv)
        write_report(results, page, title="repalign demo")
    absent = {what: why for what, why in missing.items() if why}
    if json:
        print_json({"report": str(page), "scores": str(csv), "rows": table.rows(), "missing": absent})
        return
    _print_sections(table)
    _print_missing(absent)
    print_failed_views(results)
    following = [*opening(page), figures_of(results.root), _ANOTHER]
    print_summary(told(done, time.monotonic() - began), [page, csv], following)


def _missing(offline: bool, shown: Tracker) -> str:
    """Try once to have the second data set; why it cannot be had, or nothing."""
    data = dataset(BRAINS)
    if data.status() == "here":
        return ""
    if offline:
        return "no download was tried (--offline)"
    try:
        gotten(data, shown)
    except (UnavailableError, StorageError) as error:
        return error.message
    return ""


def _run(out: Path, missing: dict[str, str], shown: Tracker) -> RunReport:
    """Score everything that can be scored here; what cannot goes to ``missing``."""
    studies = [colours()]
    try:
        studies.append(digits(out / "networks"))
    except UnavailableError as error:
        missing["small networks"] = f"{error.message} ({error.hint})"
    if not missing[BRAINS]:
        studies += objects()
    heard = {"on_done": shown.units, "on_extract": shown.stimuli}
    reports = [run_study(study, out, views=False, **heard)[1] for study in studies]
    if not any(report.failed for report in reports):
        write_views(ResultsDir(out), **heard)
    return RunReport(
        tuple(unit for report in reports for unit in report.computed),
        tuple(unit for report in reports for unit in report.skipped),
        tuple(outcome for report in reports for outcome in report.failed),
    )


def _print_sections(table: ScoreTable) -> None:
    """What is worth seeing first, in few lines; all rows are in the files."""
    found = sorted(groups(table), key=lambda group: (group.pairs, group.rows[0].target != FIRST))
    shown = 0
    for owner, heading in SECTIONS.items():
        part = [group for group in found if _owner(group) == owner]
        if part:
            print_line(console(), ("\n" if shown else "") + heading.upper(), "bold")
        for group in part:
            print_group(group, most=_MORE if shown else _MOST, brief=True)
            shown += 1


def _owner(group: Group) -> str:
    """The data set on whose stimuli the numbers are; models meet one another on digits."""
    return "digits" if group.pairs else group.rows[0].target.partition("/")[0]


def _print_missing(absent: dict[str, str]) -> None:
    if absent:
        print()
    for what, why in absent.items():
        print_text(f"{what}: not shown, because {why}")
    if BRAINS in absent:
        print_text(
            "To have brains of 4 people and 92 objects: repalign datasets get kriegeskorte92, or set "
            "REPALIGN_DATA; then run the demo again."
        )
