"""A ceiling from splitting the people behind one pooled table, where nobody can be told apart in it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from repalign.data import Assembly
from repalign.errors import InputError
from repalign.maths import spearman_brown
from repalign.metrics import Measure
from repalign.seeds import rng

Halves = Callable[[np.random.Generator], tuple[Assembly, Assembly]]


def split_ceiling(
    halves: Halves, measure: Measure, *, splits: int = 20, seed: int = 0
) -> tuple[float, float]:
    """Lower and upper ceiling of a correlation with a table that pools people.

    Lower: r, how well one half of the people scores against the other. Upper: sqrt(2 r / (1 + r)), how
    well a model could score that knew what infinitely many people say, by Spearman and Brown; it is exact
    for noise that adds up, and for dissimilarities an approximation.

    Args:
        halves: Draws the tables of two halves.
        measure: A correlation: 1 where both sides are equal.
        splits: How many splits are averaged.
        seed: Of the splits.

    Returns:
        (lower, upper).

    Raises:
        InputError: No splits, or a measure that is no correlation, or halves that do not agree at all.
    """
    if splits < 1 or measure.range[1] != 1.0 or not measure.higher_is_closer:
        raise InputError(
            f"no ceiling by {splits} splits for {measure.id}", hint="Split once or more, by a correlation."
        )
    generator = rng(seed, "ceiling", "halves")
    found = [float(measure.scores(*halves(generator)).mean()) for _ in range(splits)]
    r = float(np.mean(found))
    if r <= 0:
        raise InputError(f"two halves agree by {r:.3f} on average", hint="There is nothing to be reached.")
    return r, math.sqrt(float(spearman_brown(np.array([r]))[0]))
