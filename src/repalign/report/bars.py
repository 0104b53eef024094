"""Scores as bars: intervals, subjects as points, the ceiling only where it belongs to every bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from repalign.data import Score, ScoreTable
from repalign.report.drawing import Drawing, View
from repalign.report.labels import axis, bar_labels, count, counts, label, numbers, symmetric, tip
from repalign.report.panels import (
    Layers,
    ceiling,
    ceiling_in_words,
    chosen,
    drawn,
    one_of_each,
    origin,
    paired,
    panels,
    stem,
    subjects_of,
    title,
)
from repalign.report.rows import label_below, row_axes
from repalign.report.style import BAND, BAR, INK, POINT, styled
from repalign.report.svg import tipped


def score_drawings(table: ScoreTable, views: Sequence[View]) -> list[Drawing]:
    """Bars, one drawing per target, region and measure; a bar per model.

    Args:
        table: Rows; pairs of models are passed over.
        views: From :meth:`repalign.data.ResultsDir.views`: which layer stands for a model.
    """
    layers = Layers.of(views)
    parts = [panel for panel in panels(table) if not paired(panel)]
    return [bars(panel, layers.one_each(drawn(panel)), "scores") for panel in parts if drawn(panel)]


def bars(panel: ScoreTable, rows: Sequence[Score], kind: str) -> Drawing:
    """A drawing of some rows of a panel.

    Args:
        panel: Rows of one target, region and measure, with those of subjects.
        rows: Those that become bars, in their order.
        kind: Of the drawing.
    """
    mates = subjects_of(panel)
    own = {origin(row): mates[origin(row)] for row in rows if origin(row) in mates}
    return Drawing(
        name=stem(panel, kind),
        kind=kind,
        title=title(panel),
        alt=describe(rows, title(panel)),
        caption=_caption(panel, rows, own),
        draw=partial(draw_bars, tuple(rows), own),
    )


def describe(rows: Sequence[Score], about: str) -> str:
    """Scores in words: how many, the closest and the least close; rows come closest first."""
    first, last = rows[0], rows[-1]
    ends = f"Closest: {label(first)}, {_value(first)}."
    if len(rows) > 1:
        ends += f" Least close: {label(last)}, {_value(last)}."
    shared = ceiling(rows)
    above = f" {ceiling_in_words(rows)}" if shared not in (None, (None, None)) else ""
    # What sets a panel apart stands in its title; it is not said twice.
    new = [part for part in counts(rows).split(", ") if part and part not in about.split(", ")]
    counted = "".join(f", {part}" for part in new)
    noun = "score" if len(rows) == 1 else "scores"
    return f"{len(rows)} {noun} on {about}{counted}. {ends}{above}"


def _value(row: Score) -> str:
    assert row.value is not None
    return numbers(row.value, row.ci_low, row.ci_high)


def _caption(panel: ScoreTable, rows: Sequence[Score], mates: Mapping[object, Sequence[Score]]) -> str:
    parts = [f"Bars: scores{f' ({counts(rows)})' if counts(rows) else ''}."]
    if any(row.ci_low is not None for row in rows):
        parts.append("Black lines: 95 % intervals.")
    if mates:
        parts.append("Dots: single subjects.")
    parts.append(ceiling_in_words(rows))
    return " ".join([*parts, *which(panel, rows), *absent(panel)])


def which(panel: ScoreTable, rows: Sequence[Score]) -> list[str]:
    """In words which of the rows of a panel are drawn, and who is scored on whom."""
    parts: list[str] = []
    if paired(panel) and not symmetric(panel[0].measure):
        parts.append("Arrows lead from a model to the one that is its target; the other way differs.")
    if chosen(panel):
        parts.append("The layer of each model was chosen by its scores on other stimuli.")
    there = {(row.model, row.layer) for row in drawn(panel)}
    several = len(there) > len({model for model, _ in there})
    if several and not paired(panel):
        others = "not chosen by its score; layer profiles show the others"
        others = "the table shows the others" if chosen(panel) else others
        parts.append(f"One layer stands for each model, {others}.")
    return [*parts, *repeated(panel)]


def repeated(panel: ScoreTable) -> list[str]:
    """How many rows of a panel repeat the model, layer and target of another, in words."""
    rows = drawn(panel)
    n = len(rows) - len(one_of_each(rows))
    return (
        [f"{count([n], 'scores')} of a model and layer that are shown already: see the table."] if n else []
    )


def absent(panel: ScoreTable) -> list[str]:
    """How many aggregates of a panel have no value, in words; nothing where all have one."""
    n = sum(row.value is None for row in panel.where(subject="all"))
    return [f"{count([n], 'scores')} could not be computed; the table says why."] if n else []


@styled()
def draw_bars(rows: Sequence[Score], mates: Mapping[object, Sequence[Score]]) -> Any:
    """The figure.

    Args:
        rows: With values, one bar each, from above.
        mates: Rows of single subjects by the origin of their bar.
    """
    frame = row_axes(partial(bar_labels, rows))
    axes = frame.axes
    axes.set_xlim(limits(rows, [mate for each in mates.values() for mate in each]))
    draw_ceiling(axes, rows, vertical=True)
    for y, row in zip(frame.places, rows, strict=True):
        (bar,) = axes.barh(y, row.value, height=frame.thickness, color=BAR, zorder=2)
        tipped(bar, tip(row))
        _draw_spread(axes, y, row, mates.get(origin(row), ()))
    frame.zero_line()
    label_below(axes, axis(rows[0].measure), counts(rows))
    return frame.figure


MOST_TOLD = 8  # subjects that say who they are when pointed at; the table has them all


def _draw_spread(axes: Any, y: float, row: Score, mates: Sequence[Score]) -> None:
    if row.ci_low is not None and row.ci_high is not None:
        ends = [row.ci_low, row.ci_high]
        axes.plot(ends, [y, y], color=INK, linewidth=1.4, zorder=4, solid_capstyle="butt")
    if mates:
        values = [mate.value for mate in mates]
        look: Any = {"color": POINT, "markersize": 3.2, "markeredgewidth": 0, "zorder": 5}
        (dots,) = axes.plot(values, [y] * len(values), "o", **look)
        if len(mates) <= MOST_TOLD:
            tipped(dots, *map(tip, mates))


def limits(rows: Sequence[Score], mates: Sequence[Score] = (), *, zero: bool = True) -> tuple[float, float]:
    """Limits of an axis that hold all that is drawn of rows."""
    shared = ceiling(rows) or (None, None)
    cells = [x for row in (*rows, *mates) for x in (row.value, row.ci_low, row.ci_high)]
    found = [x for x in (*cells, *shared, 0.0 if zero else None) if x is not None]
    low, high = min(found), max(found)
    if zero and low == high:  # all scores are 0
        return 0.0, 0.5
    margin = 0.04 * (high - low) or 0.5
    return (low - margin if low < 0 or not zero else 0.0), (high + margin if high > 0 or not zero else 0.0)


def draw_ceiling(axes: Any, rows: Sequence[Score], *, vertical: bool) -> None:
    """The noise ceiling, where all rows share it: a band, or a dashed line where only one end is known."""
    lower, upper = ceiling(rows) or (None, None)
    if lower is None and upper is None:
        return
    if lower is None or upper is None:
        line = axes.axvline if vertical else axes.axhline
        mark = line(upper if lower is None else lower, color=BAND, linewidth=1.6, linestyle="--", zorder=1)
    else:
        span = axes.axvspan if vertical else axes.axhspan
        mark = span(lower, upper, color=BAND, alpha=0.25, linewidth=0, zorder=1)
    tipped(mark, ceiling_in_words(rows))
