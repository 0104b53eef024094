"""Noise ceilings, by family of measures: how well the best possible model could score."""

from __future__ import annotations

from functools import singledispatch

import numpy as np

from repalign.benchmarks.effort import Effort
from repalign.data import Assembly, Responses
from repalign.errors import DegenerateError
from repalign.maths import consistency_ceiling, rdm_ceiling, split_half
from repalign.metrics import RSA, Encoding, ErrorConsistency, Measure
from repalign.seeds import rng

Ceiling = tuple[float | None, float | None]
NONE: Ceiling = (None, None)


def noise_ceiling(measure: Measure, target: Responses, effort: Effort) -> tuple[Ceiling, str]:
    """Lower and upper noise ceiling of the mean over subjects; where one is None, the reason.

    Args:
        measure: The measure.
        target: The target.
        effort: The seed of random splits.
    """
    try:
        return _ceiling(measure, target, effort)
    except DegenerateError as reason:  # the score itself may well exist
        return NONE, f"no ceiling: {reason.message}"


@singledispatch
def _ceiling(measure: Measure, target: Responses, effort: Effort) -> tuple[Ceiling, str]:
    return NONE, "no ceiling for this measure"


@_ceiling.register
def _(measure: RSA, target: Responses, effort: Effort) -> tuple[Ceiling, str]:
    if measure.streams(target, target):
        several = isinstance(target, Assembly) and target.leading == "subject"
        return NONE, "no ceiling: RDMs of this size are not held" if several else "one RDM: no ceiling"
    subjects = measure.pairs(target, "target")
    if len(subjects) < 2:
        return NONE, "one RDM: no ceiling"
    return rdm_ceiling(subjects, measure.comparison), ""


@_ceiling.register
def _(measure: Encoding, target: Responses, effort: Effort) -> tuple[Ceiling, str]:
    if not isinstance(target, Assembly) or target.leading != "repetition":
        return NONE, "no repetitions: no ceiling"
    reliability = split_half(np.asarray(target.array()), rng(effort.seed, "split half"))
    bound = reliability
    if measure.score == "pearson":
        if measure.summary == "mean" and reliability.min() < 0:
            return NONE, "some units repeat below chance: no mean ceiling"
        # The root and the median change places where the median is not negative.
        bound = np.sqrt(np.maximum(reliability, 0.0))
    value = float(np.median(bound) if measure.summary == "median" else bound.mean())
    words = f"ceiling: split half of {len(target.array())} repetitions, Spearman-Brown"
    return ((None, value), words) if value > 0 else (NONE, "responses do not repeat: no ceiling")


@_ceiling.register
def _(measure: ErrorConsistency, target: Responses, effort: Effort) -> tuple[Ceiling, str]:
    subjects = measure.correctness(target, "target")
    if len(subjects) < 2:
        return NONE, "one subject: no ceiling"
    return (consistency_ceiling(subjects), None), "upper ceiling undefined for kappa"
