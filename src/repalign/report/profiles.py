"""Layer profiles: how close each layer of a model is, from its input to its output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from repalign.data import Score, ScoreTable
from repalign.report.bars import absent, describe, draw_ceiling, limits, repeated
from repalign.report.drawing import Drawing, View
from repalign.report.labels import axis, clean, counts, short, short_names, tip
from repalign.report.panels import (
    Layers,
    ceiling_in_words,
    chosen,
    drawn,
    one_of_each,
    paired,
    panels,
    stem,
    title,
)
from repalign.report.style import BAR, INK, LINE, NARROW, SMALL, SOFT, TEXT, new_figure, styled, text_width
from repalign.report.svg import tipped

FEW = 4  # models: more are drawn smaller, three beside one another
_NAMED = 12  # layers that have room for their names
_LEFT, _RIGHT, _BOTTOM, _TOP = 0.42, 0.12, 0.42, 0.24  # inches around all panels


def profile_drawings(table: ScoreTable, views: Sequence[View]) -> list[Drawing]:
    """Layer profiles, one drawing per target, region and measure where some model has two layers or more.

    Args:
        table: Rows; pairs of models are passed over, and layers that were chosen by their scores.
        views: From :meth:`repalign.data.ResultsDir.views`: the order of layers.
    """
    layers = Layers.of(views)
    found: list[Drawing] = []
    for panel in panels(table):
        if paired(panel) or chosen(panel):
            continue
        profiles = _profiles(drawn(panel), layers)
        if profiles:
            found.append(_profile(panel, profiles, layers))
    return found


def _profiles(rows: Sequence[Score], layers: Layers) -> dict[str, list[Score]]:
    """For each model of several layers its rows in the network's order; models in order of names."""
    by_model: dict[str, dict[str, Score]] = {}
    for row in one_of_each(rows):
        by_model.setdefault(row.model, {})[row.layer or ""] = row
    return {
        model: [there[layer] for layer in layers.sorted(model, list(there))]
        for model, there in sorted(by_model.items())
        if len(there) > 1
    }


def _profile(panel: ScoreTable, profiles: Mapping[str, Sequence[Score]], layers: Layers) -> Drawing:
    closest_first = [row for row in one_of_each(drawn(panel)) if row.model in profiles]
    return Drawing(
        name=stem(panel, "profile"),
        kind="profile",
        title=title(panel),
        alt=f"Layer profiles of {len(profiles)} models. {describe(closest_first, title(panel))}",
        caption=_caption(panel, closest_first, profiles, layers),
        draw=partial(draw_profiles, profiles),
    )


def _caption(
    panel: ScoreTable, rows: Sequence[Score], profiles: Mapping[str, Sequence[Score]], layers: Layers
) -> str:
    known = all(
        {row.layer for row in own} <= set(layers.order.get(model, ())) for model, own in profiles.items()
    )
    order = "in the network's order, input at the left" if known else "in the natural order of their names"
    banded = any(row.ci_low is not None for row in rows)
    parts = [f"Dots: scores of layers{f' ({counts(rows)})' if counts(rows) else ''}, {order}."]
    parts += ["Blue bands: 95 % intervals."] if banded else []
    parts.append(ceiling_in_words(rows).replace("Band:", "Green band:"))
    single = len({row.model for row in drawn(panel)}) - len(profiles)
    if single:
        parts.append(
            f"{single} model{'s' * (single > 1)} of one layer only {'are' * (single > 1) or 'is'} left out."
        )
    return " ".join([*parts, *repeated(panel), *absent(panel)])


@styled()
def draw_profiles(profiles: Mapping[str, Sequence[Score]]) -> Any:
    """Small panels on one scale, one per model.

    Args:
        profiles: For each model its rows, with values, in the order of layers.
    """
    few = len(profiles) <= FEW
    columns = min(2, len(profiles)) if few else 3
    named = [_ticks(rows) for rows in profiles.values()]
    below = 0.1 + 0.8 * max(text_width([t for _, t in ticks], SMALL) for ticks in named) if few else 0.2
    lines = -(-len(profiles) // columns)
    high, gap = (1.15, 0.2) if few else (0.72, 0.14)
    height = lines * (high + below + 0.26) + _BOTTOM + _TOP
    figure = new_figure(NARROW, height)
    wide = (NARROW - _LEFT - _RIGHT - gap * (columns - 1)) / columns
    rows = [row for own in profiles.values() for row in own]
    names = short_names(profiles, 34 if few and columns == 2 else 18 if not few else 60)
    scale = limits(rows, zero=False)
    for i, (model, own) in enumerate(profiles.items()):
        line, column = divmod(i, columns)
        corner = _LEFT + column * (wide + gap), height - _TOP - (line + 1) * (high + below + 0.26) + below
        axes = figure.add_axes((corner[0] / NARROW, corner[1] / height, wide / NARROW, high / height))
        axes.set_ylim(scale)
        draw_ceiling(axes, rows, vertical=False)
        _draw_one(axes, own, names[model])
        _name_layers(axes, own, few)
        axes.tick_params(axis="y", labelleft=column == 0, labelsize=SMALL)
        axes.locator_params(axis="y", nbins=5 if few else 3)
    _label_all(figure, height, rows)
    return figure


def _draw_one(axes: Any, rows: Sequence[Score], name: str) -> None:
    places = range(len(rows))
    values = [row.value for row in rows]
    ends = [
        (i, row.ci_low, row.ci_high)
        for i, row in enumerate(rows)
        if row.ci_low is not None and row.ci_high is not None
    ]
    if ends:
        axes.fill_between(*zip(*ends, strict=True), color=BAR, alpha=0.4, linewidth=0, zorder=2)
    axes.plot(places, values, color=LINE, linewidth=1, zorder=3)
    (dots,) = axes.plot(places, values, "o", color=LINE, markersize=3, markeredgewidth=0, zorder=4)
    tipped(dots, *map(tip, rows))
    axes.set_xlim(-0.5, len(rows) - 0.5)
    if axes.get_ylim()[0] < 0 < axes.get_ylim()[1]:
        axes.axhline(0, color=INK, linewidth=0.6, zorder=1)
    axes.set_title(name, size=SMALL, loc="left", pad=3, parse_math=False)


def _ticks(rows: Sequence[Score]) -> list[tuple[int, str]]:
    """Places and names of evenly spaced layers, the last among them."""
    step = -(-len(rows) // _NAMED)
    places = range((len(rows) - 1) % step, len(rows), step)
    return [(i, short(clean(rows[i].layer or "(whole)"), 16)) for i in places]


def _name_layers(axes: Any, rows: Sequence[Score], few: bool) -> None:
    if few:
        places, texts = zip(*_ticks(rows), strict=True)
        turned: Any = {"rotation": 55, "ha": "right", "rotation_mode": "anchor", "size": SMALL}
        axes.set_xticks(places, texts, parse_math=False, **turned)
        axes.tick_params(axis="x", pad=1)
        return
    axes.set_xticks([])  # the dots are marks enough
    for row, x, side in ((rows[0], 0.0, "left"), (rows[-1], 1.0, "right")):
        text = short(clean(row.layer or "(whole)"), 10)
        style: Any = {"ha": side, "va": "top", "size": SMALL - 0.5, "color": SOFT, "parse_math": False}
        axes.annotate(text, (x, 0), (0, -3), xycoords="axes fraction", textcoords="offset points", **style)


def _label_all(figure: Any, height: float, rows: Sequence[Score]) -> None:
    middle = (_LEFT + NARROW - _RIGHT) / 2 / NARROW
    centred: Any = {"ha": "center", "va": "center", "parse_math": False}
    figure.text(middle, 0.3 / height, "layer", size=TEXT, **centred)
    figure.text(middle, 0.13 / height, counts(rows), size=SMALL, color=SOFT, **centred)
    # Lying above all panels it is read sooner than standing beside them, and never too long.
    up: Any = {"ha": "left", "va": "top", "parse_math": False}
    figure.text(0.08 / NARROW, 1 - 0.05 / height, axis(rows[0].measure), size=TEXT, **up)
