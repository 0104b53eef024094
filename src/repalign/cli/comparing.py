"""repalign compare and dimensionality: files of responses, without inference."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from repalign import benchmarks
from repalign.benchmarks import SimilarityMatrix
from repalign.cli.arguments import Json
from repalign.cli.output import console, print_json, print_text
from repalign.cli.tables import Column, Kind, print_table, shortened
from repalign.data import Assembly, Responses, load_numpy, load_responses, readable
from repalign.errors import FileError, UnsuitableError
from repalign.metrics import DIMENSIONALITIES, dimensionality

_NAME = 28  # columns of a model's name beside a matrix, at most
_LEAST = 16  # and where the matrix needs the room


def compare(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="A B...", help=".npy (stimulus, unit), or a saved Assembly or RDM (.npz)."),
    ],
    measure: Annotated[
        str, typer.Option(help="Measure id; see `repalign measures`.")
    ] = "cka-linear-debiased",
    seed: Annotated[int, typer.Option(min=0, help="For measures that split stimuli at random.")] = 0,
    json: Json = False,
) -> None:
    """Compare two or more files of responses by one measure, joined by stimulus id (or by position).

    Example: repalign compare a.npz b.npz --measure cka-linear-debiased
    """
    if len(files) < 2:
        raise typer.BadParameter("name at least two files")
    sides = [_responses(path) for path in files]
    if len(sides) > 2:
        _print_matrix(benchmarks.compare_all(sides, measure, seed=seed), as_json=json)
        return
    found = benchmarks.compare(sides[0], sides[1], measure, seed=seed)
    if json:
        print_json(asdict(found))
        return
    print_text(f"{found.measure}  {found.value:.6f}  ({found.n} stimuli, joined by {found.joined})")


def _print_matrix(found: SimilarityMatrix, *, as_json: bool) -> None:
    if as_json:
        about = {"measure": found.measure, "n": found.n, "joined": found.joined, "names": list(found.names)}
        print_json({**about, "values": found.values.tolist()})
        return
    values = [[f"{value:.3f}" for value in row] for row in found.values]
    names = [f"{i} {name}" for i, name in enumerate(found.names, start=1)]
    least = min(_LEAST, max(map(len, names)))
    gap_and_number = 2 + max(len(value) for row in values for value in row)
    n_shown = max(1, min(len(names), (console().width - least) // gap_and_number))
    room = min(_NAME, console().width - n_shown * gap_and_number)
    columns = [Column(kind=Kind.WHOLE), *(Column(str(i + 1), Kind.NUMBER) for i in range(n_shown))]
    rows = [[shortened(name, room), *row[:n_shown]] for name, row in zip(names, values, strict=True)]
    print_table(f"{found.measure} ({found.n} stimuli, joined by {found.joined})", columns, rows)
    if n_shown < len(names):
        print_text(f"the first {n_shown} of {len(names)} columns; all with --json")


def _responses(path: Path) -> Responses:
    readable(path, "responses")
    if path.suffix == ".npz":
        return load_responses(path)
    if path.suffix != ".npy":
        raise FileError(
            f"{path.name}: responses are read from .npy (stimulus, unit) or a saved .npz",
            hint="Save them with numpy.save(path, array) or Assembly.save(path).",
        )
    array = load_numpy(path, "responses")
    if isinstance(array, dict):
        raise FileError(f"{path.name} is an .npz under another name", hint="Rename it.")
    return Assembly(array, name=path.stem)


def dimensions(
    file: Annotated[Path, typer.Argument(help=".npy (stimulus, unit), or a saved Assembly (.npz).")],
    json: Json = False,
) -> None:
    """Print the dimensionality of one set of responses, by every definition.

    Example: repalign dimensionality acts.npz
    """
    responses = _responses(file)
    if not isinstance(responses, Assembly):
        raise UnsuitableError(f"{file.name} holds no responses", hint="Dimensionality is one of an Assembly.")
    values = {name: dimensionality(responses, name) for name in DIMENSIONALITIES}
    if json:
        print_json({"name": responses.name, "n_stimuli": responses.n_stimuli, "dimensionality": values})
        return
    rows = [[name, f"{value:.3f}", DIMENSIONALITIES[name].formula] for name, value in values.items()]
    columns = [Column("id", Kind.WHOLE), Column("value", Kind.NUMBER), Column("formula")]
    print_table(f"{responses.name} ({responses.n_stimuli} stimuli)", columns, rows)
