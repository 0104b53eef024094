"""Progress of extractions, in stimuli a second, on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from repalign.cli.output import console

OnStimuli = Callable[[int, int], None]


@contextmanager
def stimulus_progress(what: str) -> Iterator[OnStimuli]:
    """Give what is to be called with (stimuli done, stimuli in all): a bar on a terminal, else lines."""
    out = console(stderr=True)
    if not out.is_terminal:
        yield StimulusLines(what)
        return
    speed = TextColumn("{task.fields[speed]}")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        speed,
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task(what[:40], total=None, speed="")
        rate = Rate()

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, speed=f"{rate(done):.0f}/s")

        yield report


class Rate:
    """Stimuli a second since the first call, so that what an earlier run has done does not count."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def __call__(self, done: int) -> float:
        """The rate when so many are done; 0 at first."""
        now = time.monotonic()
        if self._first is None:
            self._first = now, done
        return (done - self._first[1]) / max(now - self._first[0], 1e-9)


class StimulusLines:
    """Progress of an extraction as lines on standard error; call it with (done, total).

    Args:
        what: The model.
        every: Seconds between two lines.
    """

    def __init__(self, what: str, every: float = 2.0) -> None:
        self._what, self._every, self._rate = what, every, Rate()
        self._last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Print a line now and then, and one at the end."""
        rate, now = self._rate(done), time.monotonic()
        if done < total and now - self._last < self._every:
            return
        self._last = now
        left = f", {(total - done) / rate:.0f} s left" if rate and done < total else ""
        speed = f", {rate:.0f} a second" if rate else ""
        print(f"{self._what}: {done} of {total} stimuli{speed}{left}", file=sys.stderr, flush=True)


class ModelLines:
    """The same for several models, one after the other; call it with (model, done, total)."""

    def __init__(self) -> None:
        self._what, self._lines = "", StimulusLines("")

    def __call__(self, what: str, done: int, total: int) -> None:
        """Print a line now and then."""
        if what != self._what:
            self._what, self._lines = what, StimulusLines(what)
        self._lines(done, total)
