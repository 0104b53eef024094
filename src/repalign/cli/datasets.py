"""repalign datasets: what there is, where it lies, whether it is right."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from repalign.cli.arguments import Json
from repalign.cli.output import print_json, print_text
from repalign.cli.progress import Tracker, progress
from repalign.cli.summary import Command, in_time, number, print_summary
from repalign.cli.tables import Column, Kind, print_table
from repalign.datasets import DATASETS, Dataset, dataset
from repalign.datasets.places import locate

app = typer.Typer(help="Published data sets: list, get, path, verify.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Data set, e.g. kriegeskorte92.")]


@app.command("list")
def list_(json: Json = False) -> None:
    """List the data sets: whether each is here, its targets, who was measured.

    Example: repalign datasets list
    """
    found = [dataset(name) for name in DATASETS]
    if json:
        print_json([_listed(data) for data in found])
        return
    columns = [Column("name", Kind.WHOLE), Column("here?", Kind.WHOLE), Column("targets"), Column("licence")]
    rows = [[d.name, d.status(), ", ".join(d.targets), d.card.licence] for d in found]
    print_table("data sets", columns, rows)
    print()
    print_text("A benchmark is NAME/TARGET. To download a data set: repalign datasets get NAME")


def _listed(data: Dataset) -> dict[str, Any]:
    card = data.card.model_dump(mode="json", exclude={"files"})
    size = sum(file.bytes for file in data.card.files)
    more = {"status": data.status(), "targets": data.targets, "responses": data.responses}
    return {**card, **more, "bytes": size, "files": len(data.card.files)}


@app.command()
def get(name: Name, json: Json = False) -> None:
    """Download what is missing, resumed and verified.

    Example: repalign datasets get kriegeskorte92
    """
    data, began = dataset(name), time.monotonic()
    here = len(_sizes_here(data))
    with progress(name) as shown:
        paths = gotten(data, shown)
    if json:
        print_json({"name": name, "files": [str(p) for p in paths]})
        return
    done = f"{name} is built in"
    if paths:
        were = f"{len(paths) - here} downloaded, {here} found here"
        done = f"{number(len(paths), 'file')}: {were}, all verified, in {in_time(time.monotonic() - began)}"
    place = data.path()
    print_summary(done, [] if place is None else [place], _following(data))


def gotten(data: Dataset, shown: Tracker) -> tuple[Path, ...]:
    """The files of a data set, downloaded where they are missing, with progress."""
    return data.get(progress=shown.bytes_of(data.name, _sizes_here(data)))


def _sizes_here(data: Dataset) -> list[int]:
    return [file.bytes for file in data.card.files if locate(file) is not None]


def _following(data: Dataset) -> list[Command | str]:
    """A score command on the data set that runs as it stands wherever its stimuli are at hand."""
    if not data.targets:
        return []
    model = f"{data.name}/{data.responses[0]}" if data.responses else "builtin/rgb"
    command = "repalign", "score", model, "--benchmark", f"{data.name}/{data.targets[0]}"
    if data.responses or data.stimuli.images is not None:
        return [command]
    return [(*command, "--images", f"{data.name}=PATH")]


@app.command()
def path(name: Name, json: Json = False) -> None:
    """Print the folder in which a data set's files lie or would lie.

    Example: repalign datasets path kriegeskorte92
    """
    data = dataset(name)
    place = data.path()
    if json:
        print_json({"name": name, "path": str(place) if place else None})
    else:
        print(place or data.status())


@app.command()
def verify(name: Name, json: Json = False) -> None:
    """Check size and sha256 of every file; exit code 3 if one is missing or differs.

    Example: repalign datasets verify kriegeskorte92
    """
    data = dataset(name)
    checks = data.verify()
    if json:
        print_json([{"path": str(c.path), "ok": c.ok, "message": c.message} for c in checks])
    else:
        for check in checks:
            if not check.ok:
                print(check.path)
                print_text(check.message, indent="  ")
        right = f"{sum(c.ok for c in checks)} of {len(checks)} files are right"
        print_text(f"{name}: {right if checks else f'{data.status()}, no files to verify'}")
    if not all(check.ok for check in checks):
        raise typer.Exit(3)
