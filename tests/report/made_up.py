"""Made-up results of any size, with views, as benchmarks write them: for tests of what is drawn of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from repalign.data import ResultsDir, Score, ScoreTable
from repalign.maths import compare, metric_mds, midranks
from repalign.seeds import rng

KINDS = ("human face", "human body", "animal", "fruit", "tool", "scene")
DISTANCE = "1 - Spearman's rho between RDMs"
HOW = {
    "draws": 1000,
    "layers": "default",
    "over": "auto",
    "permutations": 1000,
    "seed": 0,
    "subset": None,
}


@dataclass(frozen=True, kw_only=True)
class MadeUp:
    """What is made up, and how much of it.

    Args:
        models: How many, or their names.
        layers: Of each model; 0 for models without layers.
        targets: How many, each of a region of its own, or their names.
        subjects: Of each target; 0 for targets that are one average.
        pairs: Whether models are also scored with one another.
        low: The lowest score.
        missing: Every so many-th row has no value and a reason instead; 0 for none.
    """

    models: int | tuple[str, ...] = 3
    layers: int = 2
    targets: int | tuple[str, ...] = 2
    subjects: int = 4
    stimuli: int = 24
    measure: str = "rsa-correlation-spearman"
    intervals: bool = True
    ceilings: bool = True
    pairs: bool = False
    thumbs: bool = True
    groups: bool = True
    views: bool = True
    failures: int = 0
    low: float = 0.05
    missing: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Of the models."""
        given = self.models
        return given if isinstance(given, tuple) else tuple(f"timm/network{i:02}.made" for i in range(given))

    @property
    def goals(self) -> tuple[str, ...]:
        """Names of the targets."""
        given = self.targets
        return given if isinstance(given, tuple) else tuple(f"made/region-{i + 1}" for i in range(given))

    @property
    def layer_names(self) -> list[str | None]:
        """In the network's order, which is not that of the alphabet."""
        return [f"block{i}" for i in range(1, self.layers)] + ["fc"] if self.layers else [None]

    def people(self) -> list[str]:
        """Names of the subjects."""
        return [f"S{i + 1}" for i in range(self.subjects)]


def region(target: str) -> str:
    """The region of a made-up target."""
    return target.rpartition("-")[2]


def table(made: MadeUp) -> ScoreTable:
    """Scores of all models in all layers on all targets, with their subjects."""
    rows: list[Score] = []
    for target in made.goals:
        for model in made.names:
            for layer in made.layer_names:
                rows += _rows(made, model, layer, target)
    for a, b in combinations(made.names, 2) if made.pairs else ():
        last = made.layer_names[-1]
        common = {"target": b, "region": last, "measure": made.measure, "n_stimuli": made.stimuli}
        value = float(rng(0, a, b).uniform(made.low, 0.9))
        inferred = {"ci_low": value - 0.05, "ci_high": value + 0.05, "p": 0.001} if made.intervals else {}
        note = "on the stimuli of made; two models: no ceiling; interval over stimuli"
        rows.append(Score(model=a, layer=last, value=value, reason=note, **common, **inferred))
    if made.missing:
        rows = [_without(row) if i % made.missing == 0 else row for i, row in enumerate(rows)]
    return ScoreTable(rows).sorted()


def _rows(made: MadeUp, model: str, layer: str | None, target: str) -> list[Score]:
    draws = rng(0, model, layer or "", target)
    value = float(draws.uniform(made.low, 0.62))
    common: dict[str, Any] = {"model": model, "layer": layer, "target": target, "region": region(target)}
    common |= {"measure": made.measure, "n_stimuli": made.stimuli, "code_version": "0.1.0+made0up0"}
    common |= {f"{side}_digest": draws.bytes(16).hex() for side in ("model", "target", "spec")}
    half = float(draws.uniform(0.03, 0.09))
    inferred = {"ci_low": value - half, "ci_high": value + half, "p": 1 / 1001} if made.intervals else {}
    ceiling = {"ceiling_lower": 0.64, "ceiling_upper": 0.71} if made.ceilings and made.subjects > 1 else {}
    counts = {"n_subjects": made.subjects} if made.subjects else {}
    reason = "interval generalises to other subjects and other stimuli"
    if made.subjects < 2:
        reason = "one subject: no ceiling; interval generalises to other stimuli only"
    whole = Score(**common, **counts, **inferred, **ceiling, value=value, reason=reason)
    single = draws.normal(value, 0.05, size=made.subjects).tolist()
    people = zip(made.people(), single, strict=True)
    return [whole, *(Score(**common, n_subjects=1, subject=who, value=v) for who, v in people)]


def _without(row: Score) -> Score:
    kept = ("model", "layer", "target", "region", "subject", "measure", "n_stimuli")
    reason = "no score: the pattern of stimulus 'made-001' is constant"
    return Score(**{key: getattr(row, key) for key in kept}, reason=reason)


def geometry(made: MadeUp, results: ResultsDir | None = None) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The view of RDMs and of the map; thumbnails are written to ``results`` where there are any."""
    n, ids = made.stimuli, [f"made-{i:03}" for i in range(made.stimuli)]
    groups = sorted((KINDS[i % len(KINDS)] for i in range(n)), key=KINDS.index) if made.groups else []
    kinds = np.array([KINDS.index(g) for g in groups]) if groups else np.arange(n) * len(KINDS) // n
    points, rows = _points(made, kinds)
    stacked = np.stack(rows)
    likeness = compare(stacked, stacked, "spearman")
    distances = np.maximum(1 - (likeness + likeness.T) / 2, 0)
    np.fill_diagonal(distances, 0)
    coordinates, stress = metric_mds(distances) if len(points) > 2 else (np.empty((0, 2)), None)
    drawn = [i for i, point in enumerate(points) if point["kind"] != "subject"]
    rdms = stacked[drawn]
    ranks = (np.stack([midranks(row) for row in rdms]) - 1) / max(rdms.shape[1] - 1, 1)
    header = {
        "view": "geometry",
        "stimuli": "made",
        "n_all": n,
        "n": n,
        "note": "",
        "ids": ids,
        "groups": groups,
        "ordered_by": "category" if groups else f"hierarchical clustering of {made.goals[0]}",
        "thumbs": [_thumb(results, i) for i in range(n)] if made.thumbs and results is not None else [],
        "texts": [],
        "rdms": [_described(made, points[i]) for i in drawn],
        "points": points if stress is not None else [],
        "stress": stress,
        "distance": DISTANCE,
        "layers": {name: [layer for layer in made.layer_names if layer] for name in made.names},
        "left_out": [],
    }
    return {"rdms": np.float32(rdms), "ranks": np.float32(ranks), "map": coordinates}, header


def _described(made: MadeUp, point: dict[str, Any]) -> dict[str, Any]:
    target = point["kind"] == "target"
    about = f"mean of {made.subjects} subjects" if target and made.subjects > 1 else ""
    people = made.subjects or None if target else None
    return {**point, "dissimilarity": "correlation", "n_subjects": people, "about": about}


def _points(made: MadeUp, kinds: np.ndarray) -> tuple[list[dict[str, Any]], list[np.ndarray]]:
    def pairs(*words: str) -> np.ndarray:
        draws = rng(0, "rdm", *words)
        apart = (kinds[:, None] != kinds[None]) * draws.uniform(0.2, 1.5)
        noise = draws.normal(size=(len(kinds), len(kinds)))
        return (apart + noise + noise.T)[np.triu_indices(len(kinds), 1)]

    def point(kind: str, name: str, layer: str | None = None, who: str | None = None) -> None:
        where = None if kind == "model" else region(name)
        found.append({"kind": kind, "name": name, "layer": layer, "region": where, "subject": who})

    found: list[dict[str, Any]] = []
    rows: list[np.ndarray] = []
    for target in made.goals:
        people = made.people() if made.subjects > 1 else []
        own = [pairs(target, who) for who in people]
        point("target", target)
        rows.append(np.mean(own, axis=0) if own else pairs(target))
        for who, row in zip(people, own, strict=True):
            point("subject", target, who=who)
            rows.append(row)
    for name in sorted(made.names):
        point("model", name, layer=made.layer_names[-1])
        rows.append(pairs(name))
    return found, rows


def _thumb(results: ResultsDir, i: int) -> str:
    draws = rng(0, "thumb", str(i))
    coarse = draws.integers(0, 256, size=(4, 4, 3), dtype=np.uint8)
    return results.write_thumb(np.kron(coarse, np.ones((16, 16, 1), dtype=np.uint8)))


def contrasts(made: MadeUp, target: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The view of differences between all pairs of models on one target."""
    pairs = list(combinations(made.names, 2))
    common: dict[str, Any] = {"target": target, "region": region(target), "measure": made.measure}
    common |= {"correction": "holm", "n_stimuli": made.stimuli, "n_subjects": made.subjects or None}
    last, rows = made.layer_names[-1], []
    for a, b in pairs:
        draws = rng(0, "difference", a, b, target)
        value, half, p = float(draws.normal(0, 0.15)), 0.12, float(draws.uniform(0, 0.5) ** 4)
        ends = {"ci_low": value - half, "ci_high": value + half} if made.intervals else {}
        tested = {"p": p, "p_adjusted": min(1.0, p * len(pairs) * float(draws.uniform(0.02, 1)))}
        tested |= {"margin": None, "p_equivalent": None, "n_tests": len(pairs)}
        absent = {"ci_low": None, "ci_high": None, "value": value, "reason": "" if ends else "no interval"}
        rows.append({"a": a, "a_layer": last, "b": b, "b_layer": last, **common, **absent, **ends, **tested})
    head = {"view": "differences", **common, "n_tests": len(pairs), "rows": rows, "left_out": [], "note": ""}
    return {}, head


def results_of(made: MadeUp, folder: Path | str) -> ResultsDir:
    """A folder of results.

    Args:
        made: What it holds.
        folder: Where it is written.
    """
    results = ResultsDir(folder)
    listed = [(model, goal) for goal in made.goals for model in made.names]
    units = {f"{m} on {g} by {made.measure}": rng(0, m, g).bytes(16).hex() for m, g in listed}
    # All rows in the file of the first unit: one file each would take a test of many models too long.
    empty = ScoreTable().to_parquet(results.root / "empty.parquet").read_bytes()
    results.scores_dir.mkdir(parents=True, exist_ok=True)
    for unit in units.values():
        (results.scores_dir / f"{unit}.parquet").write_bytes(empty)
    table(made).to_parquet(results.scores_dir / f"{next(iter(units.values()))}.parquet")
    (results.root / "empty.parquet").unlink()
    recipes = {
        unit: {
            "model": model,
            "identity": rng(0, model).bytes(16).hex(),
            "benchmark": goal,
            "benchmark_version": 1,
            "stimuli": "f" * 32,
            "target": rng(0, goal).bytes(16).hex(),
            "measure": made.measure,
            "how": HOW,
            "code": "0.1.0+made0up0",
        }
        for unit, (model, goal) in zip(units.values(), listed, strict=True)
    }
    views: dict[str, str] = {}
    if made.views:
        views["RDMs and map on made by correlation"] = results.write_arrays(*geometry(made, results))
        for goal in made.goals if len(made.names) > 1 else ():
            views[f"differences on {goal}"] = results.write_arrays(*contrasts(made, goal))
    for i in range(made.failures):
        unit = rng(0, "failed", str(i)).bytes(16).hex()
        units[f"failed {i}"] = unit
        spec = {"model": f"timm/broken{i}", "benchmark": made.goals[0], "measure": made.measure}
        failure = {"kind": "degenerate", "message": "the pattern is constant", "hint": "Leave it out."}
        results.failures_dir.mkdir(parents=True, exist_ok=True)
        (results.failures_dir / f"{unit}.json").write_text(json.dumps({**failure, "spec": spec}))
    results.write_spec({"study": {}, "units": units, "recipes": recipes, "views": views})
    return results
