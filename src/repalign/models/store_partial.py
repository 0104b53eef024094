"""An entry while it is written: rows on a fixed grid, a count of the safe ones, renamed when complete."""

from __future__ import annotations

import io
import os
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data import remove_partials, write_bytes
from repalign.data.files import storage_error
from repalign.errors import StorageError
from repalign.models.store import RECIPE, ROWS, VALUES, Entry

SECONDS = 1.0  # between two checkpoints: what a kill may cost, beside the batch in flight


class Partial:
    """One layer's rows while they are written. Whoever makes one holds the entry's lock.

    Args:
        entry: Its place.
        recipe: From :func:`repalign.models.store.recipe_bytes`. What an earlier run left is continued
            only if its recipe is the same, batch size and versions included, because a network's last
            bits may depend on these.
        shape: (n_stimuli, n_units).
        dtype: Of the values.

    Raises:
        StorageError: The store cannot be written.
    """

    def __init__(self, entry: Entry, recipe: bytes, shape: tuple[int, int], dtype: np.dtype[Any]) -> None:
        self.folder = entry.root / f"{entry.key}.partial"
        self._final, self._shape, self._dtype = entry.folder, shape, dtype
        self._header = _npy_header(shape, dtype)
        self._row_bytes = shape[1] * dtype.itemsize
        try:
            left = self._left(recipe)
            self.rows = self._started(recipe) if left is None else left
        except OSError as error:
            raise storage_error(self.folder, error) from error

    def _left(self, recipe: bytes) -> int | None:
        """Rows that an earlier run left safe; None if it left nothing that can be continued."""
        try:
            if (self.folder / RECIPE).read_bytes() != recipe:
                return None
            rows = int((self.folder / ROWS).read_text())
            there = (self.folder / VALUES).stat().st_size
        except (FileNotFoundError, ValueError):
            return None
        remove_partials(self.folder)
        return rows if there >= len(self._header) + rows * self._row_bytes else None

    def _started(self, recipe: bytes) -> int:
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True)
        (self.folder / VALUES).write_bytes(self._header)
        write_bytes(self.folder / RECIPE, recipe)
        write_bytes(self.folder / ROWS, b"0")
        return 0

    @property
    def bytes_left(self) -> int:
        """Bytes that are still to be written."""
        return (self._shape[0] - self.rows) * self._row_bytes

    def write(self, start: int, rows: NDArray[Any]) -> None:
        """Write rows at their place; those that are there already are left alone.

        Written, not mapped: pages of a map would count as this process's memory.

        Raises:
            StorageError: The disk is full.
        """
        if start < self.rows:
            return
        path = self.folder / VALUES
        try:
            with path.open("r+b", buffering=0) as handle:
                handle.seek(len(self._header) + start * self._row_bytes)
                _write_all(handle, np.ascontiguousarray(rows, dtype=self._dtype))
        except OSError as error:
            raise storage_error(path, error) from error
        self.rows = start + len(rows)

    def checkpoint(self, rows: int) -> None:
        """Make the first rows safe: the data first, then their number.

        Raises:
            StorageError: The disk is full.
        """
        path = self.folder / VALUES
        try:
            with path.open("rb") as handle:
                os.fsync(handle.fileno())
        except OSError as error:
            raise storage_error(path, error) from error
        write_bytes(self.folder / ROWS, str(rows).encode())

    def commit(self) -> None:
        """Give the complete entry its final name.

        Raises:
            StorageError: The store cannot be written.
        """
        self.checkpoint(self._shape[0])
        try:
            self.folder.rename(self._final)
            _sync_folder(self._final.parent)
        except OSError as error:
            raise storage_error(self._final, error) from error


class Checkpoints:
    """Checkpoints of all layers of a run, beside the run: one at a time, in a thread of their own.

    Use it as a context; on the way out, error or not, all that was written is made safe.

    Args:
        partials: The layers.
    """

    def __init__(self, partials: Sequence[Partial]) -> None:
        self._partials = partials
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="repalign-checkpoint")
        self._flying: Future[float] | None = None
        self._next = time.monotonic() + SECONDS

    def __enter__(self) -> Checkpoints:
        return self

    def offer(self) -> None:
        """Begin a checkpoint if it is time and none is under way.

        Raises:
            StorageError: The last one failed.
        """
        if self._flying is not None and self._flying.done():
            took = self._flying.result()
            self._flying = None
            self._next = time.monotonic() + max(SECONDS, 10 * took)  # at most a tenth of the disk's time
        if self._flying is None and time.monotonic() >= self._next:
            self._flying = self._pool.submit(self._make, [p.rows for p in self._partials])

    def _make(self, rows: Sequence[int]) -> float:
        started = time.monotonic()
        for partial, safe in zip(self._partials, rows, strict=True):
            partial.checkpoint(safe)
        return time.monotonic() - started

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True)
        if error is None:
            return
        with suppress(StorageError):  # the error that ended the run is the one to tell
            self._make([p.rows for p in self._partials])


def check_room(folder: Path, n_bytes: int) -> None:
    """Refuse to begin what the disk cannot hold.

    Raises:
        StorageError: Too little is free.
    """
    above = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(above).free
    if n_bytes > free:
        raise StorageError(
            f"the responses need {n_bytes / 1e9:,.1f} GB in {folder}; {free / 1e9:,.1f} GB are free there",
            hint="Free some space, name another folder, fewer layers, or a reduction such as 'srp:4096'.",
        )


def _write_all(handle: io.FileIO, rows: NDArray[Any]) -> None:
    left = rows.reshape(-1).view(np.uint8).data
    while len(left):  # a raw write may take less than all
        left = left[handle.write(left) :]


def _npy_header(shape: tuple[int, int], dtype: np.dtype[Any]) -> bytes:
    buffer = io.BytesIO()
    fields = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, fields)
    return buffer.getvalue()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
