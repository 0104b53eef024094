"""Interleaved medians and peak memory."""

from __future__ import annotations

import ctypes
import gc
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.case import Case, Run

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Measured:
    """One row: seconds are medians; memory is what a call adds at its peak, in MB, None where unknown."""

    case: Case
    ours: float
    peer: float
    floor: float | None
    difference: float | None
    ours_mb: float | None
    peer_mb: float | None

    @property
    def ratio(self) -> float:
        """How many times faster than the peer."""
        return self.peer * self.case.scale / self.ours

    @property
    def times_floor(self) -> float | None:
        """How many times the bare formula."""
        return None if self.floor is None else self.ours / self.floor

    @property
    def verdict(self) -> str:
        """Whether what was asked for is reached, and by how much it falls short where not."""
        asked: list[str] = []
        if self.case.at_least is not None:
            asked.append(_asked(self.ratio >= self.case.at_least, f">= {self.case.at_least:g} x"))
        if self.case.floor_at_most is not None and self.times_floor is not None:
            within = self.times_floor <= self.case.floor_at_most
            asked.append(_asked(within, f"<= {self.case.floor_at_most:g} x floor"))
        return "; ".join(asked) or "-"


def _asked(reached: bool, what: str) -> str:
    return what if reached else f"**short of {what}**"


def measure(case: Case) -> Measured:
    """Check that the numbers agree, then time ours, the peer and the floor in turn.

    Raises:
        SystemExit: The numbers differ by more than the case allows.
    """
    found, ours_mb = _peak(case.ours)
    theirs, peer_mb = _peak(case.peer)
    difference = None
    if theirs is not None:
        difference = float(np.max(np.abs(np.asarray(found) - np.asarray(theirs))))
        if not difference <= case.agree:
            raise SystemExit(f"{case.task}: ours and {case.peer_name} differ by {difference}")
    del found, theirs
    runs = {"ours": case.ours, "peer": case.peer, **({"floor": case.floor} if case.floor else {})}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(case.repeats):
        for name, run in runs.items():
            times[name].append(seconds(run))
    medians = {name: statistics.median(each) for name, each in times.items()}
    return Measured(
        case, medians["ours"], medians["peer"], medians.get("floor"), difference, ours_mb, peer_mb
    )


def seconds(run: Run) -> float:
    """Wall time of one call."""
    gc.collect()
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _peak(run: Run) -> tuple[object, float | None]:
    """What the call returns, and by how many MB resident memory rose at its peak (Linux only)."""
    if not _CLEAR.exists():
        return run(), None
    gc.collect()
    # Memory that was freed and kept by the allocator would hide what the call needs.
    ctypes.CDLL(None).malloc_trim(0)
    _CLEAR.write_text("5")
    before = _status("VmRSS")
    found = run()
    return found, max(0.0, _status("VmHWM") - before)


def _status(key: str) -> float:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(key))
    return float(line.split()[1]) / 1024
