"""Pages that are written by a script: write them, or say which ones are stale."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"


def cell(text: object) -> str:
    """Text as one cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def table(header: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    """A Markdown table; the first column is set as given, the others as text."""
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join("| " + " | ".join(cell(each) for each in line) + " |" for line in lines) + "\n"


def stale(path: Path, text: str) -> str:
    """What to do where the page does not hold this text; empty where it does.

    Args:
        path: The page.
        text: What its script writes now.
    """
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return ""
    return f"{path.name} is not what its script writes: make reference"


def write(path: Path, text: str) -> None:
    """Write the page and say so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
