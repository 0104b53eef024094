"""Figures for people: bars with intervals, subjects as points, the ceiling only where it belongs."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Sequence
from typing import Any

from repalign.data import Score, ScoreTable
from repalign.metrics import find_measure
from repalign.models import is_model_name

# Okabe & Ito's colours: told apart with every kind of colour blindness.
BAR, POINT, BAND, INK = "#56B4E9", "#E69F00", "#009E73", "#222222"
LABEL = 36
PAIRS = "models with one another"
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
    """The table cut into one part per target, region and measure (what shares an axis), closest first."""
    parts: dict[tuple[str, str | None, str], list[Score]] = {}
    for row in table:
        # Pairs of models share an axis whichever of the two is called the target.
        paired = is_model_name(row.target)
        goal, region = (PAIRS, None) if paired else (row.target, row.region)
        parts.setdefault((goal, region, row.measure), []).append(row)
    return [ScoreTable(sorted(rows, key=_rank)) for rows in parts.values()]


def _rank(row: Score) -> tuple[float, str, str]:
    if row.value is None:
        return math.inf, label(row), row.subject
    return -row.value if _higher(row) else row.value, label(row), row.subject


def label(row: Score) -> str:
    """A model and its layer, or a pair of models, as one line."""
    one = f"{row.model} · {row.layer}" if row.layer else row.model
    if not is_model_name(row.target):
        return one
    return f"{one} with {row.target} · {row.region}" if row.region else f"{one} with {row.target}"


def bar_labels(rows: Sequence[Score]) -> list[str]:
    """The same for each row, short enough to stand beside a bar: without settings, if rows stay distinct."""
    bare = [_bare_label(row) for row in rows]
    return [_short(text) for text in (bare if len(set(bare)) == len(rows) else map(label, rows))]


def _bare_label(row: Score) -> str:
    if is_model_name(row.target):
        return " with ".join(_bare(name) for name in (row.model, row.target))
    model = row.model.partition("(")[0]
    return f"{model} · {row.layer}" if row.layer else model


def _bare(name: str) -> str:
    return name.rpartition("/")[2].partition("(")[0]


def heading(panel: ScoreTable) -> tuple[str, str]:
    """What a panel is about, and the region."""
    first = panel[0]
    return (PAIRS, "") if is_model_name(first.target) else (first.target, first.region or "")


def drawn(panel: ScoreTable) -> list[Score]:
    """The rows of a panel that become bars: aggregates that have a value."""
    return [row for row in panel.where(subject="all") if row.value is not None]


def _short(text: str) -> str:
    # Longer ones leave no room for the bars; the table has them in full.
    return text if len(text) <= LABEL else f"{text[: LABEL // 2]}…{text[1 - LABEL // 2 :]}"


def bars_svg(panel: ScoreTable) -> str:
    """One panel as SVG text: a bar per model and layer, in the order of the panel.

    Args:
        panel: Rows of one target, region and measure, out of :func:`panels`; :func:`drawn` finds some.

    Returns:
        The SVG element, without XML prolog; equal rows give equal text.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    rows = drawn(panel)
    with mpl.rc_context():
        mpl.rcdefaults()  # not the user's own style: equal tables give equal pages
        mpl.rcParams.update(_STYLE)
        figure = Figure(figsize=(4.5, 1.1 + 0.3 * len(rows)), layout="constrained")
        axes = figure.subplots()
        _draw_ceiling(axes, rows)
        for place, row in enumerate(rows):
            _draw_row(axes, place, row, panel)
        axes.set_yticks(range(len(rows)), bar_labels(rows), parse_math=False)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_xlabel(_axis(rows), parse_math=False)
        buffer = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        with warnings.catch_warnings():
            # Only the browser needs the characters.
            warnings.filterwarnings("ignore", message="Glyph .* missing")
            figure.savefig(buffer, format="svg", metadata=nothing)
    svg = re.sub(r"^.*?(?=<svg)", "", buffer.getvalue(), flags=re.DOTALL)
    return re.sub(r'<g id="[^"]*"', "<g", svg)  # ids would be doubled on a page with several figures


def _draw_row(axes: Any, place: int, row: Score, panel: ScoreTable) -> None:
    axes.barh(place, row.value, height=0.62, color=BAR, zorder=2)
    if row.ci_low is not None and row.ci_high is not None:
        axes.plot([row.ci_low, row.ci_high], [place, place], color=INK, linewidth=1.4, zorder=4)
    mates = [r.value for r in panel if r.subject != "all" and label(r) == label(row) and r.value is not None]
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


def _higher(row: Score) -> bool:
    known = find_measure(row.measure)
    return known is None or known.higher_is_closer


def _axis(rows: Sequence[Score]) -> str:
    measure = rows[0].measure
    unit = " (radians)" if "angular" in measure else ""
    toward = "" if _higher(rows[0]) else ", less is closer"
    counts = [
        _count([r.n_stimuli for r in rows], "stimuli"),
        _count([r.n_subjects for r in rows], "subjects"),
    ]
    return f"{_short(measure)}{unit}{toward}\n{', '.join(filter(None, counts))}"


def _count(numbers: Sequence[int | None], what: str) -> str:
    known = [n for n in numbers if n is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    return f"{low} {what}" if low == high else f"{low} to {high} {what}"


def describe_ceiling(panel: ScoreTable) -> str:
    """The ceiling of a panel in words, or why there is none."""
    ceilings = {(r.ceiling_lower, r.ceiling_upper) for r in drawn(panel)}
    if len(ceilings) != 1:
        return "Ceilings differ between rows (see the table)."
    lower, upper = ceilings.pop()
    if lower is None:
        return "No noise ceiling; the table says why."
    if upper is None:
        return f"Dashed line: lower noise ceiling {lower:.3f}."
    return f"Band: noise ceiling {lower:.3f} to {upper:.3f}."
