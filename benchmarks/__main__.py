"""Run all cases and write ``benchmarks/results.md``; or some families: ``python -m benchmarks kernels``."""

from __future__ import annotations

import datetime
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from pkgutil import iter_modules

from threadpoolctl import threadpool_info

from benchmarks import extraction, families
from benchmarks.case import Case
from benchmarks.measuring import Measured, measure

RESULTS = Path(__file__).parent / "results.md"
PACKAGES = ("numpy", "scipy", "torch", "rsatoolbox", "himalaya", "scikit-learn")
HEADER = (
    "| task | peer | times faster | times the floor | floor | ours, ms | memory: ours, peer (MB) | "
    "largest difference | asked |"
)


def names() -> list[str]:
    """The families of cases."""
    return sorted(module.name for module in iter_modules(families.__path__))


def cases(family: str) -> Iterator[Case]:
    """The cases of a family, with inputs made from seeds."""
    yield from import_module(f"benchmarks.families.{family}").cases()


def row(found: Measured) -> str:
    """One row of the table."""
    case = found.case
    cells = (
        case.task,
        case.peer_name,
        f"{found.ratio:.1f}",
        "-" if found.times_floor is None else f"{found.times_floor:.2f}",
        case.floor_name or ("bare formula" if case.floor else "-"),
        f"{found.ours * 1e3:.1f}",
        f"{_megabytes(found.ours_mb)}, {_megabytes(found.peer_mb)}",
        "-" if found.difference is None else f"{found.difference:.0e}",
        found.verdict,
    )
    return f"| {' | '.join(cells)} |"


def _megabytes(amount: float | None) -> str:
    return "?" if amount is None else f"{amount:.0f}"


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} not installed"


def heading() -> list[str]:
    """Date, machine and versions."""
    blas = sorted({f"{i['internal_api']} with {i['num_threads']} threads" for i in threadpool_info()})
    return [
        "# Speed, side by side in one run",
        "",
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}, {', '.join(map(_version, PACKAGES))}, {', '.join(blas)}.",
        "",
        "Medians of interleaved repeats of ours, the peer and the floor. Memory is what a call adds to the "
        "process at its peak. Ratios travel between machines; milliseconds do not. `asked` is the ratio the "
        "project holds itself to.",
        "",
    ]


def main(wanted: Sequence[str]) -> None:
    """Measure and, when all families were asked for, write."""
    chosen = wanted or names()
    lines: list[str] = []
    for family in chosen:
        lines += [f"## {family}", "", HEADER, "|" + "---|" * 9]
        for case in cases(family):
            lines.append(row(measure(case)))
            print(lines[-1], flush=True)
        lines.append("")
    if not wanted:
        text = "\n".join([*heading(), *lines, "## extraction", "", *extraction.lines()])
        RESULTS.write_text(text, encoding="utf-8")
        print(f"written to {RESULTS.parent.name}/{RESULTS.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
