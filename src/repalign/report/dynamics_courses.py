"""Figures 1a, 1b and regions: courses over epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from repalign.report.dynamics_axes import BLUE, COLOURS, INK, ORANGE, drawing, sheet

RHO = "behavioural RSA (Spearman's rho)"
LOSS = "validation loss (mean squared error)"
LOSS_VIT = "validation loss as recorded (2 x cross-entropy, nats)"
_DASHES = ("-", "--", ":")


def figure_1a(baseline: Mapping[str, Any]) -> Any:
    """RSA against loss over the epochs of the baseline; the elastic window stands out."""
    window = baseline["elastic_window"]
    words = f"n = {baseline['n_epochs']} epochs of one run; orange: the {len(window)} largest gains in RSA"
    return _against_loss("1a  Baseline: alignment against loss", words, baseline, LOSS, window)


def figure_1b(vit: Mapping[str, Any]) -> Any:
    """The same for the ViT trained on ImageNet; its epochs are counted from 0."""
    words = f"n = {vit['n_epochs']} epochs of one run, counted from 0"
    return _against_loss("1b  ViT on ImageNet: alignment against loss", words, vit, LOSS_VIT, ())


def _against_loss(
    title: str, words: str, run: Mapping[str, Any], loss_name: str, window: Sequence[int]
) -> Any:
    with drawing():
        figure, grid = sheet(title, words)
        axes = grid[0, 0]
        points = [(int(e), run["loss"][e], rho) for e, rho in run["rsa"].items() if rho is not None]
        losses, rhos = [p[1] for p in points], [p[2] for p in points]
        axes.plot(losses, rhos, "-", color=BLUE, linewidth=1)
        axes.plot(losses, rhos, "o", color=BLUE, markersize=2.5)
        inside = [p for p in points if p[0] in window]
        axes.plot([p[1] for p in inside], [p[2] for p in inside], "o", color=ORANGE, markersize=7, zorder=3)
        ends = {run["max_rsa_epoch"]: (-2, 6), run["min_loss_epoch"]: (6, 0), points[-1][0]: (6, -9)}
        for epoch, loss, rho in points:
            if epoch in {points[0][0], *window, *ends}:
                offset = ends.get(epoch, (4, -8))
                look = {"xytext": offset, "textcoords": "offset points", "fontsize": 7}
                axes.annotate(str(epoch), (loss, rho), annotation_clip=False, **look)
        axes.invert_xaxis()  # training goes from left to right
        axes.set_xlabel(f"{loss_name}, falling; epochs are marked")
        axes.set_ylabel(RHO)
    return figure


def figure_regions(rows: Sequence[Mapping[str, Any]], baseline: Mapping[str, Any]) -> Any:
    """Alignment with regions by epoch, and behaviour against brain; a row of axes per source.

    Args:
        rows: ``regions`` of a :class:`Dynamics`.
        baseline: Its baseline.
    """
    sources = list(dict.fromkeys(row["source"] for row in rows))
    counts = sorted({row["n_epochs"] for row in rows})
    words = f"n = {' or '.join(map(str, counts))} epochs of one run, {len(rows)} regions"
    with drawing():
        title = "Regions: alignment by epoch, and behaviour against brain"
        figure, grid = sheet(title, words, rows=len(sources), columns=2, size=(9, 3.4 * len(sources) + 0.6))
        for pair, source in zip(grid, sources, strict=True):
            _one_source(pair, [row for row in rows if row["source"] == source], baseline)
            pair[0].set_title(source.rpartition("/")[2], fontsize=7, loc="left", parse_math=False)
    return figure


def _one_source(pair: Any, rows: Sequence[Mapping[str, Any]], baseline: Mapping[str, Any]) -> None:
    for i, row in enumerate(rows):
        # Colours repeat after seven regions; dashes tell them apart.
        look = {"color": COLOURS[i % len(COLOURS)], "linewidth": 1.2}
        course = {e: rho for e, rho in row["rho"].items() if rho is not None}
        dashes = _DASHES[i // len(COLOURS) % len(_DASHES)]
        pair[0].plot([int(e) for e in course], list(course.values()), dashes, label=row["region"], **look)
        both = [(baseline["rsa"][e], rho) for e, rho in course.items() if baseline["rsa"].get(e) is not None]
        pair[1].plot([b[0] for b in both], [b[1] for b in both], dashes, **look)
    pair[0].axhline(0, color=INK, linewidth=0.6)
    pair[0].set_xlabel("epoch")
    pair[0].set_ylabel("RSA with region (Spearman's rho)")
    handles, names = pair[0].get_legend_handles_labels()
    pair[1].legend(handles, names, fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    pair[1].set_xlabel(f"{RHO}, same epoch")
    pair[1].set_ylabel("RSA with region (Spearman's rho)")
