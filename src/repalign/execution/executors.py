"""Where units run. This is the seam for SLURM and Ray: anything with the one method of Executor."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor
from concurrent.futures import wait as first_of
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, Protocol

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


class _Pooled(ABC):
    """Runs units in worker processes, whoever opens them."""

    workers: int

    @abstractmethod
    def _opened(self, workers: int) -> AbstractContextManager[ProcessPoolExecutor]:
        """At most so many worker processes."""

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
        with self._opened(min(self.workers, len(waiting))) as pool:
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


@dataclass(frozen=True)
class ProcessPool(_Pooled):
    """In worker processes on this machine.

    Args:
        workers: How many, at least 1.

    Raises:
        InputError: Fewer than one worker.
    """

    workers: int

    def __post_init__(self) -> None:
        _check(self.workers)

    def _opened(self, workers: int) -> AbstractContextManager[ProcessPoolExecutor]:
        return _pool(workers)


class KeptPool(_Pooled):
    """Worker processes that stay from one call to the next, with what they have loaded, until the block ends.

    Args:
        workers: How many, at least 1.

    Raises:
        InputError: Fewer than one worker.

    Example:
        >>> with KeptPool(2) as executor:
        ...     executor.workers
        2
    """

    def __init__(self, workers: int) -> None:
        _check(workers)
        self.workers = workers
        self._stack, self._held = ExitStack(), None

    def __enter__(self) -> KeptPool:
        return self

    def __exit__(self, *raised: Any) -> None:
        self._held = None  # another block opens workers of its own
        self._stack.__exit__(*raised)

    @contextmanager
    def _opened(self, workers: int) -> Generator[ProcessPoolExecutor]:
        pool = self._held = self._held or self._stack.enter_context(_pool(self.workers))
        try:
            yield pool
        finally:
            if pool._broken:  # a worker died: the next call opens another
                self._held = None


def _check(workers: int) -> None:
    if workers < 1:
        raise InputError(f"{workers} workers cannot do anything", hint="Give 1 or more.")


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
