"""Courses of baselines over epochs: loss, alignment by target and layer, dimensions of the targets."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from repalign.data import Score
from repalign.errors import UnknownNameError
from repalign.maths.dynamics import SampleMean, first_reaching, sample_mean
from repalign.training.published.analysis import ONE_SEED
from repalign.training.study_records import EXPLAINED, Series
from repalign.training.study_runs import StudyRuns

Courses = Sequence[Mapping[int, float]]


def all_series(study: StudyRuns) -> list[Series]:
    """Alignments of the baselines, in the order of the study's probes, behaviour and output first."""
    known = {series for record in study.baselines.values() for series in record.aligned}
    listed = [_probe(entry) for entry in study.probes]

    def rank(series: Series) -> tuple[Any, ...]:
        target, measures = _rank_of_target(series.target, listed)
        place = measures.index(series.measure) if series.measure in measures else len(measures)
        region, layer = series.region or "", series.layer or ""
        return (target, region != "behaviour", region, layer != "output", layer, place, series.measure)

    return sorted(known, key=rank)


def choose(
    known: Sequence[Series], *, target: str | None, region: str | None, layer: str, measure: str | None
) -> Series | None:
    """The first that has what is asked for; None in a study without alignment.

    Raises:
        UnknownNameError: Nothing has what is asked for.
    """
    if not known and target is region is measure is None:
        return None
    left = list(known)
    for name, given in (("target", target), ("layer", layer), ("region", region), ("measure", measure)):
        if given is not None:
            matching = [series for series in left if _named_as(series, name) == given]
            if not matching:
                raise UnknownNameError.among(name, given, {_named_as(series, name) for series in left})
            left = matching
    return left[0]


def _named_as(series: Series, name: str) -> str:
    """A series without a layer is about the network's output."""
    return str(getattr(series, name) or ("output" if name == "layer" else ""))


def baseline_course(study: StudyRuns, series: Series | None) -> list[dict[str, Any]]:
    """A row per epoch: mean, SD and 95 % interval over seeds of loss and of RSA."""
    runs = [record.run(series, "baseline") for record in study.baselines.values()]
    losses = [dict(zip(run.epochs.tolist(), run.loss.tolist(), strict=True)) for run in runs]
    aligned = [dict(zip(run.epochs.tolist(), run.rsa.tolist(), strict=True)) for run in runs]
    rows = []
    for epoch in _epochs(losses):
        loss, rsa = _over_seeds(losses, epoch), _over_seeds(aligned, epoch)
        rows.append({"epoch": epoch, "n": loss.n, **_named("rsa", rsa), **_named("loss", loss)})
    return rows


def jitter(rows: Sequence[Mapping[str, Any]], n_seeds: int) -> dict[str, Any]:
    """How far baselines of different seeds lie apart: root mean square over epochs of the SD."""
    if n_seeds < 2:
        return {"rsa_sd": None, "loss_sd": None, "n_seeds": n_seeds, "reason": ONE_SEED}
    found = {name: _root_mean_square(row[name] for row in rows) for name in ("rsa_sd", "loss_sd")}
    return {**found, "n_seeds": n_seeds, "reason": None}


def alignment_courses(study: StudyRuns, known: Iterable[Series]) -> list[dict[str, Any]]:
    """A row per alignment: mean and interval over seeds by epoch, its ceiling, and where it was tested."""
    rows: dict[Series, list[Score]] = defaultdict(list)
    for record in study.baselines.values():
        for row in record.rows:
            rows[Series(row.target, row.region, row.layer, row.measure)].append(row)
    records = study.baselines.values()
    return [_course(series, [r.aligned.get(series, {}) for r in records], rows[series]) for series in known]


def dimension_courses(study: StudyRuns) -> list[dict[str, Any]]:
    """A row per dimension of the targets: explained variance by epoch; first what is learned first."""
    found: dict[str, dict[int, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for seed, record in study.baselines.items():
        for row in record.rows:
            if row.measure == EXPLAINED and row.target == "validation" and row.value is not None:
                found[row.region or ""][seed][row.epoch or 0] = row.value
    rows = [_dimension(name, list(by_seed.values())) for name, by_seed in found.items()]
    return sorted(rows, key=lambda row: (row["half"] is None, row["half"] or 0, row["dimension"]))


def ceiling_of(courses: Sequence[Mapping[str, Any]], series: Series | None) -> dict[str, Any]:
    """The ceiling of an alignment, with the reason where there is none."""
    row = next((row for row in courses if series and series == tuple(row[f] for f in Series._fields)), None)
    if row is None:
        return {"lower": None, "upper": None, "reason": "no alignment was measured"}
    lower, upper = row["ceiling_lower"], row["ceiling_upper"]
    there = lower is not None or upper is not None
    return {"lower": lower, "upper": upper, "reason": None if there else _about_ceiling(row["reason"])}


def _about_ceiling(reason: str | None) -> str:
    """Of what a row says, that about its ceiling."""
    said = [each for each in (reason or "").split("; ") if "ceiling" in each]
    return "; ".join(said) or "none was given"


def _probe(entry: Any) -> tuple[str, list[str]]:
    """Target and measures that an entry of the spec names, in its order."""
    if not isinstance(entry, Mapping):
        return str(entry), []
    target = next((entry[name] for name in ("target", "benchmark", "name") if entry.get(name)), "")
    measures = entry.get("measures") or entry.get("measure") or []
    return str(target), [measures] if isinstance(measures, str) else [str(each) for each in measures]


def _rank_of_target(
    target: str, listed: Sequence[tuple[str, list[str]]]
) -> tuple[tuple[int, int, str], list[str]]:
    """A variant such as ``NAME-within`` comes after what it varies."""
    own = [i for i, (name, _) in enumerate(listed) if name == target]
    near = [i for i, (name, _) in enumerate(listed) if name and target.startswith(name)]
    at = (own or near or [len(listed)])[0]
    return (at, not own, target), listed[at][1] if at < len(listed) else []


def _epochs(courses: Courses) -> list[int]:
    return sorted({epoch for course in courses for epoch in course})


def _over_seeds(courses: Courses, epoch: int) -> SampleMean:
    return sample_mean([course.get(epoch, math.nan) for course in courses])


def _named(name: str, found: SampleMean) -> dict[str, Any]:
    values = {"mean": found.mean, "sd": found.sd, "low": found.low, "high": found.high}
    return {f"{name}_{what}": value for what, value in values.items()}


def _root_mean_square(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.sqrt(np.mean(np.square(known)))) if known else None


def _course(series: Series, courses: Courses, rows: Sequence[Score]) -> dict[str, Any]:
    epochs = [e for e in _epochs(courses) if any(math.isfinite(c.get(e, math.nan)) for c in courses)]
    found = [_over_seeds(courses, epoch) for epoch in epochs]
    tested = sorted((row for row in rows if row.p is not None or row.ci_low is not None), key=_when)
    lower, upper = _first(rows, "ceiling_lower"), _first(rows, "ceiling_upper")
    return {
        **series._asdict(),
        "ceiling_lower": lower,
        "ceiling_upper": upper,
        "epochs": epochs,
        "mean": [each.mean for each in found],
        "low": [each.low for each in found],
        "high": [each.high for each in found],
        "n": [each.n for each in found],
        "tested": [
            {name: getattr(row, name) for name in ("epoch", "seed", "ci_low", "ci_high", "p")}
            for row in tested
        ],
        "reason": _first(rows, "reason"),
    }


def _when(row: Score) -> tuple[int, int]:
    return row.epoch or 0, row.seed or 0


def _first(rows: Sequence[Score], name: str) -> Any:
    ordered = sorted(rows, key=_when)
    return next((getattr(row, name) for row in ordered if getattr(row, name) is not None), None)


def _dimension(name: str, courses: Courses) -> dict[str, Any]:
    epochs = _epochs(courses)
    values = [_over_seeds(courses, epoch).mean for epoch in epochs]
    half = first_reaching(epochs, [math.nan if value is None else value for value in values])
    return {"dimension": name, "epochs": epochs, "r2": values, "half": half}
