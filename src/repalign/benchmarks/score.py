"""score(): the one way in which a number about alignment comes into being."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from repalign.benchmarks.benchmark import Benchmark, benchmark, measure_for
from repalign.benchmarks.design import Over
from repalign.benchmarks.effort import Effort
from repalign.benchmarks.inference import Inference, check_size, infer
from repalign.benchmarks.join import Joined, common_ids, join
from repalign.benchmarks.layers import CHOOSE, Sides, choose_layer, split_layers
from repalign.benchmarks.own import people_in
from repalign.benchmarks.provenance import code_version
from repalign.benchmarks.responders import respond
from repalign.data import RDM, Assembly, Choices, Responses, Score, ScoreTable, Target, digest_spec
from repalign.errors import TooFewError
from repalign.maths import Floats
from repalign.metrics import RSA, Measure
from repalign.metrics import measure as find_measure
from repalign.seeds import rng


def score(
    model: Any,
    target: Target | Benchmark | Responses | str,
    measure: str | Measure | None = None,
    *,
    layers: str | Sequence[str] = "default",
    subset: int | None = None,
    draws: int = 1000,
    permutations: int = 1000,
    seed: int = 0,
    over: Over = "auto",
) -> ScoreTable:
    """Compare a model with a target and say how sure the number is.

    Both sides are joined by stimulus id and brought into a canonical order, so that the order of rows
    never matters. The default score of a target with several subjects is the mean over subjects.

    Args:
        model: Responses (Assembly, RDM or Choices), or, where ``target`` is a benchmark, anything that
            :func:`repalign.model` takes, or the name of published responses (``"kriegeskorte92/hmax"``).
        target: A target, a benchmark or its name (``"kriegeskorte92/human-it"``), or another model's
            responses.
        measure: A measure or its id; the benchmark's default where there is one.
        layers: ``"default"`` (the model's own choice; all, where responses are given), ``"all"``, names,
            or ``"choose"``: the best on a random half of the stimuli is scored on the other half.
        subset: Score a seeded random subset of this many stimuli.
        draws: Bootstrap draws for the interval; 0 for none.
        permutations: Permutations for p (one-sided: more alike than by chance); 0 for none.
        seed: Of every random step.
        over: What the interval is to generalise to: ``"both"`` subjects and stimuli, ``"subjects"`` (for
            these stimuli), ``"stimuli"`` (for these subjects), or ``"auto"``, the most the data carry.

    Returns:
        For each layer one row per subject (where there are at least two) and the aggregate,
        ``subject == "all"``, with interval, ceiling and p, or the reason for their absence.

    Raises:
        IdentityError: The two sides are not about the same stimuli.
        UnsuitableError: The measure needs what a side does not have.
        TooFewError: There are too few stimuli for the measure.
        DegenerateError: No number exists, e.g. a constant pattern; the stimuli are named.
    """
    bench = benchmark(target) if isinstance(target, str) else target
    chosen = find_measure(measure if measure is not None else default_measure(bench))
    effort = Effort(draws, permutations, seed, over)
    parts = split_layers(respond(model, bench, layers), layers)
    rows: list[Score] = []
    for goal in targets(bench):
        narrowed, drawn = narrow(goal, subset, seed)
        sides = {name: partial(joined, part, goal, narrowed, drawn) for name, part in parts.items()}
        rows += _score_layers(sides, narrowed, chosen, layers, effort)
    return ScoreTable(rows)


def default_measure(target: Target | Benchmark | Responses) -> str:
    """What a target is scored by where no measure is named."""
    if isinstance(target, Benchmark):
        return target.default_measure
    return measure_for(target.responses if isinstance(target, Target) else target)


def targets(target: Target | Benchmark | Responses) -> list[Target]:
    """The targets behind a benchmark or behind another model's responses, one per layer."""
    if isinstance(target, Benchmark | Target):
        return [_one_per_subject(target.target if isinstance(target, Benchmark) else target)]
    # Another model is a target whose regions are its layers; nobody is behind it, unless there are subjects.
    parts = split_layers(target).items()
    return [Target(target.name, part, layer, people_in(part)) for layer, part in parts]


def _one_per_subject(goal: Target) -> Target:
    """Average several RDMs of a subject (sessions), which are not several subjects."""
    rdms = goal.responses
    if not isinstance(rdms, RDM) or len(set(goal.subjects)) == len(goal.subjects):
        return goal
    note = join_notes(goal.note, "averaged within subject")
    return replace(goal, responses=rdms.mean_within("subject"), note=note)


def narrow(goal: Target, subset: int | None, seed: int) -> tuple[Target, list[str] | None]:
    """The target on a random subset of its stimuli, and which; None are all.

    Raises:
        TooFewError: More are asked for than there are.
    """
    if subset is None:
        return goal, None
    ids = sorted(goal.ids)
    if not 0 < subset <= len(ids):
        raise TooFewError(
            f"{subset} of {len(ids)} stimuli cannot be drawn", hint=f"Ask for 1 to {len(ids)}, or for all."
        )
    drawn = sorted(rng(seed, "stimuli", "subset").choice(ids, size=subset, replace=False).tolist())
    note = f"{subset} of {len(ids)} stimuli, drawn with seed {seed}"
    return replace(goal.select(drawn), note=join_notes(goal.note, note)), drawn


def joined(model: Responses, goal: Target, narrowed: Target, drawn: list[str] | None) -> Joined:
    """A layer and the target on the stimuli drawn.

    Raises:
        IdentityError: The whole of both sides is not about the same stimuli.
    """
    if drawn is None:
        return join(model, goal.responses)
    common_ids(model, goal.responses)  # a subset must not hide that the sides differ
    return join(model.select(drawn), narrowed.responses)


@dataclass(frozen=True)
class Case:
    """One layer against one target, joined."""

    layer: str
    model: Responses
    target: Responses
    note: str
    n_stimuli: int


def _score_layers(
    sides: Sides, goal: Target, measure: Measure, layers: str | Sequence[str], effort: Effort
) -> list[Score]:
    rows: list[Score] = []
    for case in cases(sides, measure, layers, effort.seed):
        check_enough(measure, case.n_stimuli)
        check_size(measure, case.model, case.target, effort)  # before the long work
        model, target = measure.prepared(case.model, case.target)
        scores = measure.scores(model, target, seed=effort.seed)
        found = infer(measure, model, target, scores, effort)
        rows += _rows(case, goal, measure, scores, found, effort)
    return rows


def check_enough(measure: Measure, n_stimuli: int) -> None:
    """Refuse fewer stimuli than a measure needs.

    Raises:
        TooFewError: There are fewer.
    """
    if n_stimuli < measure.min_stimuli:
        raise TooFewError(
            f"{measure.id} needs at least {measure.min_stimuli} stimuli; there are {n_stimuli}",
            hint="Add stimuli, or use another measure.",
        )


def cases(sides: Sides, measure: Measure, layers: str | Sequence[str], seed: int) -> Iterator[Case]:
    """One layer after the other, so that memory holds one."""
    if layers == CHOOSE and len(sides) > 1:
        chosen = choose_layer(measure, sides, seed)
        n = join(chosen.model, chosen.target).n_stimuli
        yield Case(chosen.layer, chosen.model, chosen.target, chosen.note, n)
        return
    position = "joined by position: neither side has stimulus ids"
    for name, join_side in sides.items():
        side = join_side()
        yield Case(name, side.model, side.target, "" if side.how == "id" else position, side.n_stimuli)


def _rows(
    case: Case, goal: Target, measure: Measure, scores: Floats, found: Inference, effort: Effort
) -> list[Score]:
    spec = {
        "measure": measure.id,
        "measure_version": measure.version,
        "model": case.model.digest,
        "target": case.target.digest,
        "note": case.note,
        **asdict(effort),
    }
    common: dict[str, Any] = {
        "model": case.model.name,
        "layer": case.layer or None,
        "target": goal.name,
        "region": goal.region or None,
        "measure": measure.id,
        "n_stimuli": case.n_stimuli,
        "model_digest": case.model.digest,
        "target_digest": case.target.digest,
        "spec_digest": digest_spec(spec),
        "code_version": code_version(),
    }
    low, high = found.interval or (None, None)
    aggregate = Score(
        **common,
        value=float(np.mean(scores)),
        ceiling_lower=found.ceiling[0],
        ceiling_upper=found.ceiling[1],
        ci_low=low,
        ci_high=high,
        p=found.p,
        n_subjects=goal.n_subjects or None,
        reason=join_notes(goal.note, case.note, _taken_as_is(case, measure), *_fresh(found.notes, goal))
        or None,
    )
    subjects = goal.subjects if len(scores) > 1 else ()
    each = [
        Score(**common, subject=who, value=float(s), n_subjects=1)
        for who, s in zip(subjects, scores, strict=bool(subjects))
    ]
    return [*each, aggregate]


def _taken_as_is(case: Case, measure: Measure) -> str:
    if not isinstance(case.model, RDM) or not isinstance(measure, RSA):
        return ""
    if case.model.dissimilarity == measure.dissimilarity:
        return ""
    return f"the model's RDM is taken {case.model.dissimilarity}"


def _fresh(notes: Sequence[str], goal: Target) -> list[str]:
    """What the target's own note has not said already."""
    return [note for note in notes if not ("no ceiling" in note and "no ceiling" in goal.note)]


def join_notes(*notes: str) -> str:
    """Notes one after the other, each once, empty ones left out."""
    return "; ".join(dict.fromkeys(note for note in notes if note))


def compare(
    model: Any, other: Any, measure: str | Measure = "cka-linear-debiased", *, seed: int = 0
) -> Comparison:
    """One measure between two sides, without inference.

    Args:
        model: Assembly, RDM or Choices, or a bare array (stimulus, unit).
        other: The same of the other side.
        measure: A measure or its id.
        seed: For measures that split stimuli at random.

    Returns:
        The number, how many stimuli it is about, and whether they were joined by id or by position.

    Raises:
        IdentityError: The ids differ, or only one side has ids.

    Example:
        >>> import numpy as np, repalign as ra
        >>> X = np.random.default_rng(0).normal(size=(50, 8))
        >>> result = ra.compare(X, X @ np.diag([1, 1, 1, 1, 1, 1, 1, 3.0]), "cka-linear-biased")
        >>> result.joined, 0 < result.value < 1
        ('position', True)
    """
    found = find_measure(measure)
    sides = [
        Assembly(np.asarray(s)) if not isinstance(s, Assembly | RDM | Choices) else s for s in (model, other)
    ]
    joined = join(*sides)
    check_enough(found, joined.n_stimuli)
    value = float(found.scores(joined.model, joined.target, seed=seed).mean())
    return Comparison(found.id, value, joined.n_stimuli, joined.how)


@dataclass(frozen=True)
class Comparison:
    """What :func:`compare` found.

    Args:
        measure: Id of the measure, which states every parameter.
        value: The number; of several subjects their mean.
        n: How many stimuli it is about.
        joined: ``"id"`` or ``"position"``.
    """

    measure: str
    value: float
    n: int
    joined: str
