"""ScoreTable: every claim is a row."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any, cast, overload

from repalign.data.files import read_json, readable, write_bytes
from repalign.data.score import COLUMNS, REQUIRED, TYPES, Cell, Score
from repalign.errors import FileError, InputError, UnknownNameError

_SQL = {float: "DOUBLE", int: "BIGINT", str: "VARCHAR"}


class ScoreTable(Sequence[Score]):
    """An immutable table of scores with the columns of :data:`COLUMNS`, always all of them.

    Args:
        rows: The scores, in order.

    Example:
        >>> import repalign as ra
        >>> table = ra.ScoreTable([ra.Score(model="a", target="t", measure="m", value=0.5)])
        >>> table.query("select model, value from scores where value > 0.2")
        [{'model': 'a', 'value': 0.5}]
    """

    def __init__(self, rows: Iterable[Score] = ()) -> None:
        self._rows = tuple(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Score]:
        return iter(self._rows)

    @overload
    def __getitem__(self, index: int) -> Score: ...
    @overload
    def __getitem__(self, index: slice) -> ScoreTable: ...
    def __getitem__(self, index: int | slice) -> Score | ScoreTable:
        return ScoreTable(self._rows[index]) if isinstance(index, slice) else self._rows[index]

    def __add__(self, other: ScoreTable) -> ScoreTable:
        return ScoreTable((*self._rows, *other))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ScoreTable) and self._rows == other._rows

    def __hash__(self) -> int:
        return hash(self._rows)

    def __repr__(self) -> str:
        lines = [f"ScoreTable of {len(self)} rows"]
        for s in self._rows[:20]:
            value = "absent" if s.value is None else f"{s.value:.4f}"
            whole = s.ci_low is not None and s.ci_high is not None
            interval = f" [{s.ci_low:.3f}, {s.ci_high:.3f}]" if whole else ""
            layer = f"@{s.layer}" if s.layer else ""
            lines.append(f"  {s.model}{layer} ~ {s.target} ({s.subject}) {s.measure} {value}{interval}")
        return "\n".join(lines + (["  ..."] if len(self) > 20 else []))

    def rows(self) -> list[dict[str, Cell]]:
        """The rows as dictionaries with every column."""
        return [asdict(row) for row in self._rows]

    def where(self, **conditions: Cell) -> ScoreTable:
        """The rows in which each named column equals the given value.

        Raises:
            UnknownNameError: No such column.
        """
        for name in conditions:
            if name not in COLUMNS:
                raise UnknownNameError.among("column", name, COLUMNS)
        return ScoreTable(r for r in self._rows if all(getattr(r, c) == v for c, v in conditions.items()))

    def sorted(self) -> ScoreTable:
        """The rows in canonical order, so that equal contents give equal files."""

        def key(row: Score) -> list[tuple[bool, Any, float]]:
            named = (row.target, row.region, row.measure, row.model, row.layer, row.subject)
            return [_order(cell) for cell in (*named, *(getattr(row, c) for c in COLUMNS))]

        return ScoreTable(sorted(self._rows, key=key))

    def query(self, sql: str) -> list[dict[str, Cell]]:
        """Ask in SQL (DuckDB's) about the table ``scores``; files and network are out of its reach.

        Raises:
            InputError: The SQL is wrong (the message is DuckDB's), or two columns of the answer have
                the same name.
        """
        import duckdb

        from repalign.data.parquet import stopping

        with stopping(), duckdb.connect(config={"enable_external_access": "false"}) as connection:
            self._fill(connection)
            try:
                answer = cast(Any, connection.execute(sql))
                described: list[Any] = (answer and answer.description) or []
                names = [str(column[0]) for column in described]
                rows: list[tuple[Any, ...]] = answer.fetchall() if answer else []
            except duckdb.Error as error:
                raise InputError(
                    f"the query failed: {error}", hint=f"Columns: {', '.join(COLUMNS)}."
                ) from error
        doubled = [name for name in names if names.count(name) > 1]
        if doubled:
            raise InputError(
                f"the query gives two columns named {doubled[0]!r}", hint="Name one anew: select x as y."
            )
        return [dict(zip(names, map(_plain, row), strict=True)) for row in rows]

    def _fill(self, connection: Any) -> None:
        typed = ", ".join(f'"{name}" {_SQL[TYPES[name]]}' for name in COLUMNS)
        connection.execute(f"CREATE TABLE scores ({typed})")
        if self._rows:  # whole columns at once: row by row takes sixty times as long
            columns = ", ".join(f"unnest(?::{_SQL[TYPES[name]]}[])" for name in COLUMNS)
            cells = [[getattr(row, name) for row in self._rows] for name in COLUMNS]
            connection.execute(f"INSERT INTO scores SELECT {columns}", cells)

    def to_parquet(self, path: Path | str) -> Path:
        """Write to Parquet, exactly. The file is replaced as a whole.

        Raises:
            StorageError: The file cannot be written.
        """
        from repalign.data.parquet import write_parquet

        return write_parquet(Path(path), self._fill)

    @classmethod
    def from_parquet(cls, *paths: Path | str) -> ScoreTable:
        """Read one or more Parquet files, in the order given; columns unknown to us are an error.

        Raises:
            FileError: Missing, damaged, or not a score table.
        """
        from repalign.data.parquet import read_parquet

        rows = read_parquet([readable(Path(p), "score table") for p in paths])
        return cls(_row(row, "Parquet file") for row in rows)

    def to_csv(self, path: Path | str | None = None) -> str:
        """The rows as CSV with every column; floats with all their digits, absent cells empty.

        It is also written to ``path`` where one is given.

        Raises:
            StorageError: The file cannot be written.
        """
        lines = [",".join(COLUMNS), *(",".join(map(_csv_cell, row.values())) for row in self.rows())]
        text = "".join(f"{line}\n" for line in lines)
        if path is not None:
            write_bytes(Path(path), text.encode())
        return text

    @classmethod
    def from_csv(cls, path: Path | str) -> ScoreTable:
        """Read what :meth:`to_csv` wrote.

        Raises:
            FileError: Missing, or not a score table.
        """
        try:
            with readable(Path(path), "score table").open(newline="", encoding="utf-8") as handle:
                header, *lines = list(csv.reader(handle, strict=True)) or [[]]
        except (csv.Error, UnicodeDecodeError) as error:
            raise _no_table(str(path), str(error)) from error
        uneven = [i for i, line in enumerate(lines, start=2) if len(line) != len(header)]
        if not header or len(set(header)) < len(header) or uneven:
            seen = f"row {uneven[0]} is shorter or longer than the header" if uneven else f"header {header}"
            raise _no_table(str(path), seen)
        rows = [dict(zip(header, line, strict=True)) for line in lines]
        return cls(_row({k: _parsed(k, v) for k, v in row.items()}, str(path)) for row in rows)

    def to_json(self, path: Path | str | None = None) -> str:
        """The rows as a JSON list of objects; written to ``path`` where one is given.

        Raises:
            StorageError: The file cannot be written.
        """
        text = json.dumps(self.rows(), indent=1, allow_nan=False)
        if path is not None:
            write_bytes(Path(path), text.encode())
        return text

    @classmethod
    def from_json(cls, path: Path | str) -> ScoreTable:
        """Read what :meth:`to_json` wrote.

        Raises:
            FileError: Missing, or not a score table.
        """
        rows = cast(object, read_json(Path(path), "score table"))
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in cast(list[object], rows)):
            raise _no_table(str(path), "not a list of objects")
        return cls(_row(row, str(path)) for row in cast(list[dict[str, Any]], rows))


def _order(cell: Any) -> tuple[bool, Any, float]:
    # The sign comes along because 0.0 and -0.0 are equal, but are not written alike.
    return cell is not None, "" if cell is None else cell, math.copysign(1, cell) if cell == 0 else 0


def _plain(cell: Any) -> Any:
    return float(cell) if isinstance(cell, Decimal) else cell


def _csv_cell(cell: Cell) -> str:
    # The csv module leaves a bare carriage return unquoted, and then cannot read it.
    text = "" if cell is None else str(cell)
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r\n') else text


def _parsed(name: str, text: str) -> Cell:
    if text == "" or name not in TYPES:
        return text or None
    try:
        return TYPES[name](text)
    except ValueError:
        return text  # refused by Score, with the name of the column


def _no_table(where: str, seen: str) -> FileError:
    return FileError(f"{where} is no score table: {seen}", hint="Write it again from the results.")


def _row(cells: dict[str, Any], where: str) -> Score:
    unknown = [name for name in cells if name not in COLUMNS]
    if unknown:
        raise _no_table(where, f"it has the column {unknown[0]!r}")
    lacking = [name for name in REQUIRED if name not in cells and name != "subject"]
    if lacking:
        raise _no_table(where, f"it has no column {lacking[0]!r}")
    try:
        return Score(**{name: _whole(name, cell) for name, cell in cells.items()})
    except InputError as error:
        raise _no_table(where, error.message) from error


def _whole(name: str, cell: Any) -> Any:
    # Tools that know no absent integer write 72 as 72.0.
    return int(cell) if isinstance(cell, float) and TYPES[name] is int and cell.is_integer() else cell
