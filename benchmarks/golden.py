"""The page of who differs from us, by how much and why: ``python -m benchmarks.golden``.

It reads the published table of 32 implementations (nacloos, similarity-repository; found through
``REPALIGN_DATA``), computes our numbers for the same inputs and writes ``docs/disagreements.md``.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

import repalign as ra
from benchmarks.golden_causes import CAUSES, NOT_OURS, SPLITS
from repalign.metrics import ALIASES

PAGE = Path(__file__).parent.parent / "docs" / "disagreements.md"
TABLE = "nacloos+similarity-repository/figures/metric_vs_repo.csv"
AGREE = 1e-6
UNKNOWN = "not found out"


def published(root: Path) -> dict[str, dict[str, float]]:
    """Values by measure and implementation."""
    with (root / TABLE).open(newline="", encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    return {
        name: {row[0]: float(row[column]) for row in rows if row[column]}
        for column, name in enumerate(header)
        if column
    }


def inputs() -> tuple[np.ndarray, np.ndarray]:
    """The table's inputs: 30 stimuli, 25 units, uniform, from the seed that its authors state."""
    legacy = np.random.RandomState(0)
    return legacy.uniform(size=(30, 25)), legacy.uniform(size=(30, 25))


def ours() -> dict[str, float]:
    """Our value for each of the table's measures that states one of ours."""
    X, Y = inputs()
    values = {ident: ra.compare(X, Y, ident).value for ident in sorted(set(ALIASES.values()))}
    return {name: values[ident] for name, ident in ALIASES.items()}


def agrees(a: float, b: float) -> bool:
    """Whether two numbers are the same to 1e-6 relative."""
    return abs(a - b) <= AGREE * max(abs(a), abs(b), 1e-12)


def cause(implementation: str, name: str) -> str:
    """Why an implementation differs, where it was found out."""
    found = (why for who, which, why in CAUSES if who == implementation and re.fullmatch(which, name))
    return next(found, UNKNOWN)


def reason(name: str) -> str:
    """Why a name of the table states no measure of ours."""
    return next((why for which, why in NOT_OURS if re.fullmatch(which, name)), UNKNOWN)


def page(table: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """The lines of the page."""
    found = ours()
    differing = {name: [r for r, v in table[name].items() if not agrees(v, found[name])] for name in found}
    some = {name: who for name, who in differing.items() if who}
    causes = list(dict.fromkeys(cause(r, name) for name, who in some.items() for r in who))
    yield from (
        "# Who disagrees with us, and by how much",
        "",
        "A public comparison (nacloos, similarity-repository, MIT) ran 32 packages on one pair of inputs: 30 "
        "stimuli, 25 units, uniform random numbers. Its names are accepted wherever a measure is named. This "
        "page sets our numbers beside theirs; `python -m benchmarks.golden` writes it.",
        "",
        f"{len(found)} of its {len(table)} names state one of our measures. On "
        f"{len(found) - len(some)} of them "
        f"every implementation gives our number to 1e-6 (relative); on {len(some)} at least one does "
        f"not. The "
        f"other {len(table) - len(found)} are [not ours](#not-ours). Our number is everywhere the "
        f"most frequent "
        "one, or one of the most frequent where implementations split evenly.",
        "",
        "## Where some differ",
        "",
        "In the last column: implementation, its value (relative difference; number of the "
        "[cause](#causes)).",
        "",
        "| their name, our id | ours | agree | differ |",
        "|---|---|---|---|",
    )
    for name, who in some.items():
        cells = "<br>".join(
            _differs(r, table[name][r], found[name], causes.index(cause(r, name))) for r in who
        )
        agreeing = len(table[name]) - len(who)
        yield f"| `{name}`<br>`{ALIASES[name]}` | {found[name]:.7g} | {agreeing} | {cells} |"
    yield from ("", "## Causes", "", *(f"{k}. {why[0].upper()}{why[1:]}." for k, why in enumerate(causes, 1)))
    yield from ("", *SPLITS.strip().splitlines())
    yield from (
        "",
        "## Where all agree",
        "",
        "| their name | our id | ours | implementations |",
        "|---|---|---|---|",
    )
    for name, who in differing.items():
        if not who:
            yield f"| `{name}` | `{ALIASES[name]}` | {found[name]:.7g} | {', '.join(table[name])} |"
    yield from _packages(table, differing)
    yield from ("", "## Not ours", "", "| their names | why |", "|---|---|")
    others = [name for name in table if name not in found]
    for why in dict.fromkeys(map(reason, others)):
        names = "<br>".join(f"`{name}`" for name in others if reason(name) == why)
        yield f"| {names} | {why} |"
    yield ""


def _differs(implementation: str, theirs: float, own: float, number: int) -> str:
    relative = abs(theirs - own) / max(abs(own), 1e-12)
    size = f"{relative:.0e}" if relative < 0.01 else f"{relative:.2g}"
    return f"{implementation} {theirs:.6g} ({size}; {number + 1})"


def _packages(
    table: Mapping[str, Mapping[str, float]], differing: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    yield from (
        "",
        "## By implementation",
        "",
        "| implementation | names that are ours | agrees on |",
        "|---|---|---|",
    )
    for each in sorted({r for name in differing for r in table[name]}):
        asked = [name for name in differing if each in table[name]]
        yield f"| {each} | {len(asked)} | {sum(each not in differing[name] for name in asked)} |"


def main() -> None:
    """Write the page."""
    text = "\n".join(page(published(Path(os.environ["REPALIGN_DATA"]))))
    PAGE.write_text(text, encoding="utf-8")
    print(f"written to docs/{PAGE.name}")


if __name__ == "__main__":
    main()
