"""Progress of long work: a bar on a terminal, plain lines elsewhere, both on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from repalign.cli.output import WIDTH, console
from repalign.execution import Outcome
from repalign.execution.runner import OnDone


@contextmanager
def unit_progress(what: str) -> Iterator[OnDone]:
    """Give what is to be called after each unit; it draws a bar, or prints a line."""
    out = console(stderr=True)
    if not out.is_terminal:
        yield _line
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def report(outcome: Outcome, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description=outcome.unit.label[:40])

        yield report


def _line(outcome: Outcome, done: int, total: int) -> None:
    ended = "failed" if outcome.error else f"{outcome.seconds:.1f} s"
    start, end = f"[{done}/{total}] ", f": {ended}"
    label, room = outcome.unit.label, WIDTH - len(start) - len(end)
    short = label if len(label) <= room else f"{label[: room - 1]}…"
    print(f"{start}{short}{end}", file=sys.stderr, flush=True)


class ByteProgress:
    """Progress of a download; call it with (bytes here, bytes in all).

    Args:
        what: What is downloaded.
        every: Seconds between two lines.
    """

    def __init__(self, what: str, every: float = 1.0) -> None:
        self._what, self._every, self._last = what, every, 0.0

    def __call__(self, done: int, total: int) -> None:
        """Print a line now and then, and one at the end."""
        now = time.monotonic()
        if done >= total or now - self._last >= self._every:
            self._last = now
            print(f"{self._what}: {done / 1e6:.1f} of {total / 1e6:.1f} MB", file=sys.stderr, flush=True)
