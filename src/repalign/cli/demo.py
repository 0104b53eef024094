"""repalign demo: true numbers about models and people, from nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from repalign.benchmarks import Study, run_study
from repalign.cli.output import print_failures, print_json, print_scores, print_text
from repalign.cli.progress import ByteProgress, unit_progress
from repalign.data import ResultsDir
from repalign.datasets import dataset
from repalign.errors import StorageError, UnavailableError
from repalign.report import write_report

COLOUR = Study(
    models=tuple(f"builtin/{name}" for name in ("grey", "rgb", "opponent", "cielab", "gabor", "random")),
    benchmarks=("ekman1954/similarity",),
)
_CLASSICAL = ("animacy", "category", "monkey-it", "eva", "hmax", "v1", "silhouette", "radon")
OBJECTS = Study(
    models=(*(f"kriegeskorte92/{name}" for name in _CLASSICAL), "builtin/rgb", "builtin/gabor"),
    benchmarks=("kriegeskorte92/human-it",),
)


def demo(
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("repalign-demo"),
    offline: Annotated[bool, typer.Option("--offline", help="Do not try to download anything.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Score simple models against people's judgements of colours, and brains where their data are here."""
    missing = _missing(offline)
    for study in (COLOUR,) if missing else (COLOUR, OBJECTS):
        with unit_progress("scoring") as on_done:
            _, done = run_study(study, out, on_done=on_done)
        if done.failed:
            print_failures(done.failed, as_json=json, alone=True)
            raise typer.Exit(1)
    _finish(ResultsDir(out), missing, json)


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


def _finish(results: ResultsDir, missing: str, json: bool) -> None:
    table = results.scores()
    csv, page = results.root / "scores.csv", results.root / "report.html"
    table.to_csv(csv)
    write_report(results, page, title="repalign demo")
    if json:
        print_json({"report": str(page), "scores": str(csv), "rows": table.rows(), "missing": missing})
        return
    print_scores(table)
    if missing:
        print_text(f"kriegeskorte92 (brains of 4 people, 92 objects) is not on this machine: {missing}")
        print("To have it: repalign datasets get kriegeskorte92, or set REPALIGN_DATA;")
        print("then run the demo again.\n")
    print(f"Look at   {page}")
    print(f"Numbers   {csv}")
    print("Next      repalign score builtin/cielab --benchmark ekman1954/similarity \\")
    print("            --measure rsa-cosine-rho-a")
