"""p: is a score higher than if the model's responses belonged to the stimuli in random order?"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch

import numpy as np
from numpy.typing import NDArray

from repalign.benchmarks.effort import Effort
from repalign.benchmarks.sampling import MAX_KERNEL, reduced
from repalign.data import Responses
from repalign.errors import UnsuitableError
from repalign.maths import (
    Floats,
    cka_permutation_p,
    linear_cka_debiased,
    mantel,
    permutation_p,
    predictivity_p,
    weighted_error_consistency,
)
from repalign.metrics import RSA, Encoding, ErrorConsistency, Measure, Rows, matrices
from repalign.metrics.encoding import SUMMARIES
from repalign.seeds import rng


def chance_p(measure: Measure, model: Responses, target: Responses, effort: Effort) -> float:
    """One-sided p of the mean over subjects by permuting stimuli.

    Args:
        measure: The measure.
        model: One layer of a model, joined with the target.
        target: The target.
        effort: How many permutations, and the seed.

    Raises:
        UnsuitableError: There is no such test for the measure; the message is the reason.
    """
    return _chance_p(measure, model, target, effort)


@singledispatch
def _chance_p(measure: Measure, model: Responses, target: Responses, effort: Effort) -> float:
    raise UnsuitableError("no permutation test for this measure")


def _stream(effort: Effort) -> np.random.Generator:
    return rng(effort.seed, "permutation", "stimuli")


def _by_permuting(
    measure: Measure, at: Callable[[NDArray[np.intp]], Floats], n: int, effort: Effort
) -> float:
    sign = 1.0 if measure.higher_is_closer else -1.0
    return permutation_p(
        lambda order: sign * float(at(order).mean()), n, effort.permutations, _stream(effort)
    )


@_chance_p.register
def _(measure: RSA, model: Responses, target: Responses, effort: Effort) -> float:
    if measure.streams(model, target):
        raise UnsuitableError("no p: so many pairs are not permuted")
    own, subjects = measure.pairs(model)[0], measure.pairs(target, "target")
    return mantel(own, subjects, measure.comparison, effort.permutations, _stream(effort))


@_chance_p.register
def _(measure: Rows, model: Responses, target: Responses, effort: Effort) -> float:
    if not measure.paired:
        raise UnsuitableError("no p: which stimulus is which makes no difference to this measure")
    X, Ys = reduced(measure, model, "model")[0], reduced(measure, target, "target")
    if measure.function is linear_cka_debiased and len(X) <= MAX_KERNEL:
        return cka_permutation_p(X, Ys, effort.permutations, _stream(effort))
    return _by_permuting(
        measure, lambda order: np.array([measure.function(X[order], Y) for Y in Ys]), len(X), effort
    )


@_chance_p.register
def _(measure: Encoding, model: Responses, target: Responses, effort: Effort) -> float:
    X = matrices(measure, model, "model")[0]
    return predictivity_p(
        X,
        matrices(measure, target, "target"),
        measure.folds(len(X), effort.seed),
        measure.method,
        score=measure.score,
        summary=SUMMARIES[measure.summary],
        permutations=effort.permutations,
        generator=_stream(effort),
    )


@_chance_p.register
def _(measure: ErrorConsistency, model: Responses, target: Responses, effort: Effort) -> float:
    own, subjects = measure.correctness(model, "model")[0], measure.correctness(target, "target")
    once = np.ones((1, len(own)))

    def at(order: NDArray[np.intp]) -> Floats:
        return np.array([weighted_error_consistency(own[order], each, once)[0] for each in subjects])

    return _by_permuting(measure, at, len(own), effort)
