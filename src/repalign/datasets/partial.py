"""The unfinished download: ``NAME.part`` beside ``NAME``, kept for resuming, written by one at a time."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from repalign.data.files import storage_error
from repalign.errors import DownloadError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

POLL_SECONDS = 0.05


@contextmanager
def partial(place: Path, patience: float) -> Generator[tuple[Path, FileIO]]:
    """Open the unfinished download of ``place`` for appending, for this process alone.

    The part file itself is locked (``flock``): the system lets go of it when its holder dies, however it
    dies, so that the next one resumes at once and no stale lock exists. Where the system or the disk
    knows no such locks, the part file carries the process id; then two processes still cannot
    harm one another, but do not resume each other's downloads either.

    Args:
        place: Where the finished file will lie.
        patience: Seconds to wait for another process that is downloading the same file.

    Yields:
        The part file's path and the open, unbuffered file.

    Raises:
        StorageError: The folder cannot be written.
        DownloadError: Another process held the file for longer than ``patience``.
    """
    part = place.with_name(f"{place.name}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle = _locked(part, patience)
        if handle is None:
            part = place.with_name(f"{place.name}.{os.getpid()}.part")
            handle = _opened(part)
    except OSError as error:
        raise storage_error(place, error) from error
    with handle:
        yield part, handle


def _opened(part: Path) -> FileIO:
    # Unbuffered: what was received is on its way to the disk even if the process is killed next.
    return part.open("a+b", buffering=0)


def _locked(part: Path, patience: float) -> FileIO | None:
    if fcntl is None:
        return None
    deadline = time.monotonic() + patience
    while True:
        handle = _opened(part)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(handle, part):
                return handle
        except BlockingIOError:
            if time.monotonic() > deadline:
                handle.close()
                raise DownloadError(
                    f"another process has been downloading {part.name} for {patience:.0f} s",
                    hint="Wait until it is done, or end it.",
                ) from None
        except OSError:
            handle.close()
            return None
        handle.close()
        time.sleep(POLL_SECONDS)


def _is_at(handle: FileIO, part: Path) -> bool:
    # Whoever held the lock before may have renamed or removed the file that we opened.
    try:
        there = part.stat()
    except FileNotFoundError:
        return False
    ours = os.fstat(handle.fileno())
    return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)
