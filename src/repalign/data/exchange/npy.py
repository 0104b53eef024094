"""``npy``: a bare array and a text file of ids, one per line.

Written as a folder with ``values.npy`` and ``ids.txt``, or, where the path ends in ``.npy``, as
``NAME.npy`` and ``NAME.ids.txt``. An RDM is written as its upper triangle. The format holds values and
ids of an assembly of two axes, or of one RDM; the file's name becomes the name.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from repalign.data.assembly import Assembly
from repalign.data.exchange.folders import replacing_folder
from repalign.data.exchange.format import Format, starts_with
from repalign.data.exchange.matrices import check_told_apart, from_matrix, n_rows
from repalign.data.exchange.names import lines_of, read_lines, settle_ids
from repalign.data.exchange.options import ReadOptions
from repalign.data.files import load_numpy, replacing
from repalign.data.rdm import RDM
from repalign.errors import FileError

VALUES, IDS = "values.npy", "ids.txt"


def _recognise(path: Path) -> bool:
    if path.is_dir():
        return (path / VALUES).is_file()
    return path.suffix == ".npy" or starts_with(path, b"\x93NUMPY")


def _places(path: Path) -> tuple[Path, Path]:
    return (path / VALUES, path / IDS) if path.is_dir() else (path, path.with_suffix(".ids.txt"))


def read(path: Path, options: ReadOptions) -> Assembly | RDM:
    """Read an array and the ids beside it.

    Raises:
        FileError: Damaged, pickled, or the ids are more or fewer than the rows.
        IdentityError: There are no ids beside it and none were given.
    """
    place, beside = _places(path)
    values = load_numpy(place, "responses")
    if isinstance(values, dict):
        raise FileError(f"{place} is an .npz archive under another name", hint="Rename it to .npz.")
    found = read_lines(beside, "stimulus ids") if beside.is_file() else None
    ids = settle_ids(found, options, n_rows(values, options.noun), path.name)
    return from_matrix(values, ids, options.noun, path.stem)


def write(responses: Assembly | RDM, path: Path) -> None:
    """Write a folder, or a pair of files where the path ends in ``.npy``.

    Raises:
        UnsuitableError: An id does not fit on a line, or an assembly would be taken for an RDM.
        StorageError: It cannot be written.
    """
    check_told_apart(responses)
    values = responses.array() if isinstance(responses, Assembly) else responses.values
    lines = lines_of(responses.require_ids())
    if path.suffix != ".npy":
        with replacing_folder(path, _ours) as folder:
            np.save(folder / VALUES, values, allow_pickle=False)
            (folder / IDS).write_bytes(lines)
        return
    beside = path.with_suffix(".ids.txt")
    with replacing(beside) as names, replacing(path) as temporary:
        names.write_bytes(lines)
        with temporary.open("wb") as handle:
            np.save(handle, values, allow_pickle=False)
        # Two files cannot be replaced in one step: killed from here on, there are no ids, never wrong ones.
        beside.unlink(missing_ok=True)


def _ours(path: Path) -> bool:
    return {p.name for p in path.iterdir()} <= {VALUES, IDS}


FORMAT = Format(
    name="npy",
    title="a .npy array with a file of ids",
    recognise=_recognise,
    read=read,
    options=frozenset({"noun"}),
    write=write,
    holds={"assembly": frozenset(), "rdm": frozenset()},
    suffixes=(".npy",),
)
