"""repalign compare, differences and dimensionality."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from repalign import benchmarks
from repalign.benchmarks import Difference, SimilarityMatrix
from repalign.cli.output import console, print_json, print_table, print_text, side_name
from repalign.cli.scoring import OVER_HELP, checked_over, chosen_layers, named_model
from repalign.data import Assembly, Responses, load_numpy, load_responses, readable
from repalign.errors import FileError, InputError, UnsuitableError
from repalign.metrics import DIMENSIONALITIES, dimensionality

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_TO = "\u00a0…\u00a0"  # an interval is not broken
SHOWN = 8  # models whose matrix fits 80 columns


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
    """Compare two or more files of responses by one measure, joined by stimulus id (or by position)."""
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
    print(f"{found.measure}  {found.value:.6f}  ({found.n} stimuli, joined by {found.joined})")


def _print_matrix(found: SimilarityMatrix, *, as_json: bool) -> None:
    if as_json:
        about = {"measure": found.measure, "n": found.n, "joined": found.joined, "names": list(found.names)}
        print_json({**about, "values": found.values.tolist()})
        return
    columns = [str(i + 1) for i in range(min(SHOWN, len(found.names)))]
    rows = [
        [f"{i + 1} {name}"[:28], *(f"{value:.3f}" for value in values[:SHOWN])]
        for i, (name, values) in enumerate(zip(found.names, found.values, strict=True))
    ]
    print_table(f"{found.measure} ({found.n} stimuli, joined by {found.joined})", ["", *columns], rows)
    if len(found.names) > SHOWN:
        print(f"the first {SHOWN} of {len(found.names)} columns; all with --json")


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
    """Print the dimensionality of one set of responses, by every definition."""
    responses = _responses(file)
    if not isinstance(responses, Assembly):
        raise UnsuitableError(f"{file.name} holds no responses", hint="Dimensionality is one of an Assembly.")
    values = {name: dimensionality(responses, name) for name in DIMENSIONALITIES}
    if json:
        print_json({"name": responses.name, "n_stimuli": responses.n_stimuli, "dimensionality": values})
        return
    rows = [[name, f"{value:.3f}", DIMENSIONALITIES[name].formula] for name, value in values.items()]
    print_table(f"{responses.name} ({responses.n_stimuli} stimuli)", ["id", "value", "formula"], rows)


def differences(
    models: Annotated[
        list[str], typer.Argument(metavar="MODEL...", help="source/name, a JSON triple, or a saved .npz.")
    ],
    benchmark: Annotated[str, typer.Option(help="dataset/target.")],
    measure: Annotated[str | None, typer.Option(help="Measure id.")] = None,
    layers: Annotated[
        list[str] | None, typer.Option(help="default, all, choose, or names; may be repeated.")
    ] = None,
    stimuli: Annotated[
        int | None, typer.Option(min=1, help="A seeded random subset of this many stimuli.")
    ] = None,
    correction: Annotated[str, typer.Option(help="holm or bh, over all pairs.")] = "holm",
    margin: Annotated[
        float | None, typer.Option(help="Smaller differences count as none: adds a test for sameness.")
    ] = None,
    ceiling: Annotated[
        str | None, typer.Option(help="lower or upper: compare with that noise ceiling too.")
    ] = None,
    over: Annotated[str, typer.Option(help=OVER_HELP)] = "auto",
    draws: Annotated[int, typer.Option(min=2, help="Bootstrap draws.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of every random step.")] = 0,
    json: Json = False,
) -> None:
    """Compare the scores of models with one another: differences, intervals, corrected p."""
    if ceiling not in (None, "lower", "upper"):
        raise InputError(f"--ceiling {ceiling} is not known", hint="One of: lower, upper.")
    with redirect_stdout(sys.stderr):
        found = benchmarks.differences(
            [named_model(text) for text in models],
            benchmark,
            measure,
            layers=chosen_layers(layers),
            stimuli=stimuli,
            correction=correction,
            margin=margin,
            ceiling=ceiling,
            over=checked_over(over),
            draws=draws,
            seed=seed,
        )
    if json:
        print_json([each.as_dict() for each in found])
        return
    _print_differences(found)


def _print_differences(found: tuple[Difference, ...]) -> None:
    first = found[0]
    table = Table(box=None, pad_edge=False, title_justify="left", title_style="bold")
    table.title = escape(f"{first.target} · {first.measure}")
    for name in ("model", "minus"):
        table.add_column(name, overflow="fold")
    same = () if first.margin is None else ("p same",)
    for name in ("difference", "95 % interval", f"p ({first.correction})", *same):
        table.add_column(name, justify="right", no_wrap=True)
    source = _common_source([name for each in found for name in (each.a, each.b)])
    for each in found:
        sides = ((each.a, each.a_layer), (each.b, each.b_layer))
        names = [escape(side_name(name.removeprefix(source), layer)) for name, layer in sides]
        interval = "absent" if each.ci_low is None else f"{each.ci_low:.3f}{_TO}{each.ci_high:.3f}"
        tests = (each.p_adjusted, *([each.p_equivalent] if same else []))
        table.add_row(*names, f"{each.value:.4f}", interval, *map(_p, tests))
    console().print(table, highlight=False)
    n_tests = max(each.n_tests for each in found)
    tests = f"{n_tests} test{'' if n_tests == 1 else 's'}"
    print_text(f"  {first.n_stimuli} stimuli, {first.n_subjects or 'no'} subjects, {tests}")
    if same:
        print_text(f"  p same: small where the difference is surely smaller than {first.margin:g}")
    for reason in dict.fromkeys(part for each in found for part in each.reason.split("; ") if part):
        print_text(f"  {reason}")


def _p(value: float | None) -> str:
    return "absent" if value is None else "<0.001" if value < 0.001 else f"{value:.3f}"


def _common_source(names: list[str]) -> str:
    """``SOURCE/`` where all models come from one."""
    sources = {name.partition("/")[0] for name in names if "/" in name}
    return f"{sources.pop()}/" if len(sources) == 1 else ""
