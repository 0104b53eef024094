"""Pairs of models: how close they are to one another, and how their scores differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from repalign.data import Score, ScoreTable
from repalign.report.bars import absent, bars, describe, which
from repalign.report.drawing import Drawing, View
from repalign.report.labels import (
    Side,
    axis,
    count,
    counts,
    header_counts,
    number,
    numbers,
    pair_labels,
    side_names,
    slug,
    symmetric,
    tip,
    with_layer,
)
from repalign.report.matrices import Cell, draw_matrix
from repalign.report.panels import drawn, natural, one_of_each, paired, panels, stem, title
from repalign.report.rows import label_below, row_axes
from repalign.report.style import INK, LINE, styled
from repalign.report.svg import tipped

MOST_BARS, MOST_ROWS = 15, 21  # pairs; more are drawn as a matrix
LEVEL = 0.05
_NAME = 26  # characters beside a matrix

Row = Mapping[str, Any]


def pair_drawings(table: ScoreTable, views: Sequence[View]) -> list[Drawing]:
    """Models with one another, one drawing per measure and set of stimuli: bars, or a matrix of many pairs.

    Args:
        table: Rows; only pairs of models are drawn.
        views: Not needed; every figure is asked for in the same way.
    """
    found: list[Drawing] = []
    for panel in panels(table):
        rows = one_of_each(drawn(panel))
        if rows and paired(panel):
            found.append(bars(panel, rows, "pairs") if len(rows) <= MOST_BARS else _pair_matrix(panel, rows))
    return found


def _pair_matrix(panel: ScoreTable, rows: Sequence[Score]) -> Drawing:
    return Drawing(
        name=stem(panel, "pairs"),
        kind="pairs",
        title=title(panel),
        alt=describe(rows, title(panel)),
        caption=_pairs_caption(panel, rows),
        draw=partial(_draw_pairs, rows),
    )


def _pairs_caption(panel: ScoreTable, rows: Sequence[Score]) -> str:
    counted = f" ({counts(rows)})" if counts(rows) else ""
    parts = [f"{len(rows)} pairs{counted}; the table holds intervals."]
    if not symmetric(panel[0].measure):
        parts.append("Models of rows are scored on models of columns, which are their targets.")
    return " ".join([*parts, *which(panel, rows), *absent(panel)])


def _draw_pairs(rows: Sequence[Score]) -> Any:
    sides = [((row.model, row.layer), (row.target, row.region)) for row in rows]
    places, names = _places(side for pair in sides for side in pair)
    cells: list[Cell] = []
    for row, pair in zip(rows, sides, strict=True):
        a, b = (places[side] for side in pair)
        assert row.value is not None
        # What was not computed is not shown: the other way round may be another number.
        both = {(a, b), (b, a)} if symmetric(row.measure) else {(a, b)}
        cells += [Cell(i, j, row.value, False, tip(row)) for i, j in sorted(both)]
    return draw_matrix(cells, names, axis(rows[0].measure), counts(rows), diverging=False)


def _places(sides: Iterable[Side]) -> tuple[dict[Side, int], list[str]]:
    """Models with their layers in natural order, and short names that differ."""
    listed = sorted(set(sides), key=lambda side: (natural(side[0]), natural(side[1] or "")))
    names = side_names(listed, _NAME)
    return {side: i for i, side in enumerate(listed)}, [names[side] for side in listed]


def _sides(row: Row) -> tuple[Side, Side]:
    return (str(row["a"]), row.get("a_layer")), (str(row["b"]), row.get("b_layer"))


def difference_drawing(view: View) -> Drawing | None:
    """Differences between the scores of two models: a line per pair, or a matrix where there are many.

    Args:
        view: Of differences.

    Returns:
        None where there is no pair.
    """
    header = view[1]
    rows: Sequence[Row] = header.get("rows") or []
    if not rows:
        return None
    goal, region = str(header["target"]), header.get("region")
    where = f" ({region})" if region and not goal.endswith(f"/{region}") else ""
    about = f"{goal}{where}, {header['measure']}"
    listed = sorted(rows, key=lambda row: (-row["value"], _pair(row)))
    few = len(listed) <= MOST_ROWS
    return Drawing(
        name=slug("differences", goal, region, str(header["measure"])),
        kind="differences",
        title=about,
        alt=_describe(header, listed, about),
        caption=_caption(header, few),
        draw=partial(_draw_forest if few else _draw_differences, header, listed),
    )


def _describe(header: Mapping[str, Any], rows: Sequence[Row], about: str) -> str:
    first, last = rows[0], rows[-1]
    surely = sum(_significant(row) for row in rows)
    ends = f"Largest: {_pair(first)}, {_value(first)}."
    ends += f" Smallest: {_pair(last)}, {_value(last)}." if len(rows) > 1 else ""
    pairs = "1 difference" if len(rows) == 1 else f"{len(rows)} differences"
    return (
        f"{pairs} between models on {about}, {header_counts(header)}; {surely} with adjusted p < .05. {ends}"
    )


def _caption(header: Mapping[str, Any], few: bool) -> str:
    tests, how = header.get("n_tests"), header.get("correction")
    lines = " lines: 95 % intervals;" * any(row.get("ci_low") is not None for row in header["rows"])
    what = (
        f"Dots: score of the first model minus score of the second;{lines} filled:"
        if few
        else "Colours: score of the model of the row minus score of the model of the column; black dots:"
    )
    return f"{what} p < .05 after correction ({how}, {count([tests], 'tests')}). {header_counts(header)}."


def _pair(row: Row) -> str:
    return f"{with_layer(row['a'], row.get('a_layer'))} − {with_layer(row['b'], row.get('b_layer'))}"


def _value(row: Row) -> str:
    return numbers(row["value"], row.get("ci_low"), row.get("ci_high"))


def _significant(row: Row) -> bool:
    p = row.get("p_adjusted")
    return p is not None and p < LEVEL


def _tip(row: Row) -> str:
    p = row.get("p_adjusted")
    return f"{_pair(row)}: {_value(row)}" + ("" if p is None else f", adjusted p {number(p)}")


@styled()
def _draw_forest(header: Mapping[str, Any], rows: Sequence[Row]) -> Any:
    frame = row_axes(partial(pair_labels, [_sides(row) for row in rows], " − "))
    axes = frame.axes
    for y, row in zip(frame.places, rows, strict=True):
        if row.get("ci_low") is not None and row.get("ci_high") is not None:
            axes.plot([row["ci_low"], row["ci_high"]], [y, y], color=INK, linewidth=1.4, zorder=2)
        look: Any = {"markersize": 5, "markeredgewidth": 1.2, "markeredgecolor": LINE, "zorder": 3}
        (dot,) = axes.plot(
            row["value"], y, "o", markerfacecolor=LINE if _significant(row) else "white", **look
        )
        tipped(dot, _tip(row))
    frame.zero_line()
    axes.margins(x=0.06)
    label_below(axes, f"difference in {axis(str(header['measure']))}", header_counts(header))
    return frame.figure


def _draw_differences(header: Mapping[str, Any], rows: Sequence[Row]) -> Any:
    places, names = _places(side for row in rows for side in _sides(row))
    cells: list[Cell] = []
    for row in rows:
        a, b = (places[side] for side in _sides(row))
        marked, said = _significant(row), _tip(row)
        cells += [Cell(a, b, row["value"], marked, said), Cell(b, a, -row["value"], marked, said)]
    bar = f"row − column, {axis(str(header['measure']))}"
    return draw_matrix(cells, names, bar, header_counts(header), diverging=True)
