"""Ctrl-C while the libraries are loaded, before there is a command that could stop in order."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

STOPPED = 130


@contextmanager
def stops_at_once() -> Generator[None]:
    """Within this, Ctrl-C ends the process with a word and no traceback.

    An exception would not do: raised inside an extension module's import it may come out as another one.
    Nothing has been begun yet, so there is nothing to tidy. A handler of somebody else is left alone.
    """
    before = _handler()
    if before is not signal.default_int_handler or not _installed(_stop):
        yield
        return
    try:
        yield
    finally:
        _installed(before)


def _handler() -> Any:
    return signal.getsignal(signal.SIGINT)


def _installed(handler: Any) -> bool:
    try:
        signal.signal(signal.SIGINT, handler)
    except ValueError:  # imported in a thread, which gets no signals
        return False
    return True


def _stop(*_: object) -> None:
    with suppress(OSError):  # nobody may be reading
        os.write(2, b"stopped\n")
    os._exit(STOPPED)
