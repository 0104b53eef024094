"""``npz``: repalign's own files, which hold everything; and any ``.npz`` of arrays with ids."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from repalign.data.assembly import Assembly
from repalign.data.choices import Choices
from repalign.data.exchange.archives import members, read_plain
from repalign.data.exchange.format import Format
from repalign.data.exchange.matrices import from_arrays
from repalign.data.exchange.names import settle_ids
from repalign.data.exchange.options import ReadOptions
from repalign.data.files import HEADER
from repalign.data.rdm import RDM
from repalign.data.target import load_responses
from repalign.errors import FileError


def read_own(path: Path, options: ReadOptions) -> Assembly | RDM:
    """Read what ``.save`` or :func:`write` wrote.

    Raises:
        FileError: Damaged, or it holds choices.
        IdentityError: It was saved without ids and none were given.
    """
    loaded = load_responses(path)
    if isinstance(loaded, Choices):
        raise FileError(f"{path} holds choices", hint="Read them with load_responses(path).")
    return replace(loaded, ids=settle_ids(loaded.ids, options, loaded.n_stimuli, path.name))


def write(responses: Assembly | RDM, path: Path) -> None:
    """Write everything; the same content gives the same bytes."""
    responses.save(path)


def read_any(path: Path, options: ReadOptions) -> Assembly | RDM:
    """Read arrays with one row per stimulus, one layer each, and the ids under a usual name."""
    return from_arrays(read_plain(path, "arrays"), options, path.name, path.stem)


OWN = Format(
    name="npz",
    title="a file of repalign",
    recognise=lambda path: HEADER in members(path),
    read=read_own,
    write=write,
    suffixes=(".npz",),
)
ARRAYS = Format(
    name="arrays",
    title="an .npz of arrays",
    recognise=lambda path: path.suffix == ".npz" and path.is_file(),
    read=read_any,
    options=frozenset({"id_label", "noun", "variable"}),
)
