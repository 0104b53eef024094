"""Effects as points by kind and epoch, with an interval where there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repalign.report.dynamics_axes import beside, key, key_room, name_y, sheet, zero
from repalign.report.dynamics_looks import Look, kind_name, kinds_key
from repalign.report.labels import numbers
from repalign.report.style import INK
from repalign.report.svg import tipped


@dataclass(frozen=True)
class Effect:
    """A run, or the mean of several, minus the baseline.

    Args:
        kind: Of perturbation.
        epoch: First perturbed one.
        value: The difference.
        low: Of its interval, or None.
        high: Of its interval, or None.
        sure: Whether it differs from 0 with all others of its figure taken into account; None where nothing
            was tested.
        said: What pointing at it says beside the numbers.
    """

    kind: str
    epoch: int
    value: float
    low: float | None = None
    high: float | None = None
    sure: bool | None = None
    said: str = ""


def draw_effects(
    axes: Any, effects: Sequence[Effect], places: Sequence[float], look: Look, size: float
) -> None:
    """Points of one kind: filled where they are sure, or where nothing was tested.

    Args:
        axes: The panel.
        effects: What is drawn.
        places: Of each along the axis.
        look: Of the kind.
        size: Of marks in points.
    """
    ends = [(x, e.low, e.high) for x, e in zip(places, effects, strict=True) if e.low is not None]
    if ends:
        axes.vlines(*zip(*ends, strict=True), color=look.colour, linewidth=1, zorder=2)
    axes.margins(y=0.12)
    for filled in (True, False):
        mine = [(x, e) for x, e in zip(places, effects, strict=True) if (e.sure is not False) == filled]
        if not mine:
            continue
        face = look.colour if filled else "white"
        (marks,) = axes.plot(
            [x for x, _ in mine],
            [e.value for _, e in mine],
            look.marker,
            color=look.colour,
            markerfacecolor=face,
            markeredgewidth=0.8,
            markersize=size,
            zorder=3,
        )
        tipped(marks, *(_tip(e) for _, e in mine))


def _tip(effect: Effect) -> str:
    value = numbers(effect.value, effect.low, effect.high)
    said = f"; {effect.said}" if effect.said else ""
    return f"{kind_name(effect.kind)}, epoch {effect.epoch}: {value}{said}"


def draw_kinds(
    words: str, panels: Sequence[tuple[str, Sequence[Effect]]], kinds: Mapping[str, Look], jitter: Any = None
) -> Any:
    """Effects by kind side by side at each epoch: a panel for loss, one for alignment.

    Args:
        words: Below the axes.
        panels: The name of each vertical axis, and what is drawn.
        kinds: With their looks, in their order.
        jitter: For each panel half the height of the band around 0, or None.
    """
    epochs = sorted({e.epoch for _, effects in panels for e in effects})
    columns, room = key_room([kind_name(kind) for kind in kinds])
    figure, drawn = sheet(words, len(panels), high=2.1, room=room)
    for i, (axes, (label, effects)) in enumerate(zip(drawn, panels, strict=True)):
        band(axes, jitter[i] if jitter else None)
        zero(axes)
        for k, (kind, look) in enumerate(kinds.items()):
            mine = [e for e in effects if e.kind == kind]
            at = [epochs.index(e.epoch) + beside(len(kinds), k) for e in mine]
            draw_effects(axes, mine, at, look, 4.5)
        axes.set_xlim(-0.6, len(epochs) - 0.4)
        axes.set_xticks(range(len(epochs)), [str(epoch) for epoch in epochs])
        for x in range(len(epochs) - 1):  # which epoch a mark belongs to
            axes.axvline(x + 0.5, color=INK, alpha=0.12, linewidth=0.6, zorder=0)
        name_y(axes, label)
    drawn[-1].set_xlabel("perturbed epoch")
    key(figure, kinds_key(kinds), columns)
    return figure


def band(axes: Any, half: float | None) -> None:
    """How far baselines of different seeds lie apart, around no change."""
    if half is not None:
        axes.axhspan(-half, half, color=INK, alpha=0.1, linewidth=0, zorder=0)
