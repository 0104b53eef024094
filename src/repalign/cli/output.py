"""What commands print: JSON for programs, text folded to the width for people, errors that help."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from rich.console import Console
from rich.text import Text

from repalign.errors import RepalignError, UnitError
from repalign.execution import Outcome

WIDTH, NARROWEST = 80, 40


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to ``main``, as with print; rich would exit with 1."""
        raise BrokenPipeError


def console(*, stderr: bool = False) -> Console:
    """A console; where the output is no terminal it has ``COLUMNS`` columns, or 80."""
    probe = _Console(stderr=stderr)
    return probe if probe.is_terminal else _Console(stderr=stderr, width=_columns())


def _columns() -> int:
    with suppress(ValueError):
        return max(NARROWEST, int(os.environ.get("COLUMNS", "")))
    return WIDTH


def print_json(value: Any) -> None:
    """Print ``value`` as JSON on standard output."""
    print(json.dumps(value, indent=1, allow_nan=False))


def print_text(text: str, *, style: str = "", indent: str = "", stderr: bool = False) -> None:
    """Print running text, folded between words; a word longer than a line (a path) is left whole.

    Args:
        text: One paragraph.
        style: As rich names it, e.g. ``"dim"``.
        indent: Before each line.
        stderr: On standard error.
    """
    out = console(stderr=stderr)
    for line in folded(text, out.width, indent, indent):
        print_line(out, line, style)


def print_line(out: Console, line: str, style: str = "") -> None:
    """Print one line as it is, neither folded nor coloured by its content."""
    out.print(Text(line, style=style), soft_wrap=True, highlight=False)


def folded(text: str, width: int, first: str = "", later: str = "") -> list[str]:
    """Lines of a paragraph, broken between words only, with what begins the first and the later ones.

    A no-break space holds two words together; it is printed as a space.
    """
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\u00a0", " ") for line in lines]


def print_usage(message: str, *, hint: str) -> None:
    """Print with ``--json`` that a command was not understood."""
    print_json({"error": {"kind": "usage", "message": message, "hint": hint}})


def print_error(error: RepalignError, *, as_json: bool) -> None:
    """Print an error: with ``--json`` on standard output as data, else in words on standard error."""
    if as_json:
        print_json({"error": error.as_dict()})
        return
    out = console(stderr=True)
    first, *others = _lines(f"error:\u00a0{error.message}", out.width)
    out.print(
        Text.assemble(("error:", "bold red"), first.removeprefix("error:")), soft_wrap=True, highlight=False
    )
    for line in [*others, *(f"  {line}" for line in _lines(error.hint, out.width - 2))]:
        print_line(out, line)


def _lines(text: str, width: int) -> list[str]:
    return [line for part in text.splitlines() for line in folded(part, width, later="  ")]


def print_failures(failed: Sequence[Outcome], *, as_json: bool, alone: bool) -> None:
    """Print why units failed: on standard error, or, where nothing else is printed, the first as JSON."""
    for outcome in failed:
        error = outcome.error or {}
        problem = UnitError(f"{outcome.unit.label}: {error['message']}", hint=error["hint"])
        if as_json and alone:
            print_json({"error": {**problem.as_dict(), "kind": error["kind"]}})
            return
        print_error(problem, as_json=False)


def is_json(argv: Sequence[str] | None = None) -> bool:
    """Whether ``--json`` was asked for, known even where parsing failed."""
    return "--json" in (sys.argv[1:] if argv is None else argv)
