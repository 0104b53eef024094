"""Run units: skip what exists, keep what is done, report what failed."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from repalign.data import remove_partials, write_bytes
from repalign.data.files import storage_error
from repalign.errors import StorageError
from repalign.execution.executors import Executor, InProcess
from repalign.execution.unit import Outcome, Unit

OnDone = Callable[[Outcome, int, int], None]


@dataclass(frozen=True)
class RunReport:
    """What happened: units computed now, found done before, and failed."""

    computed: tuple[Unit, ...]
    skipped: tuple[Unit, ...]
    failed: tuple[Outcome, ...]


def run_units(
    units: Sequence[Unit],
    place: Path,
    *,
    failures: Path | None = None,
    executor: Executor | None = None,
    on_done: OnDone | None = None,
) -> RunReport:
    """Run every unit whose result is not there yet.

    A kill at any instant loses at most the units in flight; calling again goes on from there.

    Args:
        units: What to run; equal ones are run once.
        place: Folder of the results, one file per unit, named by its digest.
        failures: Folder for one JSON per failed unit; None writes none.
        executor: Where to run; this process by default.
        on_done: Called after each unit with its outcome, the number done and the number to do.

    Returns:
        What was computed, skipped and failed.
    """
    unique = {unit.digest: unit for unit in units}
    skipped = [unit for unit in unique.values() if unit.result(place).exists()]
    todo = [unit for unit in unique.values() if not unit.result(place).exists()]
    computed: list[Unit] = []
    failed: list[Outcome] = []
    with _tidied(place, failures), _outcomes(executor or InProcess(), todo, place) as outcomes:
        for outcome in outcomes:
            if outcome.error is None:
                computed.append(outcome.unit)
            else:
                failed.append(outcome)
            if failures is not None:
                _record(outcome, failures)
            if on_done is not None:
                on_done(outcome, len(computed) + len(failed), len(todo))
    return RunReport(tuple(computed), tuple(skipped), tuple(failed))


@contextmanager
def _tidied(*folders: Path | None) -> Generator[None]:
    """Remove what killed processes left half-written: those of earlier runs, and workers of this one."""
    for folder in filter(None, folders):
        remove_partials(folder)
    try:
        yield
    finally:
        for folder in filter(None, folders):
            remove_partials(folder)


@contextmanager
def _outcomes(executor: Executor, units: Sequence[Unit], place: Path) -> Generator[Iterator[Outcome]]:
    """What the executor yields; on Ctrl-C it is told at once that nobody waits for the rest."""
    outcomes = executor.run(units, place)
    try:
        yield outcomes
    finally:
        if isinstance(outcomes, Generator):
            outcomes.close()


def _record(outcome: Outcome, failures: Path) -> None:
    path = failures / f"{outcome.unit.digest}.json"
    if outcome.error is None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise storage_error(path, error) from error
        return
    content = {**outcome.error, "function": outcome.unit.function, "spec": dict(outcome.unit.spec)}
    with suppress(StorageError):  # a full disk must not stop the rest; the report has the failure anyway
        write_bytes(path, json.dumps(content, indent=1, sort_keys=True).encode())
