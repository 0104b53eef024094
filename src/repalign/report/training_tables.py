"""Tables of a training study's page: the numbers behind its figures, and its runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from repalign.report.dynamics_looks import kind_name
from repalign.report.tables import ABSENT, Table, cell, chance, span
from repalign.report.training_words import Row, alignment_name, loss_name, place_name

Column = tuple[str, Callable[[Row], str]]
MOST = 200  # rows that are listed; the files hold all
MOST_RUNS = 2_000

_WINDOW: tuple[Column, ...] = (
    ("kind", lambda r: kind_name(r["kind"])),
    ("start", lambda r: str(r["start"])),
    ("length", lambda r: str(r["length"])),
)
FIGURES = {"types": "2a", "sweep": "3", "lengths": "4"}


def cell_tables(dynamics: Row) -> list[Table]:
    """Effects at the first perturbed epoch, a table per figure and quantity; the surest first where many."""
    about = dynamics["about"]
    found: list[Table] = []
    for figure, number in FIGURES.items():
        cells = [each for each in dynamics["cells"] if each["figure"] == figure]
        for what, name in (("loss", loss_name(about["loss"])), ("rsa", alignment_name(about["measure"]))):
            if any(each[f"delta_{what}"] is not None for each in cells):
                found.append(_effects(cells, what, f"Effects on {name}, figure {number}"))
    return found


def _effects(cells: Sequence[Row], what: str, title: str) -> Table:
    reasons = list(dict.fromkeys(each["reason"] or "" for each in cells))
    shared = reasons[0] if len(reasons) == 1 else ""
    columns: list[Column] = [
        *_WINDOW,
        ("change", lambda r: cell(r[f"delta_{what}"])),
        ("95 % interval", lambda r: span(r[f"{what}_low"], r[f"{what}_high"])),
        ("p", lambda r: chance(r[f"{what}_p"])),
        ("corrected p", lambda r: chance(r[f"{what}_p_holm"])),
        ("seeds", lambda r: str(r["n_seeds"])),
    ]
    if any(each["n_noise"] > 1 for each in cells):
        columns.append(("noise seeds", lambda r: str(r["n_noise"])))
    if not shared and any(reasons):
        columns.append(("note", lambda r: r["reason"] or ""))
    return _table(cells, columns, title, everywhere=shared)


def recovery_table(dynamics: Row) -> Table | None:
    """Epochs to recovery by window: median, and the runs of each seed."""
    rows = dynamics["recovery"]
    if not rows:
        return None
    columns: list[Column] = [
        *_WINDOW,
        ("loss: median", lambda r: _epochs(r["median"])),
        ("loss: each run", lambda r: _runs(r["loss"])),
        ("alignment: median", lambda r: _epochs(r["alignment_median"])),
        ("alignment: each run", lambda r: _runs(r["alignment"])),
    ]
    said = "NR: not back when training ended; >N: not back in the N epochs of its record"
    return _table(rows, columns, "Epochs to recovery, figure 4", everywhere=said)


def _epochs(value: float | None) -> str:
    return ABSENT if value is None else f"{value:g}"


def _runs(runs: Sequence[Row]) -> str:
    def one(run: Row) -> str:
        if run["epochs"] is not None:
            return str(run["epochs"])
        return "NR" if run["status"] == "never" else f">{run['followed']}"

    return ", ".join(map(one, runs)) or ABSENT


def extremes_table(dynamics: Row) -> Table | None:
    """What runs reach at best, minus what their baseline reaches."""
    rows, about = dynamics["extremes"], dynamics["about"]
    if not rows:
        return None
    columns: list[Column] = [
        *_WINDOW,
        (f"lowest {loss_name(about['loss'])}", lambda r: cell(r["delta_min_loss"])),
        ("95 % interval", lambda r: span(r["loss_low"], r["loss_high"])),
        (f"highest {alignment_name(about['measure'])}", lambda r: cell(r["delta_max_rsa"])),
        ("95 % interval", lambda r: span(r["rsa_low"], r["rsa_high"])),
        ("seeds", lambda r: str(r["n_seeds"])),
    ]
    return _table(rows, columns, "Best values minus the baseline's, heatmap")


def tested_table(dynamics: Row) -> Table | None:
    """Where single baselines were tested over stimuli."""
    points = [(course, point) for course in dynamics["courses"] for point in course["tested"]]
    if not points:
        return None
    rows = [{**course, "at": point} for course, point in points]
    columns: list[Column] = [
        ("target · layer", place_name),
        ("measure", lambda r: alignment_name(r["measure"])),
        ("epoch", lambda r: str(r["at"]["epoch"])),
        ("seed", lambda r: str(r["at"]["seed"])),
        ("95 % over stimuli", lambda r: span(r["at"]["ci_low"], r["at"]["ci_high"])),
        ("p", lambda r: chance(r["at"]["p"])),
    ]
    said = "p is one-sided, by permutation of stimuli, and not corrected for the number of rows"
    return _table(rows, columns, "Baselines tested over stimuli", everywhere=said)


def run_table(recipes: Mapping[str, Mapping[str, Any]]) -> Table | None:
    """The runs of a study with the digests of their recipes.

    Args:
        recipes: By unit, from :meth:`repalign.data.ResultsDir.recipes`.
    """
    rows = [{"unit": unit, **recipe["run"]} for unit, recipe in recipes.items() if "run" in recipe]
    if not rows:
        return None
    columns: list[Column] = [
        ("unit", lambda r: str(r["unit"])[:16]),
        ("perturbation", lambda r: kind_name((r.get("perturbation") or {}).get("kind", "baseline"))),
        ("start", lambda r: str((r.get("perturbation") or {}).get("first", ABSENT))),
        ("length", lambda r: str((r.get("perturbation") or {}).get("length", ABSENT))),
        ("seed", lambda r: str(r.get("seed", ABSENT))),
        ("noise seed", lambda r: str(r["noise_seed"]) if r.get("perturbation") else ABSENT),
    ]
    order = sorted(
        rows, key=lambda r: (r.get("perturbation") is not None, str(r.get("perturbation")), r["seed"])
    )
    return _table(
        order, columns, "Runs and the digests of their recipes", most=MOST_RUNS, rest="spec.json holds all"
    )


def _table(
    rows: Sequence[Row],
    columns: Sequence[Column],
    title: str,
    *,
    everywhere: str = "",
    most: int | None = None,
    rest: str = "the files hold all",
) -> Table:
    most = MOST if most is None else most
    listed = rows[:most]
    if len(rows) > most:
        more = f"the first {most} of {len(rows)} rows are listed, {rest}"
        everywhere = f"{everywhere}; {more}" if everywhere else more
    filled = [(heading, [value(row) for row in listed]) for heading, value in columns]
    there = [(heading, cells) for heading, cells in filled if set(cells) != {ABSENT}]
    lines = tuple(zip(*(cells for _, cells in there), strict=True))
    headings = tuple(heading for heading, _ in there)
    return Table(title, headings, lines, everywhere=everywhere, title=title)
