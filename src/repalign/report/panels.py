"""What shares an axis: scores cut into panels, and the one layer by which bars show a model."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from repalign.data import Score, ScoreTable
from repalign.report.drawing import View
from repalign.report.labels import count, higher_is_closer, is_pair, label, number, shown_on, slug, symmetric

PAIRS = "models with one another"
CHOSEN = "layer chosen on other stimuli"
_CHOICES = ("layer chosen", "scored on the stimuli left")  # words of a row whose layer was chosen
Bounds = tuple[float | None, float | None]
_Key = tuple[str, str | None, str, bool]


class Panel(ScoreTable):
    """Rows that share an axis.

    Args:
        rows: Closest first.
        n_stimuli: So many, where another panel differs from this one in nothing else.
    """

    def __init__(self, rows: Iterable[Score] = (), n_stimuli: int | None = None) -> None:
        super().__init__(rows)
        self.n_stimuli = n_stimuli


def panels(table: ScoreTable) -> list[Panel]:
    """The table cut into what shares an axis, closest first.

    A part has one target, region and measure, one number of stimuli, and layers that were either all chosen
    on other stimuli or not at all: scores on different stimuli are not compared by one axis.
    """
    wholes = {origin(row): row for row in table.where(subject="all")}
    parts: dict[tuple[_Key, int | None], list[Score]] = {}
    for row in table:
        # Rows of single subjects say less of themselves: they follow the aggregate.
        whole = row if row.subject == "all" else wholes.get(origin(row), row)
        parts.setdefault((_key(whole), whole.n_stimuli), []).append(row)
    alike = Counter(key for key, _ in parts)
    return [Panel(sorted(rows, key=_rank), n if alike[key] > 1 else None) for (key, n), rows in parts.items()]


def _key(row: Score) -> _Key:
    # Pairs of models share an axis whichever of the two is called the target.
    goal, region = (_pairs(row), None) if is_pair(row) else (row.target, row.region)
    return goal, region, row.measure, _is_chosen(row)


def _pairs(row: Score) -> str:
    where = shown_on(row)
    return f"{PAIRS} on the stimuli of {where}" if where else PAIRS


def _is_chosen(row: Score) -> bool:
    return any(words in (row.reason or "") for words in _CHOICES)


def _rank(row: Score) -> tuple[float, str, str]:
    if row.value is None:
        return math.inf, label(row), row.subject
    return -row.value if higher_is_closer(row.measure) else row.value, label(row), row.subject


def paired(panel: ScoreTable) -> bool:
    """Whether a panel compares models with one another."""
    return any(map(is_pair, panel))


def chosen(panel: ScoreTable) -> bool:
    """Whether the layers of a panel were chosen on other stimuli, by their scores there."""
    return any(map(_is_chosen, panel))


def heading(panel: ScoreTable) -> tuple[str, str]:
    """What a panel is about, and the region."""
    pair = next(filter(is_pair, panel), None)
    return (_pairs(pair), "") if pair else (panel[0].target, panel[0].region or "")


def apart(panel: ScoreTable) -> list[str]:
    """What sets a panel apart from others of the same target, region and measure; mostly nothing."""
    counted = count([panel.n_stimuli if isinstance(panel, Panel) else None], "stimuli")
    return [*([CHOSEN] if chosen(panel) else []), *([counted] if counted else [])]


def title(panel: ScoreTable) -> str:
    """What a panel is about, its region, its measure and what sets it apart as one line."""
    about, region = heading(panel)
    where = f" ({region})" if region and not about.endswith(f"/{region}") else ""
    return ", ".join([f"{about}{where}", panel[0].measure, *apart(panel)])


def stem(panel: ScoreTable, kind: str) -> str:
    """The file stem of a drawing of a panel."""
    about, region = heading(panel)
    named = ("pairs", shown_on(next(filter(is_pair, panel)))) if paired(panel) else (kind, about)
    return slug(*named, region, panel[0].measure, *apart(panel))


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
    mine = row.model, row.layer, row.model_digest, row.target, row.region, row.target_digest
    return *mine, row.measure, row.spec_digest, row.n_stimuli


def one_of_each(rows: Sequence[Score]) -> list[Score]:
    """One row per model, layer and target: that of most stimuli, else of the first digest.

    Never the better one: a figure of the best of several tries would flatter.
    """
    kept: dict[object, Score] = {}
    for row in sorted(rows, key=lambda r: (-(r.n_stimuli or 0), r.spec_digest or "", r.model_digest or "")):
        sides = [(row.model, row.layer or ""), (row.target, row.region or "")]
        same = frozenset(sides) if is_pair(row) and symmetric(row.measure) else tuple(sides)
        kept.setdefault(same, row)
    there = set(map(id, kept.values()))
    return [row for row in rows if id(row) in there]


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
    if lower is None and upper is None:
        return "No noise ceiling; the table says why."
    if lower is None:
        return f"Dashed line: upper noise ceiling {number(upper or 0.0)}."
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
        """One row per model, of the layer that views show, else of its last."""
        there: dict[str, list[str]] = {}
        for row in rows:
            there.setdefault(row.model, []).append(row.layer or "")
        one = {model: self._one(model, layers) for model, layers in there.items()}
        return one_of_each([row for row in rows if (row.layer or "") == one[row.model]])

    def _one(self, model: str, layers: Sequence[str]) -> str:
        shown = self.shown.get(model, "")
        return shown if shown in layers else self.sorted(model, layers)[-1]


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts ``conv2`` before ``conv10``."""
    parts = re.findall(r"\d+|\D+", name)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)
