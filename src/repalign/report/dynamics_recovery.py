"""Figure 4: epochs to recovery by start and length; what was not seen to recover is drawn as a bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from repalign.report.dynamics_axes import BLUE, GREY, INK, VERMILION, drawing, sheet

_SHOWN = {"never": (VERMILION, "NR"), "censored": (GREY, "?")}


def figure_4(recovery: Mapping[str, Any]) -> Any:
    """Recovery of loss above, of alignment below; bars are grouped by start."""
    aligned = recovery["alignment"]
    n = len(recovery["rows"])
    shape = "blue: recovered; red NR: not back when training ended; grey ?: record ends before"
    with drawing():
        figure, grid = sheet(
            "4  Epochs to recovery after the window",
            f"n = {n} runs; {shape}",
            rows=2,
            size=(max(7.6, 0.2 * n + 2), 6),
        )
        excess = f"loss at most {1 + recovery['threshold']:g} x baseline"
        _bars(grid[0, 0], recovery["rows"], f"epochs until {excess}")
        _bars(grid[1, 0], aligned["rows"], f"epochs until RSA within {aligned['margin']:g}")
        grid[1, 0].set_xlabel("length of the window (epochs), by first perturbed epoch (below)")
        for axes, part in zip(grid[:, 0], (recovery, aligned), strict=True):
            axes.set_title(_counts(part), fontsize=8, loc="right")
    return figure


def _counts(recovery: Mapping[str, Any]) -> str:
    mean, sd = recovery["mean"], recovery["sd"]
    words = (
        f"{recovery['n_recovered']} recovered, {recovery['n_never']} never, {recovery['n_censored']} censored"
    )
    if mean is None:
        return words
    return f"{words}; mean {mean:.1f}" + ("" if sd is None else f", sd {sd:.1f}") + " of the recovered"


def _bars(axes: Any, rows: Sequence[Mapping[str, Any]], label: str) -> None:
    starts = list(dict.fromkeys(row["start"] for row in rows))
    places = [i + starts.index(row["start"]) for i, row in enumerate(rows)]  # a gap between starts
    for place, row in zip(places, rows, strict=True):
        if row["epochs"] is not None:
            axes.bar(place, row["epochs"], color=BLUE, width=0.8)
            continue
        colour, word = _SHOWN[row["status"]]
        # It lasts at least as long as it was followed, so the bar is open at the top.
        axes.bar(place, row["followed"], color="none", edgecolor=colour, linestyle="--", width=0.8)
        axes.text(place, row["followed"], word, ha="center", va="bottom", fontsize=7, color=colour)
    axes.set_xticks(places, [str(row["length"]) for row in rows], fontsize=6.5)
    for start in starts:
        mine = [place for place, row in zip(places, rows, strict=True) if row["start"] == start]
        text = f"start {start}"
        middle = (mine[0] + mine[-1]) / 2
        axes.annotate(
            text, (middle, 0), xytext=(0, -22), textcoords="offset points", ha="center", fontsize=7, color=INK
        )
    axes.xaxis.labelpad = 14
    axes.set_ylabel(label, fontsize=8)
