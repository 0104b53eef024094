"""What commands print: JSON for programs, tables of 80 columns for people, errors that help."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from repalign.data import Score, ScoreTable
from repalign.errors import RepalignError, UnitError
from repalign.execution import Outcome
from repalign.metrics import find_measure
from repalign.models import is_model_name

WIDTH = 80
DEFAULT_READOUT = "penultimate"


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to ``main``, as with print; rich would exit with 1."""
        raise BrokenPipeError


def console(*, stderr: bool = False) -> Console:
    """A console of at most 80 columns where the output is no terminal."""
    probe = _Console(stderr=stderr)
    return probe if probe.is_terminal else _Console(stderr=stderr, width=WIDTH)


def print_json(value: Any) -> None:
    """Print ``value`` as JSON on standard output."""
    print(json.dumps(value, indent=1, allow_nan=False))


def print_text(text: str) -> None:
    """Print running text, folded to the width."""
    console().print(text, markup=False, highlight=False)


def print_usage(message: str, *, hint: str) -> None:
    """Print with ``--json`` that a command was not understood."""
    print_json({"error": {"kind": "usage", "message": message, "hint": hint}})


def print_error(error: RepalignError, *, as_json: bool) -> None:
    """Print an error: with ``--json`` on standard output as data, else in words on standard error."""
    if as_json:
        print_json({"error": error.as_dict()})
        return
    out = console(stderr=True)
    out.print(f"[bold red]error:[/] {escape(error.message)}", highlight=False, soft_wrap=True)
    if error.hint:
        out.print(f"  {escape(error.hint)}", highlight=False, soft_wrap=True)


def print_failures(failed: Sequence[Outcome], *, as_json: bool, alone: bool) -> None:
    """Print why units failed: on standard error, or, where nothing else is printed, the first as JSON."""
    for outcome in failed:
        error = outcome.error or {}
        problem = UnitError(f"{outcome.unit.label}: {error['message']}", hint=error["hint"])
        if as_json and alone:
            print_json({"error": {**problem.as_dict(), "kind": error["kind"]}})
            return
        print_error(problem, as_json=False)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a plain table; the first column never wraps."""
    table = Table(title=escape(title), title_justify="left", title_style="bold", box=None, pad_edge=False)
    for i, column in enumerate(columns):
        table.add_column(column, no_wrap=i == 0, overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console().print(table, highlight=False)


def print_scores(table: ScoreTable) -> None:
    """Print aggregates, one table per target and measure, with what limits them below."""
    out = console()
    aggregates = table.where(subject="all")
    pairs = [r for r in aggregates if is_model_name(r.target)]
    _print_pairs(pairs)
    for key in dict.fromkeys((r.target, r.region, r.measure) for r in aggregates if r not in pairs):
        rows = [r for r in aggregates if (r.target, r.region, r.measure) == key]
        rows.sort(key=_closest_first)
        grid = Table(box=None, pad_edge=False, title_justify="left", title_style="bold")
        grid.title = escape(f"{key[0]} · {key[2]}")
        for name in ("model", "layer"):
            grid.add_column(name, overflow="fold")
        for name in ("value", "95 % interval", "p"):
            grid.add_column(name, justify="right", no_wrap=True)
        shown = _names(rows)
        for r in rows:
            grid.add_row(escape(shown[r.model]), escape(r.layer or ""), *_numbers(r))
        out.print(grid, highlight=False)
        for note in _notes(rows):
            out.print(f"  [dim]{escape(note)}[/]", highlight=False)
        out.print()


def _names(rows: Sequence[Score]) -> dict[str, str]:
    """Models' names without their settings, where no two of them would then be called the same."""
    full = dict.fromkeys(r.model for r in rows)
    bare = {name: name.partition("(")[0] for name in full}
    return bare if len(set(bare.values())) == len(full) else {name: name for name in full}


def _print_pairs(pairs: Sequence[Score]) -> None:
    """Print models compared with one another, one table per measure, most alike first."""
    for name in dict.fromkeys(r.measure for r in pairs):
        rows = [r for r in pairs if r.measure == name]
        rows.sort(key=_closest_first)
        cells = [[side_name(r.model, r.layer), side_name(r.target, r.region), *_numbers(r)[:2]] for r in rows]
        print_table(f"models with one another · {name}", ["model", "with", "value", "95 % interval"], cells)
        for note in _notes(rows):
            console().print(f"  [dim]{escape(note)}[/]", highlight=False)
        print()


def _closest_first(row: Score) -> float:
    if row.value is None:
        return math.inf
    known = find_measure(row.measure)
    return row.value if known is not None and not known.higher_is_closer else -row.value


def side_name(name: str, layer: str | None) -> str:
    """A model without its settings, with its layer where it is not the usual one."""
    bare = name.partition("(")[0]
    return f"{bare} {layer}" if layer and layer not in (DEFAULT_READOUT, "output") else bare


def _numbers(row: Score) -> tuple[str, str, str]:
    interval = "absent" if row.ci_low is None else f"{row.ci_low:6.3f} … {row.ci_high:.3f}"
    return (
        "absent" if row.value is None else f"{row.value:.4f}",
        interval,
        "absent" if row.p is None else f"{row.p:.3f}",
    )


def _notes(rows: Sequence[Score]) -> list[str]:
    ceilings = {(r.ceiling_lower, r.ceiling_upper) for r in rows}
    notes = [
        f"noise ceiling {low:.3f} … {'undefined' if high is None else f'{high:.3f}'}"
        for low, high in sorted(ceilings, key=str)
        if low is not None
    ]
    counts = sorted({f"{r.n_stimuli} stimuli" for r in rows})
    people = sorted({f"{r.n_subjects} subjects" for r in rows if r.n_subjects})
    reasons = dict.fromkeys(part for r in rows for part in (r.reason or "").split("; ") if part)
    return [", ".join([*counts, *people]), *notes, *reasons]


def is_json(argv: Sequence[str] | None = None) -> bool:
    """Whether ``--json`` was asked for, known even where parsing failed."""
    return "--json" in (sys.argv[1:] if argv is None else argv)
