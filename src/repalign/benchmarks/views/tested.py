"""Differences between all models of a benchmark, for the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from repalign.benchmarks.benchmark import benchmark
from repalign.benchmarks.differences import Difference, differences
from repalign.benchmarks.layers import CHOOSE, DEFAULT
from repalign.benchmarks.views.plan import MOST_MODELS
from repalign.benchmarks.views.sides import model_sides
from repalign.data.files import write_arrays
from repalign.errors import RepalignError, UnsuitableError

CORRECTION = "holm"


def differences_unit(spec: dict[str, Any], path: Path, **locations: str) -> None:
    """Write the differences of all pairs of models on a benchmark: the unit behind a view.

    Each model stands by one layer (see :mod:`repalign.benchmarks.views.sides`), unless layers were chosen
    on other stimuli. Where the measure allows no test, the view holds the reason in its ``note``.

    Args:
        spec: From :func:`repalign.benchmarks.views.plan.contrasts`.
        path: Where it goes.
        locations: Where the benchmark's data, and responses extracted before, lie on this machine.
    """
    own = {key: value for key, value in locations.items() if not key.startswith("activations-")}
    bench = benchmark(spec["benchmark"], own)
    sides, left_out = model_sides(spec, bench, locations, bench.target.ids, whole=spec["chooses"])
    chooses = spec["chooses"]
    given = [side.whole if side.whole is not None else side.shown for side in sides]
    found: tuple[Difference, ...] = ()
    note = ""
    try:
        _check_reasonable(spec)
        found = differences(
            given,
            bench,
            spec["measure"],
            layers=CHOOSE if chooses else DEFAULT,
            correction=CORRECTION,
            **spec["how"],
        )
    except RepalignError as error:
        note = f"no differences: {error.message}"
    people = found[0].n_subjects if found else bench.target.n_subjects or None
    header = {
        "view": "differences",
        "target": bench.name,
        "region": bench.target.region or None,
        "measure": spec["measure"],
        "correction": CORRECTION,
        "n_stimuli": found[0].n_stimuli if found else len(bench.target.ids),
        "n_subjects": people,
        "n_tests": max((each.n_tests for each in found), default=0),
        "rows": [each.as_dict() for each in found],
        "left_out": left_out,
        "note": note,
    }
    write_arrays(path, {}, header)


def _check_reasonable(spec: dict[str, Any]) -> None:
    n = len(spec["models"])
    if n > MOST_MODELS:
        raise UnsuitableError(f"{n} models; at most {MOST_MODELS} are tested in pairs", hint="Score fewer.")
    if spec["how"]["draws"] < 2:
        raise UnsuitableError("no draws were asked for", hint="Ask for draws.")
