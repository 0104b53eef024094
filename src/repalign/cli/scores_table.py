"""Scores in a terminal: one table per target and measure, with what limits the numbers below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from repalign.cli.output import print_text
from repalign.cli.summary import number
from repalign.cli.tables import Column, Kind, print_table
from repalign.data import Score, ScoreTable
from repalign.report.labels import symmetric
from repalign.report.panels import apart, heading, paired, panels

DEFAULT_READOUT = "penultimate"
TO = " … "
_UNBROKEN = "\u00a0…\u00a0"  # in running text
_MODEL = Column("model", Kind.NAME)
_NUMBERS = (Column("value", Kind.NUMBER), Column("95 % interval", Kind.NUMBER))
_P = Column("p", Kind.NUMBER)


class Group(NamedTuple):
    """Rows that are compared with one another, closest first; ``pairs`` where the targets are models."""

    rows: list[Score]
    pairs: bool
    title: str


def groups(table: ScoreTable) -> list[Group]:
    """The aggregates as they are shown together, cut as in a report: models with one another first."""
    found = [
        Group(
            list(panel.where(subject="all")),
            paired(panel),
            " · ".join([heading(panel)[0], panel[0].measure, *apart(panel)]),
        )
        for panel in panels(table)
    ]
    return sorted((group for group in found if group.rows), key=lambda group: not group.pairs)


def print_scores(table: ScoreTable) -> None:
    """Print aggregates, one table per target and measure, with what limits them below."""
    for i, group in enumerate(groups(table)):
        if i:
            print()
        print_group(group)


def print_group(group: Group, *, most: int | None = None, brief: bool = False) -> None:
    """Print rows closest first and what is to be said about all of them.

    Args:
        group: What is shown together.
        most: So many rows at most; how many are left out is said.
        brief: All that is said about them in one paragraph.
    """
    rows = group.rows[:most]
    if group.pairs:
        other = "with" if symmetric(rows[0].measure) else "target"
        columns = [_MODEL, Column(other, Kind.NAME), *_NUMBERS]
        cells = [[side_name(r.model, r.layer), side_name(r.target, r.region), *numbers(r)[:2]] for r in rows]
    else:
        columns = [_MODEL, Column("layer", Kind.NAME), *_NUMBERS, _P]
        shown = _names(group.rows)
        cells = [[shown[r.model], r.layer or "", *numbers(r)] for r in rows]
    print_table(group.title, columns, cells)
    left_out = len(group.rows) - len(rows)
    more = [f"and {number(left_out, 'row')} more"] if left_out else []
    said = [*more, *notes(group.rows)]
    for note in ["; ".join(said)] if brief else said:
        print_text(note, style="dim", indent="  ")


def numbers(row: Score) -> list[str]:
    """Value, interval and p as they are printed."""
    interval = "absent" if row.ci_low is None else f"{row.ci_low:6.3f}{TO}{row.ci_high:.3f}"
    value = "absent" if row.value is None else f"{row.value:.4f}"
    return [value, interval.strip(), "absent" if row.p is None else f"{row.p:.3f}"]


def side_name(name: str, layer: str | None) -> str:
    """A model without its settings, with its layer where it is not the usual one."""
    bare = name.partition("(")[0]
    return f"{bare} {layer}" if layer and layer not in (DEFAULT_READOUT, "output") else bare


def notes(rows: Sequence[Score]) -> list[str]:
    """How many stimuli and subjects, the noise ceilings, and what limits the numbers."""
    ceilings = {(r.ceiling_lower, r.ceiling_upper) for r in rows} - {(None, None)}
    bounds = [_bounds(low, high) for low, high in sorted(ceilings, key=str)]
    counts = sorted({f"{r.n_stimuli} stimuli" for r in rows})
    people = sorted(
        {f"{r.n_subjects} subject{'' if r.n_subjects == 1 else 's'}" for r in rows if r.n_subjects}
    )
    reasons = dict.fromkeys(part for r in rows for part in (r.reason or "").split("; ") if part)
    return [", ".join([*counts, *people]), *bounds, *reasons]


def _bounds(low: float | None, high: float | None) -> str:
    if low is None:
        return f"upper noise ceiling {high:.3f}"
    return f"noise ceiling {low:.3f}{_UNBROKEN}{'undefined' if high is None else f'{high:.3f}'}"


def _names(rows: Sequence[Score]) -> dict[str, str]:
    """Models' names without their settings, where no two of them would then be called the same."""
    full = dict.fromkeys(r.model for r in rows)
    bare = {name: name.partition("(")[0] for name in full}
    return bare if len(set(bare.values())) == len(full) else {name: name for name in full}
