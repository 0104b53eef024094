"""A CSV with a header as columns of text, with errors that name file, line and column."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repalign.data.files import readable
from repalign.errors import FileError

_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Table:
    """A table of text.

    Args:
        path: Where it was read.
        columns: Header to cells.
        n_rows: Rows below the header.
    """

    path: Path
    columns: dict[str, list[str]]
    n_rows: int

    def require(self, names: Sequence[str], what: str) -> None:
        """Check that columns are there.

        Raises:
            FileError: Some are missing; the nearest ones that are there stand in the hint.
        """
        missing = [name for name in names if name not in self.columns]
        if not missing:
            return
        listed = ", ".join(repr(name) for name in missing)
        near = [n for name in missing for n in get_close_matches(name, self.columns, n=1, cutoff=0.5)]
        seen = ", ".join(self.columns) or "nothing"
        hint = f"Nearest: {', '.join(map(repr, near))}. " if near else ""
        raise FileError(f"{self.path}: {what} has no column {listed}", hint=f"{hint}Its columns: {seen}.")

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column as floats; ``nan`` and ``inf`` are read as such.

        Raises:
            FileError: A cell is no number.
        """
        return np.array([self._number(name, i) for i in range(self.n_rows)], dtype=np.float64)

    def integers(self, name: str) -> NDArray[np.int64]:
        """A column as whole numbers.

        Raises:
            FileError: A cell is no whole number.
        """
        values = self.numbers(name)
        odd = np.flatnonzero(~(np.isfinite(values) & (values == np.round(values))))
        if len(odd):
            raise self._odd(name, int(odd[0]), "whole number")
        return values.astype(np.int64)

    def truths(self, name: str) -> NDArray[np.bool_]:
        """A column of True and False.

        Raises:
            FileError: A cell is neither.
        """
        cells = [_TRUTHS.get(cell.strip().lower()) for cell in self.columns[name]]
        odd = [i for i, cell in enumerate(cells) if cell is None]
        if odd:
            raise self._odd(name, odd[0], "True or False")
        return np.array(cells, dtype=np.bool_)

    def _number(self, name: str, i: int) -> float:
        cell = self.columns[name][i]
        try:
            if "_" in cell:  # Python reads "1_2" as 12
                raise ValueError
            return float(cell)
        except ValueError:
            raise self._odd(name, i, "number") from None

    def _odd(self, name: str, i: int, wanted: str) -> FileError:
        return FileError(
            f"{self.path}: line {i + 2}, column {name!r}: {self.columns[name][i]!r} is no {wanted}",
            hint="Write the file anew, or leave the run out.",
        )


def read_header(path: Path) -> list[str]:
    """The names of a file's columns; empty for an empty file.

    Raises:
        FileError: It cannot be read, or is no text.
    """
    try:
        with readable(path, "table").open(newline="", encoding="utf-8-sig") as handle:
            return [cell.strip() for cell in next(csv.reader(handle), [])]
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise FileError(f"{path} cannot be read ({error})", hint="Save it as UTF-8.") from error


def read_table(path: Path) -> Table:
    """Read a CSV with a header, with line ends of any kind.

    Raises:
        FileError: Not text, no rows, a doubled column, or rows of differing length.
    """
    try:
        with readable(path, "table").open(newline="", encoding="utf-8-sig") as handle:
            rows = [row for row in csv.reader(handle, strict=True) if row]
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise FileError(f"{path} cannot be read ({error})", hint="Save it as UTF-8.") from error
    if len(rows) < 2:
        raise FileError(f"{path} holds no epochs", hint="A run has a header and a row per epoch.")
    header = [cell.strip() for cell in rows[0]]
    doubled = [name for i, name in enumerate(header) if name in header[:i]]
    if doubled:
        raise FileError(f"{path} has two columns {doubled[0]!r}", hint="Name each column once.")
    odd = [i for i, row in enumerate(rows) if len(row) != len(header)]
    if odd:
        raise FileError(
            f"{path}: line {odd[0] + 1} has {len(rows[odd[0]])} cells, the header {len(header)}",
            hint="The file was cut off or damaged; copy it again or remove that line.",
        )
    columns = {name: [row[i] for row in rows[1:]] for i, name in enumerate(header)}
    return Table(path, columns, len(rows) - 1)
