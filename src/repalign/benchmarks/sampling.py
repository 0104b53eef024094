"""Scores on resampled stimuli, by family of measures: what every interval and difference is made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from numpy.typing import NDArray

from repalign.benchmarks.effort import Effort
from repalign.benchmarks.join import take
from repalign.data import Responses
from repalign.errors import UnsuitableError
from repalign.maths import (
    EMBEDDINGS,
    Floats,
    Jackknifed,
    Multiplied,
    Sampled,
    bootstrap_models,
    cka_left_out,
    compact,
    held_out_draws,
    jackknife,
    jackknife_models,
    linear_cka_debiased,
)
from repalign.metrics import (
    RSA,
    ChoiceMeasure,
    Encoding,
    ErrorConsistency,
    Measure,
    OddOneOut,
    Recognition,
    ReweightedRSA,
    Rows,
    matrices,
)
from repalign.metrics.encoding import SUMMARIES
from repalign.seeds import rng

# Up to here debiased CKA is left out stimulus by stimulus, holding two n x n kernels; beyond, by groups.
MAX_KERNEL = 2000


@dataclass(frozen=True)
class Asked:
    """What :func:`sample` was asked for."""

    models: Sequence[Responses]
    target: Responses
    scores: Floats
    effort: Effort
    ceilings: bool


def sample(
    measure: Measure,
    models: Sequence[Responses],
    target: Responses,
    scores: Floats,
    effort: Effort,
    *,
    ceilings: bool = False,
) -> Sampled:
    """Score models on resampled stimuli; all of them see the same ones.

    Args:
        measure: The measure that gave ``scores``.
        models: One layer each, joined with the target.
        target: The target.
        scores: Of each model with each subject on all stimuli, (n_models, n_subjects).
        effort: How much resampling, and the seed.
        ceilings: Whether noise ceilings are resampled too, where the measure has them.

    Raises:
        UnsuitableError: The measure cannot be resampled; the message is the reason.
        DegenerateError: Too many resamples have no score.
    """
    return _sample(measure, Asked(models, target, scores, effort, ceilings))


@singledispatch
def _sample(measure: Measure, asked: Asked) -> Sampled:
    why = "the trials share stimuli" if isinstance(measure, OddOneOut) else "not for this measure"
    raise UnsuitableError(f"no interval: {why}")


@_sample.register
def _(measure: RSA, asked: Asked) -> Sampled:
    if measure.streams(asked.models[0], asked.target):
        return _streamed(measure, asked)
    own = np.stack([measure.pairs(model)[0] for model in asked.models])
    subjects = measure.pairs(asked.target, "target")
    if measure.comparison in EMBEDDINGS:
        generator = rng(asked.effort.seed, "bootstrap", "stimuli")
        return bootstrap_models(own, subjects, measure.comparison, asked.effort.draws, generator)
    generator = rng(asked.effort.seed, "jackknife", "stimuli")
    several = asked.ceilings and len(subjects) > 2
    return jackknife_models(own, subjects, measure.comparison, generator, ceilings=several)


@_sample.register
def _(measure: Rows, asked: Asked) -> Sampled:
    Xs = [reduced(measure, model, "model")[0] for model in asked.models]
    Ys = reduced(measure, asked.target, "target")
    n = len(Ys[0])
    if measure.function is linear_cka_debiased and n <= MAX_KERNEL:
        return Jackknifed(asked.scores, np.stack([cka_left_out(X, Ys) for X in Xs], axis=1), n)

    def without(rows: NDArray[np.intp]) -> Floats:
        return np.array([[measure.function(X[rows], Y[rows]) for Y in Ys] for X in Xs])

    return _left_out(without, n, measure, asked)


@_sample.register
def _(measure: Encoding, asked: Asked) -> Sampled:
    def drawn(model: Responses) -> tuple[Floats, int]:
        fits = measure.fits(model, asked.target, asked.effort.seed)
        moved = held_out_draws(
            [fit.responses for fit in fits],
            [fit.predictions for fit in fits],
            fits[0].folds,
            score=measure.score,
            summary=SUMMARIES[measure.summary],
            draws=asked.effort.draws,
            generator=rng(asked.effort.seed, "multipliers", "stimuli"),
        )
        return moved, len(fits[0].folds)

    found = [drawn(model) for model in asked.models]
    return Multiplied(asked.scores, np.stack([moved for moved, _ in found], axis=1), found[0][1])


def _streamed(measure: RSA, asked: Asked) -> Jackknifed:
    """Every stimulus left out in closed form: sums over pairs less those of the stimulus."""
    found = [[each.left_out for each in measure.streamed(model, asked.target)] for model in asked.models]
    kept = [[left for left in row if left is not None] for row in found]
    if len(kept[0]) < len(found[0]):
        raise UnsuitableError("no interval: ranks of so many pairs are not resampled")
    left_out = np.moveaxis(np.array(kept), -1, 0)
    return Jackknifed(asked.scores, left_out, len(left_out))


def _without_stimuli(measure: Measure, asked: Asked) -> Sampled:
    """The whole measure, fits included, with each stimulus left out."""
    ids = asked.target.ids
    n = len(ids) if ids is not None else len(matrices(measure, asked.models[0], "model")[0])

    def without(rows: NDArray[np.intp]) -> Floats:
        goal, seed = take(asked.target, rows), asked.effort.seed
        return np.stack([measure.scores(take(model, rows), goal, seed=seed) for model in asked.models])

    return _left_out(without, n, measure, asked)


for _kind in (ErrorConsistency, ChoiceMeasure, Recognition, ReweightedRSA):
    _sample.register(_kind, _without_stimuli)


def reduced(measure: Rows, responses: Responses, side: str) -> list[Floats]:
    """One matrix per subject, in as few columns as give the measure the same number."""
    # Blind to rotations means that inner products between stimuli decide: n columns are enough.
    reduce = compact if "orthogonal" in measure.invariances else np.asarray
    return [reduce(each) for each in matrices(measure, responses, side)]


def _left_out(
    without: Callable[[NDArray[np.intp]], Floats], n: int, measure: Measure, asked: Asked
) -> Jackknifed:
    left_out, _ = jackknife(without, n, rng(asked.effort.seed, "jackknife", "stimuli"))
    return Jackknifed(asked.scores, left_out, n, higher_is_closer=measure.higher_is_closer)
