"""repalign models and repalign measures: what can be named."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from repalign.benchmarks import published_names
from repalign.cli.output import print_json, print_table
from repalign.metrics import MEASURES, measure
from repalign.models import model, model_names

models_app = typer.Typer(help="Models: list, show.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


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
    print("\nAny function of your own: callable/package.module:function")


@models_app.command("show")
def show_model(
    name: Annotated[str, typer.Argument(help="Model, e.g. builtin/gabor.")], json: Json = False
) -> None:
    """Show a model's card and layers."""
    found = model(name)
    content = {"name": found.name, "digest": found.digest, **asdict(found.card)}
    if json:
        print_json(content)
        return
    print_table(name, ["", ""], [[key.replace("_", " "), _plain(value)] for key, value in content.items()])


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(v) for v in value)
    return "-" if value is None else str(value)


def measures(
    name: Annotated[str | None, typer.Argument(help="One measure, by id.")] = None, json: Json = False
) -> None:
    """List the measures: id, formula, range, direction, invariances, needs, source."""
    found = [measure(name)] if name else list(MEASURES.values())
    described = [m.describe() for m in found]
    if json:
        print_json(described[0] if name else described)
        return
    if name:
        print_table(name, ["", ""], [[k, _plain(v)] for k, v in described[0].items()])
        return
    rows = [[d["id"], d["formula"]] for d in described]
    print_table("measures", ["id", "formula"], rows)
