"""The last lines of a command: what was done, where it lies, and what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from repalign.cli.output import console, folded, print_line

_MARGIN = " " * 10
Command = tuple[str, ...]


def print_summary(
    done: str, results: Sequence[Path | str] = (), following: Sequence[Command | str] = ()
) -> None:
    """Print the lines ``Done``, ``Results`` and ``Next``.

    Paths and commands can be copied as they stand: a path is never broken, a command only between its
    words, with the backslash that a shell wants.

    Args:
        done: What was done; see :func:`counts`.
        results: Where it is: files and folders.
        following: What to do next: commands as words, which are quoted here, or sentences.
    """
    out = console()
    print_line(out, "")
    _print(out, "Done", folded(done, out.width - len(_MARGIN)))
    for i, place in enumerate(results):
        _print(out, "" if i else "Results", [str(place)])
    for i, each in enumerate(following):
        room = out.width - len(_MARGIN)
        lines = folded(each, room) if isinstance(each, str) else command_lines(each, room)
        _print(out, "" if i else "Next", lines)


def _print(out: Console, label: str, lines: Sequence[str]) -> None:
    if len(lines) == 1 and len(_MARGIN) + len(lines[0]) > out.width:
        if label:
            print_line(out, label, "bold")
        print_line(out, lines[0])  # a long path has a line of its own
        return
    for i, line in enumerate(lines):
        margin = _MARGIN if i or not label else ""
        head = Text.assemble((label.ljust(len(_MARGIN)), "bold")) if label and not i else Text(margin)
        out.print(head + Text(line), soft_wrap=True, highlight=False)


def command_lines(words: Command, width: int) -> list[str]:
    """A command to be copied: quoted, and broken between its words where it is wider."""
    lines: list[str] = []
    for group in _groups(words):
        if lines and len(lines[-1]) + 1 + len(group) <= width - 2:  # room for the backslash
            lines[-1] += f" {group}"
        else:
            lines.append(f"  {group}" if lines else group)
    return [f"{line} \\" if i < len(lines) - 1 else line for i, line in enumerate(lines)]


def _groups(words: Command) -> list[str]:
    """Words that stay together: the command with its name, an option with its value."""
    groups = [shlex.join(words[:2])]
    for i, word in enumerate(words[2:], start=2):
        if words[i - 1].startswith("--") and not word.startswith("--"):
            groups[-1] += f" {shlex.quote(word)}"
        else:
            groups.append(shlex.quote(word))
    return groups


def counts(noun: str, *, computed: int, found: int, failed: int, seconds: float) -> str:
    """What was done, in words: ``"3 scores: 2 computed, 1 found done before, 0 failed, in 0.4 s"``."""
    said = f"{computed} computed, {found} found done before, {failed} failed, in {in_time(seconds)}"
    return f"{number(computed + found + failed, noun)}: {said}"


def number(n: int, noun: str) -> str:
    """``"1 file"``, ``"2 files"``, ``"3 stimuli"``."""
    if noun == "stimuli":
        return f"{n:,} stimul{'us' if n == 1 else 'i'}"
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def in_time(seconds: float) -> str:
    """A length of time as a person reads it: ``"0.4 s"``, ``"35 s"``, ``"3 min 05 s"``, ``"2 h 10 min"``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
