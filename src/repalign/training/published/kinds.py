"""Kinds of perturbation, and where a file's name says that it belongs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from repalign.errors import UnknownNameError

Family = Literal["baseline", "type", "sweep", "length"]

#: Kind to the names that it has in published files.
KINDS: dict[str, tuple[str, ...]] = {
    "target_noise": ("target_noise", "random_target"),
    "label_shuffle": ("label_shuffle",),
    "image_noise": ("image_noise", "gaussian"),
    "blank_image": ("blank_image", "uniform_target", "uniform_gray"),
}
#: Flag column to the kind it says was at work in an epoch.
FLAGS = {
    "used_random_targets": "target_noise",
    "used_shuffled_targets": "label_shuffle",
    "used_uniform_images": "blank_image",
    "used_image_noise": "image_noise",
}
_CALLED = {name: kind for kind, names in KINDS.items() for name in names}
_LENGTH = re.compile(r"([a-z_\-]+)_e(\d+)_l(\d+)", re.IGNORECASE)
_RUN = re.compile(r"(?:training_)?(?:res_)?run_?(\d+)", re.IGNORECASE)
_SWEEP = re.compile(r"training_run(\d+)", re.IGNORECASE)
_SEED = re.compile(r"training_res_seed\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """What a name says about a run; None where it says nothing.

    Args:
        family: Which experiment it belongs to.
        kind: Of perturbation.
        start: First perturbed epoch.
        length: Epochs in the window.
    """

    family: Family
    kind: str | None = None
    start: int | None = None
    length: int | None = None


def find_kind(name: str) -> str:
    """The kind that a published name stands for.

    Raises:
        UnknownNameError: It stands for none.
    """
    plain = name.strip().lower().replace("-", "_")
    if plain not in _CALLED:
        raise UnknownNameError.among("kind of perturbation", name, _CALLED)
    return _CALLED[plain]


def place_of(path: PurePath) -> Place | None:
    """Where a run's file belongs by its name and its folders' names; None if they do not say.

    Raises:
        UnknownNameError: It is named KIND_eSTART_lLENGTH, but no kind is called so.
    """
    stem = path.stem
    folders = [*reversed(path.parent.parts), "", ""]
    for name in (folders[0], stem):
        found = _LENGTH.fullmatch(name)
        if found:
            return Place("length", find_kind(found[1]), int(found[2]), int(found[3]))
    if stem.lower().startswith("baseline") or folders[0].lower() == "baseline" or _SEED.fullmatch(stem):
        return Place("baseline")
    for kind, name in ((folders[0], stem), (folders[1], folders[0])):
        found = _RUN.fullmatch(name.removeprefix("training_res_"))
        if found and kind.lower().replace("-", "_") in _CALLED:
            return Place("type", find_kind(kind), int(found[1]), 1)
    found = _SWEEP.fullmatch(folders[0])
    return Place("sweep", None, int(found[1]), 1) if found else None
