"""Models against 0, against one another and against the noise ceiling: value, interval and p."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from repalign.errors import TooFewError
from repalign.maths.bootstrap import Bootstrapped
from repalign.maths.jackknife_rdms import Jackknifed
from repalign.maths.multiplied import Multiplied
from repalign.maths.uncertainty import Bound, Over, Uncertainty

#: Scores of several models with resamples of them: by bootstrap, jackknife or multipliers.
Sampled = Bootstrapped | Jackknifed | Multiplied


@dataclass(frozen=True)
class Estimate:
    """A number, its interval, the p-value of its test, and what both rest on.

    Args:
        value: The number, in units of the scores.
        interval: Its lower and upper end; not cut at the range of the scores.
        p: Of the test that the function which made it names, 0..1; not corrected for other tests.
        uncertainty: Variance of the value and its degrees of freedom.
    """

    value: float
    interval: tuple[float, float]
    p: float
    uncertainty: Uncertainty


def model_scores(sampled: Sampled, over: Over | None = None, level: float = 0.95) -> list[Estimate]:
    """Mean score of each model, with a two-sided test against 0.

    The test asks whether the score differs from 0 for other subjects and stimuli (whatever ``over``
    says). That a model's geometry is unrelated to the subjects' is the null of
    :func:`repalign.maths.permutation.mantel`; cosines of dissimilarities are far from 0 under it.

    Args:
        sampled: From ``bootstrap_models`` or ``jackknife_models``.
        over: ``"both"``, ``"subjects"`` (these stimuli) or ``"stimuli"`` (these subjects); by default both,
            or stimuli where there is one subject.
        level: Of the interval.

    Raises:
        TooFewError: Fewer than 10 stimuli, or one subject, to generalise from.
    """
    means = sampled.scores.mean(axis=1)
    identity = np.eye(len(means))
    return [
        _tested(float(m), sampled.uncertainty(w, over), level) for m, w in zip(means, identity, strict=True)
    ]


def model_differences(
    sampled: Sampled, over: Over | None = None, level: float = 0.95
) -> dict[tuple[int, int], Estimate]:
    """Difference of mean scores of each pair of models, with a two-sided test against 0.

    Not corrected for the number of pairs; see ``holm`` and ``benjamini_hochberg``.

    Args:
        sampled: From ``bootstrap_models`` or ``jackknife_models``.
        over: As in :func:`model_scores`.
        level: Of the interval.

    Returns:
        For each pair (i, j), i < j: score of model i minus score of model j.

    Raises:
        TooFewError: Fewer than 10 stimuli, or one subject, to generalise from.
    """
    means = sampled.scores.mean(axis=1)
    identity = np.eye(len(means))
    return {
        (i, j): _tested(
            float(means[i] - means[j]), sampled.uncertainty(identity[i] - identity[j], over), level
        )
        for i, j in combinations(range(len(means)), 2)
    }


def ceiling_differences(
    sampled: Sampled,
    generator: np.random.Generator,
    bound: Bound = "lower",
    over: Over | None = None,
    level: float = 0.95,
) -> list[Estimate]:
    """Score of each model minus a noise ceiling, with a one-sided test of the null that it reaches it.

    Args:
        sampled: From ``bootstrap_models``, or ``jackknife_models(..., ceilings=True)``.
        generator: Draws the subjects.
        bound: ``"lower"`` or ``"upper"``.
        over: As in :func:`model_scores`.
        level: Of the interval, which is two-sided.

    Returns:
        For each model; p is small where it is less alike to the subjects than the ceiling is.

    Raises:
        TooFewError: No ceiling, or too few subjects or stimuli.
    """
    if sampled.ceiling is None:
        raise TooFewError("there is no noise ceiling", hint="It needs several subjects (and ceilings=True).")
    values = sampled.scores.mean(axis=1) - sampled.ceiling[int(bound == "upper")]
    uncertainties = sampled.ceiling_uncertainties(bound, over, generator)
    found: list[Estimate] = []
    for value, each in zip(values.tolist(), uncertainties, strict=True):
        p = each.p_below(value) if sampled.higher_is_closer else each.p_above(value)
        found.append(Estimate(value, each.interval(value, level), p, each))
    return found


def _tested(value: float, uncertainty: Uncertainty, level: float) -> Estimate:
    return Estimate(value, uncertainty.interval(value, level), uncertainty.p(value), uncertainty)
