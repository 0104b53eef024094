"""Figures 2a and 3 of a training study: effects of one perturbed epoch, each a mean over baseline seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from repalign.report.drawing import Drawing
from repalign.report.dynamics_axes import drawn_as, epochs_along, name_edges, panel_title, share, sheet, zero
from repalign.report.dynamics_looks import Look, kind_name, looks
from repalign.report.dynamics_points import Effect, band, draw_effects, draw_kinds
from repalign.report.labels import count
from repalign.report.tables import chance
from repalign.report.training_words import (
    Row,
    alignment_name,
    loss_name,
    noise,
    over_seeds,
    place_name,
)

LEVEL = 0.05
FILLED = f"Filled: differs from no change at Holm's corrected p < {LEVEL:g} among the cells of this figure"


def of_figure(dynamics: Row, figure: str) -> list[Row]:
    """The cells of ``types``, ``sweep`` or ``lengths``."""
    return [cell for cell in dynamics["cells"] if cell["figure"] == figure]


def effects(cells: Sequence[Row], what: str) -> list[Effect]:
    """What is drawn of cells.

    Args:
        cells: Of one figure.
        what: ``loss`` or ``rsa``.
    """
    found: list[Effect] = []
    for cell in cells:
        value = cell[f"delta_{what}"]
        if value is None:
            continue
        p = cell[f"{what}_p_holm"]
        said = f"Holm's corrected p {chance(p)}" if p is not None else str(cell.get("reason") or "")
        ends = cell[f"{what}_low"], cell[f"{what}_high"]
        sure = None if p is None and cell["n_seeds"] < 2 else p is not None and p < LEVEL
        n = count([cell["n_seeds"]], "seeds")
        found.append(Effect(cell["kind"], cell["start"], value, *ends, sure, f"{n}; {said}".strip("; ")))
    return found


def _tested(cells: Sequence[Row]) -> bool:
    return any(cell[f"{what}_p_holm"] is not None for cell in cells for what in ("loss", "rsa"))


def _words(dynamics: Row, cells: Sequence[Row]) -> str:
    counted = f"{count([len(cells)], 'cells')}{noise(dynamics)}"
    filled = f"; filled: corrected p < {LEVEL:g}" if _tested(cells) else ""
    return f"{counted}; {place_name(dynamics['about'])}; {over_seeds(cells)}{filled}"


def _meaning(cells: Sequence[Row], jitter: float | None) -> str:
    over = ", the mean over seeds" if any(cell["n_seeds"] > 1 for cell in cells) else ""
    said = f"Points: run minus the baseline of the same seed, both at the perturbed epoch{over}."
    filled = f" {FILLED}." if _tested(cells) else ""
    grey = " Grey band: plus and minus the standard deviation between baselines of different seeds."
    return f"{said}{filled}{grey if jitter is not None else ''}"


def _jitter(dynamics: Row, what: str) -> float | None:
    return (dynamics.get("jitter") or {}).get(f"{what}_sd")


def _name(dynamics: Row, what: str) -> str:
    about = dynamics["about"]
    return f"change of {loss_name(about['loss']) if what == 'loss' else alignment_name(about['measure'])}"


def types_drawing(dynamics: Row) -> Drawing | None:
    """Effects by kind and epoch with their intervals; None where the study has no such windows."""
    cells = of_figure(dynamics, "types")
    if not any(effects(cells, what) for what in ("loss", "rsa")):
        return None
    panels = [(_name(dynamics, what), effects(cells, what)) for what in ("loss", "rsa")]
    panels = [(label, found) for label, found in panels if found]
    jitter = [_jitter(dynamics, what) for what in ("loss", "rsa") if effects(cells, what)]
    return drawn_as(
        "2a",
        "2a  Effect of one perturbed epoch by kind",
        _words(dynamics, cells),
        draw_kinds,
        panels,
        looks(cells),
        jitter,
        alt=_strongest(cells),
        more=_meaning(cells, jitter[0]),
    )


def _strongest(cells: Sequence[Row]) -> str:
    known = [cell for cell in cells if cell["delta_rsa"] is not None]
    if not known:
        return count([len(cells)], "cells")
    low, high = (pick(known, key=lambda cell: cell["delta_rsa"]) for pick in (min, max))
    said = [f"{kind_name(c['kind'])} at epoch {c['start']}, {c['delta_rsa']:+.3f}" for c in (low, high)]
    return f"{count([len(cells)], 'cells')}; RSA changes from {said[0]} to {said[1]}".replace(
        "-", "\N{MINUS SIGN}"
    )


def sweep_drawings(dynamics: Row) -> list[Drawing]:
    """Effects by perturbed epoch, a panel per kind on one scale: a drawing for loss, one for alignment."""
    cells = of_figure(dynamics, "sweep")
    kinds = looks(cells)
    found: list[Drawing] = []
    for what, name in (("loss", "loss"), ("rsa", "alignment")):
        drawn, half = effects(cells, what), _jitter(dynamics, what)
        if drawn:
            title = f"3  Effect of one perturbed epoch on {name}, by epoch"
            more = _meaning(cells, half)
            words, label = _words(dynamics, cells), _name(dynamics, what)
            data = (drawn, kinds, label, half)
            found.append(
                drawn_as(f"3-{name}", title, words, _draw_sweep, *data, alt=_strongest(cells), more=more)
            )
    return found


def _draw_sweep(
    words: str, found: Sequence[Effect], kinds: Mapping[str, Look], label: str, half: float | None
) -> Any:
    high = 1.45 if len(kinds) > 1 else 2.4
    figure, panels = sheet(words, len(kinds), high=high)
    many = len({e.epoch for e in found}) > 40
    for axes, (kind, look) in zip(panels, kinds.items(), strict=True):
        band(axes, half)
        zero(axes)
        mine = [e for e in found if e.kind == kind]
        draw_effects(axes, mine, [float(e.epoch) for e in mine], look, 2.6 if many else 4)
        panel_title(axes, kind_name(kind))
    share(panels, "x")
    share(panels, "y")
    for axes in panels:
        epochs_along(axes)
    name_edges(panels, 1, "perturbed epoch", label, high - 0.35)
    return figure
