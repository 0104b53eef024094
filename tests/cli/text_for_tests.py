"""What tests ask of printed text."""

from __future__ import annotations

from collections.abc import Iterable


def widest(text: str) -> int:
    """Columns of the longest line."""
    return max(map(len, text.splitlines()), default=0)


def said(text: str) -> str:
    """A text without the line breaks that folding put into it."""
    return " ".join(text.split())


def too_wide(text: str, width: int) -> list[str]:
    """Lines wider than allowed; one that is a single word, a path, may not be broken and is none."""
    return [line for line in text.splitlines() if len(line) > width and len(line.split()) > 1]


def part_after(text: str, label: str) -> list[str]:
    """The lines of one part of the summary: what follows a label, up to the next one."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.split(" ")[0] == label)
    found = [lines[start].removeprefix(label).strip()]
    for line in lines[start + 1 :]:
        if line.split(" ")[0] in ("Done", "Results", "Next"):
            break
        found.append(line.strip())
    return [line for line in found if line]


def commands(lines: Iterable[str]) -> list[str]:
    """The commands among them, as a shell would join their lines."""
    joined = "\n".join(lines).replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.startswith("repalign ")]
