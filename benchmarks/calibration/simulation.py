"""One repetition of a cell, the truth it is held against, and many repetitions in processes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.calibration.cells import Cell
from repalign.benchmarks import score
from repalign.benchmarks.differences import differences
from repalign.data import Assembly, Target
from repalign.metrics import measure
from repalign.seeds import rng

DRAWS, PERMUTATIONS, LEVEL = 300, 199, 0.05


@dataclass(frozen=True)
class Outcome:
    """What one study said; None where it was not asked for."""

    value: float
    interval: tuple[float, float] | None = None
    p: float | None = None


@dataclass(frozen=True)
class Found:
    """A cell after all repetitions.

    Args:
        cell: Which.
        rate: Share of intervals that hold the truth, or of tests that reject.
        error: Its Monte-Carlo standard error.
        truth: The population value; None for tests.
        mean: Mean score over repetitions.
        spread: Standard deviation of the score over repetitions.
        width: Mean width of the intervals; None for tests.
        repetitions: How many.
    """

    cell: Cell
    rate: float
    error: float
    truth: float | None
    mean: float
    spread: float
    width: float | None
    repetitions: int

    @property
    def verdict(self) -> str:
        """Whether the rate is where it is asked to be."""
        low, high = self.cell.asked
        if low <= self.rate <= high:
            return "conservative, as labelled" if self.cell.small and self.rate > 0.965 else "holds"
        near = min(abs(self.rate - low), abs(self.rate - high)) <= 2 * self.error
        return "outside by less than 2 errors" if near else "fails"


def simulate(cell: Cell, repetition: int) -> Outcome:
    """Draw one study and analyse it as a user would."""
    generator = rng(repetition, "calibration", cell.name)
    study = cell.population.study(
        cell.n_subjects, cell.n_stimuli, generator, related=cell.asks != "rejection"
    )
    ids = tuple(f"stimulus-{i:03d}" for i in range(cell.n_stimuli))
    people = tuple(f"subject-{i:02d}" for i in range(cell.n_subjects))
    responses = Assembly(study.subjects, ids, leading="subject", labels=people, name="people")
    target = Target("calibration/people", responses, "none", cell.n_subjects)
    models = [Assembly(values, ids, name=f"model-{m}") for m, values in enumerate(study.models)]
    if cell.asks == "difference":
        (found,) = differences(models, target, cell.measure, draws=DRAWS, seed=repetition)
        return Outcome(found.value, _interval(found.ci_low, found.ci_high), found.p)
    tested = cell.asks == "rejection"
    table = score(
        models[0],
        target,
        cell.measure,
        draws=0 if tested else DRAWS,
        permutations=PERMUTATIONS if tested else 0,
        seed=repetition,
    )
    row = next(each for each in table if each.subject == "all")
    assert row.value is not None, "an aggregate has a value"
    return Outcome(row.value, _interval(row.ci_low, row.ci_high), row.p)


def _interval(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)


def population_value(cell: Cell, n_studies: int = 20, n_subjects: int = 20, n_stimuli: int = 300) -> float:
    """The score that studies of this population tend to as stimuli and subjects are added.

    RSA and debiased CKA estimate the same number whatever the size of the study, so that large studies
    show it. With one fixed subject, more stimuli are taken instead.
    """
    if cell.population.one_subject:
        n_subjects, n_stimuli = 1, 4000
    found = measure(cell.measure)
    values = []
    for i in range(n_studies):
        study = cell.population.study(n_subjects, n_stimuli, rng(i, "calibration", "truth", cell.name))
        target = Assembly(study.subjects, leading="subject", labels=tuple(map(str, range(n_subjects))))
        values.append(found.scores(Assembly(study.models[0]), target).mean())
    return float(np.mean(values))


def summarise(cell: Cell, outcomes: list[Outcome]) -> Found:
    """Rates over repetitions.

    The truth of a cross-validated score is what studies of this very size score on average, because fits
    to fewer stimuli predict less: it is the mean over repetitions, the Monte-Carlo error of which is
    small against the intervals.
    """
    values = np.array([each.value for each in outcomes])
    if cell.asks == "coverage":
        truth = float(values.mean()) if cell.measure.startswith("encoding") else population_value(cell)
        bounds = np.array([each.interval for each in outcomes], dtype=np.float64)
        hits = (bounds[:, 0] <= truth) & (truth <= bounds[:, 1])
        width = float((bounds[:, 1] - bounds[:, 0]).mean())
    else:
        truth = width = None
        hits = np.array([each.p for each in outcomes], dtype=np.float64) <= LEVEL
    rate = float(hits.mean())
    error = float(np.sqrt(max(rate * (1 - rate), 1e-9) / len(hits)))
    return Found(cell, rate, error, truth, float(values.mean()), float(values.std()), width, len(hits))


def run(
    cells: Iterable[Cell], repetitions: int | None = None, processes: int | None = None
) -> Iterable[Found]:
    """Simulate cells one after the other, repetitions in processes; the numbers do not depend on how many."""
    workers = processes or os.cpu_count() or 1
    # One thread each: the arrays are small, and libraries that share a core only wait for one another.
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_one_thread) as pool:
        for cell in cells:
            chosen = cell if repetitions is None else replace(cell, repetitions=repetitions)
            task = partial(simulate, chosen)
            outcomes = list(
                pool.map(task, range(chosen.repetitions), chunksize=max(1, chosen.repetitions // 50))
            )
            yield summarise(chosen, outcomes)


_limits: list[threadpool_limits] = []


def _one_thread() -> None:
    _limits.append(threadpool_limits(1))
