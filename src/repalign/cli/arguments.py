"""Arguments that several commands take, and what is made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from json import loads as parse_json
from pathlib import Path
from typing import Annotated, Any

import typer

from repalign.benchmarks import OVER, Benchmark, own_benchmark
from repalign.errors import InputError

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Models = Annotated[
    list[str], typer.Argument(metavar="MODEL...", help="source/name, a JSON triple, or a saved .npz.")
]
Layers = Annotated[
    list[str] | None,
    typer.Option(
        help="default, all, choose (on other stimuli than those scored), or names; may be repeated."
    ),
]
Subset = Annotated[int | None, typer.Option(min=1, help="A seeded random subset of this many stimuli.")]
Over = Annotated[
    str,
    typer.Option(
        help="What intervals generalise to: auto, both, subjects (these stimuli), stimuli (these subjects)."
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Of every random step.")]
Images = Annotated[
    list[str] | None,
    typer.Option(metavar="DATASET=FOLDER", help="Where a data set's images lie on this machine."),
]
OwnStimuli = Annotated[
    str | None,
    typer.Option(metavar="WHAT", help="Your own: a folder of images, a saved StimulusSet, or a table."),
]
STIMULI, TARGET = "stimuli", "target"
GOALS = "give --benchmark NAME, or data of your own: --stimuli WHAT --target FILE"


def checked_over(given: str) -> Any:
    """What to generalise to.

    Raises:
        InputError: Not one of the four.
    """
    if given not in OVER:
        raise InputError(f"--over {given} is not known", hint=f"One of: {', '.join(OVER)}.")
    return given


def named_model(text: str) -> Any:
    """A name, or a triple as JSON: '{"model_name": ..., "source": ..., "model_parameters": ...}'."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        return parse_json(text)
    except ValueError as error:
        raise InputError(
            f"the model {text!r} is no JSON object ({error})",
            hint='Write {"model_name": "random", "source": "builtin", "model_parameters": {"seed": 1}}.',
        ) from error


def chosen_layers(given: Sequence[str] | None) -> Any:
    """One of the rules, or names."""
    rules = ("default", "all", "choose")
    if not given:
        return "default"
    return given[0] if len(given) == 1 and given[0] in rules else tuple(given)


def image_folders(images: Sequence[str] | None) -> dict[str, dict[str, str]]:
    """``--images`` as options of data sets."""
    pairs = [item.partition("=") for item in images or ()]
    for name, sign, folder in pairs:
        if not (name and sign and folder):
            raise typer.BadParameter("--images takes DATASET=FOLDER, e.g. things-behaviour=/data/things")
    return {name: {"images": folder} for name, _, folder in pairs}


def own_goals(stimuli: str | None, targets: Sequence[Path] | None) -> dict[str, dict[str, str]]:
    """Benchmarks of the user's own data: their names, and where stimuli and target lie.

    A benchmark is called FOLDER/FILE, after its stimuli and its target, without suffixes.

    Raises:
        InputError: Two targets would bear the same name.
    """
    if not targets:
        if stimuli is not None:
            raise typer.BadParameter(
                "--stimuli names what is shown and needs --target FILE; for N stimuli at random: --subset N"
            )
        return {}
    if stimuli is None:
        raise typer.BadParameter(
            "--target FILE goes with --stimuli WHAT, which the target's responses are to"
        )
    found: dict[str, dict[str, str]] = {}
    for target in targets:
        name = f"{set_name(stimuli)}/{_bare(target)}"
        if name in found:
            raise InputError(
                f"two targets would both be called {name}: {found[name][TARGET]} and {target}",
                hint="Rename one of the files.",
            )
        found[name] = {STIMULI: stimuli, TARGET: str(target)}
    return found


def goals(benchmark: Sequence[str] | None, own: Mapping[str, Any]) -> tuple[str, ...]:
    """All benchmarks that were asked for, at least one.

    Raises:
        InputError: One of the user's own is called like a published one that was asked for too.
    """
    named = tuple(benchmark or ())
    if not named and not own:
        raise typer.BadParameter(GOALS)
    for name in own:
        if name in named:
            raise InputError(
                f"{name} is the name of a published benchmark and of {own[name][TARGET]}",
                hint="Rename the file or the folder of stimuli.",
            )
    return (*named, *own)


def one_goal(benchmark: str | None, stimuli: str | None, target: Path | None) -> Benchmark | str:
    """The one benchmark that was asked for: a name, or one made of the user's own data."""
    own = own_goals(stimuli, [target] if target is not None else None)
    if benchmark is not None and own:
        raise typer.BadParameter("--benchmark and --target are both given, and one benchmark is compared on")
    (name,) = goals([benchmark] if benchmark is not None else None, own)
    return own_benchmark(name, **own[name]) if own else name


def set_name(stimuli: str) -> str:
    """What stimuli are called: their folder, the table without suffix, or the data set."""
    kind, colon, name = stimuli.partition(":")
    return name if kind == "dataset" and colon else _bare(Path(stimuli))


def _bare(path: Path) -> str:
    whole = path.resolve()
    return whole.name if whole.is_dir() and path.suffix != ".zarr" else whole.stem
