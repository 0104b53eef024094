"""``csv``: a matrix as text, with the ids in the first column (``.csv``, or ``.tsv`` with tabs).

The first row names the columns: the units of an assembly, or the stimuli of a square RDM. The format
holds values, ids and one label of the units that is called ``unit``; numbers come back as 64-bit
floats of the same value.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data.assembly import Assembly
from repalign.data.exchange.format import Format
from repalign.data.exchange.matrices import check_told_apart, from_matrix
from repalign.data.exchange.names import plain_texts, settle_ids
from repalign.data.exchange.options import ReadOptions
from repalign.data.files import readable, write_bytes
from repalign.data.rdm import RDM
from repalign.errors import FileError, IdentityError, UnsuitableError

SUFFIXES = (".csv", ".tsv")
# What a header calls the column of ids; an id among these would be taken for a header.
CORNERS = ("", "id", "ids", "stimulus", "stimulus_id", "image_id", "index", "name")


def read(path: Path, options: ReadOptions) -> Assembly | RDM:
    """Read a table of numbers; with a header if the first row is not numbers, or names its first column.

    Raises:
        FileError: Not text, rows of differing length, or a cell that is no number.
    """
    header, rows = _rows(path)
    if not header and all(_is_number(row[0]) and "." in row[0] for row in rows):
        raise IdentityError(
            f"{path.name}: the first column holds numbers ({rows[0][0]}, ...) where ids belong",
            hint="Write the ids in front of each row, or save the matrix as .npy and give ids=.",
        )
    ids = settle_ids([row[0] for row in rows], options, len(rows), path.name)
    values = np.array([_numbers(path, row, header) for row in rows], dtype=np.float64)
    columns = header[1:] if header else []
    # Columns of other names than the stimuli are units, whatever the matrix looks like.
    noun = options.noun or (None if columns in ([], list(ids)) else "assembly")
    made = from_matrix(values, ids, noun, path.stem)
    if isinstance(made, RDM) or columns in ([], [str(i) for i in range(len(columns))]):
        return made
    return Assembly(values, ids, {"unit": np.array(columns, dtype=str)}, name=path.stem)


def _rows(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        with readable(path, "table").open(newline="", encoding="utf-8-sig") as handle:
            found = csv.reader(handle, delimiter="\t" if path.suffix == ".tsv" else ",", strict=True)
            rows = [row for row in found if row]
    except (csv.Error, UnicodeDecodeError) as error:
        raise FileError(f"{path} cannot be read ({error})", hint="Save it as UTF-8.") from error
    odd = [i for i, row in enumerate(rows) if len(row) != len(rows[0])]
    if odd or not rows or len(rows[0]) < 2:
        seen = f"row {odd[0] + 1} has {len(rows[odd[0]])} cells, the first {len(rows[0])}" if odd else "empty"
        raise FileError(f"{path} is no table of ids and numbers: {seen}", hint="Write id,number,number,...")
    headed = rows[0][0].lower() in CORNERS or not any(_is_number(cell) for cell in rows[0][1:])
    return (rows[0], rows[1:]) if headed else ([], rows)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # Python reads "1_2" as 12


def _numbers(path: Path, row: list[str], header: list[str]) -> list[float]:
    odd = [i for i, cell in enumerate(row[1:], start=1) if not _is_number(cell)]
    if odd:
        column = repr(header[odd[0]]) if header else str(odd[0] + 1)
        raise FileError(
            f"{path}: {row[odd[0]]!r} is no number (stimulus {row[0]!r}, column {column})",
            hint="Ids stand in the first column, numbers in all others; write nan where there is none.",
        )
    return [float(cell) for cell in row[1:]]


def write(responses: Assembly | RDM, path: Path) -> None:
    """Write a table with a header.

    Raises:
        UnsuitableError: Numbers that a 64-bit float cannot hold, unit labels under another name than
            ``unit``, or an assembly that would be taken for an RDM.
        StorageError: It cannot be written.
    """
    check_told_apart(responses)
    ids = responses.require_ids()
    if isinstance(responses, RDM):
        columns, values = list(ids), responses.square()
    else:
        columns, values = _columns(responses), responses.array()
    plain_texts([*ids, *columns], "ids and labels")
    text = io.StringIO(newline="")
    # RFC 4180; either half of the line end, when in an id, is then quoted.
    table = csv.writer(text, delimiter="\t" if path.suffix == ".tsv" else ",", lineterminator="\r\n")
    table.writerow(["id", *columns])
    for stimulus, row in zip(ids, _exact(values, responses.name).tolist(), strict=True):
        table.writerow([stimulus, *map(repr, row)])
    write_bytes(path, text.getvalue().encode())


def _columns(responses: Assembly) -> list[str]:
    numbered = [str(i) for i in range(responses.n_units)]
    if not responses.units:
        return numbered
    label = responses.units.get("unit")
    named = [] if label is None or label.dtype.kind != "U" else [str(x) for x in label.tolist()]
    if len(responses.units) > 1 or not named or named in (numbered, list(responses.require_ids())):
        raise UnsuitableError(
            f"a .csv holds one label of the units, text called 'unit'; saw {', '.join(responses.units)}",
            hint="Say drop=('units',) to leave them out, or write format='npz', 'netcdf' or 'zarr'.",
        )
    return named


def _exact(values: NDArray[Any], name: str) -> NDArray[np.float64]:
    floats = values.astype(np.float64)
    if not np.array_equal(floats.astype(values.dtype), values, equal_nan=values.dtype.kind == "f"):
        raise UnsuitableError(
            f"{name}: some of its {values.dtype} numbers are no 64-bit floats", hint="Write format='npz'."
        )
    return floats


FORMAT = Format(
    name="csv",
    title="a table with ids in the first column",
    recognise=lambda path: path.suffix in SUFFIXES and path.is_file(),
    read=read,
    options=frozenset({"noun"}),
    write=write,
    holds={"assembly": frozenset({"units"}), "rdm": frozenset()},
    suffixes=SUFFIXES,
)
