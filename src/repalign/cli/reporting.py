"""repalign report: one page about a results folder, and its figures as files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from repalign.cli.arguments import Json
from repalign.cli.output import print_json
from repalign.cli.study_page import draw
from repalign.cli.summary import Command, in_time, number, print_summary
from repalign.data import ResultsDir
from repalign.errors import InputError
from repalign.report import write_report
from repalign.report.drawing import FORMATS
from repalign.training.study_dynamics import study_dynamics
from repalign.training.study_runs import is_training


def report(
    results: Annotated[Path, typer.Argument(help="Folder given as --out to `score`, `run` or `demo`.")],
    out: Annotated[Path | None, typer.Option(help="The HTML file; RESULTS/report.html by default.")] = None,
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "",
    figures: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write every figure to files in DIR too.")
    ] = None,
    format: Annotated[
        list[str] | None, typer.Option(help="Of the figures: png, svg, pdf (all three); may be repeated.")
    ] = None,
    json: Json = False,
) -> None:
    """Write one self-contained HTML page about a results folder, and its figures as files.

    Example: repalign report repalign-results --figures figures --format pdf
    """
    formats = _checked(format, figures)
    began = time.monotonic()
    found = ResultsDir.open(results)
    if is_training(results):
        dynamics = study_dynamics(found).as_dict()
        page, files = draw(dynamics, found, page=out, title=title, figures=figures, formats=formats)
    else:
        page = write_report(found, out, title=title)
        files = [] if figures is None else _drawn(found, figures, formats)
    if json:
        drawn = {} if figures is None else {"figures": [str(file) for file in files]}
        print_json({"report": str(page), **drawn})
        return
    done = ["1 page", *([] if figures is None else [f"{number(len(files), 'file')} of figures"])]
    following = [*opening(page), *([figures_of(results)] if figures is None else [])]
    taken = in_time(time.monotonic() - began)
    places = [page] if figures is None else [page, figures]
    print_summary(f"{', '.join(done)}, in {taken}", places, following)


def opening(page: Path) -> list[str]:
    """How to look at a page."""
    return ["open it in a browser; it needs no network:", page.resolve().as_uri()]


def figures_of(results: Path) -> Command:
    """The command that writes the figures of a folder to files."""
    return "repalign", "report", str(results), "--figures", str(results / "figures")


def _checked(given: list[str] | None, figures: Path | None) -> tuple[str, ...]:
    if given and figures is None:
        raise typer.BadParameter("--format is that of figures, and goes with --figures DIR")
    for name in given or ():
        if name not in FORMATS:
            raise InputError(f"--format {name} is not known", hint=f"One of: {', '.join(FORMATS)}.")
    return tuple(dict.fromkeys(given or FORMATS))


def _drawn(results: ResultsDir, folder: Path, formats: tuple[str, ...]) -> list[Path]:
    from repalign.report import write_figures  # it loads matplotlib

    return write_figures(results, folder, formats)
