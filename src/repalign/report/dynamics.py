"""The figures of a study of training dynamics, each drawn only from the numbers that are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from repalign.data.files import write_bytes
from repalign.report.dynamics_axes import svg
from repalign.report.dynamics_courses import figure_1a, figure_1b, figure_regions
from repalign.report.dynamics_effects import figure_2, figure_3, figure_heatmap, figure_region_effects
from repalign.report.dynamics_recovery import figure_4
from repalign.training.published import Dynamics


def dynamics_figures(found: Dynamics) -> dict[str, Any]:
    """Draw what there are numbers for.

    Args:
        found: Out of :func:`repalign.training.published.analyse`.

    Returns:
        Name to matplotlib Figure, among ``1a``, ``1b``, ``2a``, ``2b``, ``3``, ``4``, ``regions``,
        ``region-effects`` and ``heatmap-KIND``; equal numbers give equal figures.
    """
    figures = {"1a": figure_1a(found.baseline)}
    if found.vit is not None:
        figures["1b"] = figure_1b(found.vit)
    if found.types:
        figures["2a"] = figure_2("2a", "CLIP-HBA", found.types)
    if found.vit_types:
        figures["2b"] = figure_2("2b", "ViT (RSA: an artefact of order)", found.vit_types)
    if found.sweep["rows"]:
        figures["3"] = figure_3(found.sweep)
    if found.recovery["rows"]:
        figures["4"] = figure_4(found.recovery)
    if found.regions:
        figures["regions"] = figure_regions(found.regions, found.baseline)
    if found.region_effects:
        figures["region-effects"] = figure_region_effects(found.region_effects)
    for kind in dict.fromkeys(row["kind"] for row in found.heatmap):
        rows = [row for row in found.heatmap if row["kind"] == kind]
        figures[f"heatmap-{kind.replace('_', '-')}"] = figure_heatmap(rows, kind)
    return figures


def write_dynamics_figures(found: Dynamics, folder: Path) -> list[Path]:
    """Write the figures as ``figure-NAME.svg``.

    Returns:
        The files, in order of the figures.

    Raises:
        StorageError: They cannot be written.
    """
    written = []
    for name, figure in dynamics_figures(found).items():
        path = folder / f"figure-{name}.svg"
        write_bytes(path, svg(figure))
        written.append(path)
    return written
