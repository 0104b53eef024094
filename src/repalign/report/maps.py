"""The map of models, targets and subjects, with labels that do not overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.report.drawing import Drawing, View
from repalign.report.labels import clean, count, dissimilarities, distinct, number, slug, with_layer
from repalign.report.placing import Box, find_places, write_labels
from repalign.report.rows import label_below
from repalign.report.style import LINE, NARROW, POINT, SMALL, TARGET, new_figure, place, styled, text_width
from repalign.report.svg import tipped

_LEFT, _RIGHT, _TOP, _BELOW = 0.68, 0.12, 0.3, 0.62  # inches around the axes
MOST_NAMED = 14  # points; more are numbered, with a key below
_LOOKS: Mapping[str, Any] = {
    "subject": {"marker": "^", "color": POINT, "markersize": 4, "zorder": 2},
    "model": {"marker": "o", "color": LINE, "markersize": 6, "zorder": 4},
    "target": {"marker": "s", "color": TARGET, "markersize": 7.5, "zorder": 3},
}
_PLURAL = {"target": "targets", "model": "models", "subject": "single subjects"}


def map_drawing(view: View) -> Drawing | None:
    """Models, targets and subjects as points whose distances tell how unlike their RDMs are.

    Args:
        view: Of geometry.

    Returns:
        None where there are fewer than three points.
    """
    header = view[1]
    points = header.get("points") or []
    if len(points) < 3:
        return None
    kinds = {kind: sum(p["kind"] == kind for p in points) for kind in ("target", "model", "subject")}
    counted = ", ".join(
        f"{n} {_PLURAL[kind] if n > 1 else _PLURAL[kind][:-1]}" for kind, n in kinds.items() if n
    )
    made = dissimilarities(header)
    stress = header.get("stress")
    left = "" if stress is None else f" Stress {number(stress)}: 0 means that distances are shown exactly."
    return Drawing(
        name=slug("map", header["stimuli"], *made),
        kind="map",
        title=f"Map on {header['stimuli']}{', ' + ' and '.join(made) if made else ''}",
        alt=f"Map of {counted} by {_distance(header)}, {count([header['n']], 'stimuli')}. {_nearest(view)}",
        caption=(
            f"Near points have like RDMs ({_distance(header)}; {count([header['n']], 'stimuli')}; {counted})."
            f"{left} Squares: targets; circles: models; triangles: single subjects."
        ),
        draw=partial(draw_map, view),
    )


def _distance(header: Mapping[str, Any]) -> str:
    return clean(str(header.get("distance") or "distance")).replace("1 - ", "1 − ")


def _nearest(view: View) -> str:
    """Which model has the RDM nearest to each target's, as was measured: the plane distorts distances."""
    said: list[str] = []
    for point in view[1]["points"]:
        found = point.get("nearest")
        if point["kind"] == "target" and found:
            far = number(float(found["distance"]))
            said.append(f"{_name(found)} is nearest to {_name(point)}, at a distance of {far}")
    return f"{'; '.join(said)}." if said else ""


def _name(point: Mapping[str, Any]) -> str:
    who = f", subject {point['subject']}" if point.get("subject") else ""
    return with_layer(point["name"], point.get("layer")) + clean(who)


@dataclass(frozen=True)
class _Plan:
    """Where everything goes: sizes in inches, the limits of both axes, labels and the key of numbers."""

    size: tuple[float, float]
    low: NDArray[Any]
    unit: float
    texts: Sequence[str]
    boxes: Sequence[Box]
    key: Sequence[str]

    def inches(self, at: NDArray[Any]) -> NDArray[Any]:
        """Points as inches from the lower left corner of the axes."""
        return (at - self.low) / self.unit


def _plan(points: Sequence[Mapping[str, Any]], at: NDArray[Any]) -> _Plan:
    """Names beside the points where there is room, else numbers and a key."""
    named = [i for i, point in enumerate(points) if point["kind"] != "subject"]
    labels = _labels([points[i] for i in named])
    low, top = at.min(axis=0), at.max(axis=0)
    across, up = (top - low).tolist()
    wide = NARROW - _LEFT - _RIGHT
    high = wide * min(max(up / max(across, 1e-12), 0.55), 1.1)
    unit = 1.16 * max(across / wide, up / high) or 1.0  # of distance per inch, the same on both axes
    corner = (low + top) / 2 - unit * np.array([wide, high]) / 2
    marks = (at - corner) / unit
    numbers = [str(k + 1) for k in range(len(named))]
    for texts in (labels, numbers) if len(named) <= MOST_NAMED else (numbers,):
        boxes = find_places(texts, marks[named], marks, (wide, high))
        if boxes is not None:
            key = [f"{k}  {text}" for k, text in zip(numbers, labels, strict=True)]
            return _Plan((wide, high), corner, unit, texts, boxes, key if texts is numbers else ())
    return _Plan((wide, high), corner, unit, (), (), [f"(no room for a label) {text}" for text in labels])


@styled()
def draw_map(view: View) -> Any:
    """The figure of :func:`map_drawing`."""
    header = view[1]
    points, at = header["points"], np.asarray(view[0]["map"], dtype=np.float64)
    plan = _plan(points, at)
    named = [i for i, point in enumerate(points) if point["kind"] != "subject"]
    columns = 2 if text_width(plan.key, SMALL) < (NARROW - 0.3) / 2 else 1
    lines = -(-len(plan.key) // columns)
    below = _BELOW + 0.15 * lines + (0.1 if lines else 0)
    figure = new_figure(NARROW, plan.size[1] + below + _TOP)
    axes = figure.subplots()
    place(figure, axes, left=_LEFT, right=_RIGHT, top=_TOP, bottom=below)
    _frame(axes, plan)
    _draw_points(axes, points, at)
    if plan.texts:
        write_labels(axes, plan.texts, plan.boxes, plan.inches(at[named]), plan.size)
    _write_key(figure, plan.key, lines, columns)
    distance = _distance(header).removesuffix(" between RDMs")
    label_below(axes, f"MDS dimension 1 (distance: {distance})", count([header["n"]], "stimuli"))
    axes.set_ylabel("MDS dimension 2")
    spaces: Any = {"handletextpad": 0.2, "columnspacing": 1.2, "borderpad": 0.2}
    above: Any = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 3, "frameon": False}
    axes.legend(fontsize=SMALL, **above, **spaces)
    return figure


def _labels(points: Sequence[Mapping[str, Any]]) -> list[str]:
    full = [_name(point) for point in points]
    plain = [clean(str(point["name"]).partition("(")[0]) for point in points]
    # A target may be scored as a model of another: both have one name.
    doubled = {text for text in full if full.count(text) > 1}
    kinds = [f" ({p['kind']})" if text in doubled else "" for p, text in zip(points, full, strict=True)]
    plain, full = ([t + k for t, k in zip(texts, kinds, strict=True)] for texts in (plain, full))
    return distinct(plain, full, 34)


def _frame(axes: Any, plan: _Plan) -> None:
    """Limits around all points with equal scales, filling the axes exactly."""
    high = plan.low + plan.unit * np.array(plan.size)
    axes.set_xlim(plan.low[0], high[0])
    axes.set_ylim(plan.low[1], high[1])
    axes.set_aspect("equal", adjustable="box")
    axes.locator_params(nbins=5)
    axes.tick_params(labelsize=SMALL)


def _draw_points(axes: Any, points: Sequence[Mapping[str, Any]], at: NDArray[Any]) -> None:
    for kind, look in _LOOKS.items():
        mine = [i for i, point in enumerate(points) if point["kind"] == kind]
        if mine:
            (marks,) = axes.plot(
                *at[mine].T,
                linestyle="",
                markeredgewidth=0.6,
                markeredgecolor="white",
                label=_PLURAL[kind],
                **look,
            )
            tipped(marks, *(f"{kind}: {_name(points[i])}" for i in mine))


def _write_key(figure: Any, key: Sequence[str], lines: int, columns: int) -> None:
    height = figure.get_figheight()
    for i, text in enumerate(key):
        column, line = divmod(i, lines)
        x = 0.15 + column * (NARROW - 0.2) / columns
        y = (0.08 + 0.15 * (lines - 1 - line)) / height
        figure.text(x / NARROW, y, text, size=SMALL, va="bottom", parse_math=False)
