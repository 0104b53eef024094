"""repalign differences: which of the models scores higher, and how sure that is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from repalign import benchmarks
from repalign.benchmarks import Difference
from repalign.cli.arguments import (
    Json,
    Layers,
    Models,
    Over,
    OwnStimuli,
    Seed,
    Subset,
    checked_over,
    chosen_layers,
    named_model,
    one_goal,
)
from repalign.cli.output import print_json, print_text
from repalign.cli.progress import progress
from repalign.cli.scores_table import TO, side_name
from repalign.cli.summary import number
from repalign.cli.tables import Column, Kind, print_table
from repalign.errors import InputError


def differences(
    models: Models,
    benchmark: Annotated[str | None, typer.Option(help="dataset/target.")] = None,
    stimuli: OwnStimuli = None,
    target: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Your own responses to them, or an RDM.")
    ] = None,
    measure: Annotated[str | None, typer.Option(help="Measure id.")] = None,
    layers: Layers = None,
    subset: Subset = None,
    correction: Annotated[str, typer.Option(help="holm or bh, over all pairs.")] = "holm",
    margin: Annotated[
        float | None, typer.Option(help="Smaller differences count as none: adds a test for sameness.")
    ] = None,
    ceiling: Annotated[
        str | None, typer.Option(help="lower or upper: compare with that noise ceiling too.")
    ] = None,
    over: Over = "auto",
    draws: Annotated[int, typer.Option(min=2, help="Bootstrap draws.")] = 1000,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Compare the scores of models with one another: differences, intervals, corrected p.

    Example: repalign differences builtin/rgb builtin/grey --benchmark NAME
    """
    if ceiling not in (None, "lower", "upper"):
        raise InputError(f"--ceiling {ceiling} is not known", hint="One of: lower, upper.")
    with progress("differences"):
        found = benchmarks.differences(
            [named_model(text) for text in models],
            one_goal(benchmark, stimuli, target),
            measure,
            layers=chosen_layers(layers),
            subset=subset,
            correction=correction,
            margin=margin,
            ceiling=ceiling,
            over=checked_over(over),
            draws=draws,
            seed=seed,
        )
    print_json([each.as_dict() for each in found]) if json else _print(found)


def _print(found: tuple[Difference, ...]) -> None:
    first = found[0]
    same = first.margin is not None
    numbers = ["difference", "95 % interval", f"p ({first.correction})", *(["p same"] if same else [])]
    columns = [Column("model", Kind.NAME), Column("minus", Kind.NAME)]
    columns += [Column(title, Kind.NUMBER) for title in numbers]
    source = _common_source([name for each in found for name in (each.a, each.b)])
    print_table(f"{first.target} · {first.measure}", columns, [_row(each, source, same) for each in found])
    tests = number(max(each.n_tests for each in found), "test")
    subjects = number(first.n_subjects, "subject") if first.n_subjects else "no subjects"
    notes = [f"{number(first.n_stimuli, 'stimuli')}, {subjects}, {tests}"]
    if same:
        notes.append(f"p same: small where the difference is surely smaller than {first.margin:g}")
    notes += dict.fromkeys(part for each in found for part in each.reason.split("; ") if part)
    for note in notes:
        print_text(note, style="dim", indent="  ")


def _row(each: Difference, source: str, same: bool) -> list[str]:
    sides = ((each.a, each.a_layer), (each.b, each.b_layer))
    interval = "absent" if each.ci_low is None else f"{each.ci_low:.3f}{TO}{each.ci_high:.3f}"
    tests = (each.p_adjusted, *([each.p_equivalent] if same else []))
    names = (side_name(name.removeprefix(source), layer) for name, layer in sides)
    return [*names, f"{each.value:.4f}", interval, *map(_p, tests)]


def _p(value: float | None) -> str:
    return "absent" if value is None else "<0.001" if value < 0.001 else f"{value:.3f}"


def _common_source(names: list[str]) -> str:
    """``SOURCE/`` where all models come from one."""
    sources = {name.partition("/")[0] for name in names if "/" in name}
    return f"{sources.pop()}/" if len(sources) == 1 else ""
