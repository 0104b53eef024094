"""Study: models x benchmarks x measures, planned first and then run as units of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from repalign.benchmarks.benchmark import Options, benchmark, located, own_mark
from repalign.benchmarks.design import Over
from repalign.benchmarks.layers import DEFAULT
from repalign.benchmarks.pairwise import pair_units, shown_name
from repalign.benchmarks.prefetch import OnExtract, prefetched, restored
from repalign.benchmarks.provenance import code_version
from repalign.benchmarks.responders import check_layers, identity, is_file
from repalign.benchmarks.score import score
from repalign.benchmarks.views import VIEW_KEYS, write_views
from repalign.data import ResultsDir, load_responses, remove_partials
from repalign.errors import IdentityError, InputError
from repalign.execution import Executor, RunReport, Unit, run_units
from repalign.execution.runner import OnDone
from repalign.metrics import measure


class Study(BaseModel):
    """What is to be scored. Misspelt settings are refused.

    Args:
        models: Names (``"builtin/rgb"``, ``"kriegeskorte92/hmax"``) or the triples
            ``{"model_name", "source", "model_parameters"}``.
        benchmarks: Names, e.g. ``"ekman1954/similarity"``.
        pairwise: Benchmarks on whose stimuli the models are also compared with one another.
        measures: Ids; empty for each benchmark's default, and debiased linear CKA between models.
        layers: ``"default"``, ``"all"``, ``"choose"``, or names.
        subset: Score a seeded random subset of this many stimuli.
        draws: Bootstrap draws; 0 for no interval.
        permutations: For p; 0 for none.
        seed: Of every random step.
        over: What intervals are to generalise to: ``"auto"``, ``"both"``, ``"subjects"`` or ``"stimuli"``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    models: tuple[str | dict[str, Any], ...] = Field(min_length=1)
    benchmarks: tuple[str, ...] = ()
    pairwise: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    layers: str | tuple[str, ...] = DEFAULT
    subset: int | None = Field(default=None, ge=1)
    draws: int = Field(default=1000, ge=0)
    permutations: int = Field(default=1000, ge=0)
    seed: int = Field(default=0, ge=0)
    over: Over = "auto"

    @model_validator(mode="after")
    def _asks_for_something(self) -> Study:
        if not self.benchmarks and not self.pairwise:
            raise ValueError("a study names at least one benchmark, or one under pairwise")
        return self


def plan(study: Study, options: Options | None = None) -> list[Unit]:
    """One unit per model (or pair of models), benchmark and measure.

    Names are checked and data are read; nothing is scored.

    Args:
        study: What is to be scored.
        options: Per data set, where on this machine parts of it lie (``{"things-behaviour":
            {"images": FOLDER}}``), or per benchmark of your own what :func:`own_benchmark` takes
            (``{"mine/brain": {"stimuli": FOLDER, "target": FILE}}``); not part of a unit's identity.

    Raises:
        UnknownNameError: A misspelt model, benchmark, measure or layer rule.
        UnavailableError: A data set is not here and cannot be had.
        InputError: Two different models bear one name.
    """
    check_layers(study.layers)
    for name in study.measures:
        measure(name)
    identities = [identity(m) for m in study.models]
    _check_names(study.models, identities)
    how = study.model_dump(mode="json", include=_HOW)
    units: list[Unit] = []
    for goal in study.benchmarks:
        found = located(options, goal)
        bench = benchmark(goal, found)
        shared = {
            "benchmark": goal,
            "benchmark_version": bench.version,
            "target": bench.target.digest,
            "stimuli": bench.stimuli.digest,
            "code": code_version(),
            "how": how,
            **own_mark(found),
        }
        for named, content in zip(study.models, identities, strict=True):
            for metric in study.measures or (bench.default_measure,):
                spec = {**shared, "model": named, "identity": content, "measure": metric}
                label = f"{shown_name(named)} on {goal} by {metric}"
                units.append(Unit("repalign.benchmarks.study:score_unit", spec, found, label=label))
    for goal in study.pairwise:
        found = located(options, goal)
        units += pair_units(study.models, goal, study.measures, how, found)
    return units


_HOW = {"layers", "subset", "draws", "permutations", "seed", "over"}


def score_unit(spec: dict[str, Any], path: Path, *, activations: str | None = None, **locations: str) -> None:
    """Score one model on one benchmark by one measure and write the rows: the unit behind a study.

    Args:
        spec: From :func:`plan`.
        path: Where the rows go.
        activations: Where the model's responses lie, if it was extracted before; see ``prefetched``.
        locations: Where parts of the data set lie on this machine.
    """
    bench = benchmark(spec["benchmark"], locations)
    how = dict(spec["how"])
    if isinstance(how["layers"], list):
        how["layers"] = tuple(how["layers"])
    named = spec["model"] if activations is None else restored(activations)
    score(named, bench, spec["measure"], **how).to_parquet(path)


def run_study(
    study: Study,
    out: Path | str,
    *,
    options: Options | None = None,
    executor: Executor | None = None,
    on_done: OnDone | None = None,
    on_extract: OnExtract | None = None,
    views: bool = True,
) -> tuple[ResultsDir, RunReport]:
    """Plan a study, run what is not there yet, and leave the results in ``out``.

    Studies may share a folder: their rows add up, and a unit scored again under another setting
    replaces the earlier one in what :meth:`ResultsDir.scores` returns.

    Args:
        study: What is to be scored.
        out: The folder.
        options: See :func:`plan`.
        executor: Where the units run; this process by default.
        on_done: Called after each unit.
        on_extract: Called with a network's name and the numbers of stimuli done and of all, while its
            responses are extracted before the units run.
        views: Also write what the report draws beside scores; see :func:`write_views`.

    Returns:
        The results, and what was computed, skipped and failed of the scores.

    Raises:
        UnknownNameError: A misspelt name.
        StorageError: The folder cannot be written.
        IdentityError: The folder holds scores on another target of one's own of the same name.
    """
    results = ResultsDir(out)
    remove_partials(results.root)
    units = plan(study, options)
    results.write_spec(_merged(results, study, units))
    ready = prefetched(units, results.scores_dir, on_extract)
    report = run_units(
        ready, results.scores_dir, failures=results.failures_dir, executor=executor, on_done=on_done
    )
    if views:
        write_views(results, options=options, executor=executor, on_done=on_done, on_extract=on_extract)
    return results, report


def _merged(results: ResultsDir, study: Study, units: Sequence[Unit]) -> dict[str, Any]:
    """The folder's spec: this study, for every label the unit that counts, and the recipes of those."""
    before = results.known_spec()
    now = {f"{u.label} ({'/'.join(_layers(study))})": u.digest for u in units}
    count = {**before.get("units", {}), **now}
    recipes = {**before.get("recipes", {}), **{u.digest: dict(u.spec) for u in units}}
    kept = {unit: recipes[unit] for unit in count.values() if unit in recipes}
    _check_targets(kept)
    # Views of other scores than these would be taken for theirs.
    rest = {key: value for key, value in before.items() if key not in VIEW_KEYS}
    return {**rest, "study": study.model_dump(mode="json"), "units": count, "recipes": kept}


def _check_targets(kept: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse rows about two different targets of one name in a folder.

    Raises:
        IdentityError: There would be such.
    """
    seen: dict[str, str] = {}
    for recipe in kept.values():
        name, content = recipe["benchmark"], recipe.get("target", "")
        if content and recipe.get("own") and seen.setdefault(name, content) != content:
            raise IdentityError(
                f"{name!r} is another target than the one scored into this folder before",
                hint="Score into another folder (--out), or give the file another name.",
            )


def _check_names(models: Sequence[Any], identities: Sequence[str]) -> None:
    """Refuse two different models of one name, which rows could not tell apart."""
    seen: dict[str, str] = {}
    for named, content in zip(models, identities, strict=True):
        name = load_responses(named).name if is_file(named) else shown_name(named)
        if seen.setdefault(name, content) != content:
            raise InputError(
                f"two different models are called {name!r}",
                hint="Save one of them under another name: Assembly(values, ids, name=...).save(path).",
            )


def _layers(study: Study) -> tuple[str, ...]:
    return (study.layers,) if isinstance(study.layers, str) else study.layers
