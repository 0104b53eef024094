"""repalign models and repalign measures: what can be named."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from repalign.benchmarks import published_names
from repalign.cli.output import print_json, print_table, print_text
from repalign.metrics import (
    ALIASES,
    DIMENSIONALITIES,
    FAMILIES,
    FORMULAS,
    GROUPS,
    MEASURES,
    RSA,
    Measure,
    find_measure,
    measure,
)
from repalign.models import freeze, layer_shapes, model, model_names
from repalign.models.catalog import catalog
from repalign.models.torch_shapes import without_weights

models_app = typer.Typer(help="Models: list, show, layers, catalog.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="Model, e.g. builtin/gabor, timm/resnet18.a1_in1k.")]
MANY = 20  # layers that a card lists one by one


@models_app.command("list")
def list_models(json: Json = False) -> None:
    """List the models that can be named, and published responses of models."""
    if json:
        print_json({"models": list(model_names()), "published responses": published_names()})
        return
    rows = [[name, ", ".join(model(name).default_layers)] for name in model_names()]
    print_table("models", ["name", "layers by default"], rows)
    print()
    print_table("published responses", ["name"], [[name] for name in published_names()])
    print("\nNetworks: timm/NAME.TAG (see `repalign models catalog`), torchvision/NAME,")
    print("checkpoint/NAME, onnx/PATH. Any function: callable/package.module:function")


@models_app.command("show")
def show_model(name: Name, json: Json = False) -> None:
    """Show a model's card and layers; of a network no weights are downloaded."""
    found = without_weights(name)
    content: dict[str, Any] = {"name": found.name, "digest": None, **asdict(found.card)}
    if getattr(found, "is_skeleton", False):
        content["digest"] = "known when its weights are loaded"
    else:
        content["digest"] = found.digest
    if json:
        print_json(content)
        return
    if len(found.layers) > MANY:
        content["layers"] = f"{len(found.layers)}; see `repalign models layers {name}`"
    print_table(name, ["", ""], [[key.replace("_", " "), _plain(value)] for key, value in content.items()])


@models_app.command("layers")
def list_layers(name: Name, json: Json = False) -> None:
    """List a model's layers and the shape of each one's response to a stimulus."""
    found = without_weights(name)
    shapes = layer_shapes(found)
    if json:
        print_json({"name": found.name, "default": list(found.default_layers), "layers": shapes})
        return
    rows = [
        [layer, " x ".join(map(str, shape)), "default" if layer in found.default_layers else ""]
        for layer, shape in shapes.items()
    ]
    print_table(found.name, ["layer", "shape", ""], rows)


@models_app.command("catalog")
def list_catalog(
    family: Annotated[str | None, typer.Option(help="Leading letters of the name, e.g. resnet.")] = None,
    trained_on: Annotated[str | None, typer.Option(help="A training set, e.g. in1k, laion2b.")] = None,
    size: Annotated[int | None, typer.Option(help="Height or width of the input in pixels.")] = None,
    search: Annotated[str | None, typer.Option(help="Words that the name must contain.")] = None,
    one_per_family: Annotated[
        bool, typer.Option("--one-per-family", help="The first name of every family only.")
    ] = False,
    freeze_to: Annotated[
        Path | None, typer.Option("--freeze", help="Write these models to a registry FILE.")
    ] = None,
    json: Json = False,
) -> None:
    """List the published networks of timm, and freeze a selection of them."""
    found = catalog(
        family=family, trained_on=trained_on, size=size, search=search, one_per_family=one_per_family
    )
    content: dict[str, Any] = {"models": [entry.as_dict() for entry in found]}
    if freeze_to is not None:
        frozen = freeze(freeze_to, [entry.name for entry in found], progress=_freezing)
        content |= {"registry": str(freeze_to), "sha256": frozen.sha256}
    if json:
        print_json(content)
        return
    rows = [[e.name, ", ".join(e.training_sets) or "-", _size(e.input_size)] for e in found]
    print_table("published networks of timm", ["name", "trained on", "size"], rows)
    print(f"\n{len(found)} models of {len({e.family for e in found})} families")
    if freeze_to is not None:
        print(f"frozen in {freeze_to}\nsha256 {content['sha256']}")


def _freezing(done: int, total: int) -> None:
    if done % 20 == 0 or done == total:
        print(f"frozen: {done} of {total} models", file=sys.stderr, flush=True)


def _size(size: tuple[int, int]) -> str:
    return str(size[0]) if size[0] == size[1] else f"{size[0]}x{size[1]}"


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_plain(v) for v in value) or "-"
    return "-" if value is None else str(value)


def measures(
    name: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One measure by id, or the beginning of several ids.")
    ] = None,
    json: Json = False,
) -> None:
    """List the measures: id, formula, range, direction, invariances, needs, source."""
    chosen = _chosen(name)
    if json:
        described = [_described(m) for m in chosen]
        print_json(described[0] if name and len(described) == 1 else described)
        return
    if name and len(chosen) == 1:
        print_table(chosen[0].id, ["", ""], [[k, _plain(v)] for k, v in _described(chosen[0]).items()])
        return
    ids = {m.id for m in chosen}
    for group, members in GROUPS.items():
        found = [MEASURES[ident] for ident in members if ident in ids]
        if found:
            _print_group(group, found, whole=name is None)
    if name is None:
        print_table("of one representation: repalign dimensionality FILE", ["id", "formula"], _one_sided())
        print()
        print_table("with other parameters", ["id"], [[template] for template in _templates()])
        print(f"\n{len(MEASURES)} measures, {len(ALIASES)} other names of them. Next: repalign measures ID")


def _chosen(name: str | None) -> list[Measure]:
    if name is None:
        return list(MEASURES.values())
    exact = find_measure(name)
    begun = [m for m in MEASURES.values() if m.id.startswith(name)]
    return [exact] if exact is not None else begun or [measure(name)]


def _one_sided() -> list[list[str]]:
    return [[name, DIMENSIONALITIES[name].formula] for name in DIMENSIONALITIES]


def _templates() -> list[str]:
    """Templates with a parameter, without those that only add an ending to another."""
    found = [family.template for family in FAMILIES if "{" in family.template]
    return [t for t in found if not any(t != u and t.startswith(u) for u in found)]


def _described(found: Measure) -> dict[str, Any]:
    others = sorted(other for other, ours in ALIASES.items() if ours == found.id)
    return found.describe() | {"aliases": others}


def _print_group(group: str, members: Sequence[Measure], *, whole: bool) -> None:
    products = [m for m in members if isinstance(m, RSA)]
    if whole and len(products) == len(members):
        # A product of two lists is told by the two lists; its ids follow without their formulas.
        within, between = FORMULAS
        print_table(f"{group}: rsa-DISSIMILARITY-COMPARISON", ["dissimilarity", ""], list(within.items()))
        print_table("", ["comparison", ""], list(between.items()))
        print_text(" ".join(m.id for m in members))
    else:
        print_table(group, ["id", "formula"], [[m.id, m.formula] for m in members])
    print()
