"""Models against one another on the stimuli of a benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

from repalign.benchmarks.benchmark import benchmark, own_mark
from repalign.benchmarks.prefetch import restored
from repalign.benchmarks.provenance import code_version
from repalign.benchmarks.responders import identity, respond
from repalign.benchmarks.score import join_notes, score
from repalign.data import ScoreTable
from repalign.execution import Unit

DEFAULT_MEASURE = "cka-linear-debiased"


def pair_units(
    models: Sequence[str | Mapping[str, Any]],
    goal: str,
    measures: Sequence[str],
    how: Mapping[str, Any],
    options: Mapping[str, str],
) -> list[Unit]:
    """One unit per unordered pair of models and measure.

    Args:
        models: Names or triples.
        goal: The benchmark whose stimuli are shown; its target plays no part.
        measures: Ids; empty for debiased linear CKA.
        how: Layers, subset, draws, permutations, seed, as in a study.
        options: Of the data set, where parts of it lie on this machine.
    """
    stimuli = benchmark(goal, options).stimuli.digest
    contents = [identity(named) for named in models]
    units: list[Unit] = []
    for i, j in combinations(range(len(models)), 2):
        for metric in measures or (DEFAULT_MEASURE,):
            spec = {
                "pair": [models[i], models[j]],
                "identity": [contents[i], contents[j]],
                "benchmark": goal,
                "stimuli": stimuli,
                "measure": metric,
                "how": dict(how),
                "code": code_version(),
                **own_mark(options),
            }
            label = f"{shown_name(models[i])} with {shown_name(models[j])} on {goal} by {metric}"
            units.append(Unit("repalign.benchmarks.pairwise:pair_unit", spec, options, label=label))
    return units


def shown_name(named: str | Mapping[str, Any]) -> str:
    """What to call a model in a label: what differs between two models must differ here."""
    if isinstance(named, str):
        return named
    given = named.get("model_parameters") or {}
    inside = ", ".join(f"{k}={given[k]}" for k in sorted(given))
    return f"{named.get('source')}/{named.get('model_name')}" + (f"({inside})" if inside else "")


def pair_unit(
    spec: dict[str, Any],
    path: Path,
    *,
    activations: str | None = None,
    others: str | None = None,
    **locations: str,
) -> None:
    """Compare two models on a benchmark's stimuli and write the rows; the second one is the target.

    Args:
        spec: From :func:`pair_units`.
        path: Where the rows go.
        activations: Where the first model's responses lie, if it was extracted before.
        others: The same of the second model.
        locations: Where parts of the data set lie on this machine.
    """
    bench = benchmark(spec["benchmark"], locations)
    how = dict(spec["how"])
    layers = how.pop("layers")
    wanted = tuple(layers) if isinstance(layers, list) else layers
    sides = [
        restored(location) if location else respond(named, bench, wanted)
        for named, location in zip(spec["pair"], (activations, others), strict=True)
    ]
    found = score(sides[0], sides[1], spec["measure"], **how)
    shown = f"on the stimuli of {bench.name}"  # no other column of the row says it
    rows = [replace(row, reason=join_notes(shown, row.reason or "")) for row in found]
    ScoreTable(rows).to_parquet(path)
