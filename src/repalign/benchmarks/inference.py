"""How sure a score is: ceiling, interval and p for each family of measures, or the reason for none."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from repalign.benchmarks.ceilings import Ceiling, noise_ceiling
from repalign.benchmarks.chance import chance_p
from repalign.benchmarks.design import Design, choose_design
from repalign.benchmarks.effort import Effort
from repalign.benchmarks.sampling import sample
from repalign.data import RDM, Assembly, Responses
from repalign.errors import DegenerateError, RepalignError, UnsuitableError
from repalign.maths import Floats, Uncertainty, of_subjects
from repalign.metrics import HELD_PAIRS, RSA, Measure


@dataclass(frozen=True)
class Inference:
    """What may be said beside a score; what is None has its reason in ``notes``.

    Args:
        ceiling: Lower and upper noise ceiling, in units of the score.
        interval: Lower and upper end of the 95 % interval; not cut at the measure's range.
        p: One-sided, against chance, 0..1.
        notes: What is absent and why, what the interval generalises to, what limits it.
    """

    ceiling: Ceiling = (None, None)
    interval: tuple[float, float] | None = None
    p: float | None = None
    notes: tuple[str, ...] = field(default=())


def infer(measure: Measure, model: Responses, target: Responses, scores: Floats, effort: Effort) -> Inference:
    """Ceiling, interval and p of the mean over subjects, as the design of the data allows.

    Args:
        measure: The measure that gave ``scores``.
        model: One layer of a model, joined with the target.
        target: The target.
        scores: Score of each subject, (n_subjects,).
        effort: How much resampling.

    Raises:
        UnsuitableError: Subjects are to be resampled, and there is one.
    """
    remarks = measure.remarks(model, target)
    interval, about_interval = _interval(measure, model, target, scores, effort)
    p, about_p = _p(measure, model, target, effort)
    ceiling, about_ceiling = noise_ceiling(measure, target, effort)
    notes = (*about_interval, about_p, about_ceiling, *remarks)
    return Inference(ceiling, interval, p, tuple(note for note in notes if note))


def _interval(
    measure: Measure, model: Responses, target: Responses, scores: Floats, effort: Effort
) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    if effort.draws == 0:
        return None, ("no interval: 0 draws asked for",)
    design = choose_design(len(scores), stimuli_of(model), effort.over)
    if isinstance(design, str):
        return None, (design,)
    try:
        uncertainty = _uncertainty(measure, model, target, scores, effort, design)
    except (UnsuitableError, DegenerateError) as reason:
        return None, (_because("no interval", reason),)
    caution = design.caveat if measure.calibrated else "its coverage is not calibrated"
    return uncertainty.interval(float(scores.mean())), (design.words, caution)


def _uncertainty(
    measure: Measure, model: Responses, target: Responses, scores: Floats, effort: Effort, design: Design
) -> Uncertainty:
    if design.over == "subjects":  # their scores on these stimuli say it all
        return of_subjects(scores)
    if not measure.resamples:
        raise UnsuitableError(f"{measure.id} is too slow to resample")
    return sample(measure, [model], target, scores[None], effort).uncertainty(np.ones(1), design.over)


def _because(what: str, reason: RepalignError) -> str:
    said = reason.message.startswith((f"{what}:", f"{what} "))  # "no p" is not "no permutation"
    return reason.message if said else f"{what}: {reason.message}"


def _p(measure: Measure, model: Responses, target: Responses, effort: Effort) -> tuple[float | None, str]:
    if effort.permutations == 0:
        return None, "no p: 0 permutations asked for"
    if not measure.resamples:
        return None, f"no p: {measure.id} is too slow to resample"
    try:
        return chance_p(measure, model, target, effort), ""
    except (UnsuitableError, DegenerateError) as reason:
        return None, _because("no p", reason)


def stimuli_of(responses: Responses) -> int:
    """How many stimuli a side is about."""
    return responses.n_stimuli if isinstance(responses, Assembly | RDM) else len(responses.ids)


def check_size(measure: Measure, model: Responses, target: Responses, effort: Effort) -> None:
    """Refuse to resample an RDM that is too large for it and cannot be streamed.

    Raises:
        UnsuitableError: It is.
    """
    n = stimuli_of(model)
    pairs = n * (n - 1) // 2
    if not isinstance(measure, RSA) or pairs <= HELD_PAIRS or measure.streams(model, target):
        return
    if effort.draws or effort.permutations:
        raise UnsuitableError(
            f"{measure.id} of {n} stimuli resamples {pairs:,} pairs; at most {HELD_PAIRS:,} are",
            hint="Take a seeded subset (subset=1000, --subset 1000), responses on both sides with "
            "rsa-correlation-pearson, cka-linear-debiased, or no resampling (draws=0, permutations=0).",
        )
