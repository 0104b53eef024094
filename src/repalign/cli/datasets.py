"""repalign datasets: what there is, where it lies, whether it is right."""

from __future__ import annotations

from typing import Annotated

import typer

from repalign.cli.output import print_json, print_table
from repalign.cli.progress import ByteProgress
from repalign.datasets import DATASETS, dataset

app = typer.Typer(help="Published data sets: list, get, path, verify.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="Data set, e.g. kriegeskorte92.")]


@app.command("list")
def list_(json: Json = False) -> None:
    """List the data sets: whether each is here, its targets, who was measured."""
    found = [dataset(name) for name in DATASETS]
    if json:
        print_json([_listed(data) for data in found])
        return
    rows = [[d.name, d.status(), ", ".join(d.targets), d.card.licence] for d in found]
    print_table("data sets", ["name", "here?", "targets (benchmarks are NAME/TARGET)", "licence"], rows)


def _listed(data) -> dict:  # noqa: ANN001
    card = data.card.model_dump(mode="json", exclude={"files"})
    size = sum(file.bytes for file in data.card.files)
    more = {"status": data.status(), "targets": data.targets, "responses": data.responses}
    return {**card, **more, "bytes": size, "files": len(data.card.files)}


@app.command()
def get(name: Name, json: Json = False) -> None:
    """Download what is missing, resumed and verified."""
    data = dataset(name)
    paths = data.get(progress=ByteProgress(name))
    if json:
        print_json({"name": name, "files": [str(p) for p in paths]})
        return
    print(f"{name}: {len(paths)} files here and verified" if paths else f"{name} is built in")


@app.command()
def path(name: Name, json: Json = False) -> None:
    """Print the folder in which a data set's files lie or would lie."""
    place = dataset(name).path()
    print_json({"name": name, "path": str(place) if place else None}) if json else print(place or "built in")


@app.command()
def verify(name: Name, json: Json = False) -> None:
    """Check size and sha256 of every file; exit code 3 if one is missing or differs."""
    checks = dataset(name).verify()
    if json:
        print_json([{"path": str(c.path), "ok": c.ok, "message": c.message} for c in checks])
    else:
        for check in checks:
            if not check.ok:
                print(f"{check.path}: {check.message}")
        right = f"{sum(c.ok for c in checks)} of {len(checks)} files are right"
        print(f"{name}: {right if checks else 'built in, no files to verify'}")
    if not all(check.ok for check in checks):
        raise typer.Exit(3)
