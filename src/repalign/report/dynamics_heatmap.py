"""Heatmaps of start by length, white where nothing changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.report.drawing import Drawing
from repalign.report.dynamics_axes import NO_INTERVAL, drawn_as, sheet
from repalign.report.dynamics_looks import kind_name
from repalign.report.labels import count
from repalign.report.style import INK, LINE, SMALL, TARGET

Cells = Sequence[
    tuple[int, int, float | None, bool]
]  # start, length, value, whether its interval leaves out 0


def figure_heatmap(rows: Sequence[Mapping[str, Any]], kind: str) -> Drawing:
    """Lowest loss and highest RSA of each run minus the baseline's, by start and length."""
    words = f"n = {count([len(rows)], 'runs')}, one per cell, each recorded from its window on; {NO_INTERVAL}"
    title = f"Heatmap  {kind_name(kind)}: best values of a run minus the baseline's"
    panels = [
        (label, [(r["start"], r["length"], r[what], False) for r in rows])
        for what, label in (
            ("delta_max_rsa", "highest behavioural RSA (rho)"),
            ("delta_min_loss", "lowest validation loss"),
        )
    ]
    return drawn_as(f"heatmap-{kind.replace('_', '-')}", title, words, draw_heatmaps, panels)


def draw_heatmaps(words: str, panels: Sequence[tuple[str, Cells]]) -> Any:
    """A heatmap for each quantity, one above the other.

    Args:
        words: Below the axes.
        panels: What has changed, and its cells.
    """
    starts = sorted({cell[0] for _, cells in panels for cell in cells})
    lengths = sorted({cell[1] for _, cells in panels for cell in cells})
    figure, drawn = sheet(words, len(panels), high=0.85 + 0.23 * max(3, len(starts)))
    for axes, (label, cells) in zip(drawn, panels, strict=True):
        _draw_table(axes, cells, starts, lengths)
        axes.set_title(f"change of {label}", size=SMALL, loc="left", pad=4, parse_math=False)
        axes.set_xlabel("length of the window (epochs)")
        axes.set_ylabel("first perturbed epoch")
        scale(figure, axes, axes.images[0], "")
    return figure


def _draw_table(axes: Any, cells: Cells, starts: Sequence[int], lengths: Sequence[int]) -> None:
    table: NDArray[Any] = np.full((len(starts), len(lengths)), np.nan)
    for start, length, value, _ in cells:
        if value is not None:
            table[starts.index(start), lengths.index(length)] = value
    most = float(np.nanmax(np.abs(table))) if np.isfinite(table).any() else 1.0
    most = most or 1.0
    axes.imshow(table, cmap=_blue_to_red(), vmin=-most, vmax=most, aspect="auto", interpolation="none")
    for (i, j), value in np.ndenumerate(table):
        if np.isfinite(value):
            ink = "white" if abs(value) > 0.7 * most else INK
            axes.text(j, i, short(float(value)), ha="center", va="center", fontsize=6.5, color=ink)
    for start, length, value, sure in cells:
        if sure and value is not None:
            _frame(axes, lengths.index(length), starts.index(start))
    axes.set_xticks(range(len(lengths)), [str(v) for v in lengths])
    axes.set_yticks(range(len(starts)), [str(v) for v in starts])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _frame(axes: Any, x: int, y: int) -> None:
    from matplotlib.patches import Rectangle

    look: Any = {"fill": False, "edgecolor": INK, "linewidth": 1.2}
    axes.add_patch(Rectangle((x - 0.46, y - 0.46), 0.92, 0.92, **look))


def short(value: float) -> str:
    """A change with its sign, as long as a cell is wide."""
    digits = 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1
    text = f"{value:+.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text) else "0"


def _blue_to_red() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("blue-white-vermilion", (LINE, "#FFFFFF", TARGET))


def scale(figure: Any, axes: Any, image: Any, label: str) -> None:
    """The colours of a heatmap, beside it."""
    bar = figure.colorbar(image, ax=axes, label=label, fraction=0.05, pad=0.02, aspect=16)
    bar.ax.tick_params(labelsize=SMALL)
    bar.outline.set_visible(False)
