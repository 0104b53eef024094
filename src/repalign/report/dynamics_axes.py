"""What figures of training share: panels with names, one look per kind, words below, shared scales."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from repalign.report.drawing import Drawing
from repalign.report.labels import clean
from repalign.report.style import (
    GROUPS,
    INK,
    NARROW,
    SMALL,
    SOFT,
    TEXT,
    new_figure,
    styled,
    text_width,
)

ONE_SEED = "one seed: no test"
NO_INTERVAL = f"no interval: one run per point, {ONE_SEED}"
DASHES = ("-", "--", ":")
COLOURS = tuple(colour for colour in GROUPS if colour != "#F0E442")  # yellow is too pale for lines on white


def drawn_as(
    name: str, title: str, words: str, draw: Callable[..., Any], *data: Any, alt: str = "", more: str = ""
) -> Drawing:
    """A drawing of kind ``dynamics``.

    Args:
        name: Of the file, behind ``figure-``.
        title: Heading.
        words: How many of what, and what intervals generalise to; below the axes and in the caption.
        draw: Takes the words and ``data``.
        data: What is drawn.
        alt: What is to be seen, for those who do not see it.
        more: What marks mean; in the caption alone.
    """
    alt = f"{title}: {alt or words}".rstrip(".")
    caption = f"{more} {sentence(words)}".strip()
    return Drawing(
        f"figure-{name}", "dynamics", title, f"{alt}.", caption, partial(styled()(draw), words, *data)
    )


def sentence(words: str) -> str:
    """Words as a sentence of their own."""
    return f"{words[:1].upper()}{words[1:]}."


def wrapped(words: str, inches: float, size: float) -> list[str]:
    """Words in as few lines as hold them, of about one length."""
    parts = clean(words).split(" ")
    wide = [text_width([part], size) for part in parts]
    blank = text_width(["a a"], size) - text_width(["aa"], size)
    lines = _filled(parts, wide, blank, inches)
    narrower = inches
    while len(lines) > 1 and len(found := _filled(parts, wide, blank, narrower)) == len(lines):
        lines, narrower = found, narrower - 0.1
    return lines


def _filled(parts: Sequence[str], wide: Sequence[float], blank: float, inches: float) -> list[str]:
    lines: list[str] = []
    at = 0.0
    for part, width in zip(parts, wide, strict=True):
        if lines and at + blank + width <= inches:
            lines[-1] += f" {part}"
            at += blank + width
        else:
            lines.append(part)
            at = width
    return lines


def sheet(
    words: str, n: int = 1, *, columns: int = 1, width: float = NARROW, high: float = 2.6, room: float = 0.0
) -> tuple[Any, list[Any]]:
    """A figure of panels with words below it.

    Args:
        words: How many of what, and what intervals generalise to.
        n: Panels.
        columns: In which they stand, row by row.
        width: Of the figure in inches.
        high: Of a panel in inches.
        room: Inches for a key.

    Returns:
        The figure and its panels.
    """
    lines = wrapped(words, width - 0.2, SMALL)
    rows = -(-n // columns)
    figure = new_figure(width, rows * high + 0.14 * len(lines) + room, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for spare in grid[n:]:
        spare.remove()
    for axes in grid[:n]:
        axes.tick_params(labelsize=SMALL)
    figure.supxlabel("\n".join(lines), fontsize=SMALL, color=SOFT, parse_math=False)
    return figure, grid[:n]


def share(panels: Sequence[Any], which: str) -> None:
    """Give panels the limits that hold what is drawn in all of them: what is compared has one scale."""
    found = [getattr(axes, f"get_{which}lim")() for axes in panels]
    for axes in panels:
        getattr(axes, f"set_{which}lim")(min(low for low, _ in found), max(high for _, high in found))


def name_edges(panels: Sequence[Any], columns: int, x: str, y: str, high: float) -> None:
    """Name the axes of panels of one scale: x below the last of each column, y at the left of each row.

    Args:
        panels: Row by row.
        columns: In which they stand.
        x: Name of the horizontal axes.
        y: Name of the vertical axes.
        high: Inches that a name may take of a panel's height.
    """
    for i, axes in enumerate(panels):
        first, last = i % columns == 0, i + columns >= len(panels)
        axes.tick_params(axis="x", labelbottom=last)
        axes.tick_params(axis="y", labelleft=first)
        if last:
            axes.set_xlabel(x, parse_math=False)
        if first:
            name_y(axes, y, high)


def name_y(axes: Any, label: str, inches: float = 1.6) -> None:
    """Name the vertical axis, in several lines where the panel is lower than the name is long."""
    lines = wrapped(label, inches, TEXT)
    if len(lines) > 1:  # what stands in brackets stays together
        name, bracket, unit = label.partition(" (")
        lines = [*wrapped(name, inches, TEXT), *([f"({unit}"] if bracket else [])]
    axes.set_ylabel("\n".join(lines), parse_math=False)


def epochs_along(axes: Any) -> None:
    """Ticks at whole epochs."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins="auto", integer=True, min_n_ticks=1))


def panel_title(axes: Any, text: str) -> None:
    """What a panel is about, above it at the left."""
    axes.set_title(text, size=SMALL, loc="left", pad=3, parse_math=False)


def key_room(names: Sequence[str]) -> tuple[int, float]:
    """Columns of a key that fits, and how high it is in inches."""
    columns = max(1, int((NARROW - 0.2) / (text_width(names, SMALL) + 0.45)))
    columns = min(columns, len(names))
    return columns, 0.17 * -(-len(names) // columns) + 0.06


def key(figure: Any, handles: Sequence[Any], columns: int) -> None:
    """What marks mean, above the panels."""
    spaces: Any = {"handletextpad": 0.4, "columnspacing": 1.2, "borderpad": 0.1, "handlelength": 1.4}
    where: Any = {"loc": "outside upper left", "frameon": False}
    made = figure.legend(handles=list(handles), ncols=columns, fontsize=SMALL, **where, **spaces)
    for text in made.get_texts():
        text.set_parse_math(False)


def zero(axes: Any) -> None:
    """A line where nothing has changed."""
    axes.axhline(0, color=INK, linewidth=0.7, zorder=1)


def beside(n: int, i: int, width: float = 0.7) -> float:
    """How far from the middle the ``i``-th of ``n`` marks stands, so that none hides another."""
    return width * ((i + 0.5) / n - 0.5)
