"""How fast work goes and how long it will take, from what was computed and not from what was skipped."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

from repalign.cli.summary import in_time

BYTES = "bytes"
SIZES = {"MB": 1e6, "GB": 1e9}


class Pace:
    """Pieces a second.

    Args:
        most: More than this at once has not been computed or received but was there before.
        before: Numbers of pieces that lay together before, and come at once.
    """

    def __init__(self, most: float = float("inf"), before: Collection[int] = ()) -> None:
        self._most, self._before, self._pieces, self._seconds = most, before, 0, 0.0
        self._done: int | None = None
        self._at = time.monotonic()

    def __call__(self, done: int, *, took: float | None = None) -> None:
        """Note how many are done. The first call sets the mark, unless it says how long its piece took."""
        now = time.monotonic()
        new = 1 if self._done is None and took is not None else done - (self._done or 0)
        known = self._done is not None or took is not None
        if known and 0 < new <= self._most and new not in self._before:
            self._pieces += new
            self._seconds += now - self._at if self._done is not None else took or 0.0
        self._done, self._at = done, now

    @property
    def seconds(self) -> float:
        """Time that the pieces took."""
        return self._seconds

    @property
    def rate(self) -> float:
        """Pieces a second; 0 while it is not known."""
        return self._pieces / max(self._seconds, 1e-9) if self._pieces else 0.0


@dataclass(frozen=True)
class Step:
    """Where a piece of work is.

    Args:
        what: Its name.
        done: Pieces that are done.
        total: All pieces.
        noun: What the pieces are: ``"stimuli"``, :data:`BYTES`, or empty for units of work.
        rate: Pieces a second; 0 while it is not known.
        elapsed: Seconds that it took so far; None where the speed is told instead.
        about: What was done last.
    """

    what: str
    done: int
    total: int
    noun: str = ""
    rate: float = 0.0
    elapsed: float | None = None
    about: str = ""

    def words(self, *, clock: bool = False) -> str:
        """Counts, speed or time, and time left.

        Args:
            clock: A clock beside it tells the time already.
        """
        parts = [self._counts()]
        if self.elapsed is not None and not clock:
            parts.append(f"{in_time(self.elapsed)} elapsed")
        if self.elapsed is None and self.rate:
            parts.append(self._speed())
        if self.rate and self.done < self.total:
            left = (self.total - self.done) / self.rate
            parts.append(f"{in_time(left) if left >= 60 else f'{left:.0f} s'} left")
        return ", ".join(parts)

    def _counts(self) -> str:
        if self.noun == BYTES:
            unit = "GB" if self.total >= SIZES["GB"] else "MB"
            return f"{self.done / SIZES[unit]:.1f} of {self.total / SIZES[unit]:.1f} {unit}"
        return f"{self.done:,} of {self.total:,} {self.noun}".rstrip()

    def _speed(self) -> str:
        if self.noun == BYTES:
            return f"{self.rate / SIZES['MB']:.1f} MB/s"
        return f"{self.rate:,.0f}/s" if self.rate >= 10 else f"{self.rate:.1f}/s"
