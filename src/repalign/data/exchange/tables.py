"""``csv``: a matrix as text, with the ids in the first column (``.csv``, or ``.tsv`` with tabs).

The first row names the columns: the units of an assembly, or the stimuli of a square RDM. The format
holds values, ids and one label of the units that is called ``unit``; numbers come back as 64-bit
floats of the same value.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data.assembly import Assembly
from repalign.data.exchange.format import Format
from repalign.data.exchange.matrices import check_told_apart, from_matrix, is_square_rdm, pairs_of
from repalign.data.exchange.names import id_of, plain_texts, settle_ids
from repalign.data.exchange.options import ReadOptions
from repalign.data.files import readable, write_bytes
from repalign.data.rdm import RDM
from repalign.errors import FileError, IdentityError, UnsuitableError

SUFFIXES = (".csv", ".tsv")
FEWEST = 3  # stimuli of an RDM that can be compared
_BLANKS = ("", "na", "n/a", "-")
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
    columns = header[1:] if header else []
    order = order_of(columns, ids) if options.noun != "assembly" else None
    values = np.array([_numbers(path, row, header, blank=order is not None) for row in rows], np.float64)
    if order is not None:
        return RDM.from_square(pairs_of(values[:, order], ids, path.name), ids, name=path.stem)
    if options.noun is None and is_square_rdm(values) and not numbered(columns):
        raise _other_columns(path, columns, ids)
    # Columns of other names than the stimuli are units.
    plain = not columns or (numbered(columns) and is_square_rdm(values))
    made = from_matrix(values, ids, options.noun or (None if plain else "assembly"), path.stem)
    if isinstance(made, RDM) or columns in ([], [str(i) for i in range(len(columns))]):
        return made
    return Assembly(values, ids, {"unit": np.array(columns, dtype=str)}, name=path.stem)


def numbered(columns: Sequence[str]) -> bool:
    """Whether columns are numbers from 0 or 1 on, which tools write for want of names; or have none."""
    n = len(columns)
    return list(columns) in ([str(i) for i in range(n)], [str(i + 1) for i in range(n)])


def order_of(columns: Sequence[str], ids: Sequence[str]) -> list[int] | None:
    """Where the column of each row's stimulus stands, if columns are the same stimuli; None if they are not.

    Args:
        columns: Their names.
        ids: Of the rows; a name of a file and its name without suffix are the same stimulus.
    """
    if len(ids) < FEWEST:
        return None
    bare = [[_bare(name) for name in names] for names in (columns, ids)]
    for seen, wanted in ((list(columns), list(ids)), bare):
        if len(set(seen)) == len(seen) == len(wanted) and set(seen) == set(wanted):
            place = {name: i for i, name in enumerate(seen)}
            return [place[name] for name in wanted]
    return None


def _bare(name: str) -> str:
    rooted = name.startswith(("/", "\\")) or name[1:3] in (":\\", ":/")
    return name if rooted else id_of(name, "path")


def _other_columns(path: Path, columns: Sequence[str], ids: Sequence[str]) -> UnsuitableError:
    strange = [name for name in columns if name not in set(ids)]
    return UnsuitableError(
        f"{path.name} looks like an RDM, but its columns are not called as its rows are: {strange[0]!r}",
        hint="Write the ids of the first column in the header; or, of responses, say noun='assembly'.",
    )


def _rows(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        with readable(path, "table").open(newline="", encoding="utf-8-sig") as handle:
            text = handle.read()
        mark = _separator(path, text)
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True) if row]
        if mark == ";":  # where it separates, the comma marks decimals
            rows = [[cell.replace(",", ".") if _is_decimal(cell) else cell for cell in row] for row in rows]
    except (csv.Error, UnicodeDecodeError) as error:
        raise FileError(f"{path} cannot be read ({error})", hint="Save it as UTF-8.") from error
    odd = [i for i, row in enumerate(rows) if len(row) != len(rows[0])]
    if odd or not rows or len(rows[0]) < 2:
        seen = f"row {odd[0] + 1} has {len(rows[odd[0]])} cells, the first {len(rows[0])}" if odd else "empty"
        raise FileError(f"{path} is no table of ids and numbers: {seen}", hint="Write id,number,number,...")
    named = sorted(rows[0][1:]) == sorted(row[0] for row in rows[1:])
    headed = named or rows[0][0].lower() in CORNERS or not any(_is_number(cell) for cell in rows[0][1:])
    return (rows[0], rows[1:]) if headed else ([], rows)


def _separator(path: Path, text: str) -> str:
    """What separates cells: a tab in .tsv, else a semicolon or tab where the first line has no comma."""
    first = text.partition("\n")[0]
    if path.suffix == ".tsv":
        return "\t"
    return "," if "," in first else max(",;\t", key=first.count)


def _is_decimal(cell: str) -> bool:
    return cell.count(",") == 1 and _is_number(cell.replace(",", "."))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # Python reads "1_2" as 12


def _numbers(path: Path, row: list[str], header: list[str], *, blank: bool = False) -> list[float]:
    if blank:  # half an RDM, or one without its diagonal
        row = [row[0], *("nan" if cell.strip().lower() in _BLANKS else cell for cell in row[1:])]
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
        if order_of(columns, ids) is not None:
            raise UnsuitableError(
                f"the units of {responses.name} are called as its stimuli: it would be read as an RDM",
                hint="Write format='npz', 'netcdf' or 'zarr', which say what they hold.",
            )
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
