"""What the figures of dynamics share: style, axes with names, and words where there is no interval."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Okabe & Ito's colours: told apart with every kind of colour blindness.
ORANGE, SKY, GREEN, BLUE, VERMILION, PURPLE = (
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
INK, GREY = "#222222", "#999999"
COLOURS = (BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE, INK)  # their yellow is too pale for lines on white
KIND = {"target_noise": VERMILION, "label_shuffle": PURPLE, "image_noise": BLUE, "blank_image": GREEN}
MARKER = {"target_noise": "o", "label_shuffle": "s", "image_noise": "^", "blank_image": "D"}
NO_INTERVAL = "no interval: one run per point, one seed: no test"
_STYLE: Any = {
    "font.size": 9,
    "font.family": "sans-serif",
    "svg.fonttype": "none",
    "svg.hashsalt": "repalign",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": False,
}


@contextmanager
def drawing() -> Iterator[None]:
    """Draw in our style and not the user's: equal numbers give equal files."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def sheet(
    title: str, words: str, *, rows: int = 1, columns: int = 1, size: tuple[float, float] = (6.4, 4.2)
) -> Any:
    """A figure with a title, and below it what it is about and why it has no intervals.

    Args:
        title: Heading.
        words: How many of what; that there is no interval is added.
        rows: Of axes.
        columns: Of axes.
        size: Width and height in inches.

    Returns:
        The figure and its axes, (rows, columns).
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    figure.suptitle(title, fontsize=10, parse_math=False)
    figure.supxlabel(f"{words}; {NO_INTERVAL}", fontsize=7, color=INK, parse_math=False)
    return figure, axes


def svg(figure: Any) -> bytes:
    """A figure as SVG; equal figures give equal bytes."""
    buffer = io.BytesIO()
    with drawing():
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(buffer, format="svg", metadata=nothing)
    return buffer.getvalue()


def zero(axes: Any) -> None:
    """A line where nothing has changed."""
    axes.axhline(0, color=INK, linewidth=0.8, zorder=1)
