"""How kinds of perturbation are marked in figures of training: by colour and by form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from repalign.report.labels import clean
from repalign.report.style import BAND, BAR, GROUPS, INK, LINE, POINT, SOFT, TARGET


class Look(NamedTuple):
    """How a kind of perturbation is marked: told apart by colour and by form."""

    colour: str
    marker: str


_KNOWN = {
    "target_noise": Look(TARGET, "o"),
    "label_shuffle": Look(GROUPS[3], "s"),
    "image_noise": Look(LINE, "^"),
    "blank_image": Look(BAND, "D"),
    "frozen_epoch": Look(INK, "v"),
    "skipped_epoch": Look(POINT, "P"),
}
_OTHERS = (Look(BAR, "X"), Look(SOFT, "<"), Look(INK, ">"), Look(TARGET, "*"))


def looks(rows: Sequence[Mapping[str, Any]]) -> dict[str, Look]:
    """The kinds of some rows in a constant order, each with its look."""
    there = dict.fromkeys(str(row["kind"]) for row in rows)
    others = sorted(kind for kind in there if kind not in _KNOWN)
    known = {kind: look for kind, look in _KNOWN.items() if kind in there}
    return known | {kind: _OTHERS[i % len(_OTHERS)] for i, kind in enumerate(others)}


def kind_name(kind: str) -> str:
    """A kind as people write it."""
    return clean(kind.replace("_", " "))


def kinds_key(found: Mapping[str, Look]) -> list[Any]:
    """A mark with its name for each kind."""
    from matplotlib.lines import Line2D

    return [
        Line2D(
            [], [], linestyle="", color=look.colour, marker=look.marker, markersize=5, label=kind_name(kind)
        )
        for kind, look in found.items()
    ]
