"""From what a study says to a problem: data, split, network, probes, and the digests of all of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError
from torch import nn

from repalign.benchmarks import benchmark, own_stimuli
from repalign.benchmarks.benchmark import Options, located
from repalign.data import Assembly, StimulusSet, canonical_json, digest_array, digest_spec
from repalign.datasets import dataset
from repalign.errors import ShapeError, TooFewError, UnsuitableError, invalid
from repalign.models.cut import Shown, keep_on_disk
from repalign.seeds import rng
from repalign.training.behind import BehindCut, after_cut, reads_behind
from repalign.training.problem import WHOLE, Part, Probe, Problem
from repalign.training.problem_options import ProblemOptions
from repalign.training.problems.networks import Network, network
from repalign.training.problems.pictures import Streamed, pictures
from repalign.training.problems.probing import Goal, goals, probe

NETWORK, STORE = "network", "store"  # sections of ``where`` beside those of data sets
FOLDER = "folder"  # the column of labels that the first folder of each path is
CONTENT = "content"  # the digests in a resolved spec


class _Learned(NamedTuple):
    """What there is to learn: stimuli, and for each id its row of targets."""

    stimuli: StimulusSet
    ids: tuple[str, ...]
    targets: NDArray[Any]
    dimensions: tuple[str, ...]


def learned_target(spec: Mapping[str, Any], where: Options) -> Problem:
    """A network that learns a target of a data set, or classes.

    Args:
        spec: :class:`ProblemOptions` as plain values, with the digests of an earlier call or without.
        where: Per data set or benchmark, where on this machine parts of it lie; under ``network`` the file
            of ``weights`` (of a CLIP also ``prompts``), under ``store`` the ``folder`` of what is kept.

    Returns:
        The problem. Its spec holds the options and the digests of data, split and starting weights, so that
        a run begun on other data is refused.

    Raises:
        InputError: A misspelt or impossible option.
        UnavailableError: Data or weights are not here.
        UnknownNameError: No such data set, target, measure, module.
        TooFewError: More stimuli are asked for than there are.
    """
    given = {name: value for name, value in spec.items() if name != CONTENT}
    try:
        options = ProblemOptions(**given)
    except ValidationError as error:
        raise invalid("the problem", error, hint="See ProblemOptions.") from error
    asked = {"options": options.model_dump(mode="json"), "where": where}
    return _made(canonical_json(asked))


@lru_cache(maxsize=2)
def _made(asked: bytes) -> Problem:
    # The runs of a sweep share one problem: its data are read once per process.
    content = json.loads(asked)
    options, where = ProblemOptions(**content["options"]), content["where"]
    learned, probed = _learned(options, where), goals(options.probes, where)
    train, validation = _split(options, learned, {each for goal in probed for each in goal.ids})
    made = network(options.network, where.get(NETWORK, {}))
    parts = [_part(learned, ids, made) for ids in (train, validation)]
    probes = [probe(goal, made) for goal in probed]
    content = _content(learned, (train, validation), probed, made, [*parts, *(p.part for p in probes)])
    example = parts[0].inputs(np.arange(2) % len(train))

    def build(seed: int) -> Any:
        return made.build(seed, example)

    module = build(0).eval()
    _check(module, example, learned, probes)
    if made.cut is not None:
        behind = [*parts, *(each.part for each in probes if reads_behind(module, each.reading, example))]
        found = _behind(module, behind, where.get(STORE, {}).get("folder", True))
        parts = found[:2]
        rest = dict(zip(map(id, behind), found, strict=True))
        probes = [replace(each, part=rest.get(id(each.part), each.part)) for each in probes]
    dimensions = learned.dimensions if options.dimensions else ()
    resolved = {**options.model_dump(mode="json"), CONTENT: content}
    return Problem(resolved, build, parts[0], parts[1], tuple(probes), dimensions)


def _learned(options: ProblemOptions, where: Options) -> _Learned:
    if options.labels is not None:
        return _classes(options.labels, where)
    assert options.target is not None
    bench = benchmark(options.target, located(where, options.target))
    responses = bench.target.responses
    if not isinstance(responses, Assembly):
        raise UnsuitableError(
            f"{options.target} has no numbers by stimulus to be learned", hint="Name an embedding."
        )
    whole = responses.mean()
    ids = whole.require_ids()
    names = next((labels for labels in whole.units.values()), np.arange(whole.n_units))
    return _Learned(
        bench.stimuli, ids, np.asarray(whole.array(), np.float32), tuple(map(str, names.tolist()))
    )


def _classes(named: str, where: Options) -> _Learned:
    owner, _, column = named.partition("/")
    options = located(where, owner)
    own = options.get("stimuli")
    stimuli = dataset(owner, **cast(Any, options)).stimuli if own is None else own_stimuli(own)
    named_by = np.array([i.partition("/")[0] for i in stimuli.ids]) if column == FOLDER else None
    _, labels = np.unique(stimuli.column(column) if named_by is None else named_by, return_inverse=True)
    return _Learned(stimuli, stimuli.ids, labels.astype(np.int64), ())


def _split(
    options: ProblemOptions, learned: _Learned, held: set[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids to train upon and for validation; what probes show is in neither."""
    pool = sorted(set(learned.ids) - held)
    n = len(pool)
    whole = isinstance(options.validation, int)
    n_validation = int(options.validation) if whole else n - _floor(1 - Decimal(str(options.validation)), n)
    n_train = n - n_validation if options.train is None else options.train
    if n_train < 1 or n_validation < 1 or n_train + n_validation > n:
        raise TooFewError(
            f"{n_train} stimuli to train upon and {n_validation} for validation, of {n} that no probe shows",
            hint="Ask for fewer.",
        )
    order = rng(options.split_seed, "training", "split").permutation(n)
    chosen = [pool[i] for i in order[: n_train + n_validation]]
    return tuple(sorted(chosen[:n_train])), tuple(sorted(chosen[n_train:]))


def _floor(share: Decimal, n: int) -> int:
    # In decimals: of 10 stimuli a validation of 0.9 leaves 1, and 1 - 0.9 in binary leaves 0.
    return int(share * n)


def _part(learned: _Learned, ids: Sequence[str], made: Network) -> Part:
    place = {each: row for row, each in enumerate(learned.ids)}
    targets = learned.targets[[place[each] for each in ids]]
    return pictures(learned.stimuli, ids, targets, made.preprocessing)


def _check(module: nn.Module, example: torch.Tensor, learned: _Learned, probes: Sequence[Probe]) -> None:
    """Refuse targets that are none of the network's outputs, and layers that it does not have."""
    one = example[:1]
    asked = {each.reading: each.name for each in probes if each.reading.layers != WHOLE.layers}
    with torch.no_grad():
        outputs = module(one)
        for reading, name in asked.items():
            try:
                reading.read(module, one)
            except KeyError as error:
                raise UnsuitableError(
                    f"the network gives no layer {error}, which {name} asks for",
                    hint="It is never called, or there is no classifier: name another module, or 'output'.",
                ) from error
    width = tuple(outputs.shape[1:]) if isinstance(outputs, torch.Tensor) else ()
    wanted = learned.targets.shape[1:]
    if learned.targets.ndim == 1 and len(width) == 1:
        wanted = (max(width[0], int(learned.targets.max()) + 1),)
    if width != wanted:
        raise ShapeError(
            f"the network gives {width} numbers per stimulus, and its targets need {wanted}",
            hint="Give the network as many outputs (num_classes; of a CLIP one prompt each), or name another "
            "target.",
        )


def _behind(module: nn.Module, shown: Sequence[Part], store: Path | str | bool) -> list[Part]:
    """Parts as the second half of the network sees them; the first half is run where it has not been."""
    half = after_cut(module)
    assert half is not None
    return [BehindCut(part, keep_on_disk(half.cut, _shown(part), store)) for part in shown]


def _shown(part: Part) -> Shown:
    """A part as a cut is shown it."""

    def prepared(first: int, last: int) -> NDArray[Any]:
        return part.inputs(np.arange(first, last)).numpy()

    return Shown(part.ids, digest_spec({"ids": list(part.ids), "images": _images_digest(part)}), prepared)


def _images_digest(part: Part) -> str:
    """Of the prepared images, a batch at a time."""
    rows = np.arange(len(part.ids))
    batches = (rows[i : i + 64] for i in range(0, len(rows), 64))
    return digest_spec([digest_array(part.inputs(batch).numpy()) for batch in batches])


def _content(
    learned: _Learned,
    split: tuple[tuple[str, ...], tuple[str, ...]],
    probed: Sequence[Goal],
    made: Network,
    parts: Sequence[Part],
) -> dict[str, Any]:
    """Digests of everything that decides a run beside the options.

    Of images that do not fit into memory the ids alone count: reading all of them takes longer than an epoch.
    """
    shown = [each for ids in split for each in ids]
    place = {each: row for row, each in enumerate(learned.ids)}
    rows = [place[each] for each in shown]
    return {
        "network": made.digest,
        "preprocessing": made.preprocessing.as_dict(),
        "stimuli": _stimuli_digest(learned.stimuli, shown, parts[0]),
        "targets": digest_array(np.ascontiguousarray(learned.targets[rows])),
        "split": digest_spec([list(ids) for ids in split]),
        "probes": [
            [goal.options.benchmark, goal.digest, _stimuli_digest(goal.bench.stimuli, goal.ids, part)]
            for goal, part in zip(probed, parts[2:], strict=True)
        ],
    }


def _stimuli_digest(stimuli: StimulusSet, shown: Sequence[str], part: Part) -> str:
    return digest_spec(list(shown)) if isinstance(part, Streamed) else stimuli.select(shown).digest
