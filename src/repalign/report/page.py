"""The report: one self-contained HTML file that draws what a ResultsDir holds and computes nothing."""

from __future__ import annotations

import base64
from importlib.resources import files
from pathlib import Path
from typing import Any

from repalign.data import ResultsDir as Results
from repalign.data import Score, ScoreTable, write_bytes
from repalign.errors import StorageError, TooFewError
from repalign.metrics import find_measure
from repalign.report.figures import bars_svg, describe_ceiling, drawn, heading, label, panels


def write_report(results: Results | Path | str, path: Path | str | None = None, *, title: str = "") -> Path:
    """Write the report of a results folder.

    Args:
        results: The folder.
        path: The HTML file; ``report.html`` in the folder by default.
        title: Heading of the page.

    Returns:
        The file.

    Raises:
        FileError: The folder holds no results.
        TooFewError: No unit has finished, so there is nothing to show.
        StorageError: The file cannot be written.
    """
    found = results if isinstance(results, Results) else Results.open(results)
    out = Path(path) if path is not None else found.root / "report.html"
    if out.is_dir():
        raise StorageError(f"{out} is a folder; a report is one file", hint="Name a file: report.html.")
    table = found.scores()
    if not len(table):
        raise TooFewError(
            f"{found.root} holds no scores yet", hint="See failures/ there, and run the study again."
        )
    write_bytes(out, render(table, _failures(found), title or "Representational alignment").encode())
    return out


def _failures(found: Results) -> dict[str, dict[str, Any]]:
    """The failures that count: of the units that the spec lists, as with the scores."""
    listed = found.spec().get("units", {}) if (found.root / "spec.json").is_file() else {}
    failures = found.failures()
    return {unit: failures[unit] for unit in failures if not listed or unit in listed.values()}


def render(table: ScoreTable, failures: dict[str, dict[str, Any]], title: str) -> str:
    """The page as text; equal tables give equal pages.

    Args:
        table: All rows.
        failures: Units that failed, from :meth:`ResultsDir.failures`.
        title: Heading.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(files("repalign.report").joinpath("page.html.j2").read_text("utf-8"))
    parts = [_panel(part) for part in panels(table)]
    return template.render(
        title=title,
        panels=parts,
        failures=[_failure(failure) for failure in failures.values()],
        measures=[m.describe() for m in map(find_measure, sorted({r.measure for r in table})) if m],
        code=sorted({r.code_version for r in table if r.code_version}),
        csv=base64.b64encode(table.to_csv().encode()).decode(),
        json=base64.b64encode(table.to_json().encode()).decode(),
    )


def _panel(part: ScoreTable) -> dict[str, Any]:
    first, bars = part[0], drawn(part)
    about, region = heading(part)
    return {
        "heading": about,
        "region": region,
        "measure": first.measure,
        "svg": bars_svg(part) if bars else "",
        "ceiling": describe_ceiling(part) if bars else "",
        "points": any(r.subject != "all" for r in part),
        "intervals": any(r.ci_low is not None for r in part),
        "rows": [_row(r) for r in part.where(subject="all")],
        "subjects": [_row(r) for r in part if r.subject != "all"],
    }


def _failure(failure: dict[str, Any]) -> dict[str, str]:
    spec = failure.get("spec", {})
    what = [str(spec[key]) for key in ("model", "benchmark", "measure") if key in spec]
    return {
        "what": " · ".join(what) or str(failure.get("function", "a unit")),
        "message": str(failure.get("message", "no message")),
        "hint": str(failure.get("hint", "")),
    }


def _row(row: Score) -> dict[str, Any]:
    def number(x: float | None) -> str:
        return "–" if x is None else f"{x:.3f}"

    def pair(low: float | None, high: float | None) -> str:
        if low is None and high is None:
            return "–"
        return f"{number(low)} … {number(high)}"

    return {
        "label": label(row),
        "target": row.target,
        "measure": row.measure,
        "subject": row.subject,
        "value": number(row.value),
        "interval": pair(row.ci_low, row.ci_high),
        "ceiling": pair(row.ceiling_lower, row.ceiling_upper),
        "p": "–" if row.p is None else f"{row.p:.2g}",
        "n": " / ".join("–" if n is None else str(n) for n in (row.n_stimuli, row.n_subjects)),
        "reason": row.reason or "",
        "digests": ", ".join(
            f"{what} {digest or '–'}"
            for what, digest in (
                ("model", row.model_digest),
                ("target", row.target_digest),
                ("spec", row.spec_digest),
            )
        ),
    }
