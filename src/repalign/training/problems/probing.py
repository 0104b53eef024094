"""Probes: what score() says of a network's responses after every epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from repalign.benchmarks import Benchmark, benchmark, score, split_ceiling, within, within_target
from repalign.benchmarks.benchmark import Options, located
from repalign.benchmarks.score import narrow
from repalign.data import Assembly, Score, Target
from repalign.errors import InputError
from repalign.metrics import measure as find_measure
from repalign.training.problem import Probe, Reading
from repalign.training.problem_options import ProbeOptions
from repalign.training.problems.networks import Network
from repalign.training.problems.pictures import pictures
from repalign.training.run_spec import RunSpec


@dataclass(frozen=True, eq=False)
class Goal:
    """A target, what of it is probed, and by what.

    Args:
        options: As the study says.
        bench: The benchmark.
        target: Of the stimuli that are shown.
        category: From a stimulus to its category; None where only the plain form is scored.
    """

    options: ProbeOptions
    bench: Benchmark
    target: Target
    category: Mapping[str, str] | None

    @property
    def ids(self) -> tuple[str, ...]:
        """What is shown, in canonical order."""
        return tuple(sorted(self.target.ids))

    @property
    def digest(self) -> str:
        """Of the target's responses."""
        return self.target.digest

    @property
    def measures(self) -> tuple[str, ...]:
        """Ids."""
        return self.options.measures or (self.bench.default_measure,)

    def scores(self, shown: Assembly, spec: RunSpec, epoch: int) -> list[Score]:
        """Rows for the network's responses after an epoch of a run, (stimulus x unit), by ``layer``."""
        last = spec.last_epoch
        tested = spec.perturbation is None and epoch in {
            e if e >= 0 else last + 1 + e for e in self.options.tested
        }
        rows: list[Score] = []
        for centred in (False, True) if self.category is not None else (False,):
            for measure in self.measures:
                rows += self._scored(shown, measure, tested=tested, centred=centred)
        return rows

    def _scored(self, shown: Assembly, measure: str, *, tested: bool, centred: bool) -> list[Score]:
        how, target, responses = self.options, self.target, shown
        if centred and self.category is not None:
            target, responses = self._centred, within(shown, self.category)
        effort: dict[str, Any] = (
            {"draws": how.draws, "permutations": how.permutations} if tested else _NO_EFFORT
        )
        found = score(responses, target, measure, seed=how.seed, **effort)
        ceiling = self._ceiling(measure, centred)
        if ceiling is None:
            return list(found)
        lower, upper = ceiling
        return [
            replace(row, ceiling_lower=lower, ceiling_upper=upper, reason=_said(row, how)) for row in found
        ]

    @cached_property
    def _centred(self) -> Target:
        return within_target(self.target, self.category or {})

    def _ceiling(self, measure: str, centred: bool) -> tuple[float, float] | None:
        key = measure, centred
        if key not in self._ceilings:
            self._ceilings[key] = self._split(measure, centred)
        return self._ceilings[key]

    @cached_property
    def _ceilings(self) -> dict[tuple[str, bool], tuple[float, float] | None]:
        return {}

    def _split(self, measure: str, centred: bool) -> tuple[float, float] | None:
        halves = self.bench.halves
        if halves is None or not self.options.splits:
            return None
        category = self.category if centred else None

        def drawn(generator: np.random.Generator) -> tuple[Assembly, Assembly]:
            one, other = (each.select(self.ids) for each in halves(generator))
            return (one, other) if category is None else (within(one, category), within(other, category))

        found = find_measure(measure)
        return split_ceiling(drawn, found, splits=self.options.splits, seed=self.options.seed)


_NO_EFFORT: dict[str, Any] = {"draws": 0, "permutations": 0}


def _said(row: Score, how: ProbeOptions) -> str:
    said = f"ceiling: {how.splits} splits of the annotators, upper by Spearman-Brown"
    return f"{row.reason}; {said}" if row.reason else said


def goals(options: Sequence[ProbeOptions], where: Options) -> list[Goal]:
    """What is probed.

    Args:
        options: As a study says.
        where: Per data set or benchmark, where parts of it lie.

    Raises:
        UnknownNameError: No such benchmark, measure or column.
        UnavailableError: Data are not here.
        UnsuitableError: A target that cannot be centred within categories.
        InputError: Two probes would give rows that cannot be told apart.
    """
    found = [_goal(each, where) for each in options]
    rows = [(g.options.benchmark, layer, m) for g in found for layer in g.options.layers for m in g.measures]
    doubled = next((row for place, row in enumerate(rows) if row in rows[:place]), None)
    if doubled is not None:
        raise InputError(
            f"{' / '.join(doubled)} is probed twice: the rows would be alike", hint="Leave one of them out."
        )
    return found


def _goal(options: ProbeOptions, where: Options) -> Goal:
    for named in options.measures:
        find_measure(named)  # said now, not after an epoch
    bench = benchmark(options.benchmark, located(where, options.benchmark))
    target, _ = narrow(bench.target, options.subset, options.seed)
    category = None
    if options.within is not None:
        labels = bench.stimuli.column(options.within)
        category = dict(zip(bench.stimuli.ids, map(str, labels.tolist()), strict=True))
        within_target(target, category)
    return Goal(options, bench, target, category)


def probe(goal: Goal, network: Network) -> Probe:
    """A goal as the trainer asks for it.

    Args:
        goal: What is probed.
        network: Its preprocessing, and the module whose input is ``penultimate``.
    """
    part = pictures(goal.bench.stimuli, goal.ids, np.zeros(len(goal.ids)), network.preprocessing)
    reading = Reading(goal.options.layers, goal.options.tokens, network.classifier)
    return Probe(goal.options.benchmark, part, goal.scores, reading)
