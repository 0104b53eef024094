"""Distances made from a score: one rule for all families, named at the end of the id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np

from repalign.errors import DegenerateError
from repalign.maths import Floats
from repalign.metrics.rows import Rows

# A score this close to 1 is 1 up to rounding; its arccos would be 6e-8.
_ROUNDING = 2e-15

Kind = TypeVar("Kind", bound=Rows)
Bounds = tuple[float | None, float | None]


@dataclass(frozen=True)
class Rule:
    """How a distance follows from a score alone.

    Args:
        formula: In terms of the score, s.
        convert: Score to distance; decreasing.
    """

    formula: str
    convert: Callable[[float], float]


def angular(score: float) -> float:
    """arccos(score), radians.

    Raises:
        DegenerateError: Outside -1..1.
    """
    if abs(score) > 1 + _ROUNDING:
        raise DegenerateError(f"a score of {score:.6g} is not the cosine of an angle", hint="Take the score.")
    return float(np.arccos(np.clip(settled(score), -1.0, 1.0)))


def one_minus(score: float) -> float:
    """1 - score."""
    return 1.0 - settled(score)


def negative_log(score: float) -> float:
    """-log(score), natural.

    Raises:
        DegenerateError: The score is not positive.
    """
    if score <= 0:
        raise DegenerateError(f"a score of {score:.6g} has no logarithm", hint="Take the score.")
    return -float(np.log(settled(score)))


def settled(score: float) -> float:
    """The score, and exactly 1 where it is 1 up to rounding, which square root and arccos would magnify."""
    return 1.0 if abs(score - 1.0) <= _ROUNDING else score


#: Rules by the word that ends the id.
RULES: dict[str, Rule] = {
    "angular": Rule("arccos(s), radians", angular),
    "one-minus": Rule("1 - s", one_minus),
    "negative-log": Rule("-log(s)", negative_log),
}


def derived(score: Kind, rule: str, *, is_metric: bool = False) -> Kind:
    """The distance that a rule makes of a similarity.

    Args:
        score: A registered similarity or one like it; at most 1, and 1 for equal sides.
        rule: One of :data:`RULES`.
        is_metric: Whether it obeys the triangle inequality; the angle between two vectors does.

    Returns:
        The same kind of measure, with the rule at the end of its id.

    Example:
        >>> from repalign.metrics import MEASURES
        >>> from repalign.metrics.catalogue.derived import derived
        >>> derived(MEASURES["cka-linear-biased"], "angular", is_metric=True).id
        'cka-linear-biased-angular'
    """
    found = RULES[rule]
    return replace(
        score,
        id=f"{score.id}-{rule}",
        formula=f"{found.formula}, s = {score.formula}",
        range=_bounds(score.range, found.convert),
        higher_is_closer=False,
        is_metric=is_metric,
        function=partial(_converted, score.function, found.convert),
    )


def law_of_cosines(
    score: Kind,
    word: str,
    size: Callable[[Floats], float],
    sizes: str,
    blind: frozenset[str],
    *,
    squared: bool = False,
    is_metric: bool = False,
) -> Kind:
    """The Euclidean distance between two vectors of given lengths whose cosine is the score.

    sqrt(a^2 + b^2 - 2 a b s).

    Args:
        score: The similarity s.
        word: Ends the id, e.g. ``euclidean``.
        size: Squared length of one side, a^2, from its responses (n_stimuli, n_units).
        sizes: What that is, in words.
        blind: The invariances of ``size``.
        squared: Leave the root out.
        is_metric: Whether it obeys the triangle inequality: it does where s is a cosine of vectors, and
            their squared distance does not.
    """
    inner = "a^2 + b^2 - 2 a b s"
    return replace(
        score,
        id=f"{score.id}-{word}",
        formula=f"{inner if squared else f'sqrt({inner})'}, a^2 and b^2 {sizes}, s = {score.formula}",
        range=(0.0, None),
        higher_is_closer=False,
        is_metric=is_metric and not squared,
        invariances=score.invariances & blind,
        function=partial(_between, score.function, size, squared),
    )


def _converted(
    score: Callable[[Floats, Floats], float], convert: Callable[[float], float], X: Floats, Y: Floats
) -> float:
    return convert(score(X, Y))


def _between(
    score: Callable[[Floats, Floats], float],
    size: Callable[[Floats], float],
    squared: bool,
    X: Floats,
    Y: Floats,
) -> float:
    a, b = np.sqrt(size(X)), np.sqrt(size(Y))
    # Of two terms that cannot be negative: a^2 + b^2 - 2 a b s would cancel where the sides are alike.
    value = (a - b) ** 2 + 2 * a * b * (1.0 - settled(score(X, Y)))
    return float(value if squared else np.sqrt(value))


def _bounds(bounds: Bounds, convert: Callable[[float], float]) -> Bounds:
    low, high = bounds
    return (
        None if high is None else convert(high) + 0.0,
        None if low is None or (low <= 0 and convert is negative_log) else convert(low),
    )
