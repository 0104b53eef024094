"""The report: one self-contained HTML file that draws what a ResultsDir holds and computes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from repalign.data import ResultsDir as Results
from repalign.data import ScoreTable, write_bytes
from repalign.errors import StorageError, TooFewError
from repalign.report import recipes, sections
from repalign.report.digests import digests
from repalign.report.downloads import downloads
from repalign.report.figures import drawings as all_of
from repalign.report.frame import framed
from repalign.report.labels import symmetric
from repalign.report.rdm_grid import geometries, scale_uri

TITLE = "Representational alignment"


def write_report(results: Results | Path | str, path: Path | str | None = None, *, title: str = "") -> Path:
    """Write the report of a results folder.

    Args:
        results: The folder.
        path: The HTML file; ``report.html`` in the folder by default.
        title: Heading of the page.

    Returns:
        The file.

    Raises:
        FileError: The folder holds no results, or a file in it is damaged.
        TooFewError: No unit has finished, so there is nothing to show.
        StorageError: The file cannot be written.
    """
    found = results if isinstance(results, Results) else Results.open(results)
    out = Path(path) if path is not None else found.root / "report.html"
    if out.is_dir():
        raise StorageError(f"{out} is a folder; a report is one file", hint="Name a file: report.html.")
    write_bytes(out, render(found, title or TITLE).encode())
    return out


def render(results: Results, title: str = TITLE) -> str:
    """The page as text; equal results give equal pages.

    Args:
        results: The folder.
        title: Heading.

    Raises:
        FileError: A file in the folder is damaged.
        TooFewError: There are no scores.
    """
    table = results.scores()
    if not len(table):
        raise TooFewError(
            f"{results.root} holds no scores yet", hint="See failures/ there, and run the study again."
        )
    return framed("page.html.j2", title, _content(results, table))


def _content(results: Results, table: ScoreTable) -> dict[str, Any]:
    views = results.views()
    drawings = all_of(table, views, results)
    scored, paired = sections.score_panels(table, drawings)
    differences = sections.difference_rows(views)
    specs = sections.view_specs(results, views)
    files = downloads(table, differences)
    panels = [(panel.title, panel.rows) for panel in (*scored, *paired)]
    return {
        "facts": sections.facts(table, views),
        "files": files,
        "complete": any(each.name.startswith("scores.json") for each in files),
        "whole": files[0].rows == len(table),
        "said": sections.said_of_scores(table),
        "scored": scored,
        "profiles": sections.of_kind("profile", drawings),
        "geometries": geometries(views, results),
        "scale": scale_uri(),
        "maps": sections.of_kind("map", drawings),
        "paired": paired,
        "either_way": all(symmetric(row.measure) for panel in paired for row in panel.rows),
        "contrasts": sections.contrasts(views, drawings, specs),
        "said_of_differences": sections.said_of_differences(differences),
        "missing": sections.missing(table, results),
        "measures": recipes.measure_table(sorted({row.measure for row in table})),
        "recipes": recipes.recipes(results.recipes()),
        "view_recipes": recipes.view_recipes(results.view_recipes()),
        "digests": digests(panels),
        "code": recipes.code_versions(table),
    }
