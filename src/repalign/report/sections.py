"""What stands in each section of the page, out of a folder of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repalign.data import ResultsDir, Score, ScoreTable
from repalign.report.drawing import Drawing, View
from repalign.report.labels import is_pair, label
from repalign.report.panels import drawn, panels
from repalign.report.panels import paired as is_paired
from repalign.report.panels import title as panel_title
from repalign.report.tables import (
    MOST_PAIRS,
    MOST_SINGLE,
    Table,
    difference_table,
    score_tables,
    unlisted,
)
from repalign.report.words import Sentence, summary


@dataclass(frozen=True)
class Panel:
    """Scores that share an axis: figures, and tables with the same numbers.

    Args:
        title: What they are about.
        drawing: None where no row has a value.
        tables: All rows, then those of single subjects.
        rows: The aggregates.
        unlisted: How many subjects there are, where their scores are in no table; else 0.
    """

    title: str
    drawing: Drawing | None
    tables: tuple[Table, ...]
    rows: tuple[Score, ...]
    unlisted: int = 0


def score_panels(table: ScoreTable, drawings: Sequence[Drawing]) -> tuple[list[Panel], list[Panel]]:
    """Panels of models against targets, and panels of models with one another.

    Args:
        table: All rows.
        drawings: All drawings of the folder; there is one for each panel with a value.
    """
    found: tuple[list[Panel], list[Panel]] = ([], [])
    kinds = ("scores", "pairs")
    figures = [iter(of_kind(kind, drawings)) for kind in kinds]
    many = len(table) - len(table.where(subject="all")) <= MOST_SINGLE
    for part in panels(table):
        paired = is_paired(part)
        title = panel_title(part)
        drawing = next(figures[paired]) if drawn(part) else None
        rows = tuple(part.where(subject="all"))
        tables = tuple(score_tables(part, title, many=many))
        found[paired].append(Panel(title, drawing, tables, rows, 0 if many else unlisted(part)))
    return found


def of_kind(kind: str, drawings: Sequence[Drawing]) -> list[Drawing]:
    """The drawings of one kind, in their order."""
    return [drawing for drawing in drawings if drawing.kind == kind]


@dataclass(frozen=True)
class Contrast:
    """Differences between models on one target by one measure."""

    title: str
    drawing: Drawing | None
    table: Table | None
    correction: str
    resampled: str
    note: str
    left_out: tuple[tuple[str, str], ...]


_CORRECTIONS = {
    "holm": "Holm's, of the family-wise error",
    "bh": "Benjamini and Hochberg's, of false discoveries",
}


def contrasts(
    views: Sequence[View], drawings: Sequence[Drawing], specs: Sequence[Mapping[str, Any]] = ()
) -> list[Contrast]:
    """The views of differences.

    Args:
        views: All views.
        drawings: All drawings; there is one for each view with a difference.
        specs: Of each view, from :func:`view_specs`; none where the folder does not say.
    """
    figures = iter(of_kind("differences", drawings))
    made = specs or [{}] * len(views)
    found = [(each[1], spec) for each, spec in zip(views, made, strict=True)]
    return [
        _contrast(header, next(figures) if header.get("rows") else None, spec)
        for header, spec in found
        if header.get("view") == "differences"
    ]


def view_specs(results: ResultsDir, views: Sequence[View]) -> list[dict[str, Any]]:
    """The spec of each view, in their order; none at all in folders that do not say.

    Args:
        results: The folder.
        views: Its views.
    """
    listed = list(results.view_recipes().values())
    made = [each["spec"] for each in listed if (results.arrays_dir / f"{each['digest']}.npz").is_file()]
    return made if len(made) == len(views) else []


def _contrast(header: Mapping[str, Any], drawing: Drawing | None, spec: Mapping[str, Any]) -> Contrast:
    rows: Sequence[Mapping[str, Any]] = header.get("rows") or ()
    title = " · ".join(str(header[key]) for key in ("target", "region", "measure") if header.get(key))
    named = str(header.get("correction") or "none")
    n_tests = int(header.get("n_tests") or 0)
    correction = f"{_CORRECTIONS.get(named, named)}, over {n_tests:,} test{'s' * (n_tests != 1)}"
    note = str(header.get("note") or "")
    if len(rows) > MOST_PAIRS:
        listed = f"The {MOST_PAIRS} of {len(rows)} pairs with the smallest p are listed; the file has all."
        note = f"{note} {listed}".strip()
    return Contrast(
        title=title,
        drawing=drawing,
        table=difference_table(rows, f"Differences on {title}") if rows else None,
        correction=correction,
        resampled=_resampled(spec.get("how") or {}),
        note=note,
        left_out=tuple((str(each["name"]), str(each["reason"])) for each in header.get("left_out") or ()),
    )


def _resampled(how: Mapping[str, Any]) -> str:
    """Draws and seed of the resamples in words; empty where the folder does not say."""
    if "draws" not in how or "seed" not in how:
        return ""
    draws = int(how["draws"])
    return f"{draws:,} draw{'s' * (draws != 1)} with seed {how['seed']}"


def difference_rows(views: Sequence[View]) -> list[Mapping[str, Any]]:
    """Rows of all views of differences."""
    headers = [header for _, header in views if header.get("view") == "differences"]
    return [row for header in headers for row in header.get("rows") or ()]


def said_of_scores(table: ScoreTable) -> list[tuple[str, list[Sentence]]]:
    """What the scores generalise to, in plain sentences."""
    return summary([(row.reason, row.ci_low is not None) for row in table.where(subject="all")])


def said_of_differences(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[Sentence]]]:
    """The same of differences."""
    return summary([(row.get("reason"), row.get("ci_low") is not None) for row in rows])


def facts(table: ScoreTable, views: Sequence[View]) -> list[tuple[str, str]]:
    """How much there is: a number, and of what."""
    models = {row.model for row in table} | {row.target for row in table if is_pair(row)}
    targets = {(row.target, row.region) for row in table if not is_pair(row)}
    sets: dict[str, int] = {}
    for header in (header for _, header in views if header.get("view") == "geometry"):
        # Several views of one set: of subsets of it, or by another dissimilarity.
        sets[header["stimuli"]] = max(int(header["n_all"]), sets.get(header["stimuli"], 0))
    stimuli = sum(sets.values()) or max((row.n_stimuli or 0 for row in table), default=0)
    counted = [(len(models), "model"), (len(targets), "target"), (stimuli, "stimulus")]
    counted.append((len(table.where(subject="all")), "score"))
    plural = {"stimulus": "stimuli"}
    return [(f"{n:,}", what if n == 1 else plural.get(what, f"{what}s")) for n, what in counted if n]


@dataclass(frozen=True)
class Missing:
    """What was not computed, why, and what to do."""

    what: str
    message: str
    hint: str


def missing(table: ScoreTable, results: ResultsDir) -> list[Missing]:
    """Units that failed and still count, and rows without a value."""
    rows = [
        Missing(f"{label(row)} ~ {row.target}, {row.measure}", row.reason or "no reason is given", "")
        for row in table.where(subject="all")
        if row.value is None
    ]
    return [_failure(failure) for failure in _counting(results)] + _waiting(results) + _older(results) + rows


def _waiting(results: ResultsDir) -> list[Missing]:
    """Units that were asked for and neither finished nor failed: the study was stopped, or still runs."""
    spec = results.known_spec()
    done = {*results.units(), *results.failures()}
    waiting = sorted(label for label, unit in spec.get("units", {}).items() if unit not in done)
    if not waiting:
        return []
    n, first = len(waiting), "; ".join(waiting[:3])
    named = f"{first}{'; ...' if n > 3 else ''}"
    what = f"{n:,} of {len(spec['units']):,} units, not begun or stopped"
    return [Missing(what, f"{named}.", "Give the same command again: it goes on from there.")]


def _older(results: ResultsDir) -> list[Missing]:
    """Units that count and of which no recipe is known, so that no view shows them."""
    spec = results.known_spec()
    n = len({*spec.get("units", {}).values()} & {*results.units()} - {*results.recipes()})
    if not n:
        return []
    were, them = ("1 unit was", "it") if n == 1 else (f"{n:,} units were", "them")
    has = "has" if n == 1 else "have"
    return [
        Missing(
            "RDMs, map and differences of older scores",
            f"{were} made by an older version and {has} no recipe.",
            f"Score {them} again to have {them} in the RDMs, the map and the differences.",
        )
    ]


def _counting(results: ResultsDir) -> list[dict[str, Any]]:
    """Failures of the units and views that the spec lists; all where it lists none."""
    spec = results.known_spec()
    listed = {*spec.get("units", {}).values(), *spec.get("views", {}).values()}
    failures = results.failures()
    return [failures[unit] for unit in failures if not listed or unit in listed]


def _failure(failure: Mapping[str, Any]) -> Missing:
    spec = failure.get("spec") or {}
    view = {"geometry": "RDMs and map", "differences": "differences between models"}.get(spec.get("view", ""))
    parts = [view, *(_named(spec[key]) for key in ("model", "pair", "benchmark", "measure") if key in spec)]
    return Missing(
        " · ".join(part for part in parts if part) or str(failure.get("function", "a unit")),
        str(failure.get("message", "no message")),
        str(failure.get("hint", "")),
    )


def _named(value: Any) -> str:
    if isinstance(value, dict) and {"source", "model_name"} <= value.keys():
        return f"{value['source']}/{value['model_name']}"
    return " with ".join(map(_named, value)) if isinstance(value, list) else str(value)
