"""Where units run. This is the seam for SLURM and Ray: anything with the one method of Executor."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor
from concurrent.futures import wait as first_of
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
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
        waiting = deque(units)
        while waiting:
            # A dead worker takes the pool and all units in flight with it. Whoever was not the
            # culprit succeeds when run alone; then a new pool goes on with those that wait.
            for suspect in (yield from self._pooled(waiting, place)):
                yield from self._alone(suspect, place)

    def _pooled(self, waiting: deque[Unit], place: Path) -> Generator[Outcome, None, list[Unit]]:
        """Run what waits; returns the units that were in flight when a worker died."""
        flying: dict[Future[Outcome], Unit] = {}
        with _pool(min(self.workers, len(waiting))) as pool:
            try:
                while waiting or flying:
                    # Two for each worker keep it busy; more would only be more suspects.
                    while waiting and len(flying) < 2 * self.workers:
                        flying[_submitted(pool, waiting[0], place)] = waiting[0]
                        waiting.popleft()
                    for future in first_of(flying, return_when=FIRST_COMPLETED).done:
                        outcome = future.result()
                        del flying[future]
                        yield outcome
            except BrokenProcessPool:
                pass
        return list(flying.values())

    def _alone(self, unit: Unit, place: Path) -> Iterator[Outcome]:
        if unit.result(place).exists():
            yield Outcome(unit, None, 0.0)
            return
        with _pool(1) as pool:
            try:
                outcome = _submitted(pool, unit, place).result()
            except BrokenProcessPool:
                message = "the process that ran it was killed, probably for lack of memory"
                hint = "Use fewer workers, fewer stimuli or a smaller layer; what is finished is kept."
                outcome = Outcome(unit, {"kind": "killed", "message": message, "hint": hint}, 0.0)
        yield outcome


@contextmanager
def _pool(workers: int) -> Generator[ProcessPoolExecutor]:
    # Forking a process that holds threads (BLAS, DuckDB) can deadlock; a fresh one cannot.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin)
    try:
        yield pool
    except BaseException:  # Ctrl-C, or nobody wants the rest: do not wait for units in flight
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _submitted(pool: ProcessPoolExecutor, unit: Unit, place: Path) -> Future[Outcome]:
    """Submit a unit, which starts a worker where one is lacking.

    Ctrl-C reaches every process of the terminal. It is this one's to act on; a worker inherits the
    mask and never sees it, so that none prints a traceback of its own.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        return pool.submit(execute, unit, place)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(execute, unit, place)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """Let this worker end when its parent is killed, instead of waiting for work for ever."""
    sys.stdout = sys.stderr  # standard output is the parent's, and may be JSON
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_exit, args=(parent.sentinel,), daemon=True).start()


def _wait_and_exit(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
