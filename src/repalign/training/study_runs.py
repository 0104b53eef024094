"""The runs of a training study, out of its results folder: what was planned, and what is there."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from repalign.data import ResultsDir, Score, ScoreTable
from repalign.errors import FileError, InputError
from repalign.training.perturbations import PERTURBATIONS
from repalign.training.published.folder import RunSet
from repalign.training.published.kinds import Family
from repalign.training.published.records import TrainingRun
from repalign.training.run_spec import RunSpec
from repalign.training.study_records import Record, Series
from repalign.training.sweep import Figure, Planned, Sweep, expand

#: The family of runs to which the existing analysis of published runs counts those of a figure.
FAMILIES: dict[Figure, Family] = {"types": "type", "sweep": "sweep", "lengths": "length"}
_AT_ONCE = 64  # files in memory as rows at the same time


class Place(NamedTuple):
    """Where a perturbed run is drawn; several seeds share a place."""

    figure: Figure
    kind: str
    start: int
    length: int


@dataclass(frozen=True, eq=False)
class Perturbed:
    """A run beside the baseline of its own seed.

    Args:
        place: Where it is drawn; a run may be drawn in several places.
        seed: Of the baseline.
        noise_seed: Of the perturbation.
        follow: Epochs for which it was to be followed after its window; None to the end.
        run: It.
        base: The baseline.
    """

    place: Place
    seed: int
    noise_seed: int
    follow: int | None
    run: TrainingRun
    base: TrainingRun


@dataclass(frozen=True, eq=False)
class StudyRuns:
    """What a study planned, and the records that are there.

    Args:
        sweep: What was planned.
        planned: Its runs, each once, baselines first.
        records: By the run's digest.
        probes: Entries of the spec, which order targets and measures.
        failed: How many runs failed.
        unplanned: How many runs are there that are not of this sweep.
    """

    sweep: Sweep
    planned: tuple[Planned, ...]
    records: Mapping[str, Record]
    probes: tuple[Any, ...] = ()
    failed: int = 0
    unplanned: int = 0
    _names: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def baselines(self) -> dict[int, Record]:
        """By seed the baselines that are there and have a loss."""
        found = {
            p.spec.seed: self.records.get(p.spec.digest) for p in self.planned if not p.spec.perturbation
        }
        return {seed: record for seed, record in found.items() if record is not None and record.n_epochs}

    def kind(self, spec: RunSpec) -> str:
        """The kind of a run; with its options where the study has the kind with several."""
        assert spec.perturbation is not None
        return self._names.get(spec.digest, spec.perturbation.kind)

    def perturbed(self, series: Series | None) -> list[Perturbed]:
        """Every run that is there and whose baseline is, once for each of its places.

        Args:
            series: Which alignment; None for none, which leaves RSA undefined.

        Returns:
            By figure, kind as planned, start, length and seeds. Of two records in one place, which differ in
            how long they were followed, the longer one.
        """
        bases = {seed: record.run(series, "baseline") for seed, record in self.baselines.items()}
        found: dict[tuple[Place, int, int], Perturbed] = {}
        for place, planned in self.places():
            spec, record = planned.spec, self.records.get(planned.spec.digest)
            if record is None or not record.n_epochs or spec.seed not in bases:
                continue
            key = place, spec.seed, spec.noise_seed
            if key not in found or record.n_epochs > len(found[key].run.epochs):
                run = record.run(series, FAMILIES[place.figure], kind=place.kind)
                found[key] = Perturbed(*key, spec.follow, run, bases[spec.seed])
        return list(found.values())

    def places(self) -> list[tuple[Place, Planned]]:
        """Every planned place with each of its runs, in the order in which they are shown."""
        pairs = [
            (Place(figure, self.kind(planned.spec), window.first, window.length), planned)
            for planned in self.planned
            if (window := planned.spec.perturbation) is not None
            for figure in planned.figures
        ]
        listed = dict.fromkeys(kind for windows in self.sweep.windows for kind in windows.kinds)
        kinds, figures = list(listed), list(FAMILIES)

        def rank(pair: tuple[Place, Planned]) -> tuple[Any, ...]:
            place, spec = pair[0], pair[1].spec
            plain = spec.perturbation.kind if spec.perturbation else ""
            own = figures.index(place.figure), kinds.index(plain), *place[1:]
            return (*own, spec.seed, spec.noise_seed)

        return sorted(pairs, key=rank)

    def first_swept_kind(self) -> str | None:
        """The kind that stands for figure 3 in the analysis of one seed."""
        return next((place.kind for place, _ in self.places() if place.figure == "sweep"), None)

    def run_sets(self, series: Series | None) -> dict[tuple[int, int], RunSet]:
        """For each seed of a baseline that is there and each noise seed what :func:`analyse` takes.

        Runs that compare kinds are those of the figure ``types``, or, in a study that has none, all of the
        single-epoch sweep; the sweep is that of its first kind.
        """
        perturbed, one = self.perturbed(series), self.first_swept_kind()
        without_types = all(each.place.figure != "types" for each in perturbed)
        grouped: dict[tuple[int, int], list[TrainingRun]] = defaultdict(list)
        for each in perturbed:
            own = grouped[each.seed, each.noise_seed]
            swept = each.place.figure == "sweep"
            if not swept or each.place.kind == one:
                own.append(each.run)
            if swept and without_types:
                own.append(replace(each.run, family="type"))
        sets = {}
        for (seed, record), noise_seed in product(self.baselines.items(), self.sweep.noise_seeds):
            runs = sorted(grouped[seed, noise_seed], key=_order)
            sets[seed, noise_seed] = RunSet(record.run(series, "baseline"), tuple(runs))
        return sets


def is_training(folder: Path) -> bool:
    """Whether a folder holds the results of a training study of ours."""
    results = ResultsDir(folder)
    return "training" in results.known_spec()


def read_runs(results: ResultsDir) -> StudyRuns:
    """Read a results folder, without torch.

    Raises:
        InputError: The folder holds no training study, or none of its runs has an epoch yet.
        FileError: ``spec.json`` or a record is damaged.
    """
    spec = results.known_spec()
    training = spec.get("training")
    if not isinstance(training, Mapping) or "sweep" not in training:
        raise _no_study(results, "its spec.json plans no runs")
    sweep = _sweep(training["sweep"])
    planned = tuple(each for stage in expand(sweep) for each in stage)
    by_digest = {each.spec.digest: each.spec for each in planned}
    rows: dict[str, list[Score]] = defaultdict(list)
    for row in _rows(results, spec):
        if row.run is not None and row.epoch is not None and row.subject == "all":
            rows[row.run].append(row)
    if not rows:
        raise _no_study(results, "no row has an epoch")
    records = {
        digest: Record.of(by_digest[digest], own, results.scores_dir)
        for digest, own in rows.items()
        if digest in by_digest
    }
    failed = len(set(results.failures()) - set(results.units()))
    probes = tuple(training.get("probes") or sweep.baseline.problem.get("probes") or ())
    return StudyRuns(sweep, planned, records, probes, failed, len(rows) - len(records), _names_of(by_digest))


def _no_study(results: ResultsDir, seen: str) -> InputError:
    return InputError(
        f"this folder holds no training study: {results.root} ({seen})",
        hint="Name the folder that a training study was written to; published CSVs need no such folder.",
    )


def _sweep(content: Any) -> Sweep:
    try:
        return Sweep(**content)
    except (TypeError, ValidationError, InputError) as error:
        raise FileError(
            f"the sweep in spec.json cannot be read: {error}",
            hint="It was written by another version, or by hand; run the study again.",
        ) from error


def _rows(results: ResultsDir, spec: Mapping[str, Any]) -> Iterator[Score]:
    """Rows of the units that count, a few files at a time: a large study has millions."""
    listed = set(dict(spec.get("units") or {}).values())
    units = [unit for unit in results.units() if not listed or unit in listed]
    for i in range(0, len(units), _AT_ONCE):
        files = [results.scores_dir / f"{unit}.parquet" for unit in units[i : i + _AT_ONCE]]
        yield from ScoreTable.from_parquet(*files)


def _names_of(specs: Mapping[str, RunSpec]) -> dict[str, str]:
    """By digest what kinds are called that a sweep has with several settings."""
    windows = {digest: spec.perturbation for digest, spec in specs.items() if spec.perturbation}
    forms = {digest: (w.kind, _settings(w.kind, w.options)) for digest, w in windows.items()}
    several = Counter(kind for kind, _ in set(forms.values()))
    named = {}
    for digest, (kind, settings) in forms.items():
        if several[kind] > 1:
            given = json.loads(settings)
            usual = PERTURBATIONS[kind].settings({})
            own = ", ".join(f"{k}={v}" for k, v in given.items() if v != usual[k])
            named[digest] = f"{kind} ({own or 'as by default'})"
    return named


def _settings(kind: str, options: Mapping[str, Any]) -> str:
    return json.dumps(PERTURBATIONS[kind].settings(options), sort_keys=True)


def _order(run: TrainingRun) -> tuple[int, int, str, str]:
    return run.start or 0, run.length or 0, run.kind or "", run.name
