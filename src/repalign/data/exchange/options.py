"""What a reader may be told about a file that does not say it itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

IdFrom = Literal["path", "stem", "name"]
Layout = Literal["per-stimulus", "per-layer"]
Noun = Literal["assembly", "rdm"]
TimeBins = Literal["units", "mean"]
Repetitions = Literal["mean"]


@dataclass(frozen=True)
class ReadOptions:
    """The keyword arguments of ``read_responses``; see there."""

    ids: Sequence[str] | Path | str | None = None
    id_from: IdFrom = "path"
    id_label: str | None = None
    noun: Noun | None = None
    layout: Layout | None = None
    variable: str | None = None
    repetitions: Repetitions | None = None
    time_bins: TimeBins | None = None

    def given(self) -> frozenset[str]:
        """The names of the options, other than ids, that differ from their default."""
        named = [f for f in fields(self) if f.name != "ids"]
        return frozenset(f.name for f in named if getattr(self, f.name) != f.default)
