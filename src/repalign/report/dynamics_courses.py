"""Figures 1a, 1b and regions of one run: courses over epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from repalign.report.drawing import Drawing
from repalign.report.dynamics_axes import (
    COLOURS,
    DASHES,
    NO_INTERVAL,
    drawn_as,
    epochs_along,
    key,
    key_room,
    sheet,
    zero,
)
from repalign.report.labels import count, number
from repalign.report.style import LINE, POINT, SMALL, WIDE

RHO = "behavioural RSA (Spearman's rho)"
LOSS = "validation loss (mean squared error)"
LOSS_VIT = "validation loss as recorded (2 x cross-entropy, nats)"
_OFFSETS = ((-3, 6), (5, -4))  # of the names of the highest RSA and the lowest loss, in points
Point = tuple[int, float, float]  # epoch, loss, RSA


def figure_1a(baseline: Mapping[str, Any]) -> Drawing:
    """RSA against loss over the epochs of the baseline; the elastic window stands out."""
    window = baseline["elastic_window"]
    words = f"n = {count([baseline['n_epochs']], 'epochs')} of one run; {NO_INTERVAL}"
    more = f"Orange: the {len(window)} epochs with the largest gain in RSA. Numbers are epochs."
    title = "1a  Baseline: alignment against loss"
    return drawn_as("1a", title, words, _draw_run, baseline, LOSS, window, alt=_best(baseline), more=more)


def figure_1b(vit: Mapping[str, Any]) -> Drawing:
    """The same for the ViT trained on ImageNet; its epochs are counted from 0."""
    words = f"n = {count([vit['n_epochs']], 'epochs')} of one run, counted from 0; {NO_INTERVAL}"
    title = "1b  ViT on ImageNet: alignment against loss"
    return drawn_as("1b", title, words, _draw_run, vit, LOSS_VIT, (), alt=_best(vit))


def _best(run: Mapping[str, Any]) -> str:
    said = f"lowest loss {number(run['min_loss'])} at epoch {run['min_loss_epoch']}"
    if run["max_rsa"] is None:
        return said
    return f"{said}, highest RSA {number(run['max_rsa'])} at epoch {run['max_rsa_epoch']}"


def _draw_run(words: str, run: Mapping[str, Any], loss_name: str, window: Sequence[int]) -> Any:
    figure, (axes,) = sheet(words, high=3.1)
    points = [(int(e), run["loss"][e], rho) for e, rho in run["rsa"].items() if rho is not None]
    draw_path(axes, points, window, (run["max_rsa_epoch"], run["min_loss_epoch"]))
    name_path(axes, loss_name, RHO)
    return figure


def draw_path(axes: Any, points: Sequence[Point], window: Sequence[int], ends: Sequence[int | None]) -> None:
    """RSA against loss, a point per epoch; the first and last epoch, ``window`` and ``ends`` are named."""
    axes.plot([p[1] for p in points], [p[2] for p in points], "-", color=LINE, linewidth=1, zorder=3)
    look: Any = {"color": LINE, "markersize": 2.5, "markeredgewidth": 0, "zorder": 4}
    axes.plot([p[1] for p in points], [p[2] for p in points], "o", **look)
    inside = [p for p in points if p[0] in window]
    if inside:
        strong: Any = {"color": POINT, "markersize": 6, "markeredgewidth": 0, "zorder": 5}
        axes.plot([p[1] for p in inside], [p[2] for p in inside], "o", **strong)
    axes.margins(0.08)
    for epoch, loss, rho in _apart(points, [*ends, *window, points[0][0], points[-1][0]] if points else []):
        offset = _OFFSETS[list(ends).index(epoch)] if epoch in ends else (5, -9)
        text: Any = {"xytext": offset, "textcoords": "offset points", "fontsize": SMALL}
        axes.annotate(str(epoch), (loss, rho), annotation_clip=False, zorder=6, **text)


def _apart(points: Sequence[Point], named: Sequence[int | None]) -> list[Point]:
    """The points to be named, the first first, less those that lie so near that names would overlap."""
    by_epoch = {point[0]: point for point in points}
    across = max(p[1] for p in points) - min(p[1] for p in points) if points else 0.0
    up = max(p[2] for p in points) - min(p[2] for p in points) if points else 0.0
    kept: list[Point] = []
    for point in (by_epoch[epoch] for epoch in dict.fromkeys(named) if epoch in by_epoch):
        near = (abs(point[1] - k[1]) < 0.05 * across and abs(point[2] - k[2]) < 0.06 * up for k in kept)
        if not any(near):
            kept.append(point)
    return kept


def name_path(axes: Any, loss: str, rsa: str) -> None:
    """Training goes from left to right."""
    axes.invert_xaxis()
    axes.set_xlabel(f"{loss}, falling", parse_math=False)
    axes.set_ylabel(rsa, parse_math=False)


def figure_regions(rows: Sequence[Mapping[str, Any]], baseline: Mapping[str, Any]) -> Drawing:
    """Alignment with regions by epoch, and behaviour against brain; a row of panels per source.

    Args:
        rows: ``regions`` of a :class:`repalign.training.published.Dynamics`.
        baseline: Its baseline.
    """
    counts = sorted({row["n_epochs"] for row in rows})
    epochs = " or ".join(map(str, counts))
    words = f"n = {epochs} epochs of one run, {count([len(rows)], 'regions')}; {NO_INTERVAL}"
    title = "Regions: alignment by epoch, and behaviour against brain"
    return drawn_as("regions", title, words, _draw_regions, rows, baseline)


def _draw_regions(words: str, rows: Sequence[Mapping[str, Any]], baseline: Mapping[str, Any]) -> Any:
    sources = list(dict.fromkeys(row["source"] for row in rows))
    regions = list(dict.fromkeys(row["region"] for row in rows))
    columns, room = key_room(regions)
    figure, panels = sheet(words, 2 * len(sources), columns=2, width=WIDE, high=2.7, room=room)
    handles: dict[str, Any] = {}
    for i, source in enumerate(sources):
        own = [row for row in rows if row["source"] == source]
        _one_source(panels[2 * i : 2 * i + 2], own, baseline, regions, handles)
        panels[2 * i].set_title(source.rpartition("/")[2], fontsize=SMALL, loc="left", parse_math=False)
    key(figure, list(handles.values()), int(columns * WIDE / 4.5))
    return figure


def _one_source(
    pair: Sequence[Any],
    rows: Sequence[Mapping[str, Any]],
    baseline: Mapping[str, Any],
    regions: Sequence[str],
    handles: dict[str, Any],
) -> None:
    for row in rows:
        i = regions.index(row["region"])
        # Colours repeat after seven regions; dashes tell them apart.
        look: Any = {"color": COLOURS[i % len(COLOURS)], "linewidth": 1.2}
        look |= {"linestyle": DASHES[i // len(COLOURS) % len(DASHES)], "label": row["region"]}
        course = {e: rho for e, rho in row["rho"].items() if rho is not None}
        (line,) = pair[0].plot([int(e) for e in course], list(course.values()), **look)
        handles[row["region"]] = line
        both = [(baseline["rsa"][e], rho) for e, rho in course.items() if baseline["rsa"].get(e) is not None]
        pair[1].plot([b[0] for b in both], [b[1] for b in both], **look)
    zero(pair[0])
    epochs_along(pair[0])
    pair[0].set_xlabel("epoch")
    pair[1].set_xlabel("behavioural RSA (rho), same epoch")
    for axes in pair:
        axes.set_ylabel("RSA with region (rho)")
