"""Benchmarks: what is shown, whose responses count, and which measure by default."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from repalign.benchmarks.halves import Halves
from repalign.benchmarks.own import own_stimuli, own_target
from repalign.data import Choices, Responses, StimulusSet, Target
from repalign.datasets import DATASETS, dataset
from repalign.errors import UnknownNameError

Options = Mapping[str, Mapping[str, str]]
TARGET = "target"  # among the options: the benchmark is the user's own, and this is its file


@dataclass(frozen=True, eq=False)
class Benchmark:
    """A target with the stimuli that evoked it.

    Args:
        name: ``dataset/target``.
        shown: Gives all stimuli of the data set; nothing is read before.
        target: Whose responses a model is compared with.
        default_measure: Used where none is named.
        version: Rises when a score would change.
        halves: Draws the tables of two halves of the people whom the target pools; None where they are
            not known.
    """

    name: str
    shown: Callable[[], StimulusSet]
    target: Target
    default_measure: str
    version: int
    halves: Halves | None = None

    @cached_property
    def stimuli(self) -> StimulusSet:
        """The target's stimuli, in canonical order."""
        return self.shown().select(sorted(self.target.ids))


def benchmark(name: str, options: Mapping[str, Any] | None = None) -> Benchmark:
    """The benchmark ``dataset/target``.

    Args:
        name: E.g. ``"kriegeskorte92/human-it"``.
        options: Of the data set, e.g. where its images lie; or, for data of your own, what
            :func:`own_benchmark` takes beside the name.

    Raises:
        UnknownNameError: No such data set or target; the nearest names are in the hint.
        UnavailableError: The data set is not here and cannot be had.
    """
    given = dict(options or {})
    if TARGET in given:
        return own_benchmark(name, **given)
    owner, _, goal = name.partition("/")
    if owner not in DATASETS:
        raise UnknownNameError.among("benchmark", name, benchmark_names())
    data = dataset(owner, **given)
    if goal not in data.targets:
        raise UnknownNameError.among("benchmark", name, [f"{owner}/{t}" for t in data.targets])
    found = data.target(goal)
    halves = data.halves(goal)
    return Benchmark(name, lambda: data.stimuli, found, data.default_measure(goal), data.card.version, halves)


def located(options: Options | None, name: str) -> dict[str, str]:
    """Where the data of a benchmark lie on this machine: under its own name, or its data set's."""
    known = options or {}
    return dict(known.get(name, known.get(name.partition("/")[0], {})))


def own_mark(options: Mapping[str, Any]) -> dict[str, bool]:
    """What the spec of a unit says of data of the user's own."""
    return {"own": True} if TARGET in options else {}


def own_benchmark(name: str, stimuli: Any, target: Any, *, ids: Any = None, region: str = "") -> Benchmark:
    """A benchmark of your own data: stimuli and somebody's responses to them.

    Args:
        name: What to call it, ``stimuli/target``.
        stimuli: A :class:`StimulusSet`, a folder of images, a saved set, or a table (``.csv``, ``.tsv``,
            ``.json``) with columns ``id`` and ``image``.
        target: A :class:`Target`, responses (Assembly, RDM, Choices), or a file that
            :func:`repalign.data.read_responses` or :func:`repalign.data.load_responses` reads. Its ids are
            among those of the stimuli; ids of a folder are paths below it without suffix.
        ids: For a file without ids: the ids of its rows in order, or a text file with one per line.
        region: Where it was measured.

    Returns:
        The benchmark, as :func:`repalign.score` and :func:`repalign.differences` take it.

    Raises:
        FileError: A file is missing or damaged, or in no known format.
        IdentityError: The target has no ids, or some that are not among the stimuli.
    """
    shown = own_stimuli(stimuli)
    found = own_target(name, target, shown, ids=ids, region=region)
    return Benchmark(name, lambda: shown, found, measure_for(found.responses), 1)


def measure_for(responses: Responses) -> str:
    """What responses are scored by where neither a user nor a data set names a measure."""
    if isinstance(responses, Choices):
        return "odd-one-out-dot-accuracy" if responses.is_triplets else "error-consistency-kappa"
    return "cka-linear-debiased" if not hasattr(responses, "dissimilarity") else "rsa-correlation-spearman"


def benchmark_names() -> list[str]:
    """All benchmarks, whether or not their data are here."""
    return [f"{name}/{goal}" for name in DATASETS for goal in dataset(name).targets]
