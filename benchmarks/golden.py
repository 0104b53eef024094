"""The page of who differs from us, by how much and why: ``python -m benchmarks.golden``.

It reads the published table of 32 implementations (nacloos, similarity-repository; found through
``REPALIGN_DATA``), computes our numbers for the same inputs and writes ``docs/disagreements.md``.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

import repalign as ra
from benchmarks.golden_causes import CAUSES, NOT_OURS
from repalign.metrics import ALIASES

PAGE = Path(__file__).parent.parent / "docs" / "disagreements.md"
TABLE = "nacloos+similarity-repository/figures/metric_vs_repo.csv"
AGREE = 1e-6


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
    return next(found, "not found out")


def lines(table: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """The page."""
    found = ours()
    differing = {n: [r for r, v in table[n].items() if not agrees(v, found[n])] for n in found}
    yield from (
        "# Who disagrees with us, and by how much",
        "",
        "A public comparison (nacloos, similarity-repository, MIT) ran 32 packages on one pair of inputs: 30 "
        "stimuli, 25 units, uniform random numbers. Its names are accepted wherever a measure is named. This "
        "page sets our numbers beside theirs; `python -m benchmarks.golden` writes it.",
        "",
        f"{len(found)} of its {len(table)} names state one of our measures. On "
        f"{sum(not d for d in differing.values())} of them every implementation gives our number to 1e-6; on "
        f"{sum(bool(d) for d in differing.values())} at least one does not:",
        "",
        "| their name | our id | ours | agree | differ: value (relative difference), cause |",
        "|---|---|---|---|---|",
    )
    for name, who in differing.items():
        if who:
            cells = "<br>".join(_differs(r, name, table[name][r], found[name]) for r in who)
            yield _row(name, found[name], len(table[name]) - len(who), cells)
    yield from (
        "",
        "## Where all agree",
        "",
        "| their name | our id | ours | agree | |",
        "|---|---|---|---|---|",
    )
    for name, who in differing.items():
        if not who:
            yield _row(name, found[name], len(table[name]), "")
    yield from ("", "## Not ours", "", "| their name | why |", "|---|---|")
    for name in table:
        if name not in found:
            yield f"| `{name}` | {_not_ours(name)} |"
    yield ""


def _row(name: str, value: float, agreeing: int, differing: str) -> str:
    return f"| `{name}` | `{ALIASES[name]}` | {value:.9g} | {agreeing} | {differing} |"


def _differs(implementation: str, name: str, theirs: float, own: float) -> str:
    relative = abs(theirs - own) / max(abs(own), 1e-12)
    return f"{implementation} {theirs:.6g} ({relative:.1e}): {cause(implementation, name)}"


def _not_ours(name: str) -> str:
    return next((why for which, why in NOT_OURS if re.fullmatch(which, name)), "not part of our catalogue")


def main() -> None:
    """Write the page."""
    text = "\n".join(lines(published(Path(os.environ["REPALIGN_DATA"]))))
    PAGE.write_text(text, encoding="utf-8")
    print(f"written to docs/{PAGE.name}")


if __name__ == "__main__":
    main()
