"""The figures of a study of training dynamics of one seed, each drawn from what there is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from repalign.report.drawing import Drawing, save_all
from repalign.report.dynamics_courses import figure_1a, figure_1b, figure_regions
from repalign.report.dynamics_effects import figure_2, figure_3, figure_region_effects
from repalign.report.dynamics_heatmap import figure_heatmap
from repalign.report.dynamics_recovery import figure_4

if TYPE_CHECKING:
    from repalign.training.published import Dynamics

ORDER = "its RSA is an artefact of order"  # of stimuli: images were compared in another one than they came in


def dynamics_drawings(found: Dynamics) -> list[Drawing]:
    """Draw what there are numbers for.

    Args:
        found: Out of :func:`repalign.training.published.analyse`.

    Returns:
        Drawings of kind ``dynamics`` named ``figure-`` and then ``1a``, ``1b``, ``2a``, ``2b``, ``3``, ``4``,
        ``regions``, ``region-effects`` and ``heatmap-KIND``; equal numbers give equal figures.
    """
    drawings = [figure_1a(found.baseline)]
    if found.vit is not None:
        drawings.append(figure_1b(found.vit))
    if found.types:
        drawings.append(figure_2("2a", "CLIP-HBA", found.types))
    if found.vit_types:
        drawings.append(figure_2("2b", "ViT", found.vit_types, ORDER))
    if found.sweep["rows"]:
        drawings.append(figure_3(found.sweep))
    if found.recovery["rows"]:
        drawings.append(figure_4(found.recovery))
    if found.regions:
        drawings.append(figure_regions(found.regions, found.baseline))
    if found.region_effects:
        drawings.append(figure_region_effects(found.region_effects))
    kinds = dict.fromkeys(row["kind"] for row in found.heatmap)
    by_kind = {kind: [row for row in found.heatmap if row["kind"] == kind] for kind in kinds}
    return [*drawings, *(figure_heatmap(rows, kind) for kind, rows in by_kind.items())]


def write_dynamics_figures(
    found: Dynamics, folder: Path | str, formats: Sequence[str] = ("svg",)
) -> list[Path]:
    """Write the figures as ``figure-NAME.FORMAT``.

    Args:
        found: Out of :func:`repalign.training.published.analyse`.
        folder: Made when it is not there.
        formats: Out of ``"png"``, ``"svg"`` and ``"pdf"``.

    Returns:
        The files, figure by figure.

    Raises:
        InputError: A format is not known.
        StorageError: They cannot be written.
    """
    return save_all(dynamics_drawings(found), folder, formats)
