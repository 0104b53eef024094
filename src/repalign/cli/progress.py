"""Progress of long work on standard error: a bar on a terminal, lines elsewhere, in the same words."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager, redirect_stdout
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from repalign.cli.output import console
from repalign.cli.pace import BYTES, Pace, Step
from repalign.cli.tables import shortened
from repalign.datasets.transfer import BLOCK
from repalign.execution import Outcome

OnNumbers = Callable[[int, int], None]
EVERY, SHARE = 2.0, 0.05  # seconds between two lines, and of what takes long the part of its time
_SETTINGS = re.compile(r"\([^()]*\)")
_FOLDERS = re.compile(r"(?<=/)/\S*/")  # of a model that is a file, source//folder/folder/file
_BAR = 16


class Screen(Protocol):
    """What shows a step."""

    def show(self, step: Step) -> None:
        """Show it."""
        ...


@contextmanager
def progress(what: str) -> Generator[Tracker]:
    """Show what happens within; what a model prints there goes to standard error too.

    Args:
        what: Said on a terminal before anything is done.
    """
    out = console(stderr=True)
    with redirect_stdout(sys.stderr):
        if not out.is_interactive:
            yield Tracker(Lines(out.width))
            return
        with _Bars(out, what) as bars:
            yield Tracker(bars)


class Tracker:
    """Takes the reports of units of work, extractions and downloads, and shows them in one way."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._units, self._kind = Pace(), ""
        self._paces: dict[str, Pace] = {}

    def units(self, outcome: Outcome, done: int, total: int) -> None:
        """A unit of work has ended; views of the results follow their scores."""
        kind = "views" if "view" in outcome.unit.spec else "scores"
        if kind != self._kind or done <= 1:
            self._units, self._kind = Pace(), kind
        self._units(done, took=outcome.seconds)
        about = _FOLDERS.sub("", _SETTINGS.sub("", outcome.unit.label))
        about = f"failed: {about}" if outcome.error else about
        pace = self._units
        self._screen.show(Step(kind, done, total, "", pace.rate, pace.seconds, about))

    def epochs(self, done: int, total: int) -> None:
        """So many epochs of a sweep have been trained, over all runs; those there before do not count."""
        pace = self._paces.setdefault("epochs", Pace())
        pace(done)
        if done:
            self._screen.show(Step("training", done, total, "epochs", pace.rate, pace.seconds))

    def stimuli(self, what: str, done: int, total: int) -> None:
        """So many stimuli have been shown to a model."""
        self._numbers(_SETTINGS.sub("", what), done, total, "stimuli", Pace())

    def stimuli_of(self, what: str) -> OnNumbers:
        """:meth:`stimuli` of one model."""
        return lambda done, total: self.stimuli(what, done, total)

    def bytes_of(self, what: str, before: Collection[int] = ()) -> OnNumbers:
        """So many bytes of a download are here; more at once than a block lay on the disk before.

        Args:
            what: Its name.
            before: Sizes of files that lie on the disk.
        """
        return lambda done, total: self._numbers(what, done, total, BYTES, Pace(BLOCK, before))

    def _numbers(self, what: str, done: int, total: int, noun: str, new: Pace) -> None:
        if what not in self._paces and done >= total:
            return  # it was there, or is done before anybody could have waited for it
        pace = self._paces.setdefault(what, new)
        pace(done)
        if done >= total:
            del self._paces[what]
        if pace.rate or noun == "stimuli":  # files that are only verified are no download
            self._screen.show(Step(what, done, total, noun, pace.rate))


class Lines:
    """Lines at most every 2 s, of long work fewer; what one of them told of is also told when it is done.

    Args:
        width: Columns of a line.
    """

    def __init__(self, width: int) -> None:
        self._width, self._last, self._begun = width, -EVERY, ""
        self._since = time.monotonic()

    def show(self, step: Step) -> None:
        """Print a line, if it is time."""
        now = time.monotonic()
        ended = step.done >= step.total and step.what == self._begun
        if now - self._last < max(EVERY, SHARE * (now - self._since)) and not ended:
            return
        self._last, self._begun = now, "" if ended else step.what
        end = f": {step.words()}"
        line = shortened(step.what, max(12, self._width - len(end))) + end
        room = self._width - len(line) - 3
        if step.about and room > 12:
            line += f" ({shortened(step.about, room)})"
        print(line, file=sys.stderr, flush=True)


class _Bars(Progress):
    """A bar for the whole and one for each extraction or download; time goes on between two reports."""

    def __init__(self, out: Console, what: str) -> None:
        words, elapsed = TextColumn("{task.fields[words]}"), TimeElapsedColumn()
        super().__init__(
            TextColumn("{task.description}"), BarColumn(_BAR), elapsed, words, console=out, transient=True
        )
        self._room = out.width - _BAR - 10  # the time, and blanks between columns
        self._whole = self.add_task(what, total=None, words="")  # it is not known yet how much there is to do
        self._parts: dict[str, TaskID] = {}

    def show(self, step: Step) -> None:
        """Draw the bar of a step; one of a part is removed when the part is done."""
        if step.elapsed is not None:
            self._draw(self._whole, step, f"{step.what}: {step.about}")
        elif step.done < step.total:
            if step.what not in self._parts:
                self._parts[step.what] = self.add_task(shortened(step.what, 12), words="")
            self._draw(self._parts[step.what], step, step.what)
        elif step.what in self._parts:
            self.remove_task(self._parts.pop(step.what))

    def _draw(self, task: TaskID, step: Step, named: str) -> None:
        words = step.words(clock=True)
        named = shortened(named, max(12, self._room - len(words)))
        self.update(task, completed=step.done, total=step.total, words=words, description=named)
