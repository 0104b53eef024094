"""Figures 2a, 2b and 3 and effects by region of one run: run minus baseline at the perturbed epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from repalign.report.drawing import Drawing
from repalign.report.dynamics_axes import (
    COLOURS,
    NO_INTERVAL,
    drawn_as,
    epochs_along,
    key,
    key_room,
    sheet,
    zero,
)
from repalign.report.dynamics_looks import looks
from repalign.report.dynamics_points import Effect, draw_kinds
from repalign.report.labels import count, number
from repalign.report.style import LINE, POINT, SMALL, WIDE

DELTA_LOSS = "change of validation loss"
DELTA_RSA = "change of behavioural RSA (rho)"


def figure_2(name: str, model: str, rows: Sequence[Mapping[str, Any]], caveat: str = "") -> Drawing:
    """Effects by kind of perturbation and epoch.

    Args:
        name: ``2a`` or ``2b``.
        model: What was trained.
        rows: ``types`` or ``vit_types`` of a :class:`repalign.training.published.Dynamics`.
        caveat: What a reader of the picture alone must know.
    """
    kinds, epochs = looks(rows), sorted({row["epoch"] for row in rows})
    words = f"n = {count([len(rows)], 'runs')}, {count([len(kinds)], 'kinds')} of perturbation "
    words += f"at {count([len(epochs)], 'epochs')}; "
    words += f"{caveat}; {NO_INTERVAL}" if caveat else NO_INTERVAL
    title = f"{name}  {model}: effect of one perturbed epoch by kind"
    panels = [
        (label, [Effect(r["kind"], r["epoch"], r[what]) for r in rows if r[what] is not None])
        for what, label in (("delta_loss", DELTA_LOSS), ("delta_rsa", DELTA_RSA))
    ]
    return drawn_as(name, title, words, draw_kinds, panels, kinds)


def figure_3(sweep: Mapping[str, Any]) -> Drawing:
    """Effects of the single-epoch sweep by epoch: bars, filled by sign."""
    signs = f"RSA rises in {sweep['n_positive_rsa']}, falls in {sweep['n_negative_rsa']}"
    words = f"n = {count([sweep['n']], 'runs')}; {signs}; {NO_INTERVAL}"
    more = "Orange: higher than the baseline, blue: lower."
    return drawn_as(
        "3", "3  Effect of one perturbed epoch, by epoch", words, _draw_sweep, sweep, alt=signs, more=more
    )


def _draw_sweep(words: str, sweep: Mapping[str, Any]) -> Any:
    figure, panels = sheet(words, 2, width=WIDE, high=2.4)
    pairs = (("delta_loss", DELTA_LOSS, "loss"), ("delta_rsa", DELTA_RSA, "rsa"))
    for axes, (what, label, short) in zip(panels, pairs, strict=True):
        zero(axes)
        known = [row for row in sweep["rows"] if row[what] is not None]
        colours = [POINT if row[what] > 0 else LINE for row in known]
        axes.bar([row["epoch"] for row in known], [row[what] for row in known], color=colours, width=0.8)
        axes.set_ylabel(label)
        epochs_along(axes)
        rho = sweep[f"spearman_{short}_epoch"]
        said = "undefined" if rho is None else number(rho)
        axes.set_title(f"Spearman's rho of effect with epoch: {said}", fontsize=SMALL, loc="right")
    panels[1].set_xlabel("perturbed epoch (orange: higher than the baseline, blue: lower)")
    return figure


def figure_region_effects(rows: Sequence[Mapping[str, Any]]) -> Drawing:
    """Effects on the alignment with regions by perturbed epoch."""
    runs = len({(row["source"], row["run"]) for row in rows})
    regions = len({row["region"] for row in rows})
    words = f"n = {count([runs], 'runs')}, {count([regions], 'regions')}; {NO_INTERVAL}"
    title = "Regions: effect of perturbation by first perturbed epoch"
    return drawn_as("region-effects", title, words, _draw_region_effects, rows)


def _draw_region_effects(words: str, rows: Sequence[Mapping[str, Any]]) -> Any:
    regions = list(dict.fromkeys(row["region"] for row in rows))
    columns, room = key_room(regions)
    figure, (axes,) = sheet(words, width=WIDE, high=3.2, room=room)
    zero(axes)
    handles: list[Any] = []
    for i, region in enumerate(regions):
        mine = [r for r in rows if r["region"] == region and r["delta_rho"] is not None]
        look: Any = {"color": COLOURS[i % len(COLOURS)], "label": region, "markersize": 3, "linestyle": ""}
        look["marker"] = "os^Dv"[i // len(COLOURS) % 5]
        handles += axes.plot([row["epoch"] for row in mine], [row["delta_rho"] for row in mine], **look)
    epochs_along(axes)
    axes.set_xlabel("first perturbed epoch")
    axes.set_ylabel("change of RSA with region (rho)")
    key(figure, handles, int(columns * WIDE / 4.5))
    return figure
