"""Numbers of all pairs of models as one picture, where there are too many for a line each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from repalign.report.rows import label_below
from repalign.report.style import INK, NARROW, SMALL, new_figure, styled, text_width
from repalign.report.svg import tipped

MOST_TIPS = 200  # cells; of more, hovering would take more bytes than the picture
_NAMES = 1.9  # inches at most


@dataclass(frozen=True)
class Cell:
    """One cell: row and column by their place, the number, whether it is marked, what hovering shows."""

    row: int
    column: int
    value: float
    marked: bool
    tip: str


@styled()
def draw_matrix(
    cells: Sequence[Cell], names: Sequence[str], bar: str, counted: str, *, diverging: bool
) -> Any:
    """The figure: rows are named and numbered, columns have the same numbers.

    Args:
        cells: Those that have a number.
        names: Of rows and columns.
        bar: Label of the colour bar.
        counted: Stimuli and subjects.
        diverging: Whether colours part at zero.
    """
    n = len(names)
    texts = [f"{name}  {i + 1}" for i, name in enumerate(names)]
    left = min(_NAMES, text_width(texts, SMALL)) + 0.1
    side = NARROW - left - 0.12
    high = max(side, 0.125 * n)
    height = high + 0.28 + 0.72
    figure = new_figure(NARROW, height)
    axes = figure.add_axes((left / NARROW, 0.72 / height, side / NARROW, high / height))
    values = np.full((n, n), np.nan)
    for cell in cells:
        values[cell.row, cell.column] = cell.value
    picture = axes.imshow(values, aspect="auto", interpolation="none", **_colours(cells, diverging))
    _mark(axes, cells)
    axes.set_yticks(range(n), texts, size=SMALL, parse_math=False)
    step = 1 if n <= 20 else 5
    places = [i for i in range(n) if step == 1 or (i + 1) % step == 0 or i == 0]
    axes.set_xticks(places, [str(i + 1) for i in places], size=SMALL)
    axes.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    axes.spines[:].set_visible(False)
    scale = figure.add_axes((left / NARROW, 0.52 / height, side / NARROW, 0.1 / height))
    colours = figure.colorbar(picture, cax=scale, orientation="horizontal")
    colours.outline.set_visible(False)
    scale.tick_params(labelsize=SMALL)
    scale.locator_params(axis="x", nbins=5)
    label_below(scale, bar, counted)
    return figure


def _colours(cells: Sequence[Cell], diverging: bool) -> dict[str, Any]:
    numbers = [cell.value for cell in cells]
    if diverging:
        most = max(map(abs, numbers)) or 1.0
        return {"cmap": "PuOr", "vmin": -most, "vmax": most}
    return {"cmap": "cividis", "vmin": min(numbers), "vmax": max(numbers)}


def _mark(axes: Any, cells: Sequence[Cell]) -> None:
    marked = [cell for cell in cells if cell.marked]
    if marked:
        at: Any = ([cell.column for cell in marked], [cell.row for cell in marked])
        # Edged in white, so that they are seen in dark cells too.
        axes.plot(*at, "o", color=INK, markersize=3.2, markeredgewidth=0.5, markeredgecolor="white")
    if len(cells) <= MOST_TIPS:  # seen by nobody, but it is what the pointer meets
        at = ([cell.column for cell in cells], [cell.row for cell in cells])
        (veil,) = axes.plot(*at, "s", color=INK, alpha=0, markersize=8, markeredgewidth=0)
        tipped(veil, *(cell.tip for cell in cells))
