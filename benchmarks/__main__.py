"""Run all cases in turn and write ``benchmarks/results.md``."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

from benchmarks import extraction
from benchmarks.cases import Case, Run, cases

REPEATS = 5
RESULTS = Path(__file__).parent / "results.md"


def seconds(run: Run) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def measured(case: Case) -> str:
    """One row of the table: medians of interleaved repeats, after checking that the numbers agree."""
    difference = float(np.max(np.abs(np.asarray(case.ours()) - np.asarray(case.peer()))))
    if difference > case.agree:
        raise SystemExit(f"{case.task}: ours and {case.peer_name} differ by {difference}")
    times: dict[str, list[float]] = {"ours": [], "peer": [], "floor": []}
    for _ in range(REPEATS):
        times["ours"].append(seconds(case.ours))
        times["peer"].append(seconds(case.peer))
        if case.floor is not None:
            times["floor"].append(seconds(case.floor))
    ours, peer = statistics.median(times["ours"]), statistics.median(times["peer"])
    floor = f"{ours / statistics.median(times['floor']):.2f}" if times["floor"] else "-"
    cells = (case.task, case.peer_name, f"{peer / ours:.1f}", floor, f"{ours * 1e3:.1f}", f"{difference:.0e}")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure and write."""
    rows = [measured(case) for case in cases()]
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "rsatoolbox"))
    blas = sorted({f"{i['internal_api']} with {i['num_threads']} threads" for i in threadpool_info()})
    lines = [
        "# Speed, side by side in one run",
        "",
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}, {versions}, {', '.join(blas)}.",
        f"Medians of {REPEATS} interleaved repeats. Ratios travel between machines; milliseconds do not.",
        "",
        "| task | peer | times faster | times the bare product | ours, ms | largest difference |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
        *extraction.lines(),
    ]
    RESULTS.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
