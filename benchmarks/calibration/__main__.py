"""Simulate all cells and write ``benchmarks/calibration.md``; or some: ``--cells cka-12x20 rsa-12x20``."""

from __future__ import annotations

import argparse
import datetime
import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.calibration.cells import CELLS, Cell
from benchmarks.calibration.simulation import DRAWS, PERMUTATIONS, Found, run

RESULTS = Path(__file__).parent.parent / "calibration.md"
HEADER = (
    "| cell | measure | subjects x stimuli | of | truth | rate | error | asked | spread | width | studies | "
    "verdict | |"
)
QUICK = 40


def row(found: Found) -> str:
    """One row of the table."""
    cell = found.cell
    low, high = cell.asked
    cells = (
        cell.name,
        f"`{cell.measure}`",
        f"{cell.n_subjects} x {cell.n_stimuli}",
        {"coverage": "95 % interval", "rejection": "5 % test", "difference": "5 % test of a difference"}[
            cell.asks
        ],
        "-" if found.truth is None else f"{found.truth:.3f}",
        f"**{found.rate:.4f}**",
        f"{found.error:.4f}",
        f"at least {low}" if high == 1 else f"{low} to {high}",
        f"{found.spread:.3f}",
        "-" if found.width is None else f"{found.width:.3f}",
        str(found.repetitions),
        found.verdict,
        cell.says,
    )
    return f"| {' | '.join(cells)} |"


def heading() -> list[str]:
    """What the table says, and what made it."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("repalign", "numpy", "scipy"))
    return [
        "# Calibration by simulation",
        "",
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}, Python {platform.python_version()}, {versions}; "
        f"{DRAWS} draws, {PERMUTATIONS} permutations. Made by `python -m benchmarks.calibration`.",
        "",
        "Each study draws stimuli, subjects and noise anew from a population whose alignment with the model "
        "is known, and is analysed by `repalign.score`. `rate` is the share of 95 % intervals that hold the "
        "truth, or of tests at 5 % that reject although there is nothing to find; `error` is its "
        "Monte-Carlo standard error. `spread` is the standard deviation of the score over studies, `width` "
        "the mean width of the intervals. The truth of RSA and of debiased CKA is the population value; "
        "that of encoding is what studies of this size score on average, because fits to fewer stimuli "
        "predict less.",
        "",
    ]


def chosen(names: Sequence[str]) -> list[Cell]:
    """The cells of these names; all for none.

    Raises:
        SystemExit: There is no such cell.
    """
    known = {cell.name: cell for cell in CELLS}
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise SystemExit(f"no cell {', '.join(unknown)}; known: {', '.join(known)}")
    return [known[name] for name in names] or list(CELLS)


def main(arguments: Sequence[str] | None = None) -> None:
    """Simulate, print, and write when all cells ran in full."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--repetitions", type=int, help="studies of each cell")
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK} studies of each cell; nothing is written"
    )
    parser.add_argument("--cells", nargs="*", default=[], help="names; all by default")
    parser.add_argument("--processes", type=int, help="one per core by default")
    asked = parser.parse_args(arguments)
    repetitions = QUICK if asked.quick else asked.repetitions
    lines = [HEADER, "|" + "---|" * 13]
    for line in lines:
        print(line)
    started = time.monotonic()
    for found in run(chosen(asked.cells), repetitions, asked.processes):
        lines.append(row(found))
        print(lines[-1], flush=True)
    print(f"{time.monotonic() - started:.0f} s")
    if not asked.cells and not asked.quick:
        RESULTS.write_text("\n".join([*heading(), *lines, ""]), encoding="utf-8")
        print(f"written to {RESULTS}")


if __name__ == "__main__":
    main()
