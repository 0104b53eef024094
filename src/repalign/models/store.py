"""The activation store: one folder per layer, named by all that decides its numbers.

A finished entry is ``REPALIGN_HOME/activations/KEY/`` with ``values.npy`` (shape (n_stimuli, n_units),
C order), ``recipe.json`` (what it is: model, layer, stimuli, ids, dtype ...) and ``rows`` (the number of
rows). KEY is the digest of model, layer, stimuli, reduction, dtype and format. Anything of another name
(``KEY.partial``, ``KEY.lock``) is unfinished; every folder can be deleted at any time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from repalign.data import Assembly, ColumnBlocks, StimulusSet, data_home, digest_bytes, digest_spec
from repalign.data.digests import digest_strings
from repalign.data.files import read_json
from repalign.errors import FileError

FORMAT = 1
VALUES, RECIPE, ROWS = "values.npy", "recipe.json", "rows"
DIGESTING = 4  # threads; hashing releases Python's lock


def store_folder(store: bool | Path | str | None) -> Path | None:
    """The store meant: None or False is none, True ``REPALIGN_HOME/activations``, else that folder."""
    if store is None or store is False:
        return None
    return default_store() if store is True else Path(store).expanduser()


def default_store() -> Path:
    """``REPALIGN_HOME/activations``."""
    return data_home() / "activations"


def shown_digest(stimuli: StimulusSet, modality: str) -> str:
    """Digest of what a model of this modality sees: ids and contents, in order.

    Columns do not count, nor texts for a model of images.

    Raises:
        FileError: An image is missing; its stimulus is named.
    """
    if modality == "text":
        contents = [digest_strings(texts) for texts in stimuli.texts or ()]
    else:
        with ThreadPoolExecutor(DIGESTING) as pool:
            contents = list(pool.map(lambda i: _image_digest(stimuli, i), range(len(stimuli))))
    return digest_bytes(
        modality.encode(), digest_strings(stimuli.ids).encode(), digest_strings(contents).encode()
    )


def _image_digest(stimuli: StimulusSet, position: int) -> str:
    try:
        return (stimuli.images or ())[position].content_digest()
    except FileError as error:
        raise FileError(f"stimulus {stimuli.ids[position]!r}: {error.message}", hint=error.hint) from error


@dataclass(frozen=True)
class Entry:
    """One layer's place in the store.

    Args:
        root: The store.
        model: The model's name.
        model_digest: Of weights, preprocessing and everything else that decides its responses.
        layer: Its name in the model.
        stimuli: From :func:`shown_digest`.
        reduction: The reduction's name; None for all units.
        dtype: In which values are kept.
    """

    root: Path
    model: str
    model_digest: str
    layer: str
    stimuli: str
    reduction: str | None
    dtype: str

    @property
    def key(self) -> str:
        """Digest of all that decides the values."""
        spec = {
            "format": FORMAT,
            "model": self.model_digest,
            "layer": self.layer,
            "stimuli": self.stimuli,
            "reduction": self.reduction,
            "dtype": self.dtype,
        }
        return digest_spec(spec)

    @property
    def folder(self) -> Path:
        """Where it lies when it is finished."""
        return self.root / self.key

    @property
    def lock(self) -> Path:
        """What stands for it in :func:`repalign.models.store_lock.locked`."""
        return self.root / f"{self.key}.lock"

    def exists(self) -> bool:
        """Whether it is finished."""
        return (self.folder / VALUES).is_file()


def read_entry(folder: Path) -> tuple[NDArray[Any], dict[str, Any]]:
    """The values of a finished entry, as a memory map, and its recipe.

    Raises:
        FileError: Missing or damaged.
    """
    hint = f"Delete {folder} and extract again."
    recipe = cast(object, read_json(folder / RECIPE, "recipe of extracted responses"))
    try:
        values = np.load(folder / VALUES, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise FileError(
            f"extracted responses: {folder / VALUES} cannot be read ({error})", hint=hint
        ) from error
    if not isinstance(recipe, dict) or list(values.shape) != [recipe.get("n_stimuli"), recipe.get("n_units")]:
        raise FileError(f"extracted responses: {folder} does not hold what its recipe says", hint=hint)
    return values, cast(dict[str, Any], recipe)


def read_assembly(folders: Sequence[Path]) -> Assembly:
    """Entries of one model and the same stimuli as one assembly, layer beside layer.

    Nothing is loaded: the values are memory maps, of one layer the map itself.

    Args:
        folders: Finished entries, in the order wanted.

    Raises:
        FileError: One is missing or damaged.
    """
    read = [read_entry(folder) for folder in folders]
    recipes = [recipe for _, recipe in read]
    blocks = [values for values, _ in read]
    values = blocks[0] if len(blocks) == 1 else ColumnBlocks(blocks)
    labels = unit_labels([r["label"] for r in recipes], [b.shape[1] for b in blocks])
    return Assembly(values, tuple(recipes[0]["ids"]), labels, name=recipes[0]["model"])


def unit_labels(layers: Sequence[str], widths: Sequence[int]) -> dict[str, NDArray[Any]]:
    """Labels of the unit axis: ``layer``, and ``unit``, the position in the layer (``int32``).

    The name of a layer is kept once, with a reference (8 bytes) per unit, not as text per unit.

    Args:
        layers: Names.
        widths: How many units each has.
    """
    names = np.empty(len(layers), dtype=object)
    names[:] = layers
    units = [np.arange(width, dtype=np.int32) for width in widths]
    return {"layer": np.repeat(names, widths), "unit": np.concatenate(units)}


def recipe_bytes(entry: Entry, ids: Sequence[str], n_units: int, label: str, **how: Any) -> bytes:
    """The content of ``recipe.json``: the same for the same extraction, however often it was interrupted."""
    recipe = {
        "format": FORMAT,
        "model": entry.model,
        "model_digest": entry.model_digest,
        "layer": entry.layer,
        "label": label,
        "stimuli": entry.stimuli,
        "reduction": entry.reduction,
        "dtype": entry.dtype,
        "n_stimuli": len(ids),
        "n_units": n_units,
        **how,
        "ids": list(ids),
    }
    return json.dumps(recipe, indent=1).encode()
