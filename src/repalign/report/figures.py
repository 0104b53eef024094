"""Figures for people: bars with intervals, subjects as points, the ceiling only where it belongs."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

from repalign.data import Score, ScoreTable
from repalign.metrics import MEASURES

# Okabe & Ito's colours: told apart with every kind of colour blindness.
BAR, POINT, BAND, INK = "#56B4E9", "#E69F00", "#009E73", "#222222"
_STYLE: Any = {
    "font.size": 9,
    "font.family": "sans-serif",
    "svg.fonttype": "none",
    "svg.hashsalt": "repalign",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
}


def panels(table: ScoreTable) -> list[ScoreTable]:
    """The table cut into one part per target, region and measure: what shares an axis."""
    keys = dict.fromkeys((r.target, r.region, r.measure) for r in table)
    return [
        ScoreTable(r for r in table if (r.target, r.region, r.measure) == key and r.value is not None)
        for key in keys
    ]


def label(row: Score) -> str:
    """A model and its layer, as one line."""
    return f"{row.model} · {row.layer}" if row.layer else row.model


def bars_svg(panel: ScoreTable) -> str:
    """One panel as SVG text: a bar per model and layer, longest first.

    Args:
        panel: Rows of one target, region and measure.

    Returns:
        The SVG element, without XML prolog; equal rows give equal text.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    rows = sorted(panel.where(subject="all"), key=lambda r: (r.value, label(r)), reverse=_higher(panel))
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(5.0, 1.1 + 0.3 * len(rows)), layout="constrained")
        axes = figure.subplots()
        _draw_ceiling(axes, rows)
        for place, row in enumerate(rows):
            _draw_row(axes, place, row, panel)
        axes.set_yticks(range(len(rows)), [label(r) for r in rows])
        axes.tick_params(axis="y", length=0)
        axes.invert_yaxis()
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_xlabel(_axis(rows[0]))
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return re.sub(r"^.*?(?=<svg)", "", buffer.getvalue(), flags=re.DOTALL)


def _draw_row(axes: Any, place: int, row: Score, panel: ScoreTable) -> None:
    axes.barh(place, row.value, height=0.62, color=BAR, zorder=2)
    if row.ci_low is not None and row.ci_high is not None:
        axes.plot([row.ci_low, row.ci_high], [place, place], color=INK, linewidth=1.4, zorder=4)
    mates = [r.value for r in panel if r.subject != "all" and (r.model, r.layer) == (row.model, row.layer)]
    if mates:
        axes.plot(mates, [place] * len(mates), "o", color=POINT, markersize=3.5, zorder=5, clip_on=False)


def _draw_ceiling(axes: Any, rows: Sequence[Score]) -> None:
    ceilings = {(r.ceiling_lower, r.ceiling_upper) for r in rows}
    # Layers chosen on other stimuli have ceilings of their own; one band would belong to none of them.
    if len(ceilings) != 1:
        return
    lower, upper = ceilings.pop()
    if lower is not None and upper is not None:
        axes.axvspan(lower, upper, color=BAND, alpha=0.25, linewidth=0, zorder=1)
    elif lower is not None:
        axes.axvline(lower, color=BAND, linewidth=2, linestyle="--", zorder=1)


def _higher(panel: ScoreTable) -> bool:
    measure = panel[0].measure
    return MEASURES[measure].higher_is_closer if measure in MEASURES else True


def _axis(row: Score) -> str:
    people = "" if row.n_subjects is None else f", {row.n_subjects} subjects"
    toward = (
        "" if row.measure not in MEASURES or MEASURES[row.measure].higher_is_closer else ", less is closer"
    )
    unit = " (radians)" if "angular" in row.measure else ""
    return f"{row.measure}{unit}{toward}\n{row.n_stimuli} stimuli{people}"


def describe_ceiling(panel: ScoreTable) -> str:
    """The ceiling of a panel in words, or why there is none."""
    rows = list(panel.where(subject="all"))
    ceilings = {(r.ceiling_lower, r.ceiling_upper) for r in rows}
    if len(ceilings) != 1:
        return "Ceilings differ between rows (see the table)."
    lower, upper = ceilings.pop()
    if lower is None:
        return "No noise ceiling; the table says why."
    if upper is None:
        return f"Dashed line: lower noise ceiling {lower:.3f}."
    return f"Band: noise ceiling {lower:.3f} to {upper:.3f}."
