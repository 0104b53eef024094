"""Axes with one line per row: labels at the left, or, where they are long, each above its own row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from repalign.report.labels import LABEL
from repalign.report.style import INK, NARROW, SMALL, SOFT, TEXT, new_figure, place, text_width

BESIDE = 1.75  # inches: longer labels stand above
_ABOVE = range(72, 20, -2)  # characters above a row, as many as fit
_MARGIN = 0.15  # inches


@dataclass(frozen=True)
class Rows:
    """Axes whose rows are named.

    Args:
        figure: The figure.
        axes: Its only axes; rows run from above.
        places: Height of the middle of each row.
        thickness: Of a bar.
    """

    figure: Any
    axes: Any
    places: tuple[float, ...]
    thickness: float

    def zero_line(self) -> None:
        """Where scores are zero, beside each row but not through labels that stand above."""
        half = self.thickness / 2 + 0.06
        if self.thickness > 0.5:
            self.axes.axvline(0, color=INK, linewidth=0.8)
            return
        for y in self.places:
            self.axes.plot([0, 0], [y - half, y + half], color=INK, linewidth=0.8)


def row_axes(labels: Callable[[int], Sequence[str]]) -> Rows:
    """A figure with named rows.

    Args:
        labels: Gives the label of each row, of at most so many characters.
    """
    short = labels(LABEL)
    n, needed = len(short), text_width(short, TEXT)
    beside = needed <= BESIDE
    figure = new_figure(NARROW, 0.62 + (0.26 if beside else 0.36) * n)
    axes = figure.subplots()
    place(figure, axes, left=needed + 0.12 if beside else _MARGIN, right=_MARGIN, top=0.06, bottom=0.56)
    axes.set_ylim(n - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.set_yticks(range(n) if beside else [], short if beside else [], parse_math=False)
    axes.tick_params(axis="y", length=0)
    if beside:
        return Rows(figure, axes, tuple(map(float, range(n))), 0.62)
    across = axes.get_yaxis_transform()
    for y, text in enumerate(_fitting(labels)):
        axes.text(0, y - 0.11, text, transform=across, va="bottom", parse_math=False)
    return Rows(figure, axes, tuple(y + 0.1 for y in range(n)), 0.34)


def _fitting(labels: Callable[[int], Sequence[str]]) -> Sequence[str]:
    """The longest labels that do not reach beyond the figure."""
    return next(
        (texts for texts in map(labels, _ABOVE) if text_width(texts, TEXT) <= NARROW - 2 * _MARGIN),
        labels(_ABOVE[-1]),
    )


def label_below(axes: Any, first: str, second: str) -> None:
    """Two lines below the axis, each centred by itself, so that they stay so in another font."""
    axes.set_xlabel(first, parse_math=False)
    if second:
        axes.annotate(
            second,
            (0.5, 0),
            xycoords=axes.xaxis.label,
            xytext=(0, -1.5),
            textcoords="offset points",
            ha="center",
            va="top",
            size=SMALL,
            color=SOFT,
            parse_math=False,
        )
