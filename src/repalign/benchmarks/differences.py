"""Differences between models on one target: intervals, tests corrected for their number, equivalence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from repalign.benchmarks.benchmark import Benchmark, benchmark
from repalign.benchmarks.design import Design, Over, choose_design
from repalign.benchmarks.effort import Effort
from repalign.benchmarks.inference import check_size, stimuli_of
from repalign.benchmarks.layers import CHOOSE, Sides, choose_layer, split_layers
from repalign.benchmarks.responders import respond
from repalign.benchmarks.sampling import sample
from repalign.benchmarks.score import (
    Case,
    cases,
    check_enough,
    default_measure,
    join_notes,
    joined,
    narrow,
    targets,
)
from repalign.data import Responses, Target
from repalign.errors import InputError, TooFewError, UnknownNameError, UnsuitableError
from repalign.maths import (
    CORRECTIONS,
    Bound,
    Estimate,
    Floats,
    Sampled,
    ceiling_differences,
    equivalence_p,
    model_differences,
)
from repalign.metrics import Encoding, Measure
from repalign.metrics import measure as named_measure
from repalign.seeds import rng

MANY_TO_FIT = 100  # stimuli, see benchmarks/calibration.md


class _Tests(NamedTuple):
    """What is tested, beside the differences of pairs."""

    correction: str
    margin: float | None
    ceiling: Bound | None


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Score of ``a`` less score of ``b``, positive where ``a`` scores higher.

    What is absent is None, and ``reason`` says why.

    Args:
        a: Name of one model.
        a_layer: Its layer.
        b: Name of the other model, or ``"noise ceiling, lower"`` or ``"noise ceiling, upper"``.
        b_layer: Its layer.
        target: Name of the target.
        region: Where it was measured.
        measure: Id of the measure.
        value: The difference, in units of the measure.
        ci_low: Lower end of the 95 % interval.
        ci_high: Upper end.
        p: Of this pair alone, 0..1; two-sided, against a ceiling one-sided.
        p_adjusted: Adjusted for all ``n_tests`` on this target by ``correction``.
        correction: ``"holm"`` or ``"bh"``.
        n_tests: How many tests were corrected for; 0 where nothing was tested.
        margin: Differences smaller than this count as none, in units of the measure.
        p_equivalent: Small where the difference is surely smaller than ``margin``, also adjusted.
        n_stimuli: How many stimuli both were scored on.
        n_subjects: How many subjects are behind the target.
        reason: What is absent and why, what the interval generalises to, what limits it.
    """

    a: str
    a_layer: str | None
    b: str
    b_layer: str | None
    target: str
    region: str | None
    measure: str
    value: float
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    correction: str
    n_tests: int = 0
    margin: float | None = None
    p_equivalent: float | None = None
    n_stimuli: int
    n_subjects: int | None
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The difference as a row."""
        return asdict(self)


def differences(
    models: Sequence[Any],
    target: Target | Benchmark | Responses | str,
    measure: str | Measure | None = None,
    *,
    layers: str | Sequence[str] = "default",
    subset: int | None = None,
    correction: str = "holm",
    margin: float | None = None,
    ceiling: Bound | None = None,
    over: Over = "auto",
    draws: int = 1000,
    seed: int = 0,
) -> tuple[Difference, ...]:
    """Compare the scores of all pairs of models on the same stimuli and subjects.

    All models see the same resamples, so that what they share cancels. Models that are equally close
    are not thereby different: only ``margin`` tests for sameness.

    Args:
        models: At least two of what :func:`repalign.score` takes; layers count as models of their own.
        target: As in :func:`repalign.score`.
        measure: A measure or its id; the benchmark's default where there is one.
        layers: As in :func:`repalign.score`.
        subset: Compare on a seeded random subset of this many.
        correction: ``holm`` (family-wise error) or ``bh`` (false discovery rate), over all pairs.
        margin: Differences smaller than this, in units of the measure, count as none; adds the test for
            equivalence.
        ceiling: ``lower`` or ``upper``: compare each model with that noise ceiling too. There p is
            one-sided: small where the model surely stays below it.
        over: What is to be generalised to: ``auto`` (the most the data carry), ``both``, ``subjects``
            or ``stimuli``.
        draws: Bootstrap draws.
        seed: Of every random step.

    Returns:
        One difference per pair, in the order of the models; then one per model with the ceiling.

    Raises:
        TooFewError: Fewer than two models (or layers).
        UnknownNameError: Not a known correction or noise ceiling.
        InputError: Fewer than two draws.
        UnsuitableError: The measure cannot be resampled or has no such ceiling, or the design does not
            carry ``over``.
        IdentityError, DegenerateError: As in :func:`repalign.score`.
    """
    if correction not in CORRECTIONS:
        raise UnknownNameError.among("correction", correction, CORRECTIONS)
    if ceiling not in (None, "lower", "upper"):
        raise UnknownNameError.among("noise ceiling", str(ceiling), ("lower", "upper"))
    if draws < 2:
        raise InputError(f"{draws} draws give no interval", hint="Use 1000.")
    bench = benchmark(target) if isinstance(target, str) else target
    chosen = named_measure(measure if measure is not None else default_measure(bench))
    effort = Effort(draws, 0, seed, over)
    found: list[Difference] = []
    for whole in targets(bench):
        goal, drawn = narrow(whole, subset, seed)
        sides: list[Sides] = []
        for model in models:
            parts = split_layers(respond(model, bench, layers), layers)
            sides.append({name: partial(joined, part, whole, goal, drawn) for name, part in parts.items()})
        everyone = _cases(sides, chosen, layers, seed)
        found += _of_target(everyone, goal, chosen, _Tests(correction, margin, ceiling), effort)
    return tuple(found)


def _cases(sides: Sequence[Sides], measure: Measure, layers: str | Sequence[str], seed: int) -> list[Case]:
    """Every layer of every model on the same stimuli: those that no choice of a layer has seen."""
    chooses = layers == CHOOSE and any(len(each) > 1 for each in sides)
    found: list[Case] = []
    for each in sides:
        if chooses and len(each) == 1:
            left = choose_layer(measure, each, seed)
            note = "scored on the stimuli left by the choice of layers"
            found.append(Case(left.layer, left.model, left.target, note, stimuli_of(left.model)))
        else:
            found += cases(each, measure, layers, seed)
    return found


def _of_target(
    everyone: Sequence[Case],
    goal: Target,
    measure: Measure,
    tests: _Tests,
    effort: Effort,
) -> list[Difference]:
    if len(everyone) < 2:
        raise TooFewError("a difference needs at least two models or layers", hint="Name another.")
    first = everyone[0]
    check_enough(measure, first.n_stimuli)
    check_size(measure, first.model, first.target, effort)
    models, target = _prepared(everyone, measure)
    scores = np.stack([measure.scores(model, target, seed=effort.seed) for model in models])
    design = choose_design(scores.shape[1], first.n_stimuli, effort.over)
    sampled = None
    if isinstance(design, Design):
        sampled = _sampled(models, target, measure, scores, effort, tests.ceiling is not None)
    bare = [_bare(each, goal, measure, tests) for each in everyone]
    estimates = model_differences(sampled, design.over) if sampled and isinstance(design, Design) else {}
    found: list[Difference] = []
    for i, j in combinations(range(len(everyone)), 2):
        value = float(scores[i].mean() - scores[j].mean())
        notes = join_notes(bare[i].reason, bare[j].reason)
        pair = replace(bare[i], b=bare[j].a, b_layer=bare[j].a_layer, value=value, reason=notes)
        found.append(_tested(pair, estimates.get((i, j)), design, measure))
    if tests.ceiling is not None:
        found += _below_ceiling(bare, sampled, design, measure, tests.ceiling, effort)
    return _corrected(found)


def _prepared(everyone: Sequence[Case], measure: Measure) -> tuple[list[Responses], Responses]:
    """All models, and the target that they share, prepared once."""
    models: list[Responses] = []
    target = everyone[0].target
    for case in everyone:
        model, target = measure.prepared(case.model, target)
        models.append(model)
    return models, target


def _sampled(
    models: Sequence[Responses],
    target: Responses,
    measure: Measure,
    scores: Floats,
    effort: Effort,
    ceilings: bool,
) -> Sampled:
    way_out = "A difference needs resamples: use RSA, CKA or an encoding measure."
    if not measure.resamples:
        raise UnsuitableError(f"{measure.id} is too slow to resample", hint=way_out)
    try:
        return sample(measure, models, target, scores, effort, ceilings=ceilings)
    except UnsuitableError as error:
        raise UnsuitableError(f"{measure.id}: {error.message}", hint=error.hint or way_out) from error


def _bare(case: Case, goal: Target, measure: Measure, tests: _Tests) -> Difference:
    """What is known of a difference of this model before it is made."""
    return Difference(
        a=case.model.name,
        a_layer=case.layer or None,
        b="",
        b_layer=None,
        target=goal.name,
        region=goal.region or None,
        measure=measure.id,
        value=0.0,
        correction=tests.correction,
        margin=tests.margin,
        n_stimuli=case.n_stimuli,
        n_subjects=goal.n_subjects or None,
        reason=join_notes(goal.note, case.note),
    )


def _below_ceiling(
    bare: Sequence[Difference],
    sampled: Sampled | None,
    design: Design | str,
    measure: Measure,
    bound: Bound,
    effort: Effort,
) -> list[Difference]:
    if sampled is None or isinstance(design, str):
        raise UnsuitableError(f"no comparison with the noise ceiling: {design}", hint="Use more stimuli.")
    if sampled.ceiling is None:
        raise UnsuitableError(
            f"there is no noise ceiling of {measure.id} here to compare with",
            hint="It takes RSA and a target with at least 4 subjects.",
        )
    stream = rng(effort.seed, "bootstrap", "subjects")
    found = ceiling_differences(sampled, stream, bound, design.over)
    words = join_notes(design.words, "not calibrated against a ceiling", "p one-sided")
    return [
        replace(
            each,
            b=f"noise ceiling, {bound}",
            value=estimate.value,
            ci_low=estimate.interval[0],
            ci_high=estimate.interval[1],
            p=estimate.p,
            margin=None,
            reason=join_notes(each.reason, words),
        )
        for each, estimate in zip(bare, found, strict=True)
    ]


def _caution(measure: Measure, design: Design) -> str:
    if not measure.calibrated:
        return "its coverage is not calibrated"
    if isinstance(measure, Encoding) and design.n_stimuli < MANY_TO_FIT:
        # The fits are held fixed, so what another training set would do to both models is left out.
        return f"liberal below {MANY_TO_FIT} stimuli: at 5 % it rejects 7 to 8 %"
    return design.caveat


def _tested(
    bare: Difference, estimate: Estimate | None, design: Design | str, measure: Measure
) -> Difference:
    if estimate is None or isinstance(design, str):
        return replace(bare, reason=join_notes(bare.reason, str(design)))
    uncertainty = estimate.uncertainty
    if not uncertainty.variance > 0:
        same = "the scores are the same in every resample: nothing to test"
        return replace(bare, reason=join_notes(bare.reason, same))
    low, high = estimate.interval
    equivalent = None
    if bare.margin is not None:
        equivalent = equivalence_p(bare.value, uncertainty.variance, uncertainty.freedom, bare.margin)
    words = join_notes(bare.reason, design.words, _caution(measure, design))
    return replace(bare, ci_low=low, ci_high=high, p=estimate.p, p_equivalent=equivalent, reason=words)


def _corrected(found: list[Difference]) -> list[Difference]:
    """p-values adjusted for all that was tested in this call; those of sameness for one another."""
    tested = [i for i, each in enumerate(found) if each.p is not None]
    same = [i for i in tested if found[i].p_equivalent is not None]
    out = list(found)
    correct = CORRECTIONS[found[0].correction]
    for i, p in zip(tested, _adjusted(correct, [found[i].p for i in tested]), strict=True):
        out[i] = replace(out[i], p_adjusted=p, n_tests=len(tested))
    for i, p in zip(same, _adjusted(correct, [found[i].p_equivalent for i in same]), strict=True):
        out[i] = replace(out[i], p_equivalent=p)
    return out


def _adjusted(correct: Callable[[ArrayLike], Floats], given: Sequence[float | None]) -> list[float]:
    return correct([p for p in given if p is not None]).tolist() if given else []
