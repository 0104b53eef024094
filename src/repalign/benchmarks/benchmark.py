"""Benchmarks: what is shown, whose responses count, and which measure by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repalign.data import StimulusSet, Target
from repalign.datasets import DATASETS, Dataset, dataset
from repalign.errors import UnknownNameError


@dataclass(frozen=True, eq=False)
class Benchmark:
    """A target of a data set with the stimuli that evoked it.

    Args:
        name: ``dataset/target``.
        data: The data set.
        target: Whose responses a model is compared with.
        default_measure: Used where none is named.
        version: Rises when a score would change.
    """

    name: str
    data: Dataset
    target: Target
    default_measure: str
    version: int

    @property
    def stimuli(self) -> StimulusSet:
        """The target's stimuli, in canonical order."""
        return self.data.stimuli.select(sorted(self.target.ids))


def benchmark(name: str, options: Mapping[str, Any] | None = None) -> Benchmark:
    """The benchmark ``dataset/target``.

    Args:
        name: E.g. ``"kriegeskorte92/human-it"``.
        options: Of the data set, e.g. where its images lie.

    Raises:
        UnknownNameError: No such data set or target; the nearest names are in the hint.
        UnavailableError: The data set is not here and cannot be had.
    """
    owner, _, goal = name.partition("/")
    if owner not in DATASETS:
        raise UnknownNameError.among("benchmark", name, benchmark_names())
    data = dataset(owner, **dict(options or {}))
    if goal not in data.targets:
        raise UnknownNameError.among("benchmark", name, [f"{owner}/{t}" for t in data.targets])
    return Benchmark(name, data, data.target(goal), data.default_measure(goal), data.card.version)


def benchmark_names() -> list[str]:
    """All benchmarks, whether or not their data are here."""
    return [f"{name}/{goal}" for name in DATASETS for goal in dataset(name).targets]
