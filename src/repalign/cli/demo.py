"""repalign demo: true numbers about models and people, from nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from repalign.benchmarks import run_study
from repalign.cli.demo_studies import colours, digits, objects
from repalign.cli.output import print_failures, print_json, print_scores, print_text
from repalign.cli.progress import ByteProgress, unit_progress
from repalign.cli.stimulus_progress import ModelLines
from repalign.data import ResultsDir
from repalign.datasets import dataset
from repalign.errors import StorageError, UnavailableError
from repalign.report import write_report


def demo(
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("repalign-demo"),
    offline: Annotated[bool, typer.Option("--offline", help="Do not try to download anything.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Score simple models and small networks against people, brains (if here) and one another."""
    missing = {"kriegeskorte92": _missing(offline)}
    studies = [colours()]
    try:
        studies.append(digits(out / "networks"))
    except UnavailableError as error:
        missing["small networks"] = f"{error.message} ({error.hint})"
    if not missing["kriegeskorte92"]:
        studies += objects()
    for study in studies:
        with unit_progress("scoring") as on_done:
            _, done = run_study(study, out, on_done=on_done, on_extract=ModelLines())
        if done.failed:
            print_failures(done.failed, as_json=json, alone=True)
            raise typer.Exit(1)
    _finish(ResultsDir(out), {what: why for what, why in missing.items() if why}, json)


def _missing(offline: bool) -> str:
    """Try once to have the second data set; why it cannot be had, or nothing."""
    data = dataset("kriegeskorte92")
    if data.status() == "here":
        return ""
    if offline:
        return "no download was tried (--offline)"
    try:
        data.get(progress=ByteProgress("kriegeskorte92"))
    except (UnavailableError, StorageError) as error:
        return error.message
    return ""


def _finish(results: ResultsDir, missing: dict[str, str], json: bool) -> None:
    table = results.scores()
    csv, page = results.root / "scores.csv", results.root / "report.html"
    table.to_csv(csv)
    write_report(results, page, title="repalign demo")
    if json:
        print_json({"report": str(page), "scores": str(csv), "rows": table.rows(), "missing": missing})
        return
    print_scores(table)
    for what, why in missing.items():
        print_text(f"{what}: not shown, because {why}")
    if "kriegeskorte92" in missing:
        print("To have brains of 4 people and 92 objects: repalign datasets get kriegeskorte92,")
        print("or set REPALIGN_DATA; then run the demo again.\n")
    print(f"Look at   {page}")
    print(f"Numbers   {csv}")
    print("Next      repalign score builtin/cielab --benchmark ekman1954/similarity \\")
    print("            --measure rsa-cosine-rho-a")
