"""How each number was made: measures, the spec of every unit, the command that makes it again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repalign.data import ScoreTable
from repalign.datasets import DATASETS
from repalign.metrics import find_measure
from repalign.report.tables import ABSENT, Table

Line = tuple[str, str]  # name and value
# What differs between the units of one study.
_OF_ONE_UNIT = ("model", "pair", "identity", "measure", "how.layers")
_FLAGS = {
    "subset": "--subset",
    "draws": "--draws",
    "permutations": "--permutations",
    "seed": "--seed",
    "over": "--over",
}


@dataclass(frozen=True)
class Unit:
    """One unit of work: what of its spec is its own, and how to run it again."""

    digest: str
    own: tuple[Line, ...]
    again: str


@dataclass(frozen=True)
class Recipe:
    """Units whose specs differ in the model, its layers and the measure alone.

    Args:
        about: What was scored.
        shared: The part of the spec that they share: names and values, as in the folder's ``spec.json``.
        units: The rest.
        python: Whether they are made again in Python and not by a command.
    """

    about: str
    shared: tuple[Line, ...]
    units: tuple[Unit, ...]
    python: bool


def recipes(specs: Mapping[str, Mapping[str, Any]]) -> list[Recipe]:
    """The recipes of all units; what units share is said once.

    Args:
        specs: Of each unit by its digest, from :meth:`ResultsDir.recipes`.
    """
    groups: dict[tuple[Line, ...], dict[str, dict[str, str]]] = {}
    for digest, spec in specs.items():
        lines = dict(flat({key: spec[key] for key in sorted(spec)}))
        kept = tuple((name, value) for name, value in lines.items() if name not in _OF_ONE_UNIT)
        groups.setdefault((("paired", str("pair" in spec)), *kept), {})[digest] = lines
    return [_recipe(units, specs) for units in groups.values()]


def _recipe(units: Mapping[str, Mapping[str, str]], specs: Mapping[str, Mapping[str, Any]]) -> Recipe:
    first, *others = units.values()
    shared = [name for name in first if all(each.get(name) == first[name] for each in others)]
    if not others:
        shared = [name for name in first if name not in _OF_ONE_UNIT]
    paired = "pair" in first
    where = first.get("benchmark", "data of another kind")
    return Recipe(
        about=f"models with one another on {where}" if paired else where,
        shared=tuple((name, first[name]) for name in shared),
        units=tuple(
            Unit(
                digest,
                tuple((name, lines[name]) for name in _OF_ONE_UNIT if name in lines and name not in shared),
                again(specs[digest]),
            )
            for digest, lines in units.items()
        ),
        python=paired,
    )


@dataclass(frozen=True)
class ViewRecipe:
    """What RDMs and a map, or differences, were made from: their label, digest and spec."""

    about: str
    digest: str
    spec: tuple[Line, ...]


def view_recipes(listed: Mapping[str, Mapping[str, Any]]) -> list[ViewRecipe]:
    """The recipes of views.

    Args:
        listed: Digest and spec of each view by its label, from :meth:`ResultsDir.view_recipes`.
    """
    return [
        ViewRecipe(label, str(each["digest"]), tuple(flat(dict(sorted(each["spec"].items())))))
        for label, each in listed.items()
    ]


def flat(spec: Mapping[str, Any], above: str = "") -> list[Line]:
    """Names and values; those of nested settings behind a dot, but a model is one value."""
    lines: list[Line] = []
    for key, value in spec.items():
        if isinstance(value, dict) and key != "model":
            lines += flat(value, f"{above}{key}.")
        else:
            lines.append((f"{above}{key}", value if isinstance(value, str) else json.dumps(value)))
    return lines


def again(spec: Mapping[str, Any]) -> str:
    """The command that makes a unit again; Python for a pair of models, which no command scores alone."""
    how: Mapping[str, Any] = spec.get("how", {})
    if "pair" in spec:
        return _in_python(spec, how)
    words = ["repalign", "score", _model(spec.get("model", "")), *_target(spec)]
    words += ["--measure", str(spec.get("measure", ""))]
    layers = how.get("layers", "default")
    for layer in [layers] if isinstance(layers, str) else layers:
        words += ["--layers", str(layer)]
    for key, flag in _FLAGS.items():
        if how.get(key) is not None:
            words += [flag, str(how[key])]
    return shlex.join(words)


def _model(named: Any) -> str:
    return named if isinstance(named, str) else json.dumps(named, sort_keys=True)


def _target(spec: Mapping[str, Any]) -> list[str]:
    benchmark = str(spec.get("benchmark", ""))
    if not _is_own(spec):
        return ["--benchmark", benchmark]
    stimuli, _, target = benchmark.partition("/")
    return ["--stimuli", stimuli, "--target", target]


def _is_own(spec: Mapping[str, Any]) -> bool:
    """Whether data are the user's own: a benchmark FOLDER/FILE, of which no spec says where it lies."""
    # A folder of the user's may bear a data set's name; older specs say nothing, and only a name is left.
    return bool(spec.get("own", str(spec.get("benchmark", "")).partition("/")[0] not in DATASETS))


def _in_python(spec: Mapping[str, Any], how: Mapping[str, Any]) -> str:
    given: dict[str, Any] = {
        "models": list(spec["pair"]),
        "pairwise": [spec.get("benchmark")],
        "measures": [spec.get("measure")],
        **{key: value for key, value in how.items() if value is not None},
    }
    settings = ", ".join(f"{key}={value!r}" for key, value in given.items())
    return f'repalign.run_study(repalign.Study({settings}), "repalign-results"{_options(spec)})'


def _options(spec: Mapping[str, Any]) -> str:
    if not _is_own(spec):
        return ""
    benchmark = str(spec.get("benchmark", ""))
    stimuli, _, target = benchmark.partition("/")
    return f", options={ {benchmark: {'stimuli': stimuli, 'target': target}}!r}"


def measure_table(ids: Sequence[str]) -> Table:
    """Formula, direction, range and source of measures; one of the user's own has only its id."""
    rows: list[tuple[str, ...]] = []
    for name in ids:
        known = find_measure(name)
        if known is None:
            rows.append((name, "a measure of your own: see its code", ABSENT, ABSENT, ABSENT))
            continue
        low, high = known.range
        ends = f"{_end(low)} to {_end(high)}"
        toward = "higher is closer" if known.higher_is_closer else "lower is closer"
        rows.append((known.id, known.formula, toward, ends, known.source))
    columns = ("measure", "formula", "direction", "range", "source")
    return Table("Measures: formula, direction, range and source", columns, tuple(rows), names=len(columns))


def _end(bound: float | None) -> str:
    return "no bound" if bound is None else f"{bound:.3g}".replace("-", "\N{MINUS SIGN}")


def code_versions(table: ScoreTable) -> list[str]:
    """Which versions of the code made the numbers."""
    return sorted({row.code_version for row in table if row.code_version})
