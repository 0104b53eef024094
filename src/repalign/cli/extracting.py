"""repalign extract: a model's responses to stimuli, kept on disk."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from repalign.cli.output import print_json
from repalign.cli.scoring import named_model
from repalign.cli.stimulus_progress import stimulus_progress
from repalign.data import Assembly, StimulusSet
from repalign.data.stimulus_files import MANIFEST
from repalign.datasets import dataset
from repalign.errors import InputError
from repalign.models import extract_to_store, model, read_assembly
from repalign.models.memory import available, in_words


def extract(
    model_name: Annotated[str, typer.Argument(metavar="MODEL", help="source/name, or a JSON triple.")],
    stimuli: Annotated[
        str,
        typer.Option(help="A folder of images, dataset:NAME, or a table (.csv, .tsv, .json) with a header."),
    ],
    layers: Annotated[
        list[str] | None, typer.Option(help="all, or names; may be repeated. The model's own by default.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="A file (.npz), or a folder for the store; REPALIGN_HOME/activations by default."),
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="Threads that decode images ahead.")] = 2,
    batch_size: Annotated[int, typer.Option(min=1, help="Stimuli shown at a time.")] = 64,
    dtype: Annotated[str, typer.Option(help="float32, float16 or float64.")] = "float32",
    reduction: Annotated[
        str | None, typer.Option(help="srp:K (sparse random projection) or pca:K, for large layers.")
    ] = None,
    id_column: Annotated[str, typer.Option(help="Of a table: the column of ids.")] = "id",
    image_column: Annotated[str | None, typer.Option(help="Of a table: the column of image paths.")] = None,
    text_column: Annotated[str | None, typer.Option(help="Of a table: the column of texts.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Extract a model's responses into the store; nothing is computed twice, and a stopped run goes on."""
    shown_stimuli = _stimuli(stimuli, id_column, image_column, text_column)
    wanted = "all" if layers == ["all"] else layers
    is_file = out is not None and out.suffix == ".npz"
    with redirect_stdout(sys.stderr):  # what a model prints must not get between the rows
        shown = model(named_model(model_name))
        with stimulus_progress(shown.name) as progress:
            folders = extract_to_store(
                shown,
                shown_stimuli,
                wanted,
                batch_size=batch_size,
                workers=workers,
                dtype=dtype,
                reduction=reduction,
                store=None if is_file else out,
                progress=progress,
                announce=lambda need: print(need, file=sys.stderr, flush=True),
            )
    found = read_assembly(folders)
    if out is not None and is_file:
        _save(found, out)
    _print(found, folders, out if is_file else None, as_json=json)


def _stimuli(named: str, id_column: str, image: str | None, text: str | None) -> StimulusSet:
    kind, colon, name = named.partition(":")
    if kind == "dataset" and colon:
        return dataset(name).stimuli
    path = Path(named)
    if not path.is_dir():
        return StimulusSet.from_table(path, id=id_column, image=_image_column(image, text), text=text)
    return StimulusSet.load(path) if (path / MANIFEST).is_file() else StimulusSet.from_folder(path)


def _image_column(image: str | None, text: str | None) -> str | None:
    return "image" if image is None and text is None else image


def _save(found: Assembly, out: Path) -> None:
    free = available()
    needed = found.values.nbytes
    if free is not None and needed > free:
        raise InputError(
            f"{in_words(needed)} of responses do not fit into {in_words(free)} of memory for one file",
            hint="Give a folder as --out, fewer --layers, or a --reduction; what was extracted is kept.",
        )
    found.save(out)


def _print(found: Assembly, folders: Sequence[Path], out: Path | None, *, as_json: bool) -> None:
    layers = {name: part.n_units for name, part in found.split().items()}
    if as_json:
        content = {
            "model": found.name,
            "n_stimuli": found.n_stimuli,
            "n_units": found.n_units,
            "dtype": str(found.values.dtype),
            "layers": [
                {"layer": name, "n_units": width, "path": str(folder / "values.npy")}
                for (name, width), folder in zip(layers.items(), folders, strict=True)
            ],
            "store": str(folders[0].parent),
            "out": None if out is None else str(out),
        }
        print_json(content)
        return
    for (name, width), folder in zip(layers.items(), folders, strict=True):
        print(f"{name}  {found.n_stimuli} x {width}  {folder.name}")
    print(f"store     {folders[0].parent}")
    if out is not None:
        print(f"file      {out}")
