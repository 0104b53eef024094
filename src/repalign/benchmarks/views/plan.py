"""Which views a folder of scores calls for, read from the recipes of its units alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from repalign.benchmarks.layers import CHOOSE, DEFAULT
from repalign.benchmarks.provenance import code_version
from repalign.data import digest_spec
from repalign.metrics import RSA, find_measure

Spec = dict[str, Any]
CORRELATION = "correlation"  # the RDM drawn of models that are compared by no RDM
_OF_TARGET = ("benchmark", "benchmark_version", "target", "stimuli", "measure")
MOST_MODELS = 40  # beyond, pairs are too many to be tested and read


def geometries(recipes: Iterable[Mapping[str, Any]]) -> list[Spec]:
    """One spec per set of stimuli, subset of it and dissimilarity, with all models and targets scored on it.

    Args:
        recipes: Specs of scoring units, in the order in which models and targets are to be shown.
    """
    found: dict[str, Spec] = {}
    for recipe in recipes:
        how = recipe["how"]
        shared = {
            "view": "geometry",
            "stimuli": recipe["stimuli"],
            "dissimilarity": dissimilarity_of(recipe["measure"]),
            "subset": how["subset"],
            "seed": how["seed"],
            "code": code_version(),
        }
        several = {
            "targets": {},
            "models": [],
            "identity": [],
            "layers": [],
            "benchmark": recipe["benchmark"],
        }
        spec = found.setdefault(digest_spec(shared), {**shared, **several})
        if "target" in recipe:
            spec["targets"][recipe["benchmark"]] = recipe["target"]
        for model in _models(recipe):
            _add(spec, *model, how["layers"])
    return list(found.values())


def contrasts(recipes: Iterable[Mapping[str, Any]]) -> list[Spec]:
    """One spec per benchmark, measure, subset, seed and draws by which at least two models were scored.

    Models whose layer was chosen on other stimuli are on fewer stimuli, and stand apart.

    Args:
        recipes: As :func:`geometries`.
    """
    found: dict[str, Spec] = {}
    for recipe in recipes:
        how = recipe["how"]
        if "target" not in recipe:
            continue
        shared = {
            "view": "differences",
            **{key: recipe[key] for key in _OF_TARGET},
            "how": {key: how[key] for key in ("subset", "draws", "seed", "over")},
            "chooses": how["layers"] == CHOOSE,
            "code": code_version(),
        }
        spec = found.setdefault(digest_spec(shared), {**shared, **_no_models()})
        _add(spec, recipe["model"], recipe["identity"], how["layers"])
    return [spec for spec in found.values() if len(spec["models"]) > 1]


def dissimilarity_of(measure: str) -> str:
    """The dissimilarity by which models are drawn: the measure's own, or correlation."""
    known = find_measure(measure)
    return known.dissimilarity if isinstance(known, RSA) else CORRELATION


def _no_models() -> Spec:
    return {"models": [], "identity": [], "layers": []}


def _models(recipe: Mapping[str, Any]) -> list[tuple[Any, str]]:
    if "pair" in recipe:
        return list(zip(recipe["pair"], recipe["identity"], strict=True))
    return [(recipe["model"], recipe["identity"])]


def _add(spec: Spec, model: Any, identity: str, layers: Any) -> None:
    """A model once, with the layers under which it was scored first, or those beyond its default."""
    if model not in spec["models"]:
        spec["models"].append(model)
        spec["identity"].append(identity)
        spec["layers"].append(layers)
        return
    place = spec["models"].index(model)
    if spec["layers"][place] == DEFAULT:
        spec["layers"][place] = layers
