"""Figures 2a, 2b and 3 and effects by region: run minus baseline at the perturbed epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from repalign.report.dynamics_axes import BLUE, COLOURS, KIND, MARKER, ORANGE, VERMILION, drawing, sheet, zero

DELTA_LOSS = "change of validation loss"
DELTA_RSA = "change of behavioural RSA (rho)"


def figure_2(name: str, model: str, rows: Sequence[Mapping[str, Any]]) -> Any:
    """Effects by kind of perturbation and epoch.

    Args:
        name: ``2a`` or ``2b``.
        model: What was trained.
        rows: ``types`` or ``vit_types`` of a :class:`Dynamics`.
    """
    kinds = [kind for kind in KIND if any(row["kind"] == kind for row in rows)]
    epochs = sorted({row["epoch"] for row in rows})
    with drawing():
        words = f"n = {len(rows)} runs, {len(kinds)} kinds of perturbation at {len(epochs)} epochs"
        title = f"{name}  {model}: effect of one perturbed epoch by kind"
        figure, grid = sheet(title, words, columns=2, size=(9, 3.8))
        for axes, what, label in zip(
            grid[0], ("delta_loss", "delta_rsa"), (DELTA_LOSS, DELTA_RSA), strict=True
        ):
            zero(axes)
            for i, kind in enumerate(kinds):
                mine = [r for r in rows if r["kind"] == kind and r[what] is not None]
                # Side by side, or points of one epoch would hide one another.
                at = [epochs.index(row["epoch"]) + 0.12 * (i - (len(kinds) - 1) / 2) for row in mine]
                look = {"color": KIND[kind], "label": kind.replace("_", " ")}
                axes.plot(at, [row[what] for row in mine], MARKER[kind], markersize=6, **look)
            axes.set_xticks(range(len(epochs)), [str(epoch) for epoch in epochs])
            axes.set_xlabel("perturbed epoch")
            axes.set_ylabel(label)
        grid[0, 0].legend(fontsize=7, frameon=False)
    return figure


def figure_3(sweep: Mapping[str, Any]) -> Any:
    """Effects of the single-epoch sweep by epoch: bars, filled by sign."""
    rows = sweep["rows"]
    signs = f"RSA rises in {sweep['n_positive_rsa']}, falls in {sweep['n_negative_rsa']}"
    with drawing():
        title = "3  Effect of one perturbed epoch, by epoch"
        words = f"n = {sweep['n']} runs; {signs}"
        figure, grid = sheet(title, words, rows=2, size=(7.6, 5.2))
        pairs = (("delta_loss", DELTA_LOSS, "loss"), ("delta_rsa", DELTA_RSA, "rsa"))
        for axes, (what, label, short) in zip(grid[:, 0], pairs, strict=True):
            zero(axes)
            known = [row for row in rows if row[what] is not None]
            colours = [ORANGE if row[what] > 0 else BLUE for row in known]
            axes.bar([row["epoch"] for row in known], [row[what] for row in known], color=colours, width=0.8)
            axes.set_ylabel(label)
            rho = sweep[f"spearman_{short}_epoch"]
            words = "undefined" if rho is None else f"{rho:.3f}"
            axes.set_title(f"Spearman's rho of effect with epoch: {words}", fontsize=8, loc="right")
        grid[1, 0].set_xlabel("perturbed epoch (orange: higher than the baseline, blue: lower)")
    return figure


def figure_region_effects(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Effects on the alignment with regions by perturbed epoch."""
    regions = list(dict.fromkeys(row["region"] for row in rows))
    with drawing():
        runs = len({(row["source"], row["run"]) for row in rows})
        title = "Regions: effect of perturbation by first perturbed epoch"
        figure, grid = sheet(title, f"n = {runs} runs, {len(regions)} regions", size=(7.6, 4.2))
        axes = grid[0, 0]
        zero(axes)
        for i, region in enumerate(regions):
            mine = [r for r in rows if r["region"] == region and r["delta_rho"] is not None]
            look = {"color": COLOURS[i % len(COLOURS)], "label": region, "markersize": 3}
            marker = "os^Dv"[i // len(COLOURS) % 5]
            axes.plot([row["epoch"] for row in mine], [row["delta_rho"] for row in mine], marker, **look)
        axes.set_xlabel("first perturbed epoch")
        axes.set_ylabel("change of RSA with region (rho)")
        axes.legend(fontsize=6, ncols=2, frameon=False)
    return figure


def figure_heatmap(rows: Sequence[Mapping[str, Any]], kind: str) -> Any:
    """Lowest loss and highest RSA of each run minus the baseline's, by start and length."""
    starts, lengths = sorted({r["start"] for r in rows}), sorted({r["length"] for r in rows})
    with drawing():
        title = f"Heatmap  {kind.replace('_', ' ')}: best values of a run minus the baseline's"
        words = f"n = {len(rows)} runs, one per cell, each recorded from its window on"
        figure, grid = sheet(title, words, columns=2, size=(10, 1.8 + 0.34 * len(starts)))
        for axes, what, label in zip(
            grid[0],
            ("delta_max_rsa", "delta_min_loss"),
            ("highest behavioural RSA (rho)", "lowest validation loss"),
            strict=True,
        ):
            table = np.full((len(starts), len(lengths)), np.nan)
            for row in rows:
                if row[what] is not None:
                    table[starts.index(row["start"]), lengths.index(row["length"])] = row[what]
            _draw_table(figure, axes, table, label)
            axes.set_xticks(range(len(lengths)), [str(v) for v in lengths])
            axes.set_yticks(range(len(starts)), [str(v) for v in starts])
            axes.set_xlabel("length of the window (epochs)")
            axes.set_ylabel("first perturbed epoch")
    return figure


def _draw_table(figure: Any, axes: Any, table: np.ndarray[Any, Any], label: str) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("blue-white-vermilion", (BLUE, "#FFFFFF", VERMILION))
    largest = float(np.nanmax(np.abs(table))) if np.isfinite(table).any() else 1.0
    image = axes.imshow(table, cmap=colours, vmin=-largest, vmax=largest, aspect="auto")
    figure.colorbar(image, ax=axes, label=f"change of {label}")
    for (i, j), value in np.ndenumerate(table):
        if np.isfinite(value):
            ink = "white" if abs(value) > 0.7 * largest else "black"
            axes.text(j, i, f"{value:+.3f}", ha="center", va="center", fontsize=6.5, color=ink)
