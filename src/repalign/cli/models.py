"""repalign models: what can be named, what it is made of, which published networks there are."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from repalign.benchmarks import published_names
from repalign.cli.arguments import Json
from repalign.cli.output import print_json, print_text
from repalign.cli.summary import number, print_summary
from repalign.cli.tables import ABOUT, Column, Kind, plain, print_table
from repalign.models import freeze, layer_shapes, model, model_names
from repalign.models.catalog import catalog
from repalign.models.torch_shapes import without_weights

app = typer.Typer(help="Models: list, show, layers, catalog.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Model, e.g. builtin/gabor, timm/resnet18.a1_in1k.")]
MANY = 20  # layers that a card lists one by one


@app.command("list")
def list_models(json: Json = False) -> None:
    """List the models that can be named, and published responses of models.

    Example: repalign models list
    """
    if json:
        print_json({"models": list(model_names()), "published responses": published_names()})
        return
    rows = [[name, ", ".join(model(name).default_layers)] for name in model_names()]
    print_table("models", [Column("name", Kind.WHOLE), Column("layers by default")], rows)
    print()
    print_table("published responses", [Column("name", Kind.WHOLE)], [[name] for name in published_names()])
    print()
    print_text(
        "Networks: timm/NAME.TAG (see `repalign models catalog`), torchvision/NAME, checkpoint/NAME, "
        "onnx/PATH. Any function: callable/package.module:function"
    )


@app.command("show")
def show_model(name: Name, json: Json = False) -> None:
    """Show a model's card and layers; of a network no weights are downloaded.

    Example: repalign models show builtin/gabor
    """
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
    print_table(name, ABOUT, [[key.replace("_", " "), plain(value)] for key, value in content.items()])


@app.command("layers")
def list_layers(name: Name, json: Json = False) -> None:
    """List a model's layers and the shape of each one's response to a stimulus.

    Example: repalign models layers builtin/gabor
    """
    found = without_weights(name)
    shapes = layer_shapes(found)
    if json:
        print_json({"name": found.name, "default": list(found.default_layers), "layers": shapes})
        return
    rows = [
        [layer, " x ".join(map(str, shape)), "default" if layer in found.default_layers else ""]
        for layer, shape in shapes.items()
    ]
    print_table(
        found.name, [Column("layer", Kind.NAME), Column("shape", Kind.WHOLE), Column(kind=Kind.WHOLE)], rows
    )


@app.command("catalog")
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
    """List the published networks of timm, and freeze a selection of them.

    Example: repalign models catalog --family resnet --trained-on in1k
    """
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
    columns = [Column("name", Kind.WHOLE), Column("trained on"), Column("size", Kind.NUMBER)]
    print_table("published networks of timm", columns, rows)
    print(f"\n{len(found)} models of {len({e.family for e in found})} families")
    if freeze_to is not None:
        print(f"sha256 {content['sha256']}")
        print_summary(f"{number(len(found), 'model')} frozen", [freeze_to])


def _freezing(done: int, total: int) -> None:
    if done % 20 == 0 or done == total:
        print(f"frozen: {done} of {total} models", file=sys.stderr, flush=True)


def _size(size: tuple[int, int]) -> str:
    return str(size[0]) if size[0] == size[1] else f"{size[0]}x{size[1]}"
