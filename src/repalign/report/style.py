"""How figures look: colours that every reader tells apart, sizes, settings that make files equal."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

# Okabe & Ito's colours: told apart with every kind of colour blindness.
BAR, POINT, BAND, INK = "#56B4E9", "#E69F00", "#009E73", "#222222"
LINE, TARGET, SOFT = "#0072B2", "#D55E00", "#767676"
GROUPS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#222222")
NARROW, WIDE = 4.5, 7.0  # inches: what a telephone shows without loss, and what a printed page holds
TEXT, SMALL = 8.5, 7.5  # points

_STYLE: Any = {
    "font.size": TEXT,
    "font.family": "sans-serif",
    "axes.labelsize": TEXT,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": TEXT,
    "axes.edgecolor": SOFT,
    "axes.linewidth": 0.7,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.color": SOFT,
    "ytick.labelcolor": INK,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "axes.unicode_minus": True,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "repalign",
    "pdf.fonttype": 42,
}


@contextmanager
def styled() -> Generator[None]:
    """Draw with these settings alone, not the user's own: equal results give equal files."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


@contextmanager
def without_glyph_warnings() -> Generator[None]:
    """Do not warn of characters that matplotlib's font lacks, where it is not that font that is seen.

    In SVG it is the font of the browser; in PNG and PDF boxes stand in their place, which is to be known.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def new_figure(width: float, height: float, **settings: Any) -> Any:
    """An empty figure of so many inches that belongs to no window."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), **settings)
    FigureCanvasAgg(figure)
    return figure


def text_width(texts: Sequence[str], size: float) -> float:
    """Width of the widest of these lines in inches, as drawn in files."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=size)
    with without_glyph_warnings():
        widths = [text_to_path.get_text_width_height_descent(t, font, ismath=False)[0] for t in texts]
    return max(widths, default=0.0) / 72


def place(figure: Any, axes: Any, *, left: float, right: float, top: float, bottom: float) -> None:
    """Put axes into a figure with so many inches around them."""
    width, height = figure.get_size_inches()
    axes.set_position(
        (
            left / width,
            bottom / height,
            (width - left - right) / width,
            (height - top - bottom) / height,
        )
    )
