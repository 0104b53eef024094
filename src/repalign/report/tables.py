"""Tables of the page: what the figures show, in numbers, and why something is absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from repalign.data import Score, ScoreTable
from repalign.report.labels import label, number, with_layer
from repalign.report.panels import natural, origin, subjects_of

ABSENT = "–"
Column = tuple[str, Sequence[str]]  # heading and cells
MOST_BESIDE = 8  # subjects that are columns beside the aggregate
MOST_SINGLE = 3_000  # scores of single subjects on a page, beyond which tables of many subjects are left out
MOST_PAIRS = 100  # rows of differences that are listed; the file holds all


@dataclass(frozen=True)
class Table:
    """Rows of texts under headings.

    Args:
        about: What the table holds, for those who hear the page.
        title: The same in a word or two, for those who see where it stands.
        columns: Headings.
        rows: As many cells each as there are columns.
        names: How many columns at the left are names.
        notes: Reasons that rows refer to by their number, from 1.
        everywhere: What holds of every row.
    """

    about: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int = 1
    notes: tuple[str, ...] = field(default=())
    everywhere: str = ""
    title: str = "Numbers"


def cell(value: float | None) -> str:
    """A number as people write it; what is absent is a dash."""
    return ABSENT if value is None else number(value)


def span(low: float | None, high: float | None) -> str:
    """Two numbers of an interval or a ceiling; one of them may be absent."""
    if low is None and high is None:
        return ABSENT
    return f"{cell(low)} to {cell(high)}"


def chance(p: float | None) -> str:
    """A p-value; small ones as a bound."""
    if p is None:
        return ABSENT
    return "<0.001" if p < 0.0005 else f"{p:.3f}"


def _count(n: int | None) -> str:
    return ABSENT if n is None else f"{n}"


def score_tables(panel: ScoreTable, about: str, *, many: bool = True) -> list[Table]:
    """Aggregates with value, interval, ceiling, p, how many and why; and the scores of single subjects.

    A few subjects are columns of the same table; many have one of their own.

    Args:
        panel: Rows of one target, region and measure, in the order of the figure.
        about: What they share, in words.
        many: Whether many subjects are listed at all; see :func:`unlisted`.
    """
    rows = list(panel.where(subject="all"))
    mates = subjects_of(panel)
    people = _people(mates)
    alone = len(people) > MOST_BESIDE or not mates.keys() <= {origin(row) for row in rows}
    tables: list[Table] = []
    if rows:
        beside = [] if alone else [(f"subject {who}", _scores_of(who, rows, mates)) for who in people]
        tables.append(_score_table(rows, beside, about))
    if people and alone and (many or not unlisted(panel)):
        behind = {origin(row): row for row in [*rows, *panel] if origin(row) in mates}
        ordered = list(behind.values())
        columns = [(who, _scores_of(who, ordered, mates)) for who in people]
        tables.append(_table([label(row) for row in ordered], columns, about, title="Each subject"))
    return tables


def _people(mates: Mapping[object, Sequence[Score]]) -> list[str]:
    return sorted({row.subject for own in mates.values() for row in own}, key=natural)


def unlisted(panel: ScoreTable) -> int:
    """How many subjects a panel has, where they are so many that a large page does not list them; else 0."""
    n = len(_people(subjects_of(panel)))
    return n if n > MOST_BESIDE else 0


def _scores_of(who: str, rows: Sequence[Score], mates: Mapping[object, Sequence[Score]]) -> list[str]:
    """The scores of one subject behind each row."""
    found = [{row.subject: row.value for row in mates.get(origin(each), ())} for each in rows]
    return [cell(own.get(who)) for own in found]


def _score_table(rows: Sequence[Score], beside: Sequence[Column], about: str) -> Table:
    notes, everywhere, references = _notes([row.reason for row in rows])
    varying: list[Column] = [
        ("score", [cell(row.value) for row in rows]),
        ("95 % interval", [span(row.ci_low, row.ci_high) for row in rows]),
    ]
    said: list[str] = []
    for heading, cells in (
        ("noise ceiling", [span(row.ceiling_lower, row.ceiling_upper) for row in rows]),
        ("p", [chance(row.p) for row in rows]),
        ("stimuli", [_count(row.n_stimuli) for row in rows]),
        ("subjects", [_count(row.n_subjects) for row in rows]),
    ):
        if len(rows) > 1 and len(set(cells)) == 1:  # one value for all is said once
            said.append(f"no {heading}" if cells[0] == ABSENT else f"{heading} {cells[0]}")
        else:
            varying.append((heading, cells))
    columns = [*varying, *beside, *([("note", references)] if notes else [])]
    shared = "; ".join([*said, *([everywhere] if everywhere else [])])
    return _table([label(row) for row in rows], columns, about, notes=notes, everywhere=shared)


def _table(labels: Sequence[str], columns: Sequence[Column], about: str, **more: Any) -> Table:
    rows = tuple(zip(labels, *(cells for _, cells in columns), strict=True))
    return Table(about, ("model · layer", *(heading for heading, _ in columns)), rows, **more)


def difference_table(rows: Sequence[Mapping[str, Any]], about: str) -> Table:
    """Differences between pairs of models; the surest first, and no more than can be read.

    Args:
        rows: Of one view.
        about: What they share, in words.
    """
    listed = sorted(rows, key=_surest)[:MOST_PAIRS]
    notes, everywhere, references = _notes([row.get("reason") for row in listed])
    equivalence = any(row.get("p_equivalent") is not None for row in listed)
    cells = [
        (
            _model(row, "a"),
            _model(row, "b"),
            cell(row["value"]),
            span(row.get("ci_low"), row.get("ci_high")),
            chance(row.get("p")),
            chance(row.get("p_adjusted")),
            *([chance(row.get("p_equivalent"))] if equivalence else []),
            *([reference] if notes else []),
        )
        for row, reference in zip(listed, references, strict=True)
    ]
    columns = ["model a", "model b", "a − b", "95 % interval", "p", "adjusted p"]
    columns += (["p of sameness"] if equivalence else []) + (["note"] if notes else [])
    return Table(about, tuple(columns), tuple(cells), names=2, notes=notes, everywhere=everywhere)


def _surest(row: Mapping[str, Any]) -> tuple[float, float, str, str]:
    p = row.get("p")
    return (2.0 if p is None else p, -abs(row["value"]), _model(row, "a"), _model(row, "b"))


def _model(row: Mapping[str, Any], side: str) -> str:
    return with_layer(str(row[side]), row.get(f"{side}_layer"))


def _notes(reasons: Sequence[str | None]) -> tuple[tuple[str, ...], str, list[str]]:
    """Each reason once, or, where all rows have the same, that one; and to which each row refers."""
    distinct = list(dict.fromkeys(reason or "" for reason in reasons))
    if len(distinct) == 1:
        return (), distinct[0], [""] * len(reasons)
    notes = [reason for reason in distinct if reason]
    references = [str(notes.index(reason) + 1) if reason else "" for reason in reasons]
    return tuple(notes), "", references
