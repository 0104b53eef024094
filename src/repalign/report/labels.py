"""Words in figures: names short enough to stand beside a mark, numbers, axes, what hovering shows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from repalign.data import Score
from repalign.metrics import find_measure
from repalign.models import is_model_name
from repalign.report.style import text_width

LABEL = 36  # characters
_SHOWN_ON = re.compile(r"(?:^|; )on the stimuli of ([^;]+)")
Side = tuple[str, str | None]  # a model and its layer


def clean(text: str) -> str:
    """One line without control characters and halves of characters, which no XML may hold."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+", " ", text).strip()


def short(text: str, most: int = LABEL) -> str:
    """The text, or its two ends where it is longer; tables and hovering have it in full."""
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}…{text[len(text) - (most - most // 2 - 1) :]}"


def with_layer(name: str, layer: str | None) -> str:
    """A model and its layer as one line."""
    return clean(f"{name} · {layer}" if layer else name)


def shown_on(row: Score) -> str | None:
    """The benchmark on whose stimuli two models were compared; None where the row does not say one."""
    found = _SHOWN_ON.search(row.reason or "")
    return found.group(1).strip() if found else None


def is_pair(row: Score) -> bool:
    """Whether a row compares two models, neither of which is the target of a data set.

    Rows say on whose stimuli two models met. In older folders they do not: there the target has to have a
    model's name, and nothing that only targets of data sets have; own images may be called ``custom/x``.
    """
    if shown_on(row) is not None:
        return True
    inferred = (row.p, row.ceiling_lower, row.ceiling_upper, row.n_subjects)
    whole = row.subject == "all" and all(each is None for each in inferred)
    return whole and is_model_name(row.target)


def symmetric(measure: str) -> bool:
    """Whether both sides of a measure may be exchanged; yes where it is not known."""
    known = find_measure(measure)
    return known is None or known.symmetric


def joint(measure: str) -> str:
    """What stands between the two models of a pair: an arrow where they may not be exchanged."""
    return " with " if symmetric(measure) else " \N{RIGHTWARDS ARROW} "


def label(row: Score) -> str:
    """A model and its layer, or a pair of models, as one line."""
    one = with_layer(row.model, row.layer)
    return f"{one}{joint(row.measure)}{with_layer(row.target, row.region)}" if is_pair(row) else one


def bare(name: str) -> str:
    """A model's name without source and settings."""
    return clean(name.partition("(")[0].rpartition("/")[2] or name)


def bar_labels(rows: Sequence[Score], most: int = LABEL) -> list[str]:
    """A label for each row, short enough to stand beside a bar, and different for different models."""
    if rows and is_pair(rows[0]):
        sides = [((r.model, r.layer), (r.target, r.region)) for r in rows]
        return pair_labels(sides, joint(rows[0].measure), most)
    several = len({row.layer for row in rows if row.layer}) > 1
    plain = [with_layer(row.model.partition("(")[0], row.layer if several else None) for row in rows]
    return distinct(plain, [label(row) for row in rows], most)


def pair_labels(pairs: Sequence[tuple[Side, Side]], joined: str, most: int) -> list[str]:
    """A label for each pair of models, both names short."""
    names = side_names([side for pair in pairs for side in pair], (most - len(joined)) // 2)
    return [f"{names[a]}{joined}{names[b]}" for a, b in pairs]


def side_names(sides: Iterable[Side], most: int) -> dict[Side, str]:
    """Short names of models with their layers, different for different ones."""
    listed = list(dict.fromkeys(sides))
    plain, full = [bare(name) for name, _ in listed], [with_layer(*side) for side in listed]
    return dict(zip(listed, distinct(plain, full, most), strict=True))


def short_names(names: Iterable[str], most: int) -> dict[str, str]:
    """Names of models short enough for a title, different for different models."""
    found = side_names([(name, None) for name in names], most)
    return {name: text for (name, _), text in found.items()}


def distinct(plain: Sequence[str], full: Sequence[str], most: int) -> list[str]:
    """The plain texts where they differ whenever the full ones do, else the full ones, cut to ``most``.

    Texts that are alike once cut are numbered.
    """
    apart = len(set(full))
    chosen = plain if len(set(plain)) == apart else full
    texts = [short(text, most) for text in chosen]
    if len(set(texts)) == apart:
        return texts
    number = {text: i + 1 for i, text in enumerate(dict.fromkeys(full))}
    return [f"{number[whole]}: {short(text, most - 4)}" for text, whole in zip(chosen, full, strict=True)]


def slug(*parts: str | None) -> str:
    """A file stem out of names; a part that the one before already ends with is left out."""
    words: list[str] = []
    for part in filter(None, parts):
        word = re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-")
        if not word or len(word) > 60:  # of no Latin letter, or longer than file systems like
            word = f"{word[:50]}-{hashlib.sha256(part.encode()).hexdigest()[:8]}".strip("-")
        if not (words and f"-{words[-1]}".endswith(f"-{word}")):
            words.append(word)
    return "-".join(words)


def number(value: float) -> str:
    """A number as captions and hovering show it."""
    text = f"{value:.3f}"
    return (text if float(text) else text.lstrip("-")).replace("-", "\N{MINUS SIGN}")


def numbers(value: float, low: float | None, high: float | None) -> str:
    """A value with its interval where there is one."""
    if low is None or high is None:
        return number(value)
    return f"{number(value)} [{number(low)}, {number(high)}]"


def tip(row: Score) -> str:
    """What hovering over a score shows: whose it is, the value, the interval, how many."""
    assert row.value is not None
    who = "" if row.subject == "all" else clean(f", subject {row.subject}")
    counted = count([row.n_stimuli], "stimuli")
    value = numbers(row.value, row.ci_low, row.ci_high)
    return f"{label(row)}{who}: {value}" + (f", {counted}" if counted and not who else "")


def count(known: Iterable[int | None], what: str) -> str:
    """How many, in words; a range where it differs; nothing where nobody knows."""
    there = [n for n in known if n is not None]
    if not there:
        return ""
    low, high = min(there), max(there)
    one = {"stimuli": "stimulus"}.get(what, what.removesuffix("s"))
    return f"{low} {one if low == 1 else what}" if low == high else f"{low} to {high} {what}"


def counts(rows: Iterable[Score]) -> str:
    """Stimuli and subjects behind rows."""
    listed = list(rows)
    parts = (
        count([r.n_stimuli for r in listed], "stimuli"),
        count([r.n_subjects for r in listed], "subjects"),
    )
    return ", ".join(filter(None, parts))


def fitted(text: str, inches: float, size: float) -> str:
    """The text, or its two ends where it is too wide."""
    most = len(text)
    while most > 4 and text_width([short(text, most)], size) > inches:
        most -= 1
    return short(text, most)


def dissimilarities(header: Mapping[str, Any]) -> list[str]:
    """By which dissimilarities models of a view of geometry are compared, beside those taken as published."""
    made = sorted({str(rdm["dissimilarity"]) for rdm in header["rdms"] if rdm["kind"] == "model"})
    return [each for each in made if "as published" not in each] or made


def header_counts(header: Mapping[str, Any]) -> str:
    """Stimuli and subjects behind a view of differences."""
    parts = (count([header.get("n_stimuli")], "stimuli"), count([header.get("n_subjects")], "subjects"))
    return ", ".join(filter(None, parts))


def higher_is_closer(measure: str) -> bool:
    """The direction of a measure; similarities where it is not known."""
    known = find_measure(measure)
    return known is None or known.higher_is_closer


def axis(measure: str) -> str:
    """A measure as the label of an axis, with its unit and, where less is closer, its direction."""
    unit = " (radians)" if "angular" in measure else ""
    toward = "" if higher_is_closer(measure) else ", less is closer"
    return f"{short(clean(measure), 44)}{unit}{toward}"
