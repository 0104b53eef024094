"""Courses of the baseline as small panels on one scale: measures and targets, layers, regions, dimensions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.report.drawing import Drawing
from repalign.report.dynamics_axes import (
    ONE_SEED,
    drawn_as,
    epochs_along,
    name_edges,
    panel_title,
    share,
    sheet,
)
from repalign.report.dynamics_heatmap import scale
from repalign.report.labels import clean, count, fitted, slug
from repalign.report.ranks import DIAGONAL, PALETTE
from repalign.report.style import INK, NARROW, SMALL, SOFT
from repalign.report.svg import tipped
from repalign.report.training_baseline import draw_course, named_ceiling
from repalign.report.training_words import Row, alignment_name, baselines, coefficient, several, shared_name

BEHAVIOUR = "behaviour"
_MEANING = "Blue: the mean over seeds; grey: the other panels' means; green: the noise ceiling of a panel."


def course_drawings(dynamics: Row) -> list[Drawing]:
    """Every course of the baseline: by target and measure, by layer, by region; single ones are left out."""
    about, courses = dynamics["about"], dynamics["courses"]
    output = [c for c in courses if c["layer"] == about["layer"]]
    forms = [c for c in output if c["region"] in (BEHAVIOUR, about["region"])]
    found = [_panels(dynamics, "courses", "Targets and measures by epoch", forms, _form, shared_name(forms))]
    mine = [c for c in courses if c["measure"] == about["measure"]]
    for target, region in dict.fromkeys((c["target"], c["region"]) for c in mine):
        own = [c for c in mine if (c["target"], c["region"]) == (target, region)]
        where = target if region in (None, BEHAVIOUR) else f"{target}, {region}"
        name = alignment_name(about["measure"])
        title = f"Layers by epoch: {clean(where)}"
        found.append(_panels(dynamics, slug("layers", target, region), title, own, _layer, name))
    brain = [c for c in output if c["measure"] == about["measure"] and _of_brain(c, about)]
    name = alignment_name(about["measure"])
    found.append(_panels(dynamics, "regions", "Regions by epoch", brain, _region, name))
    return [each for each in found if each is not None]


def _of_brain(course: Row, about: Row) -> bool:
    """Regions, and behaviour beside them: of the chosen target alone."""
    return course["region"] not in (None, BEHAVIOUR) or course["target"] == about["target"]


def _form(course: Row) -> str:
    return f"{course['target']}, {coefficient(course['measure'])}"


def _layer(course: Row) -> str:
    return str(course["layer"])


def _region(course: Row) -> str:
    return str(course["region"])


def _panels(
    dynamics: Row, name: str, title: str, courses: Sequence[Row], named: Callable[[Row], str], label: str
) -> Drawing | None:
    if len(courses) < 2:
        return None
    titles = [named(course) for course in courses]
    doubled = {t for t in titles if titles.count(t) > 1}
    titles = [f"{c['target']}, {t}" if t in doubled else t for c, t in zip(courses, titles, strict=True)]
    n = len(baselines(dynamics))
    over = f"bands: 95 % over {count([n], 'baseline seeds')}" if n > 1 else ONE_SEED
    tested = any(point["ci_low"] is not None for c in courses for point in c["tested"])
    words = f"{count([len(courses)], 'courses')} of the baseline; {over}"
    words += "; thin vertical lines: 95 % over stimuli, one seed each" if tested else ""
    more = _MEANING if several(dynamics) else _MEANING.replace("the mean over seeds", "the only seed")
    ends = "; ".join(f"{t} {_last(c)}" for t, c in zip(titles, courses, strict=True))
    data = list(zip(titles, courses, strict=True))
    return drawn_as(name, title, words, _draw_panels, data, label, alt=f"at the last epoch {ends}", more=more)


def _last(course: Row) -> str:
    known = [v for v in course["mean"] if v is not None]
    return f"{known[-1]:.3f}".replace("-", "\N{MINUS SIGN}") if known else "none"


def _draw_panels(words: str, data: Sequence[tuple[str, Row]], label: str) -> Any:
    columns = 2 if len(data) <= 6 else 3
    high = 1.6 if columns == 2 else 1.3
    figure, panels = sheet(words, len(data), columns=columns, high=high)
    for axes, (title, course) in zip(panels, data, strict=True):
        for _, other in data:
            if other is not course:
                axes.plot(other["epochs"], _values(other), color=SOFT, linewidth=0.5, alpha=0.5, zorder=1)
        _draw_tested(axes, course["tested"])
        draw_course(
            axes, course["epochs"], course["mean"], course["low"], course["high"], f"{title}: {_last(course)}"
        )
        named_ceiling(axes, course)
        panel_title(axes, fitted(clean(title), (NARROW - 0.7) / columns, SMALL))
        epochs_along(axes)
    share(panels, "x")
    share(panels, "y")
    name_edges(panels, columns, "epoch", label, high - 0.4)
    return figure


def _values(course: Row) -> list[float]:
    return [float("nan") if v is None else v for v in course["mean"]]


def _draw_tested(axes: Any, tested: Sequence[Row]) -> None:
    """Intervals over stimuli, side by side where seeds share an epoch."""
    seeds = sorted({point["seed"] for point in tested})
    known = [point for point in tested if point["ci_low"] is not None and point["ci_high"] is not None]
    if not known:
        return
    at = [point["epoch"] + 0.25 * (seeds.index(point["seed"]) - (len(seeds) - 1) / 2) for point in known]
    lows, highs = [p["ci_low"] for p in known], [p["ci_high"] for p in known]
    lines = axes.vlines(at, lows, highs, color=INK, linewidth=0.6, zorder=4)
    tipped(lines, "95 % over stimuli, one seed each")


def dimensions_drawing(dynamics: Row) -> Drawing | None:
    """R^2 of each output dimension by epoch, those learned first above; None where there are none."""
    rows = dynamics["dimensions"]
    if not rows:
        return None
    n = len(baselines(dynamics))
    mean = f"the mean over {count([n], 'baseline seeds')}, no interval" if n > 1 else ONE_SEED
    words = f"{count([len(rows)], 'output dimensions')} on validation stimuli; {mean}"
    more = (
        "In order of the epoch at which half of the final value is reached (white marks), earliest first. "
        "Grey: below 0, where the mean would explain more."
    )
    title = "Output dimensions by epoch: which are learned first"
    halves = [f"{r['dimension']} (epoch {r['half']})" for r in rows if r["half"] is not None]
    alt = f"first {halves[0]}, last {halves[-1]}" if halves else "none reaches half of a positive final value"
    return drawn_as("dimensions", title, words, _draw_dimensions, rows, alt=alt, more=more)


def _draw_dimensions(words: str, rows: Sequence[Row]) -> Any:
    from matplotlib.colors import ListedColormap

    epochs = sorted({epoch for row in rows for epoch in row["epochs"]})
    table: NDArray[Any] = np.full((len(rows), len(epochs)), np.nan)
    for i, row in enumerate(rows):
        for epoch, value in zip(row["epochs"], row["r2"], strict=True):
            table[i, epochs.index(epoch)] = np.nan if value is None else value
    figure, (axes,) = sheet(words, high=0.75 + 0.145 * max(len(rows), 6))
    colours = ListedColormap(PALETTE[:DIAGONAL] / 255.0).with_extremes(under="#BBBBBB")
    edge = epochs[0] - 0.5, epochs[-1] + 0.5
    extent = (*edge, len(rows) - 0.5, -0.5)
    look: Any = {"vmin": 0, "vmax": 1, "aspect": "auto", "interpolation": "none", "extent": extent}
    image = axes.imshow(table, cmap=colours, **look)
    halves = [(row["half"], i) for i, row in enumerate(rows) if row["half"] is not None]
    if halves:
        mark: Any = {"color": "white", "markersize": 5, "markeredgewidth": 1.6}
        axes.plot(*zip(*halves, strict=True), "|", **mark)
    names = [fitted(clean(str(row["dimension"])), 1.5, SMALL - 0.5) for row in rows]
    axes.set_yticks(range(len(rows)), names, parse_math=False, size=SMALL - 0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(edge)
    epochs_along(axes)
    axes.set_xlabel("epoch")
    axes.set_ylabel("output dimension")
    axes.spines[:].set_visible(False)
    scale(figure, axes, image, "R²")
    return figure
