"""All figures of a report; what pages and files are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from repalign.data import ResultsDir, ScoreTable
from repalign.report.bars import score_drawings
from repalign.report.contrasts import difference_drawing, pair_drawings
from repalign.report.drawing import FORMATS, Drawing, View
from repalign.report.heatmaps import rdm_drawing
from repalign.report.labels import label
from repalign.report.maps import map_drawing
from repalign.report.panels import describe_ceiling, drawn, heading, panels
from repalign.report.profiles import profile_drawings
from repalign.report.ranks import DIAGONAL, PALETTE, rank_image, rank_png

__all__ = [
    "DIAGONAL",
    "FORMATS",
    "PALETTE",
    "Drawing",
    "View",
    "all_drawings",
    "describe_ceiling",
    "difference_drawing",
    "drawings",
    "drawn",
    "heading",
    "label",
    "map_drawing",
    "pair_drawings",
    "panels",
    "profile_drawings",
    "rank_image",
    "rank_png",
    "rdm_drawing",
    "score_drawings",
]


def all_drawings(results: ResultsDir) -> list[Drawing]:
    """Every figure of a folder of results, in the order of the report.

    Args:
        results: The folder; older ones, without views, have fewer figures.

    Raises:
        FileError: A file in the folder is damaged.
    """
    return drawings(results.scores(), results.views(), results)


def drawings(table: ScoreTable, views: Sequence[View], results: ResultsDir) -> list[Drawing]:
    """As :func:`all_drawings`, of scores and views that have been read already.

    Args:
        table: The folder's scores.
        views: The folder's views.
        results: The folder, for its thumbnails.
    """
    geometries = [view for view in views if view[1].get("view") == "geometry"]
    contrasts = [view for view in views if view[1].get("view") == "differences"]
    maps, differences = map(map_drawing, geometries), map(difference_drawing, contrasts)
    return _distinct(
        [
            *score_drawings(table, views),
            *profile_drawings(table, views),
            *(rdm_drawing(view, results) for view in geometries if view[1]["rdms"]),
            *filter(None, maps),
            *pair_drawings(table, views),
            *filter(None, differences),
        ]
    )


def _distinct(drawings: Sequence[Drawing]) -> list[Drawing]:
    """The same, those of equal names numbered from the second on: two subsets of one set of stimuli."""
    seen: dict[str, int] = {}
    found: list[Drawing] = []
    for each in drawings:
        seen[each.name] = seen.get(each.name, 0) + 1
        number = seen[each.name]
        found.append(each if number == 1 else replace(each, name=f"{each.name}-{number}"))
    return found
