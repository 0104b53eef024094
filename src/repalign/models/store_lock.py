"""One process at a time writes a layer; the others wait and then read it."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from repalign.data.files import storage_error

try:
    import fcntl
except ImportError:  # Windows: no two processes may extract the same at once there
    fcntl = None


@contextmanager
def locked(paths: Sequence[Path], on_wait: Callable[[Path], None] | None = None) -> Generator[None]:
    """Hold all of these locks; they end with the process that holds them, however it ends.

    Args:
        paths: Files that stand for what is locked; they exist while somebody holds or wants them.
        on_wait: Called with a lock that another process holds, before waiting for it.

    Raises:
        StorageError: The folder cannot be written.
    """
    with ExitStack() as stack:
        for path in sorted(paths):  # all in one order, so that no two wait for one another
            stack.enter_context(_held(path, on_wait))
        yield


@contextmanager
def _held(path: Path, on_wait: Callable[[Path], None] | None) -> Generator[None]:
    handle = _acquired(path, on_wait)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # while it is held: whoever waits for this file finds it gone
        os.close(handle)


def _acquired(path: Path, on_wait: Callable[[Path], None] | None) -> int:
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise storage_error(path, error) from error
        try:
            _wait(handle, path, on_wait)
            if _same(handle, path):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _wait(handle: int, path: Path, on_wait: Callable[[Path], None] | None) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if on_wait is not None:
            on_wait(path)
        fcntl.flock(handle, fcntl.LOCK_EX)


def _same(handle: int, path: Path) -> bool:
    """Whether the file that was locked still is the one of that name."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
