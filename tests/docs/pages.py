"""The pages, their headings and links, as Markdown has them: for the tests of the documentation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
NOTEBOOKS = sorted(DOCS.rglob("*.ipynb"))
FENCED = re.compile(r"^(```+)[^\n]*\n.*?^\1$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\((?!\w+:)([^)\s]*)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?)(?:\s+\{ *#([\w.-]+) *\})?$", re.MULTILINE)
# What the reference makes of names: a heading with the path as its anchor, or an anchor set by hand.
_NAMED = re.compile(r'^(?:::: |<a id=")([\w.]+)', re.MULTILINE)
_MARKUP = re.compile(r"[`*]|\[([^\]]*)\]\([^)]*\)")


def name(path: Path) -> str:
    """How a page is called in the output of the tests."""
    return path.relative_to(ROOT).as_posix()


def prose(path: Path) -> str:
    """A page without its blocks of code."""
    return FENCED.sub("", path.read_text(encoding="utf-8"))


def links(path: Path) -> Iterator[tuple[str, str]]:
    """Relative links of a page as (file, anchor), each empty where it is absent."""
    for target in _LINK.findall(_CODE.sub("", prose(path))):
        file, _, anchor = target.partition("#")
        yield file, anchor


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings and names, as the site makes them."""
    found = set(_NAMED.findall(prose(path)))
    for heading, own in _HEADING.findall(prose(path)):
        slug = own or _slug(_MARKUP.sub(r"\1", heading))
        known = (f"{slug}{n}" for n in ("", *(f"_{k}" for k in range(1, 99))))
        found.add(next(each for each in known if each not in found))
    return found


def _slug(heading: str) -> str:
    plain = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())
