"""Folders that are written whole or not at all."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from repalign.data.files import PARTIAL_PREFIX, storage_error
from repalign.errors import StorageError


@contextmanager
def replacing_folder(path: Path, ours: Callable[[Path], bool]) -> Generator[Path]:
    """Give a temporary folder beside ``path``; on success it is flushed to disk and takes its place.

    On any failure the temporary folder is removed and ``path`` is as it was before. A process killed
    in between may leave a folder behind whose name begins with ``.partial-``.

    Args:
        path: The folder to write.
        ours: Whether a folder that is there already may be replaced.

    Raises:
        StorageError: Something else is there, the disk is full, or the place cannot be written.
    """
    if path.exists() and not (path.is_dir() and ours(path)):
        raise StorageError(
            f"{path} exists and holds other things, which writing here would remove",
            hint="Name a folder that does not exist yet.",
        )
    temporary = path.with_name(f"{PARTIAL_PREFIX}{os.getpid()}-{threading.get_ident()}-{path.name}")
    former = temporary.with_name(f"{temporary.name}.old")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        _flush(temporary)
        if path.exists():
            path.replace(former)
        temporary.replace(path)
    except BaseException as error:
        if former.exists() and not path.exists():
            former.replace(path)
        shutil.rmtree(temporary, ignore_errors=True)
        if isinstance(error, OSError):
            raise storage_error(path, error) from error
        raise
    shutil.rmtree(former, ignore_errors=True)


def _flush(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as handle:
                os.fsync(handle.fileno())
