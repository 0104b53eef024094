"""What commands show of a training study: sentences, effects, the page and the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from repalign.cli.output import print_text
from repalign.cli.tables import Column, Kind, print_table
from repalign.data import ResultsDir
from repalign.report.training_headlines import headlines

_MOST = 24  # rows of a table on the screen; the page and the files have all


def print_headlines(found: Mapping[str, Any]) -> None:
    """What a study found, in sentences."""
    for sentence in headlines(found):
        print_text(f"- {sentence}")


def print_effects(found: Mapping[str, Any]) -> None:
    """Effects of single perturbed epochs by kind, with intervals and corrected p."""
    rows = [row for row in found["cells"] if row["figure"] in ("types", "sweep") and row["n_seeds"]]
    seen: dict[tuple[str, int], Mapping[str, Any]] = {}
    for row in rows:
        seen.setdefault((row["kind"], row["start"]), row)
    shown = list(seen.values())[:_MOST]
    if not shown:
        return
    names = ("epoch", "loss", "p", "RSA", "95 %", "p", "seeds")
    columns = [Column("kind", Kind.NAME), *(Column(name, Kind.NUMBER) for name in names)]
    print()
    print_table(
        "effect of one perturbed epoch (p corrected by Holm)", columns, [_cells(row) for row in shown]
    )
    if len(seen) > len(shown):
        print_text(f"  {len(seen) - len(shown)} more are on the page and in --json")


def _cells(row: Mapping[str, Any]) -> list[str]:
    interval = "-" if row["rsa_low"] is None else f"{row['rsa_low']:+.3f} to {row['rsa_high']:+.3f}"
    return [
        row["kind"],
        str(row["start"]),
        _number(row["delta_loss"], "+.4g"),
        _number(row["loss_p_holm"], ".3f"),
        _number(row["delta_rsa"], "+.4f"),
        interval,
        _number(row["rsa_p_holm"], ".3f"),
        str(row["n_seeds"]),
    ]


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else f"{value:{form}}"


def draw(
    found: Mapping[str, Any],
    results: ResultsDir,
    *,
    page: Path | None = None,
    title: str = "",
    figures: Path | None = None,
    formats: Sequence[str] = (),
) -> tuple[Path, list[Path]]:
    """Write the page of a study, and its figures where a folder is named.

    Returns:
        The page, and the files of figures.
    """
    from repalign.report.training_figures import write_training_figures  # matplotlib is slow to load
    from repalign.report.training_page import write_training_page

    written = write_training_page(found, results, page, title=title)
    files = [] if figures is None else write_training_figures(found, figures, tuple(formats))
    return written, files
