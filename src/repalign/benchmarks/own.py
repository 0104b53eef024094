"""Data of the user's own as stimuli and target of a benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from repalign.data import (
    RDM,
    Assembly,
    Choices,
    Responses,
    StimulusSet,
    Target,
    load_responses,
    read_responses,
)
from repalign.data.exchange.names import id_of
from repalign.data.stimulus_files import MANIFEST
from repalign.datasets import dataset
from repalign.errors import FileError, IdentityError

_ABOUT_IDS = "The id of an image is its path below the folder, without suffix: images/cat/01.png is 'cat/01'."


def own_stimuli(
    named: Any, *, id_column: str = "id", image_column: str | None = None, text_column: str | None = None
) -> StimulusSet:
    """Stimuli from where they lie.

    Args:
        named: A set, returned as it is; ``dataset:NAME``; a folder of images; a saved set; or a table.
        id_column: Of a table: the column of ids.
        image_column: Of a table: the column of image paths; ``image`` where no column is named.
        text_column: Of a table: the column of texts.

    Raises:
        FileError: Nothing is there, or it is damaged.
    """
    if isinstance(named, StimulusSet):
        return named
    kind, colon, name = str(named).partition(":")
    if kind == "dataset" and colon:
        return dataset(name).stimuli
    path = Path(named)
    if not path.exists():
        raise FileError(
            f"stimuli: there is no folder or file {path}", hint="Name a folder of images, or a table."
        )
    if path.is_dir():
        return StimulusSet.load(path) if (path / MANIFEST).is_file() else StimulusSet.from_folder(path)
    image = "image" if image_column is None and text_column is None else image_column
    return StimulusSet.from_table(path, id=id_column, image=image, text=text_column)


def own_target(name: str, given: Any, stimuli: StimulusSet, *, ids: Any = None, region: str = "") -> Target:
    """A target from a file or from responses, about stimuli of a set.

    Raises:
        FileError: The file is missing, damaged or in no known format.
        IdentityError: It has no ids, or some that are not among the stimuli.
    """
    if isinstance(given, Target):
        return given
    responses = given if isinstance(given, Assembly | RDM | Choices) else _read(Path(given), ids)
    found = Target(name, replace(responses, name=name), region, people_in(responses))
    return _about(found, stimuli)


def people_in(responses: Responses) -> int:
    """How many subjects responses tell apart; 0 where they say nothing of any."""
    if isinstance(responses, Assembly):
        return len(responses.labels) if responses.leading == "subject" else 0
    if isinstance(responses, Choices):
        return len(responses.subjects)
    return len(set(map(str, responses.labels.get("subject", ()))))


def _read(path: Path, ids: Sequence[str] | Path | str | None) -> Responses:
    if path.suffix == ".npz" and ids is None:
        return load_responses(path)
    return read_responses(path, ids=ids)


def _about(target: Target, stimuli: StimulusSet) -> Target:
    known = set(stimuli.ids)
    strange = [each for each in target.ids if each not in known]
    if not strange:
        return target
    # Laboratories often write the file's name for the stimulus: the same identity with its suffix.
    bare = [id_of(each, "path") for each in target.ids]
    responses = target.responses
    if not isinstance(responses, Choices) and set(bare) <= known and len(set(bare)) == len(bare):
        return replace(target, responses=replace(responses, ids=tuple(bare)))
    named = ", ".join(repr(each) for each in strange[:3])
    raise IdentityError(
        f"{len(strange)} of {len(target.ids)} stimuli of {target.name} are not among the {len(known)} of "
        f"{stimuli.name}: {named}{', ...' if len(strange) > 3 else ''}; there are e.g. "
        f"{', '.join(repr(each) for each in stimuli.ids[:3])}",
        hint=_ABOUT_IDS,
    )
