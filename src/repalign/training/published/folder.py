"""A folder of published runs, in any of the layouts in which they were published."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from repalign.errors import FileError, InputError, UnknownNameError
from repalign.training.published.configuration import differing, refuse
from repalign.training.published.kinds import Place, place_of
from repalign.training.published.records import TrainingRun, read_run
from repalign.training.published.regions import RegionRecord, read_regions
from repalign.training.published.tables import read_header
from repalign.training.published.vit import (
    CAVEATS,
    ViTBaseline,
    ViTEffect,
    read_vit_baseline,
    read_vit_effects,
)

_OF_A_RUN = {"train_loss", "test_loss", "behavioral_rsa_rho"}
_CALLED_A_RUN = re.compile(r"training_res.*|metrics|baseline(?!.*rsa_results).*", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class RunSet:
    """Runs that may be compared with one baseline.

    Args:
        baseline: The unperturbed run.
        runs: Perturbed runs that have epochs, in order of start, length and name.
        vit: Baseline of the ViT, if it is there.
        vit_effects: On the ViT.
        regions: Alignment with brain regions.
        messages: What a reader of the numbers must know.
    """

    baseline: TrainingRun
    runs: tuple[TrainingRun, ...]
    vit: ViTBaseline | None = None
    vit_effects: tuple[ViTEffect, ...] = ()
    regions: tuple[RegionRecord, ...] = ()
    messages: tuple[str, ...] = ()

    def family(self, name: str) -> list[TrainingRun]:
        """The runs of ``type``, ``sweep`` or ``length``."""
        return [run for run in self.runs if run.family == name]


def read_folder(
    folder: Path, baseline: Path | None = None, *, leave_out: Sequence[str] = (), mixed: bool = False
) -> RunSet:
    """Read every run below a folder; what is no run (embeddings, tables of another kind) is passed over.

    Args:
        folder: The folder.
        baseline: The baseline's file; by default the one ``baseline*.csv`` in the folder, or else the only
            baseline below it.
        leave_out: Names of runs (their file, or any folder it lies in, below ``folder``) not to be read.
        mixed: Keep runs whose configuration differs, with a message, instead of refusing.

    Raises:
        FileError: No folder, no run, a damaged or incomplete file.
        InputError: No baseline or several, or runs of different configurations.
        UnknownNameError: ``leave_out`` names nothing, or a run is named after no kind of perturbation.
    """
    if not folder.is_dir():
        raise FileError(f"{folder} is no folder", hint="Name the folder that holds the runs.")
    files = _without(folder, sorted(folder.rglob("*.csv")), leave_out)
    forms = {path: _form(path) for path in files}
    places = {path: place_of(path.relative_to(folder)) for path in files if forms[path] == "run"}
    base = _read_baseline(folder, baseline, places)
    runs = [
        read_run(path, place, name=_name(path, folder))
        for path, place in _perturbed(folder, places)
        if not (baseline is not None and path.samefile(baseline))
    ]
    usable = sorted((run for run in runs if len(run.epochs)), key=_order)
    odd = differing(usable, base, folder)
    if not mixed:
        refuse(odd)
    vit = [read_vit_baseline(path) for path in files if forms[path] == "vit"]
    effects = [read_vit_effects(path) for path in files if forms[path] == "vit-effects"]
    _only_one(folder, [p for p in files if forms[p] == "vit"], "baselines of a ViT")
    _only_one(folder, [p for p in files if forms[p] == "vit-effects"], "files of effects on a ViT")
    regions = [read_regions(p, name=_name(p, folder)) for p in files if forms[p] == "regions"]
    if not (usable or vit or effects or regions or len(base.epochs)):
        raise FileError(f"{folder} holds no run", hint="See the page on dynamics for the names of files.")
    messages = [*base.notes, *(note for run in runs for note in run.notes), *(odd if mixed else ())]
    messages += [CAVEATS[0]] if vit or effects else []
    messages += [CAVEATS[1]] if effects else []
    return RunSet(
        base,
        tuple(usable),
        vit[0] if vit else None,
        effects[0] if effects else (),
        tuple(regions),
        tuple(dict.fromkeys(messages)),
    )


def _without(folder: Path, files: Sequence[Path], leave_out: Sequence[str]) -> list[Path]:
    names = {path: _names(path.relative_to(folder)) for path in files}
    for wanted in leave_out:
        if not any(wanted.strip("/") in own for own in names.values()):
            raise UnknownNameError.among(
                "run", wanted, {path.parent.name if path.parent != folder else path.name for path in files}
            )
    out = {name.strip("/") for name in leave_out}
    return [path for path in files if not names[path] & out]


def _names(path: Path) -> set[str]:
    whole = [path, *path.parents]
    return {str(p) for p in whole} | {p.name for p in whole} | {path.stem}


def _form(path: Path) -> str | None:
    """What a file holds, by its columns; None if nothing of ours."""
    called = _CALLED_A_RUN.fullmatch(path.stem) is not None
    try:
        header = set(read_header(path))
    except FileError:
        if called:
            raise
        return None  # another program's file
    if {"perturb_epoch", "perturbation_type"} & header:
        return "vit-effects"
    if {"rsa_score", "checkpoint"} & header:
        return "vit"
    if {"roi", "rho"} & header:
        return "regions"
    return "run" if called or header & _OF_A_RUN else None


def _read_baseline(folder: Path, given: Path | None, places: dict[Path, Place | None]) -> TrainingRun:
    if given is not None:
        return _usable_baseline(read_run(given, Place("baseline"), name=given.name))
    known = [path for path, place in places.items() if place is not None and place.family == "baseline"]
    near = [path for path in known if path.parent == folder] or known
    if not near:
        raise InputError(
            f"{folder} holds no baseline", hint="Name it with --baseline FILE, or call it baseline.csv."
        )
    if len(near) > 1:
        listed = ", ".join(_name(path, folder) for path in near[:6])
        raise InputError(
            f"{folder} holds {len(near)} baselines: {listed}", hint="Choose one with --baseline FILE."
        )
    return _usable_baseline(read_run(near[0], Place("baseline"), name=_name(near[0], folder)))


def _usable_baseline(run: TrainingRun) -> TrainingRun:
    if not len(run.epochs):
        raise InputError(f"{run.notes[0]}", hint="A baseline needs a loss; name another with --baseline.")
    return run


def _perturbed(folder: Path, places: dict[Path, Place | None]) -> Iterator[tuple[Path, Place | None]]:
    """Perturbed runs; of two files that are byte for byte the same record in one folder, the first."""
    seen: dict[tuple[Path, Place], Path] = {}
    for path, place in places.items():
        if place is not None and place.family == "baseline":
            continue
        first = seen.setdefault((path.parent, place), path) if place is not None else path
        if first is path:
            yield path, place
        elif first.read_bytes() != path.read_bytes():
            raise FileError(
                f"{_name(first, folder)} and {path.name} are two records of one run, and differ",
                hint="Leave one out with --leave-out NAME.",
            )


def _only_one(folder: Path, paths: Sequence[Path], what: str) -> None:
    if len(paths) > 1:
        listed = ", ".join(_name(path, folder) for path in paths)
        raise InputError(f"{folder} holds {len(paths)} {what}: {listed}", hint="Leave out all but one.")


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


def _order(run: TrainingRun) -> tuple[int, int, str, str]:
    return run.start or 0, run.length or 0, run.kind or "", run.name
