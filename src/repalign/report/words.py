"""What the reasons beside numbers mean, in plain sentences, for readers who do not know the shorthand."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

HEADINGS = {
    "general": "What an interval generalises to",
    "interval": "Intervals",
    "ceiling": "Noise ceilings",
    "p": "p-values",
    "data": "Which data were compared",
    "other": "Said beside the numbers, word for word",
}


@dataclass(frozen=True)
class Saying:
    """A phrase in plain words: under which of :data:`HEADINGS`, in short, and what it means."""

    about: str
    short: str
    meaning: str


_NOTHING = Saying(
    "general",
    "to nothing beyond these data",
    "There is no interval, so the number describes these subjects and these stimuli and no others.",
)
_UNSAID = Saying(
    "general", "to what the row does not say", "There is an interval, but not over what it was resampled."
)


@dataclass(frozen=True)
class Sentence:
    """What holds of ``count`` out of ``total`` numbers, and the phrases by which the tables say so."""

    count: int
    total: int
    short: str
    meaning: str
    phrases: tuple[str, ...]


@cache
def _known() -> tuple[tuple[re.Pattern[str], Saying], ...]:
    text = files("repalign.report").joinpath("words.toml").read_text("utf-8")
    return tuple(
        (
            re.compile(each["phrase"], re.DOTALL),
            Saying(each["about"], each["short"], each["meaning"]),
        )
        for each in tomllib.loads(text)["saying"]
    )


def phrases(reason: str | None) -> list[str]:
    """The parts of a row's reason."""
    return [part for part in (reason or "").split("; ") if part]


def explain(phrase: str) -> Saying | None:
    """A phrase in plain words; None where it is not known."""
    return next((saying for pattern, saying in _known() if pattern.fullmatch(phrase)), None)


def _sayings(reason: str | None, has_interval: bool) -> dict[Saying, list[str]]:
    """What is to be said of one number, each once, with the phrases behind it."""
    found: dict[Saying, list[str]] = {}
    for phrase in phrases(reason):
        found.setdefault(explain(phrase) or Saying("other", phrase, ""), []).append(phrase)
    if not any(saying.about == "general" for saying in found):
        found[_UNSAID if has_interval else _NOTHING] = []
    return found


def summary(numbers: Sequence[tuple[str | None, bool]]) -> list[tuple[str, list[Sentence]]]:
    """What holds of how many numbers, grouped by heading, the commonest first.

    Args:
        numbers: Reason of each number, and whether it carries an interval.

    Returns:
        The headings that have sentences, in a constant order.
    """
    counts: dict[Saying, int] = {}
    behind: dict[Saying, set[str]] = {}
    for reason, has_interval in numbers:
        for saying, texts in _sayings(reason, has_interval).items():
            counts[saying] = counts.get(saying, 0) + 1
            behind.setdefault(saying, set()).update(texts)
    ordered = sorted(counts, key=lambda saying: (-counts[saying], saying.short))
    parts: list[tuple[str, list[Sentence]]] = []
    for about, heading in HEADINGS.items():
        sentences = [
            Sentence(counts[each], len(numbers), each.short, each.meaning, tuple(sorted(behind[each])))
            for each in ordered
            if each.about == about
        ]
        if sentences:
            parts.append((heading, sentences))
    return parts
