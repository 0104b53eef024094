"""Figure 1a of a training study: the baseline over its seeds, alignment against loss and both by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from repalign.report.bars import draw_ceiling
from repalign.report.drawing import Drawing
from repalign.report.dynamics_axes import ONE_SEED, drawn_as, epochs_along, name_y, sheet
from repalign.report.dynamics_courses import Point, draw_path, name_path
from repalign.report.labels import count, number
from repalign.report.panels import ceiling_in_words
from repalign.report.style import BAND, BAR, LINE, SMALL, SOFT
from repalign.report.svg import tipped
from repalign.report.training_words import (
    Row,
    alignment_name,
    baselines,
    ceiling_row,
    chosen_course,
    loss_in_words,
    loss_name,
    place_name,
)


def path_drawing(dynamics: Row) -> Drawing | None:
    """Alignment against loss: the mean over seeds with its epochs, and a thin line for each seed."""
    rows = [row for row in dynamics["baseline"] if None not in (row["rsa_mean"], row["loss_mean"])]
    if not rows:
        return None
    runs, about = baselines(dynamics), dynamics["about"]
    window = _window(runs)
    n, which = len(runs), "" if len(runs) < 2 else " of at least half the seeds"
    words = f"{count([len(rows)], 'epochs')} of {count([n], 'baseline seeds')}; {place_name(about)}"
    words += f"; {ONE_SEED}" if n < 2 else "; no interval here: see the courses"
    mean = "Blue: the mean over seeds, a point per epoch; grey: each seed." if n > 1 else "A point per epoch."
    more = f"{mean} Orange: epochs among the five largest gains of RSA{which}. Numbers are epochs."
    return drawn_as(
        "1a",
        "1a  Baseline: alignment against loss",
        words,
        _draw_path,
        dynamics,
        rows,
        window,
        alt=_ends(rows),
        more=f"{more} {loss_in_words(about['loss'])}",
    )


def _window(runs: Mapping[int, Row]) -> list[int]:
    """Epochs that stand out in at least half the seeds."""
    listed = [int(epoch) for run in runs.values() for epoch in run["elastic_window"]]
    return sorted({epoch for epoch in listed if 2 * listed.count(epoch) >= len(runs)})


def _ends(rows: Sequence[Row]) -> str:
    low, high = min(rows, key=lambda r: r["loss_mean"]), max(rows, key=lambda r: r["rsa_mean"])
    return (
        f"mean loss is lowest at epoch {low['epoch']}, {number(low['loss_mean'])}; "
        f"mean RSA is highest at epoch {high['epoch']}, {number(high['rsa_mean'])}"
    )


def _draw_path(words: str, dynamics: Row, rows: Sequence[Row], window: Sequence[int]) -> Any:
    figure, (axes,) = sheet(words, high=3.1)
    runs = baselines(dynamics)
    if len(runs) > 1:
        for run in runs.values():
            points = [
                (run["loss"][e], rho) for e, rho in run["rsa"].items() if None not in (rho, run["loss"][e])
            ]
            axes.plot(*zip(*points, strict=True), color=SOFT, linewidth=0.5, alpha=0.7, zorder=2)
    path: list[Point] = [(row["epoch"], row["loss_mean"], row["rsa_mean"]) for row in rows]
    best = max(path, key=lambda p: p[2])[0], min(path, key=lambda p: p[1])[0]
    draw_path(axes, path, window, best)
    name_path(axes, loss_name(dynamics["about"]["loss"]), alignment_name(dynamics["about"]["measure"]))
    return figure


def baseline_drawing(dynamics: Row) -> Drawing | None:
    """Alignment and loss by epoch, with bands over seeds and the noise ceiling."""
    if not dynamics["baseline"]:
        return None
    n, about = len(baselines(dynamics)), dynamics["about"]
    course = chosen_course(dynamics)
    over = f"bands: 95 % over {count([n], 'baseline seeds')}" if n > 1 else ONE_SEED
    words = f"{count([len(dynamics['baseline'])], 'epochs')}; {place_name(about)}; {over}"
    more = "Blue: the mean over seeds; grey: each seed." if n > 1 else "Blue: the only seed."
    said = ceiling_in_words([ceiling_row(course)]) if course else "No noise ceiling."
    said = said.replace("Band:", "Green band:").replace("; the table says why", "")
    return drawn_as(
        "1a-courses",
        "1a  Baseline: alignment and loss by epoch",
        words,
        _draw_both,
        dynamics,
        course,
        more=f"{more} {said} {loss_in_words(about['loss'])}",
    )


def _draw_both(words: str, dynamics: Row, course: Row | None) -> Any:
    figure, panels = sheet(words, 2, high=1.9)
    names = alignment_name(dynamics["about"]["measure"]), loss_name(dynamics["about"]["loss"])
    rows, runs = dynamics["baseline"], baselines(dynamics)
    for axes, name, what in zip(panels, names, ("rsa", "loss"), strict=True):
        if len(runs) > 1:
            for run in runs.values():
                known = [(int(e), v) for e, v in run[what].items() if v is not None]
                if known:
                    axes.plot(*zip(*known, strict=True), color=SOFT, linewidth=0.5, alpha=0.7, zorder=2)
        ends = [[row[f"{what}_{end}"] for row in rows] for end in ("mean", "low", "high")]
        draw_course(axes, [row["epoch"] for row in rows], ends[0], ends[1], ends[2])
        name_y(axes, name, 1.5)
        epochs_along(axes)
    if course is not None:
        named_ceiling(panels[0], course)
    panels[1].set_xlabel("epoch")
    return figure


def draw_course(
    axes: Any,
    epochs: Sequence[int],
    mean: Sequence[float | None],
    low: Sequence[float | None],
    high: Sequence[float | None],
    said: str = "",
) -> None:
    """A mean over epochs, with a band where there are intervals."""
    values = [math.nan if v is None else v for v in mean]
    ends = [(e, a, b) for e, a, b in zip(epochs, low, high, strict=True) if None not in (a, b)]
    if ends:
        axes.fill_between(*zip(*ends, strict=True), color=BAR, alpha=0.4, linewidth=0, zorder=2)
    (line,) = axes.plot(epochs, values, color=LINE, linewidth=1.3, zorder=3)
    if len(values) == 1:
        line.set_marker("o")
    if said:
        tipped(line, said)


def named_ceiling(axes: Any, course: Row) -> None:
    """The noise ceiling of a course with its name above, where the course does not come; to be drawn last."""
    row = ceiling_row(course)
    top = row.ceiling_upper if row.ceiling_upper is not None else row.ceiling_lower
    if top is None:
        return
    draw_ceiling(axes, [row], vertical=False)
    style: Any = {"size": SMALL - 1, "color": BAND, "ha": "right", "va": "bottom", "zorder": 4}
    across = axes.get_yaxis_transform()
    axes.text(1, top, "noise ceiling", transform=across, **style)
    low, high = axes.get_ylim()
    axes.set_ylim(low, max(high, top + 0.16 * (high - low)))
