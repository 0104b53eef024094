"""The geometry of models and targets on one set of stimuli: RDMs, and a map of their likeness."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from repalign.benchmarks.benchmark import Benchmark, benchmark
from repalign.benchmarks.score import join_notes, narrow, targets
from repalign.benchmarks.views.arrange import arrange
from repalign.benchmarks.views.sides import Side, model_sides, stands_by
from repalign.data import RDM, Choices, Responses, ResultsDir, Target
from repalign.data.files import write_arrays
from repalign.errors import IdentityError, RepalignError, UnsuitableError
from repalign.maths import Floats, compare, metric_mds, midranks
from repalign.metrics import RSA, measure
from repalign.seeds import rng

SHOWN = 200  # stimuli: more rows than a picture of an RDM has room for
DISTANCE = "1 - Spearman's rho between RDMs"


@dataclass(frozen=True)
class Point:
    """What an RDM or a point of the map belongs to."""

    kind: str
    name: str
    layer: str | None = None
    region: str | None = None
    subject: str | None = None
    nearest: dict[str, Any] | None = None


@dataclass(frozen=True)
class Drawn:
    """One RDM, and those of single subjects behind it."""

    point: Point
    pairs: Floats
    subjects: dict[str, Floats]
    dissimilarity: str
    n_subjects: int | None
    about: str

    def described(self) -> dict[str, Any]:
        """What the header says of it."""
        own = {key: value for key, value in asdict(self.point).items() if key != "nearest"}
        made = {"dissimilarity": self.dissimilarity, "n_subjects": self.n_subjects, "about": self.about}
        return {**own, **made}


def geometry_unit(spec: dict[str, Any], path: Path, *, options: str = "{}", **locations: str) -> None:
    """Write the RDMs of models and targets on the same stimuli, and a map: the unit behind a view.

    Args:
        spec: From :func:`repalign.benchmarks.views.plan.geometries`.
        path: Where the arrays go, in ``arrays/`` of a folder of results; thumbnails go beside them.
        options: Where the data of each benchmark lie on this machine, as JSON.
        locations: Where responses lie that were extracted before.
    """
    where = json.loads(options)
    first = benchmark(spec["benchmark"], where.get(spec["benchmark"]))
    ids, note = _shown(first, spec["subset"], spec["seed"])
    sides, left_out = model_sides(spec, first, locations, ids)
    found: list[Drawn] = []
    for point, side in _everyone(spec, sides):
        try:
            target = _target(spec, point.name, where) if side is None else None
            responses = side.shown if side is not None else target.responses if target else None
            assert responses is not None
            seen = replace(point, region=target.region or None) if target else point
            found.append(_drawn(seen, responses.select(ids), spec["dissimilarity"], target))
        except RepalignError as error:
            left_out.append({"name": point.name, "reason": error.message})
    if not found:
        reasons = "; ".join(each["reason"] for each in left_out)
        raise UnsuitableError(f"no RDM can be drawn: {reasons}", hint="The scores stand without pictures.")
    seat = found[0]
    order, groups, by = arrange(ids, first, seat.pairs, seat.point.name)
    shown = [ids[i] for i in order]
    arrays, about = _arrays(found, order)
    header = {
        "view": "geometry",
        "stimuli": first.name.partition("/")[0],
        "n_all": len(first.target.ids),
        "n": len(ids),
        "note": note,
        "ids": shown,
        "groups": groups,
        "ordered_by": by,
        **_pictures(first, shown, ResultsDir(path.parent.parent)),
        **about,
        "stands_by": stands_by(sides),
        "layers": {side.name: [layer for layer in side.layers if layer] for side in sides},
        "left_out": left_out,
    }
    write_arrays(path, arrays, header)


def _arrays(found: Sequence[Drawn], order: Sequence[int]) -> tuple[dict[str, Any], dict[str, Any]]:
    """RDMs, their ranks and the map, and what the header says of them."""
    rdms = np.stack([_reordered(each.pairs, order) for each in found])
    points, coordinates, stress = _map(found)
    about = {
        "rdms": [each.described() for each in found],
        "points": [asdict(point) for point in points],
        "stress": stress,
        "distance": DISTANCE,
    }
    ranks = np.stack([_scaled_ranks(row) for row in rdms])
    return {"rdms": np.float32(rdms), "ranks": np.float32(ranks), "map": coordinates}, about


def _shown(bench: Benchmark, subset: int | None, seed: int) -> tuple[list[str], str]:
    """The stimuli that are drawn, in canonical order, and which they are, in words."""
    goal, _ = narrow(replace(bench.target, note=""), subset, seed)
    ids, note = sorted(goal.ids), goal.note
    if len(ids) <= SHOWN:
        return ids, note
    drawn = sorted(rng(seed, "stimuli", "shown").choice(ids, size=SHOWN, replace=False).tolist())
    return drawn, join_notes(note, f"{SHOWN} of {len(ids)} stimuli, drawn with seed {seed}")


def _everyone(spec: dict[str, Any], sides: Sequence[Side]) -> Iterator[tuple[Point, Side | None]]:
    """Targets first, then models."""
    for name in spec["targets"]:
        yield Point("target", name), None
    for side in sides:
        yield Point("model", side.name, layer=side.layer or None), side


def _target(spec: dict[str, Any], name: str, where: dict[str, Any]) -> Target:
    """A target as it was scored.

    Raises:
        IdentityError: What lies there now is something else.
    """
    bench = benchmark(name, where.get(name))
    if bench.target.digest != spec["targets"][name]:
        raise IdentityError(f"{name} has changed since it was scored", hint="Score it again.")
    return targets(bench)[0]


def _drawn(point: Point, responses: Responses, dissimilarity: str, target: Target | None) -> Drawn:
    if isinstance(responses, Choices):
        raise UnsuitableError("choices have no RDM", hint="It is scored, but not drawn.")
    by = measure(f"rsa-{dissimilarity}-spearman")
    assert isinstance(by, RSA)
    pairs = by.pairs(responses, point.kind)
    if np.ptp(pairs.mean(axis=0)) == 0:
        raise UnsuitableError("all its dissimilarities are equal", hint="It is scored, but not drawn.")
    subjects: dict[str, Floats] = {}
    if target is not None and len(target.subjects) == len(pairs) > 1:
        subjects = dict(zip(target.subjects, pairs, strict=True))
    about = f"mean of {len(pairs)} subjects" if subjects else ""
    made = responses.dissimilarity if isinstance(responses, RDM) else dissimilarity
    people = (target.n_subjects or None) if target is not None else None
    return Drawn(point, pairs.mean(axis=0), subjects, made, people, about)


def _map(found: Sequence[Drawn]) -> tuple[list[Point], Floats, float | None]:
    """Points for all RDMs and, behind those of targets, each subject; none where there are fewer than 3."""
    points: list[Point] = []
    rows: list[Floats] = []
    for each in found:
        points.append(each.point)
        rows.append(each.pairs)
        for who, pairs in each.subjects.items():
            if np.ptp(pairs) > 0:
                points.append(Point("subject", each.point.name, region=each.point.region, subject=who))
                rows.append(pairs)
    if len(points) < 3:
        return [], np.empty((0, 2)), None
    stacked = np.stack(rows)
    likeness = compare(stacked, stacked, "spearman")
    distances = np.clip(1.0 - (likeness + likeness.T) / 2.0, 0.0, None)
    np.fill_diagonal(distances, 0.0)
    coordinates, stress = metric_mds(distances)
    told = [_with_nearest(point, points, row) for point, row in zip(points, distances, strict=True)]
    return told, coordinates, stress


def _with_nearest(point: Point, points: Sequence[Point], distances: Floats) -> Point:
    """A target's point with the model whose RDM is most like its own."""
    models = [(float(d), other) for d, other in zip(distances, points, strict=True) if other.kind == "model"]
    if point.kind != "target" or not models:
        return point
    distance, model = min(models, key=lambda each: each[0])
    return replace(point, nearest={"name": model.name, "layer": model.layer, "distance": distance})


def _reordered(pairs: Floats, order: Sequence[int]) -> Floats:
    from scipy.spatial.distance import squareform

    return squareform(squareform(pairs)[np.ix_(order, order)])


def _scaled_ranks(pairs: Floats) -> Floats:
    """Mid-ranks from 0, the least dissimilar, to 1."""
    ranks = midranks(pairs)
    return (ranks - 1.0) / max(len(pairs) - 1, 1)


def _pictures(bench: Benchmark, ids: Sequence[str], results: ResultsDir) -> dict[str, Any]:
    """Thumbnails and texts of stimuli in this order; empty lists where the set has none."""
    stimuli = bench.stimuli.select(ids)
    thumbs: list[str] = []
    if stimuli.images is not None:
        thumbs = [results.write_thumb(stimuli.pixels(i)) for i in range(len(stimuli))]
    texts = [" · ".join(each) for each in stimuli.texts or ()]
    return {"thumbs": thumbs, "texts": texts}
