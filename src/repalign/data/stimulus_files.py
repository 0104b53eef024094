"""Where stimulus sets come from and go to: arrays, folders, tables, MATLAB files, our own folder.

These functions know files, not the noun: each gives the fields from which a ``StimulusSet`` is made.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, cast

import numpy as np
from numpy.typing import NDArray

from repalign.data.files import load_numpy, read_json, readable, replacing, write_bytes
from repalign.data.images import SUFFIXES, ArrayImage, FileImage, Image, ZipImage
from repalign.errors import FileError, UnknownNameError

MANIFEST = "stimuli.json"


class Fields(TypedDict):
    """The fields of a stimulus set."""

    ids: tuple[str, ...]
    images: tuple[Image, ...] | None
    texts: tuple[tuple[str, ...], ...] | None
    columns: Mapping[str, NDArray[Any]]
    name: str


def fields_from_arrays(
    ids: Sequence[str],
    *,
    images: Sequence[NDArray[Any]] | NDArray[Any] | None = None,
    texts: Sequence[str | Sequence[str]] | None = None,
    columns: Mapping[str, Sequence[Any] | NDArray[Any]] | None = None,
    name: str = "stimuli",
) -> Fields:
    """The fields of a set in memory; see ``StimulusSet.from_arrays``."""
    return Fields(
        ids=tuple(ids),
        images=None if images is None else tuple(ArrayImage(np.asarray(image)) for image in images),
        texts=None if texts is None else tuple((t,) if isinstance(t, str) else tuple(t) for t in texts),
        columns={key: np.asarray(values) for key, values in (columns or {}).items()},
        name=name,
    )


def fields_from_folder(folder: Path, *, pattern: str = "**/*", name: str | None = None) -> Fields:
    """The fields of a folder of images; see ``StimulusSet.from_folder``."""
    if not folder.is_dir():
        raise FileError(f"there is no folder {folder}", hint="Name a folder that holds images.")
    found = sorted(p for p in folder.glob(pattern) if p.suffix.lower() in SUFFIXES and p.is_file())
    if not found:
        raise FileError(
            f"{folder} holds no image matching {pattern!r}",
            hint=f"Images are recognised by suffix: {', '.join(SUFFIXES)}.",
        )
    ids = [path.relative_to(folder).with_suffix("").as_posix() for path in found]
    images = tuple(FileImage(p) for p in found)
    return Fields(ids=tuple(ids), images=images, texts=None, columns={}, name=name or folder.resolve().name)


def fields_from_table(path: Path, *, id: str, image: str | None = None, text: str | None = None) -> Fields:
    """The fields of a table; see ``StimulusSet.from_table``."""
    rows = _read_table(path)
    if not rows:
        raise FileError(f"{path} has no rows", hint="Write one row per stimulus below the header.")
    header = list(rows[0])
    for role in (id, image, text):
        if role is not None and role not in header:
            raise UnknownNameError.among(f"column in {path.name}", role, header)
        if role is not None and any(row[role] is None for row in rows):
            raise FileError(f"{path}: a {role!r} is null", hint="Give every stimulus one.")
    column = _typed if path.suffix == ".json" else _parsed
    others = [c for c in header if c not in (id, image, text)]
    return Fields(
        ids=tuple(str(row[id]) for row in rows),
        images=None if image is None else tuple(FileImage(path.parent / str(row[image])) for row in rows),
        texts=None if text is None else tuple((str(row[text]),) for row in rows),
        columns={c: column([row[c] for row in rows]) for c in others},
        name=path.stem,
    )


def _read_table(path: Path) -> list[dict[str, Any]]:
    """Rows of a table, all with the same columns: numbers where a whole column reads as numbers."""
    readable(path, "stimulus table")
    if path.suffix == ".json":
        return _read_objects(path)
    if path.suffix not in (".csv", ".tsv"):
        raise FileError(
            f"{path.name}: tables are read from .csv, .tsv or .json", hint="Save it as one of these."
        )
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            reader = csv.reader(handle, delimiter="\t" if path.suffix == ".tsv" else ",", strict=True)
            header, *lines = [line for line in reader if line] or [[]]
    except (csv.Error, UnicodeDecodeError) as error:
        raise FileError(f"{path} cannot be read ({error})", hint="Save it as UTF-8.") from error
    if len(set(header)) < len(header):
        raise FileError(f"{path}: the header names a column twice", hint="Name each column once.")
    if any(len(line) != len(header) for line in lines):
        raise FileError(f"{path}: some rows are longer or shorter than the header", hint="Mend those rows.")
    return [dict(zip(header, line, strict=True)) for line in lines]


def _read_objects(path: Path) -> list[dict[str, Any]]:
    rows = cast(object, read_json(path, "stimulus table"))
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in cast(list[object], rows)):
        raise FileError(f"{path} is not a list of objects", hint='Write [{"id": ...}, ...].')
    objects = cast(list[dict[str, Any]], rows)
    odd = [i for i, row in enumerate(objects) if row.keys() != objects[0].keys()]
    if odd:
        raise FileError(
            f"{path}: object {odd[0]} has other keys than the first", hint="Give all objects the same keys."
        )
    return objects


def _typed(values: list[Any]) -> NDArray[Any]:
    plain = all(isinstance(v, bool) for v in values) or all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in values
    )
    return np.array(values if plain else [str(v) for v in values])


def _parsed(texts: list[str]) -> NDArray[Any]:
    for kind in (int, float):
        try:
            # Python reads "1_2" as 12; in a table it is a name.
            if not any("_" in text for text in texts):
                return np.array([kind(text) for text in texts])
        except ValueError:
            continue
    return np.array(texts)


def read_mat(path: Path) -> dict[str, Any]:
    """Read the variables of a MATLAB file (version 4 to 7.2).

    Args:
        path: The file.

    Returns:
        The variables by name, as scipy reads them: numbers as arrays of at least two axes.

    Raises:
        FileError: Missing, damaged, or version 7.3 (which is HDF5).
    """
    from scipy.io import loadmat

    readable(path, "MATLAB file")
    try:
        return {k: v for k, v in loadmat(str(path)).items() if not k.startswith("__")}
    except NotImplementedError as error:
        raise FileError(
            f"{path.name} is a MATLAB 7.3 file, which is HDF5",
            hint="Save it in MATLAB with save(..., '-v7').",
        ) from error
    except Exception as error:  # scipy raises many kinds for damaged files
        raise FileError(
            f"{path.name} cannot be read as a MATLAB file ({error})", hint="Copy it again."
        ) from error


def fields_from_mat(
    path: Path,
    variable: str,
    *,
    ids: Sequence[str] | str,
    image: str | None = "image",
    text: str | None = None,
    name: str | None = None,
) -> Fields:
    """The fields of a MATLAB struct array; see ``StimulusSet.from_mat``."""
    variables = read_mat(path)
    if variable not in variables:
        raise UnknownNameError.among(f"variable in {path.name}", variable, variables)
    elements = np.asarray(variables[variable]).ravel()
    fields: tuple[str, ...] = elements.dtype.names or ()
    wanted = [f for f in (image, text, ids if isinstance(ids, str) else None) if f is not None]
    for role in wanted:
        if role not in fields:
            raise UnknownNameError.among(f"field of {variable}", role, fields)
    scalars = {f: [_scalar(e[f]) for e in elements] for f in fields if f != image}
    for role in wanted:
        if role != image and any(v is None for v in scalars[role]):
            raise FileError(
                f"{path.name}: {variable}.{role} does not hold one text or number for every stimulus",
                hint="Name another field, or mend this one.",
            )
    return fields_from_arrays(
        [str(v) for v in scalars[ids]] if isinstance(ids, str) else ids,
        images=None if image is None else [np.asarray(e[image]) for e in elements],
        texts=None if text is None else [str(v) for v in scalars[text]],
        columns={f: v for f, v in scalars.items() if f not in wanted and all(x is not None for x in v)},
        name=name or path.stem,
    )


def _scalar(value: Any) -> Any:
    array = np.asarray(value)
    if array.size == 0 and array.dtype.kind == "U":
        return ""
    return array.ravel()[0].item() if array.size == 1 and array.dtype != object else None


def save_fields(fields: Fields, folder: Path) -> Path:
    """Write a set into ``folder``: ``stimuli.json`` and ``images/``; files keep their bytes.

    Raises:
        StorageError: The folder cannot be written.
    """
    stored = [_save_image(image, folder) for image in fields["images"] or ()]
    columns = {k: {"dtype": v.dtype.str, "values": v.tolist()} for k, v in fields["columns"].items()}
    manifest = {**fields, "images": None if fields["images"] is None else stored, "columns": columns}
    write_bytes(folder / MANIFEST, json.dumps(manifest, indent=1).encode())
    return folder


def _save_image(image: Image, folder: Path) -> str:
    # Named by content, so that a selection saved where it was loaded from overwrites nothing it needs.
    stem = f"images/{image.content_digest()}"
    if isinstance(image, FileImage | ZipImage):
        stored = stem + (image.path if isinstance(image, FileImage) else Path(image.member)).suffix
        write_bytes(folder / stored, image.content())
        return stored
    stored = f"{stem}.npy"
    array = image.array if isinstance(image, ArrayImage) else image.pixels()
    with replacing(folder / stored) as temporary, temporary.open("wb") as handle:
        np.save(handle, array)
    return stored


def load_fields(folder: Path) -> Fields:
    """Read what :func:`save_fields` wrote.

    Raises:
        FileError: Missing or damaged.
    """
    manifest = read_json(folder / MANIFEST, "stimulus set")
    try:
        stored, texts = manifest["images"], manifest["texts"]
        return Fields(
            ids=tuple(manifest["ids"]),
            images=None if stored is None else tuple(_load_image(folder, s) for s in stored),
            texts=None if texts is None else tuple(tuple(t) for t in texts),
            columns={k: np.array(c["values"], dtype=c["dtype"]) for k, c in manifest["columns"].items()},
            name=manifest["name"],
        )
    except FileError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileError(
            f"{folder / MANIFEST} is not a stimulus set ({type(error).__name__}: {error})",
            hint="Save it again.",
        ) from error


def _load_image(folder: Path, stored: str) -> Image:
    if Path(stored).is_absolute() or ".." in Path(stored).parts:
        raise FileError(
            f"{folder / MANIFEST} names the image {stored!r}, which is outside of its folder",
            hint="Do not trust this folder, or save the set again.",
        )
    path = folder / stored
    if path.suffix != ".npy":
        return FileImage(readable(path, "image"))
    loaded = load_numpy(path, "image")
    if isinstance(loaded, dict):
        raise FileError(f"image {path} is an .npz archive, not one array", hint="Save the set again.")
    return ArrayImage(loaded)
