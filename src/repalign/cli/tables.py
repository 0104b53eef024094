"""Tables that fit the width: numbers and ids stay whole, names give way, sentences are folded."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from rich.cells import cell_len, set_cell_size

from repalign.cli.output import console, print_line

_GAP = "  "
_HARD = "\u00a0"  # a blank that is not broken at
_LEAST = {"name": 12, "text": 16}
_ONE_LINE = (
    24  # where there is room for so much of a name, its middle is left out rather than its line broken
)
_PARTS = re.compile(r"[^/_\-., (]*[/_\-., (]|[^/_\-., (]+")


class Kind(Enum):
    """How a column gives way where there is too little room."""

    WHOLE = "whole"  # what is to be typed or copied: never
    NUMBER = "number"  # never, and set to the right
    NAME = "name"  # shortened in the middle, or broken at its separators
    TEXT = "text"  # folded between words


@dataclass(frozen=True)
class Column:
    """A heading and how its cells give way."""

    title: str = ""
    kind: Kind = Kind.TEXT


ABOUT = (Column(kind=Kind.WHOLE), Column())  # one thing: what, and its value


def plain(value: Any) -> str:
    """A value as a cell: a list with commas, a dash where there is nothing."""
    if isinstance(value, list | tuple):
        return ", ".join(plain(v) for v in value) or "-"
    return "-" if value is None else str(value)


def print_table(title: str, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Print a table no wider than the console; where even that is too narrow, a paragraph for each row.

    Args:
        title: Above it; empty for none.
        columns: In order.
        rows: One text per column.
    """
    out = console()
    for line in textwrap.wrap(title, out.width, break_on_hyphens=False):
        print_line(out, line, "bold")
    widths = _widths(columns, rows, out.width)
    if widths is None:
        for line in (line for row in rows for line in _stacked(columns, row, out.width)):
            print_line(out, line)
        return
    if any(column.title for column in columns):
        for line in _lines(columns, [column.title for column in columns], widths, [False] * len(columns)):
            print_line(out, line, "bold")
    breaks = [_breaks([row[i] for row in rows], width) for i, width in enumerate(widths)]
    for row in rows:
        for line in _lines(columns, row, widths, breaks):
            print_line(out, line)


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """The width of each column, or None where some would get less than can be read."""
    natural = [
        max(cell_len(cell) for cell in (column.title, *(row[i] for row in rows)))
        for i, column in enumerate(columns)
    ]
    soft = [i for i, column in enumerate(columns) if column.kind.value in _LEAST]
    room = width - len(_GAP) * (len(columns) - 1) - sum(n for i, n in enumerate(natural) if i not in soft)
    given = dict.fromkeys(soft, 0)
    for place, i in enumerate(sorted(soft, key=lambda i: natural[i])):  # who needs little leaves the rest
        given[i] = min(natural[i], max(0, room) // (len(soft) - place))
        room -= given[i]
    if room < 0 or any(given[i] < min(natural[i], _LEAST[columns[i].kind.value]) for i in soft):
        return None
    return [given.get(i, n) for i, n in enumerate(natural)]


def _lines(
    columns: Sequence[Column], row: Sequence[str], widths: Sequence[int], breaks: Sequence[bool]
) -> list[str]:
    cells = [_cell(*each) for each in zip(row, columns, widths, breaks, strict=True)]
    height = max(map(len, cells))
    filled = [cell + [""] * (height - len(cell)) for cell in cells]
    return [
        _GAP.join(_set(*each) for each in zip(parts, columns, widths, strict=True)).rstrip()
        for parts in zip(*filled, strict=True)
    ]


def _cell(text: str, column: Column, width: int, broken: bool) -> list[str]:
    if cell_len(text) <= width:
        return [text]
    if column.kind is Kind.NAME:
        return broken_name(text, width) if broken else [shortened(text, width)]
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def _set(text: str, column: Column, width: int) -> str:
    if column.kind is Kind.NUMBER:
        return " " * (width - cell_len(text)) + text
    return set_cell_size(text, width)


def _stacked(columns: Sequence[Column], row: Sequence[str], width: int) -> list[str]:
    """The first cell on lines of its own, the others below it after their headings."""
    others = [
        f"{column.title} {cell}".strip().replace(" ", _HARD)
        if column.kind is Kind.NUMBER
        else f"{column.title} {cell}".strip()
        for column, cell in zip(columns[1:], row[1:], strict=True)
        if cell
    ]
    below = textwrap.wrap(
        "; ".join(others), width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
    )
    return [*broken_name(row[0], width), *(line.replace(_HARD, " ") for line in below)]


def _breaks(names: Sequence[str], width: int) -> bool:
    """Whether names are broken: where there is too little room to shorten, or two would look the same."""
    return width < _ONE_LINE or len({shortened(name, width) for name in names}) < len(set(names))


def shortened(name: str, width: int) -> str:
    """A name in so many columns, with an ellipsis for its middle where it is longer."""
    if cell_len(name) <= width:
        return name
    head, tail = width // 2, (width - 1) // 2
    front = set_cell_size(name, head).rstrip()
    back = name[len(name) - tail :]
    while cell_len(back) > tail:
        back = back[1:]
    return f"{front}…{back}"


def broken_name(name: str, width: int) -> list[str]:
    """A name on several lines, broken after ``/ _ - .`` and, only where it must be, elsewhere."""
    lines = [""]
    for part in _PARTS.findall(name):
        if lines[-1] and cell_len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
        while cell_len(lines[-1]) > width:
            last = lines.pop()
            lines += [last[:width], last[width:]]
    return [line for line in lines if line] or [""]
