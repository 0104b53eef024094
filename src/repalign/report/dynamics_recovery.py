"""Figure 4: epochs to recovery by start and length; what was not seen to recover is drawn as a bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repalign.report.drawing import Drawing
from repalign.report.dynamics_axes import NO_INTERVAL, beside, drawn_as, name_edges, panel_title, share, sheet
from repalign.report.dynamics_looks import kind_name
from repalign.report.labels import count
from repalign.report.style import BAR, INK, SMALL, SOFT, TARGET
from repalign.report.svg import tipped

_SHOWN = {"never": (TARGET, "NR"), "censored": (SOFT, "?")}
MEANING = (
    "Filled bars: back after so many epochs. Open bars are bounds: NR, not back when training ended; "
    "?, the record ends before."
)


@dataclass(frozen=True)
class Window:
    """Runs of one kind, start and length.

    Args:
        title: Of the panel in which they stand.
        length: Of the window.
        runs: Of each run the epochs to recovery or None, the status, and for how long it was followed.
        median: Epochs to recovery; None if it was not reached.
    """

    title: str
    length: int
    runs: tuple[tuple[int | None, str, int], ...]
    median: float | None

    @property
    def bound(self) -> tuple[float, str]:
        """What a median that was not reached exceeds, and why it was not."""
        open_ends = [(followed, status) for epochs, status, followed in self.runs if epochs is None]
        never = any(status == "never" for _, status in open_ends)
        return max(followed for followed, _ in open_ends), "never" if never else "censored"


def figure_4(recovery: Mapping[str, Any]) -> Drawing:
    """Recovery of loss above, of alignment below; a panel per start."""
    aligned = recovery["alignment"]
    excess = f"loss at most {1 + recovery['threshold']:g} x baseline"
    blocks = [
        (f"epochs until {excess}", _windows(recovery["rows"])),
        (f"epochs until RSA within {aligned['margin']:g}", _windows(aligned["rows"])),
    ]
    said = f"loss: {_counts(recovery)}; RSA: {_counts(aligned)}"
    words = f"n = {count([len(recovery['rows'])], 'runs')}; {said}; {NO_INTERVAL}"
    title = "4  Epochs to recovery after the window"
    return drawn_as("4", title, words, draw_recovery, blocks, more=MEANING)


def _windows(rows: Sequence[Mapping[str, Any]]) -> list[Window]:
    several = len({row["kind"] for row in rows}) > 1
    return [
        Window(
            title=f"{kind_name(row['kind'])}, start {row['start']}" if several else f"start {row['start']}",
            length=row["length"],
            runs=((row["epochs"], row["status"], row["followed"]),),
            median=row["epochs"],
        )
        for row in rows
    ]


def _counts(recovery: Mapping[str, Any]) -> str:
    mean, sd = recovery["mean"], recovery["sd"]
    words = (
        f"{recovery['n_recovered']} recovered, {recovery['n_never']} never, {recovery['n_censored']} censored"
    )
    if mean is None:
        return words
    return f"{words}, mean {mean:.1f}" + ("" if sd is None else f", sd {sd:.1f}") + " of the recovered"


def draw_recovery(words: str, blocks: Sequence[tuple[str, Sequence[Window]]]) -> Any:
    """A panel per start, all on one scale; a block of panels for each way of being back.

    Args:
        words: Below the axes.
        blocks: The name of the vertical axis, and the windows.
    """
    titles = list(dict.fromkeys(window.title for _, windows in blocks for window in windows))
    columns = min(3, len(titles))
    lines = -(-len(titles) // columns)
    high = 1.5 if lines > 1 else 1.9
    figure, panels = sheet(words, lines * columns * len(blocks), columns=columns, high=high)
    lengths = sorted({window.length for _, windows in blocks for window in windows})
    used: list[Any] = []
    for b, (label, windows) in enumerate(blocks):
        block = panels[b * lines * columns : (b + 1) * lines * columns]
        for spare in block[len(titles) :]:
            spare.remove()
        block = block[: len(titles)]
        for axes, title in zip(block, titles, strict=True):
            panel_title(axes, title)
            _draw_panel(axes, [each for each in windows if each.title == title], lengths)
        name_edges(block, columns, "length (epochs)", label, high - 0.5)
        used += block
    share(used, "y")
    return figure


def _draw_panel(axes: Any, windows: Sequence[Window], lengths: Sequence[int]) -> None:
    axes.set_xticks(range(len(lengths)), [str(length) for length in lengths])
    axes.set_xlim(-0.6, len(lengths) - 0.4)
    top = 0.0
    for window in windows:
        x = lengths.index(window.length)
        if window.median is not None:
            (bar,) = axes.bar(x, window.median, color=BAR, width=0.8)
            tipped(bar, f"{window.title}, length {window.length}: {window.median:g} epochs")
        else:
            _draw_bound(axes, x, window)
        _draw_runs(axes, x, window)
        top = max(top, *(float(e if e is not None else f) for e, _, f in window.runs))
    axes.set_ylim(0, 1.2 * top or 1)
    axes.locator_params(axis="y", integer=True, nbins=5)


def _draw_bound(axes: Any, x: float, window: Window) -> None:
    # It lasts at least as long as it was followed, so nothing closes it above but a broken line.
    followed, status = window.bound
    colour, word = _SHOWN[status]
    (bar,) = axes.bar(x, followed, color="none", edgecolor=colour, linestyle="--", width=0.8)
    tipped(bar, f"{window.title}, length {window.length}: more than {followed:g} epochs ({status})")
    style: Any = {"ha": "center", "va": "bottom", "fontsize": SMALL - 1, "color": colour}
    axes.annotate(word, (x, followed), xytext=(0, 3), textcoords="offset points", **style)


def _draw_runs(axes: Any, x: float, window: Window) -> None:
    """A dot per run where there are several; a run that was not seen to be back is an arrowhead."""
    n = len(window.runs)
    if n < 2:
        return
    for i, (epochs, status, followed) in enumerate(window.runs):
        colour = INK if epochs is not None else _SHOWN[status][0]
        marker, y = ("o", epochs) if epochs is not None else ("^", followed)
        (dot,) = axes.plot(
            x + beside(n, i, 0.6), y, marker, color=colour, markersize=3, markeredgewidth=0, zorder=4
        )
        said = f"{epochs} epochs" if epochs is not None else f"more than {followed} epochs, {status}"
        tipped(dot, said)
