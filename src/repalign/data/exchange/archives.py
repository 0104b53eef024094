"""``.npz`` files of others, read without unpickling."""

from __future__ import annotations

import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data.files import readable
from repalign.errors import FileError


def members(path: Path) -> frozenset[str]:
    """The names of the arrays in an ``.npz``; empty where it is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return frozenset()
    return frozenset(n.removesuffix(".npy") for n in names if n.endswith(".npy"))


def read_plain(path: Path, what: str, only: Collection[str] | None = None) -> dict[str, NDArray[Any]]:
    """The arrays of an ``.npz`` that hold plain numbers or text; pickled ones are passed over.

    Args:
        path: The file.
        what: What it is called in messages.
        only: Read these only, as far as they are there.

    Raises:
        FileError: Missing, truncated, or holding nothing but pickled objects.
    """
    readable(path, what)
    arrays: dict[str, NDArray[Any]] = {}
    pickled: list[str] = []
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as archive:
            for name in archive.files if only is None else [k for k in archive.files if k in only]:
                try:
                    arrays[name] = np.asarray(archive[name])
                except ValueError as error:
                    if "pickle" not in str(error):
                        raise
                    pickled.append(name)
    except Exception as error:  # numpy, zipfile and zlib raise many kinds for damaged files
        raise FileError(
            f"{what}: {path} cannot be read ({error})",
            hint="The file is truncated, damaged or no .npz; make or copy it again.",
        ) from error
    if pickled and not arrays:
        raise FileError(
            f"{what}: {path} holds nothing but pickled Python objects ({', '.join(pickled)})",
            hint="repalign never unpickles; save plain numbers with numpy.savez(path, name=array).",
        )
    return arrays
