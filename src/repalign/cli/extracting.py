"""repalign extract: a model's responses to stimuli, kept on disk."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from repalign.benchmarks import own_stimuli
from repalign.cli.arguments import Json, named_model
from repalign.cli.output import print_json, print_text
from repalign.cli.progress import progress
from repalign.cli.summary import Command, counts, print_summary
from repalign.cli.tables import Column, Kind, print_table
from repalign.data import Assembly
from repalign.datasets import dataset
from repalign.errors import InputError
from repalign.models import extract_to_store, model, read_assembly
from repalign.models.extraction_run import Waiting
from repalign.models.memory import Need, available, in_words


def extract(
    model_name: Annotated[str, typer.Argument(metavar="MODEL", help="source/name, or a JSON triple.")],
    stimuli: Annotated[
        str,
        typer.Option(
            metavar="WHAT",
            help="A folder of images, dataset:NAME, a saved StimulusSet, or a table (.csv, .tsv, .json).",
        ),
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
    json: Json = False,
) -> None:
    """Extract a model's responses into the store; nothing is computed twice, and a stopped run goes on.

    Example: repalign extract builtin/gabor --stimuli images --out acts.npz
    """
    columns = {"id_column": id_column, "image_column": image_column, "text_column": text_column}
    shown_stimuli = own_stimuli(stimuli, **columns)
    wanted = "all" if layers == ["all"] else layers
    file = out if out is not None and out.suffix == ".npz" else None
    began, said = time.monotonic(), _Said()
    with progress("extracting") as shown:
        responder = model(named_model(model_name))
        folders = extract_to_store(
            responder,
            shown_stimuli,
            wanted,
            batch_size=batch_size,
            workers=workers,
            dtype=dtype,
            reduction=reduction,
            store=None if file is not None else out,
            progress=shown.stimuli_of(responder.name),
            announce=said,
        )
    found = read_assembly(folders)
    if file is not None:
        _save(found, file)
    if json:
        print_json(_content(found, folders, file))
        return
    _print_layers(found)
    done = counts("layer", **said.became(len(folders)), failed=0, seconds=time.monotonic() - began)
    following = _following(model_name, stimuli, shown_stimuli.name, file)
    print_summary(done, [folders[0].parent if file is None else file], following)


class _Said:
    """Prints what an extraction will take, and remembers how many layers are to be computed."""

    def __init__(self) -> None:
        self._layers = 0

    def __call__(self, what: Need | Waiting) -> None:
        if isinstance(what, Need):
            self._layers = what.n_layers
        print_text(str(what), stderr=True)

    def became(self, n_layers: int) -> dict[str, int]:
        return {"computed": self._layers, "found": n_layers - self._layers}


def _save(found: Assembly, out: Path) -> None:
    free = available()
    needed = found.values.nbytes
    if free is not None and needed > free:
        raise InputError(
            f"{in_words(needed)} of responses do not fit into {in_words(free)} of memory for one file",
            hint="Give a folder as --out, fewer --layers, or a --reduction; what was extracted is kept.",
        )
    found.save(out)


def _content(found: Assembly, folders: Sequence[Path], out: Path | None) -> dict[str, object]:
    layers = zip(_widths(found).items(), folders, strict=True)
    return {
        "model": found.name,
        "n_stimuli": found.n_stimuli,
        "n_units": found.n_units,
        "dtype": str(found.values.dtype),
        "layers": [
            {"layer": name, "n_units": width, "path": str(folder / "values.npy")}
            for (name, width), folder in layers
        ],
        "store": str(folders[0].parent),
        "out": None if out is None else str(out),
    }


def _widths(found: Assembly) -> dict[str, int]:
    return {name: part.n_units for name, part in found.split().items()}


def _print_layers(found: Assembly) -> None:
    columns = [Column("layer", Kind.NAME), Column("stimuli", Kind.NUMBER), Column("units", Kind.NUMBER)]
    rows = [[name, f"{found.n_stimuli:,}", f"{width:,}"] for name, width in _widths(found).items()]
    print_table(f"{found.name.partition('(')[0]} ({found.values.dtype})", columns, rows)


def _following(model_name: str, stimuli: str, name: str, file: Path | None) -> list[Command | str]:
    responder = model_name if file is None else str(file)
    if stimuli.startswith("dataset:"):
        goals = dataset(name).targets
        return [("repalign", "score", responder, "--benchmark", f"{name}/{goals[0]}")] if goals else []
    if file is not None:
        return [
            ("repalign", "dimensionality", responder),
            ("repalign", "compare", responder, "OTHER.npz"),
            ("repalign", "score", responder, "--stimuli", stimuli, "--target", "FILE"),
        ]
    return [("repalign", "score", responder, "--stimuli", stimuli, "--target", "FILE")]
