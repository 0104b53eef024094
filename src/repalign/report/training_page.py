"""The page of a training study: one self-contained HTML file of its figures, tables and recipes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from repalign.data import ResultsDir, digest_spec, write_bytes
from repalign.errors import StorageError
from repalign.report.downloads import Download, as_csv, download
from repalign.report.frame import framed
from repalign.report.recipes import code_versions, flat
from repalign.report.training_figures import drawings_by_section
from repalign.report.training_headlines import facts, headlines, missing, settings
from repalign.report.training_tables import (
    cell_tables,
    extremes_table,
    recovery_table,
    run_table,
    tested_table,
)

TITLE = "Dynamics of training"
MOST = 600_000  # bytes that all numbers may take of the page; beyond, single seeds are left out


def write_training_page(
    dynamics: Mapping[str, Any],
    results: ResultsDir,
    path: Path | str | None = None,
    *,
    title: str = "",
) -> Path:
    """Write the page of a training study; equal inputs give equal bytes.

    Args:
        dynamics: ``StudyDynamics.as_dict()`` of :mod:`repalign.training.study_dynamics`.
        results: The study's folder: its spec, recipes and failures.
        path: The HTML file; ``dynamics.html`` in the folder by default.
        title: Heading; that of the study's spec by default.

    Returns:
        The file.

    Raises:
        FileError: The spec or a failure in the folder is damaged.
        StorageError: The file cannot be written.
    """
    out = Path(path) if path is not None else results.root / "dynamics.html"
    if out.is_dir():
        raise StorageError(f"{out} is a folder; a page is one file", hint="Name a file: dynamics.html.")
    write_bytes(out, render_training(dynamics, results, title).encode())
    return out


def render_training(dynamics: Mapping[str, Any], results: ResultsDir, title: str = "") -> str:
    """The page of a training study as text.

    Args:
        dynamics: ``StudyDynamics.as_dict()`` of :mod:`repalign.training.study_dynamics`.
        results: The study's folder.
        title: Heading; that of the study's spec by default.

    Raises:
        FileError: The spec or a failure in the folder is damaged.
    """
    spec = results.known_spec()
    study: Mapping[str, Any] = spec.get("training") or {}
    sweep = study.get("sweep")
    units = [unit for unit in results.recipes() if unit in {*results.units()}]
    files = downloads(dynamics)
    content = {
        "facts": facts(dynamics),
        "files": files,
        "whole": files[0].rows == len(dynamics),
        "headlines": headlines(dynamics),
        "drawings": drawings_by_section(dynamics),
        "tables": _tables(dynamics),
        "missing": missing(dynamics, results),
        "settings": settings(study),
        "sweep": flat(sweep) if sweep else [],
        "sweep_digest": digest_spec(sweep) if sweep else "",
        "runs": run_table(results.recipes()),
        "code": code_versions(results.scores(units[:1])) if units else [],
    }
    return framed("training.html.j2", title or study.get("title") or TITLE, content)


def downloads(dynamics: Mapping[str, Any]) -> list[Download]:
    """All numbers as JSON, the effects of single cells as CSV.

    Where all would make the page too large, the analyses of single seeds are left out.
    """
    found = [_whole(dynamics)]
    if len(found[0].uri) > MOST:
        found = [_whole({name: value for name, value in dynamics.items() if name != "seeds"})]
    cells = list(dynamics["cells"])
    return [*found, download("cells.csv", as_csv(cells), len(cells))] if cells else found


def _whole(dynamics: Mapping[str, Any]) -> Download:
    return download("dynamics.json", json.dumps(dynamics, indent=1, sort_keys=True), len(dynamics))


def _tables(dynamics: Mapping[str, Any]) -> dict[str, list[Any]]:
    effects = cell_tables(dynamics)
    found = {
        "effects": [table for table in effects if not table.title.endswith("4")],
        "recovery": [
            recovery_table(dynamics),
            extremes_table(dynamics),
            *(table for table in effects if table.title.endswith("4")),
        ],
        "courses": [tested_table(dynamics)],
    }
    return {section: [table for table in tables if table] for section, tables in found.items()}
