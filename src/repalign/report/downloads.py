"""Files inside the page: links that work without network and without JavaScript."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repalign.data import ScoreTable

PLAIN = 150_000  # bytes; what is larger is compressed
MOST = 100_000  # bytes that a compressed JSON of the same rows as a CSV may take of a page
MOST_SCORES = 330_000  # bytes that the CSV of all scores may take; beyond, it holds the aggregates alone
_TYPES = {"csv": "text/csv", "json": "application/json", "gz": "application/gzip"}


@dataclass(frozen=True)
class Download:
    """A file that the page carries.

    Args:
        name: The file's name.
        size: In words.
        uri: Its content as a data: URI.
        rows: How many it holds.
    """

    name: str
    size: str
    uri: str
    rows: int


def download(name: str, text: str, rows: int) -> Download:
    """A text as a file inside the page, gzipped where it is large; equal texts give equal bytes.

    Args:
        name: The file's name, without ``.gz``.
        text: Its content.
        rows: How many it holds.
    """
    content = text.encode()
    if len(content) > PLAIN:
        name, content = f"{name}.gz", gzip.compress(content, compresslevel=9, mtime=0)
    kind = _TYPES[name.rpartition(".")[2]]
    size = f"{len(content) / 1000:.0f} kB" if len(content) >= 1000 else f"{len(content)} bytes"
    return Download(name, size, f"data:{kind};base64,{base64.b64encode(content).decode()}", rows)


def downloads(table: ScoreTable, differences: Sequence[Mapping[str, Any]]) -> list[Download]:
    """The scores, and the differences between models where there are any, as CSV and as JSON.

    Where all scores would make the page too large, those of single subjects are left out.

    Args:
        table: All rows.
        differences: Rows of all views of differences.
    """
    found = _scores(table)
    if differences:
        as_json = json.dumps(list(differences), indent=1, sort_keys=True)
        found += _pair("differences", as_csv(differences), as_json, len(differences))
    return found


def _scores(table: ScoreTable) -> list[Download]:
    whole = _pair("scores", table.to_csv(), table.to_json(), len(table))
    aggregates = table.where(subject="all")
    if not whole[0].name.endswith(".gz") or len(whole[0].uri) <= MOST_SCORES or not len(aggregates):
        return whole
    return [download("scores.csv", aggregates.to_csv(), len(aggregates))]


def _pair(name: str, as_csv: str, as_json: str, rows: int) -> list[Download]:
    """The same rows as CSV and as JSON; as CSV alone where both would make the page too large."""
    found = [download(f"{name}.csv", as_csv, rows), download(f"{name}.json", as_json, rows)]
    large = found[1].name.endswith(".gz") and len(found[1].uri) > MOST
    return found[:1] if large else found


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV, with a column for every key that any of them has."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    buffer = io.StringIO()
    # Texts in quotes: a bare carriage return in a name would else break the row in two.
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row.get(column) for column in columns] for row in rows)
    return buffer.getvalue()
