"""Parquet through DuckDB: the one place that knows how."""

from __future__ import annotations

import glob
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from repalign.data.files import replacing
from repalign.errors import FileError, StorageError


def write_parquet(path: Path, fill: Callable[[Any], None], table: str = "scores") -> Path:
    """Write a table to ``path``, all or nothing; one thread, so that equal rows give equal bytes.

    Args:
        path: The file.
        fill: Creates ``table`` on a DuckDB connection.
        table: The table's name.

    Raises:
        StorageError: The file cannot be written.
    """
    import duckdb

    with (
        stopping(),
        duckdb.connect(config={"threads": 1}) as connection,
        replacing(path) as temporary,
    ):
        fill(connection)
        try:
            connection.execute(f"COPY {table} TO '{_quoted(temporary)}' (FORMAT parquet, USE_TMP_FILE false)")
        except duckdb.IOException as error:
            raise StorageError(
                f"{path} could not be written: {error}", hint="Is the disk full, or the folder read-only?"
            ) from error
    return path


def read_parquet(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Read rows from Parquet files, in the order of the files and of the rows in them.

    Raises:
        FileError: One is damaged.
    """
    import duckdb

    if not paths:
        return []
    listed = ", ".join(f"'{_quoted(Path(glob.escape(str(p))))}'" for p in paths)
    try:
        with stopping(), duckdb.connect(config={"threads": 1}) as connection:
            # Without hive_partitioning=false a folder named "seed=3" would become a column.
            answer = connection.execute(
                f"SELECT * FROM read_parquet([{listed}], union_by_name=true, hive_partitioning=false)"
            )
            names = [column[0] for column in answer.description or []]
            return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
    except duckdb.Error as error:
        raise FileError(f"a Parquet file cannot be read: {error}", hint="Remove it and run again.") from error


@contextmanager
def stopping() -> Generator[None]:
    """Give Ctrl-C its own name again: DuckDB takes it during a query and raises a RuntimeError instead."""
    import duckdb

    try:
        yield
    except (RuntimeError, duckdb.InterruptException) as error:
        if "interrupted" not in str(error).lower():
            raise
        raise KeyboardInterrupt from error


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
