"""How sure a score is: ceiling, interval and p for each family of measures, or the reason for none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import singledispatch

import numpy as np
from numpy.typing import NDArray

from repalign.data import Responses
from repalign.errors import UnsuitableError
from repalign.maths import (
    MIN_STIMULI,
    Floats,
    Uncertainty,
    bootstrap_rdms,
    compact,
    consistency_ceiling,
    from_draws,
    from_jackknife,
    jackknife,
    mantel,
    permutation_p,
    rdm_ceiling,
    stimulus_counts,
    weighted_error_consistency,
)
from repalign.metrics import RSA, Encoding, ErrorConsistency, Measure, Rows, matrices
from repalign.seeds import rng

# Beyond this many pairs a bootstrap of an RDM takes hours, and half a gigabyte a side.
MAX_RESAMPLED_PAIRS = 5_000_000


@dataclass(frozen=True)
class Effort:
    """How much resampling to do, and from which seed.

    Args:
        draws: Bootstrap draws; 0 for no interval.
        permutations: For the p-value; 0 for none.
        seed: The study's seed.
    """

    draws: int = 1000
    permutations: int = 1000
    seed: int = 0


@dataclass(frozen=True)
class Inference:
    """What may be said beside a score; what is None has its reason in ``notes``."""

    ceiling: tuple[float | None, float | None] = (None, None)
    interval: tuple[float, float] | None = None
    p: float | None = None
    notes: tuple[str, ...] = field(default=())


def infer(measure: Measure, model: Responses, target: Responses, scores: Floats, effort: Effort) -> Inference:
    """Ceiling, interval and p of the mean over subjects.

    Args:
        measure: The measure that gave ``scores``.
        model: One layer of a model, joined with the target.
        target: The target.
        scores: Score of each subject, (n_subjects,).
        effort: How much resampling.
    """
    return _infer(measure, model, target, scores, effort)


@singledispatch
def _infer(
    measure: Measure, model: Responses, target: Responses, scores: Floats, effort: Effort
) -> Inference:
    return Inference(
        notes=("no interval and no test: the trials share stimuli", "no ceiling for this measure")
    )


def _interval(
    n_stimuli: int, scores: Floats, effort: Effort, uncertainty: Callable[[], Uncertainty]
) -> tuple[tuple[float, float] | None, list[str]]:
    if effort.draws == 0:
        return None, ["no interval: 0 draws asked for"]
    if n_stimuli < MIN_STIMULI:
        return None, [f"{n_stimuli} stimuli: no interval below {MIN_STIMULI}"]
    scope = "over stimuli only" if len(scores) == 1 else "over subjects and stimuli"
    return uncertainty().interval(float(scores.mean())), [f"interval {scope}"]


def _p(effort: Effort, permutations: Callable[[], float]) -> tuple[float | None, list[str]]:
    if effort.permutations == 0:
        return None, ["no p: 0 permutations asked for"]
    return permutations(), []


@_infer.register
def _(measure: RSA, model: Responses, target: Responses, scores: Floats, effort: Effort) -> Inference:
    own, subjects = measure.pairs(model)[0], measure.pairs(target, "target")
    n = round((1 + (1 + 8 * len(own)) ** 0.5) / 2)
    _check_size(measure, n, len(own), effort)

    def bootstrap() -> Uncertainty:
        # The streams are named after no model, so that all models see the same draws.
        stimuli, people = (rng(effort.seed, "bootstrap", who) for who in ("stimuli", "subjects"))
        drawn = bootstrap_rdms(own, subjects, measure.comparison, effort.draws, stimuli)
        return from_draws(scores, drawn, n, people)

    def test() -> float:
        generator = rng(effort.seed, "permutation", "stimuli")
        return mantel(own, subjects, measure.comparison, effort.permutations, generator)

    interval, notes = _interval(n, scores, effort, bootstrap)
    p, more = _p(effort, test)
    if len(subjects) < 2:
        return Inference((None, None), interval, p, (*notes, *more, "one RDM: no ceiling"))
    return Inference(rdm_ceiling(subjects, measure.comparison), interval, p, (*notes, *more))


def _check_size(measure: Measure, n: int, pairs: int, effort: Effort) -> None:
    if pairs > MAX_RESAMPLED_PAIRS and (effort.draws or effort.permutations):
        raise UnsuitableError(
            f"{measure.id} of {n} stimuli resamples {pairs:,} pairs; at most {MAX_RESAMPLED_PAIRS:,} are",
            hint="Take a seeded subset (stimuli=1000, --stimuli 1000), use cka-linear-debiased, or ask for "
            "no resampling (draws=0, permutations=0).",
        )


@_infer.register
def _(measure: Rows, model: Responses, target: Responses, scores: Floats, effort: Effort) -> Inference:
    # Blind to rotations means that inner products between stimuli decide: n columns are enough.
    reduce = compact if "orthogonal" in measure.invariances else np.asarray
    X = reduce(matrices(measure, model, "model")[0])
    Ys = [reduce(Y) for Y in matrices(measure, target, "target")]
    sign = 1.0 if measure.higher_is_closer else -1.0

    def at(rows: NDArray[np.intp]) -> Floats:
        return np.array([measure.function(X[rows], Y[rows]) for Y in Ys])

    def permuted(order: NDArray[np.intp]) -> float:
        return sign * float(np.mean([measure.function(X[order], Y) for Y in Ys]))

    def leave_out() -> Uncertainty:
        left_out, _ = jackknife(at, len(X), rng(effort.seed, "jackknife", "stimuli"))
        return from_jackknife(scores, left_out, len(X))

    interval, notes = _interval(len(X), scores, effort, leave_out)
    generator = rng(effort.seed, "permutation", "stimuli")
    p, more = _p(effort, lambda: permutation_p(permuted, len(X), effort.permutations, generator))
    return Inference((None, None), interval, p, (*notes, *more, "no ceiling for this measure"))


@_infer.register
def _(measure: Encoding, model: Responses, target: Responses, scores: Floats, effort: Effort) -> Inference:
    fits = measure.fits(model, target, effort.seed)
    folds = fits[0].folds

    def bootstrap() -> Uncertainty:
        stimuli, people = (rng(effort.seed, "bootstrap", who) for who in ("stimuli", "subjects"))
        drawn = np.empty((effort.draws, len(fits)))
        for d in range(effort.draws):
            weights = np.zeros(len(folds))
            for fold in np.unique(folds):  # within folds, because scores are
                held = np.flatnonzero(folds == fold)
                weights[held] = stimulus_counts(len(held), 1, stimuli)[0]
            drawn[d] = [fit.median(weights) for fit in fits]
        return from_draws(scores, drawn, len(folds), people)

    interval, notes = _interval(len(folds), scores, effort, bootstrap)
    if interval:
        notes = [*notes, "with the fits held fixed"]
    return Inference(
        (None, None), interval, None, (*notes, "no permutation test for a fitted measure", "no ceiling")
    )


@_infer.register
def _(
    measure: ErrorConsistency, model: Responses, target: Responses, scores: Floats, effort: Effort
) -> Inference:
    own, subjects = measure.correctness(model, "model")[0], measure.correctness(target, "target")
    n = len(own)

    def bootstrap() -> Uncertainty:
        stimuli, people = (rng(effort.seed, "bootstrap", who) for who in ("stimuli", "subjects"))
        counts = stimulus_counts(n, effort.draws, stimuli)
        drawn = np.stack([weighted_error_consistency(own, each, counts) for each in subjects], axis=1)
        return from_draws(scores, drawn, n, people)

    def permuted(order: NDArray[np.intp]) -> float:
        once = np.ones((1, n))
        return float(np.mean([weighted_error_consistency(own[order], each, once)[0] for each in subjects]))

    interval, notes = _interval(n, scores, effort, bootstrap)
    generator = rng(effort.seed, "permutation", "stimuli")
    p, more = _p(effort, lambda: permutation_p(permuted, n, effort.permutations, generator))
    if len(subjects) < 2:
        return Inference((None, None), interval, p, (*notes, *more, "one subject: no ceiling"))
    lower = consistency_ceiling(subjects)
    return Inference((lower, None), interval, p, (*notes, *more, "upper ceiling undefined for kappa"))
