"""What shares an axis: scores cut into panels, and the one layer by which bars show a model."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from repalign.data import Score, ScoreTable
from repalign.models import is_model_name
from repalign.report.drawing import View
from repalign.report.labels import higher_is_closer, label, number

PAIRS = "models with one another"
Bounds = tuple[float | None, float | None]


def panels(table: ScoreTable) -> list[ScoreTable]:
    """The table cut into one part per target, region and measure (what shares an axis), closest first."""
    parts: dict[tuple[str, str | None, str], list[Score]] = {}
    for row in table:
        # Pairs of models share an axis whichever of the two is called the target.
        paired = is_model_name(row.target)
        goal, region = (PAIRS, None) if paired else (row.target, row.region)
        parts.setdefault((goal, region, row.measure), []).append(row)
    return [ScoreTable(sorted(rows, key=_rank)) for rows in parts.values()]


def _rank(row: Score) -> tuple[float, str, str]:
    if row.value is None:
        return math.inf, label(row), row.subject
    return -row.value if higher_is_closer(row.measure) else row.value, label(row), row.subject


def heading(panel: ScoreTable) -> tuple[str, str]:
    """What a panel is about, and the region."""
    first = panel[0]
    return (PAIRS, "") if is_model_name(first.target) else (first.target, first.region or "")


def title(panel: ScoreTable) -> str:
    """What a panel is about, its region and its measure as one line."""
    about, region = heading(panel)
    where = f" ({region})" if region and not about.endswith(f"/{region}") else ""
    return f"{about}{where}, {panel[0].measure}"


def drawn(panel: ScoreTable) -> list[Score]:
    """The rows of a panel that can be drawn: aggregates that have a value."""
    return [row for row in panel.where(subject="all") if row.value is not None]


def subjects_of(panel: ScoreTable) -> dict[object, list[Score]]:
    """Rows of single subjects that have a value, in natural order, by the origin of their aggregate."""
    found: dict[object, list[Score]] = {}
    for row in sorted(panel, key=lambda row: natural(row.subject)):
        if row.subject != "all" and row.value is not None:
            found.setdefault(origin(row), []).append(row)
    return found


def origin(row: Score) -> object:
    """What a score and those of its single subjects share."""
    return row.model, row.layer, row.target, row.region, row.spec_digest


def ceiling(rows: Sequence[Score]) -> Bounds | None:
    """The noise ceiling that all rows share, absent bounds as None; None where rows differ."""
    ceilings = {(row.ceiling_lower, row.ceiling_upper) for row in rows}
    # Layers chosen on other stimuli have ceilings of their own; one band would belong to none of them.
    return ceilings.pop() if len(ceilings) == 1 else None


def ceiling_in_words(rows: Sequence[Score]) -> str:
    """The ceiling of rows in words, or why none is drawn."""
    shared = ceiling(rows)
    if shared is None:
        return "Ceilings differ between rows (see the table)."
    lower, upper = shared
    if lower is None:
        return "No noise ceiling; the table says why."
    if upper is None:
        return f"Dashed line: lower noise ceiling {number(lower)}."
    return f"Band: noise ceiling {number(lower)} to {number(upper)}."


def describe_ceiling(panel: ScoreTable) -> str:
    """The ceiling of a panel in words, or why none is drawn."""
    return ceiling_in_words(drawn(panel))


@dataclass(frozen=True)
class Layers:
    """The layers of models, as views tell them.

    Args:
        order: For each model its layers in the network's order.
        shown: For each model the layer that stands for it in RDMs and map.
    """

    order: dict[str, list[str]] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, views: Sequence[View]) -> Layers:
        """Out of the views of geometry; what an earlier one says of a model stands."""
        found = cls()
        for _, header in views:
            if header.get("view") != "geometry":
                continue
            for name, layers in header.get("layers", {}).items():
                found.order.setdefault(name, list(layers))
            for each in header["rdms"]:
                if each["kind"] == "model" and each.get("layer"):
                    found.shown.setdefault(each["name"], each["layer"])
        return found

    def sorted(self, model: str, layers: Sequence[str]) -> list[str]:
        """Layers in the network's order; those that no view knows follow in the natural order of names."""
        known = {layer: i for i, layer in enumerate(self.order.get(model, ()))}
        return sorted(layers, key=lambda layer: (known.get(layer, len(known)), natural(layer)))

    def one_each(self, rows: Sequence[Score]) -> list[Score]:
        """The rows of one layer per model: the one that views show, else its last."""
        there: dict[str, list[str]] = {}
        for row in rows:
            there.setdefault(row.model, []).append(row.layer or "")
        chosen = {model: self._one(model, layers) for model, layers in there.items()}
        return [row for row in rows if (row.layer or "") == chosen[row.model]]

    def _one(self, model: str, layers: Sequence[str]) -> str:
        shown = self.shown.get(model, "")
        return shown if shown in layers else self.sorted(model, layers)[-1]


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts ``conv2`` before ``conv10``."""
    parts = re.findall(r"\d+|\D+", name)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)
