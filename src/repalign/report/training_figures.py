"""The figures of a training study of one or several seeds, each drawn from what there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from repalign.report.drawing import FORMATS, Drawing, save_all
from repalign.report.training_baseline import baseline_drawing, path_drawing
from repalign.report.training_courses import course_drawings, dimensions_drawing
from repalign.report.training_effects import sweep_drawings, types_drawing
from repalign.report.training_recovery import heatmap_drawings, recovery_drawings

SECTIONS = ("baseline", "effects", "recovery", "courses")


def drawings_by_section(dynamics: Mapping[str, Any]) -> dict[str, list[Drawing]]:
    """The figures by the section of the page in which they stand, in their order.

    Args:
        dynamics: ``StudyDynamics.as_dict()`` of :mod:`repalign.training.study_dynamics`.
    """
    found: dict[str, list[Drawing | None]] = {
        "baseline": [path_drawing(dynamics), baseline_drawing(dynamics)],
        "effects": [types_drawing(dynamics), *sweep_drawings(dynamics)],
        "recovery": [*recovery_drawings(dynamics), *heatmap_drawings(dynamics)],
        "courses": [*course_drawings(dynamics), dimensions_drawing(dynamics)],
    }
    return {section: [each for each in drawings if each is not None] for section, drawings in found.items()}


def training_drawings(dynamics: Mapping[str, Any]) -> list[Drawing]:
    """All figures of a training study; those without data are left out.

    Args:
        dynamics: ``StudyDynamics.as_dict()`` of :mod:`repalign.training.study_dynamics`.

    Returns:
        Drawings of kind ``dynamics``, named ``figure-`` and then ``1a``, ``1a-courses``, ``2a``, ``3-loss``,
        ``3-alignment``, ``4-loss-KIND``, ``4-alignment-KIND``, ``heatmap-KIND``, ``courses``,
        ``layers-TARGET``, ``regions``, ``dimensions``; equal numbers give equal figures.
    """
    return [each for drawings in drawings_by_section(dynamics).values() for each in drawings]


def write_training_figures(
    dynamics: Mapping[str, Any], folder: Path | str, formats: Sequence[str] = FORMATS
) -> list[Path]:
    """Write all figures of a training study as ``figure-NAME.FORMAT``.

    Args:
        dynamics: ``StudyDynamics.as_dict()`` of :mod:`repalign.training.study_dynamics`.
        folder: Made when it is not there.
        formats: Out of ``"png"``, ``"svg"`` and ``"pdf"``.

    Returns:
        The files, figure by figure.

    Raises:
        InputError: A format is not known.
        StorageError: They cannot be written.
    """
    return save_all(training_drawings(dynamics), folder, formats)
