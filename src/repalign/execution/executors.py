"""Where units run. This is the seam for SLURM and Ray: anything with the one method of Executor."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Protocol

from repalign.errors import InputError
from repalign.execution.unit import Outcome, Unit, execute


class Executor(Protocol):
    """Runs units and yields each outcome as it comes, in any order; it never raises for a unit."""

    def run(self, units: Sequence[Unit], place: Path) -> Iterator[Outcome]:
        """Run all units, writing results below ``place``."""
        ...


@dataclass(frozen=True)
class InProcess:
    """One after the other, here."""

    def run(self, units: Sequence[Unit], place: Path) -> Iterator[Outcome]:
        """Run the units in order."""
        return (execute(unit, place) for unit in units)


@dataclass(frozen=True)
class ProcessPool:
    """In worker processes on this machine.

    Args:
        workers: How many, at least 1.

    Raises:
        InputError: Fewer than one worker.
    """

    workers: int

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise InputError(f"{self.workers} workers cannot do anything", hint="Give 1 or more.")

    def run(self, units: Sequence[Unit], place: Path) -> Iterator[Outcome]:
        """Run the units; one that kills its worker is found out and reported, the rest go on."""
        left = {unit.digest: unit for unit in units}
        for outcome in self._pooled(units, place):
            del left[outcome.unit.digest]
            yield outcome
        # A dead worker takes the pool and all its pending units with it. Whoever was not the
        # culprit succeeds when run alone.
        for unit in left.values():
            yield from self._alone(unit, place)

    def _pooled(self, units: Sequence[Unit], place: Path) -> Iterator[Outcome]:
        with _pool(self.workers) as pool:
            futures = [pool.submit(execute, unit, place) for unit in units]
            try:
                for future in as_completed(futures):
                    yield future.result()
            except BrokenProcessPool:
                return
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _alone(self, unit: Unit, place: Path) -> Iterator[Outcome]:
        if unit.result(place).exists():
            yield Outcome(unit, None, 0.0)
            return
        with _pool(1) as pool:
            try:
                yield pool.submit(execute, unit, place).result()
            except BrokenProcessPool:
                message = "the process that ran it was killed, probably for lack of memory"
                hint = "Use fewer workers, fewer stimuli or a smaller layer; what is finished is kept."
                yield Outcome(unit, {"kind": "killed", "message": message, "hint": hint}, 0.0)


def _pool(workers: int) -> ProcessPoolExecutor:
    # Forking a process that holds threads (BLAS, DuckDB) can deadlock; a fresh one cannot.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent)


def _end_with_parent() -> None:
    """Let this worker end when its parent is killed, instead of waiting for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_exit, args=(parent.sentinel,), daemon=True).start()


def _wait_and_exit(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
