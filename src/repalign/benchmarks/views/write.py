"""Planning and writing the views of a folder of results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from repalign.benchmarks.benchmark import Options, located
from repalign.benchmarks.prefetch import OPTIONS, OnExtract, prefetched
from repalign.benchmarks.views.plan import Spec, contrasts, geometries
from repalign.data import ResultsDir, read_json, write_bytes
from repalign.execution import Executor, RunReport, Unit, run_units
from repalign.execution.runner import OnDone

VIEW_KEYS = ("views", "view_recipes")  # of spec.json
_HOME = "repalign.benchmarks.views"
_PLACES = "locations.json"


def view_units(results: ResultsDir, options: Options | None = None) -> list[Unit]:
    """The views that the scores of a folder call for, of all its studies together.

    Args:
        results: The folder.
        options: As :func:`repalign.benchmarks.plan` takes them.
    """
    recipes = list(results.recipes().values())
    units: list[Unit] = []
    for spec in geometries(recipes):
        names = [spec["benchmark"], *spec["targets"]]
        where = {OPTIONS: json.dumps({name: _paths(options, name) for name in names}, sort_keys=True)}
        label = f"RDMs and map on {_set_of(spec)} by {spec['dissimilarity']}"
        units.append(Unit(f"{_HOME}.geometry:geometry_unit", spec, where, ".npz", label))
    for spec in contrasts(recipes):
        label = f"differences on {spec['benchmark']} by {spec['measure']}"
        where = _paths(options, spec["benchmark"])
        units.append(Unit(f"{_HOME}.tested:differences_unit", spec, where, ".npz", label))
    return units


def write_views(
    results: ResultsDir,
    *,
    options: Options | None = None,
    executor: Executor | None = None,
    on_done: OnDone | None = None,
    on_extract: OnExtract | None = None,
) -> RunReport:
    """Write what the report draws beside scores: RDMs, thumbnails, a map of models and targets, differences.

    Each view is a unit of work: what is there is not made again, and one that fails stops nothing.

    Args:
        results: A folder with scores; studies in it are shown together.
        options: As :func:`repalign.benchmarks.plan` takes them.
        executor: Where the units run; this process by default.
        on_done: Called after each unit.
        on_extract: As :func:`repalign.run_study` takes it.

    Returns:
        What was computed, skipped and failed.

    Raises:
        StorageError: The folder cannot be written.
    """
    units = view_units(results, _remembered(results, options))
    labelled = _labelled(units)
    if (results.root / "spec.json").is_file():
        recipes = {
            label: {"digest": unit.digest, "spec": dict(unit.spec)} for label, unit in labelled.items()
        }
        digests = {label: unit.digest for label, unit in labelled.items()}
        results.write_spec({**results.spec(), **dict(zip(VIEW_KEYS, (digests, recipes), strict=True))})
    ready = prefetched(units, results.arrays_dir, on_extract)
    return run_units(
        ready, results.arrays_dir, failures=results.failures_dir, executor=executor, on_done=on_done
    )


def _labelled(units: list[Unit]) -> dict[str, Unit]:
    found: dict[str, Unit] = {}
    for unit in units:  # two subsets of one data set bear one label
        label = unit.label if unit.label not in found else f"{unit.label} ({unit.digest[:8]})"
        found[label] = unit
    return found


def _remembered(results: ResultsDir, options: Options | None) -> Options:
    """Where data lie on this machine: as told now, or when they were scored into this folder before."""
    file = results.root / _PLACES
    before = read_json(file, "places of data") if file.is_file() else {}
    now = {name: {k: _absolute(v) for k, v in found.items()} for name, found in (options or {}).items()}
    known = {**before, **now}
    if known != before:
        write_bytes(file, json.dumps(known, indent=1, sort_keys=True).encode())
    return known


def _absolute(value: Any) -> str:
    """A path from wherever the command is given next; other settings as they are."""
    return str(Path(value).resolve()) if Path(value).exists() else str(value)


def _paths(options: Options | None, name: str) -> dict[str, str]:
    return {key: str(value) for key, value in located(options, name).items()}


def _set_of(spec: Spec) -> Any:
    return spec["benchmark"].partition("/")[0]
