"""One file over HTTP: bounded, resumable, and never silent about what went wrong.

The network part is ``requests`` and not ``pooch.retrieve``: pooch gives a downloader a temporary file of
random name, removes it on any failure and checks the hash itself afterwards, so that a broken
download could be neither resumed nor cut off at its known length.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from typing import TYPE_CHECKING

from repalign.data.files import storage_error
from repalign.datasets.card import RemoteFile
from repalign.datasets.places import destination
from repalign.errors import DownloadError, VerificationError
from repalign.version import __version__

if TYPE_CHECKING:
    import requests

Progress = Callable[[int, int], None]
BLOCK = 1 << 16
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Limits:
    """How patient a download is; times in seconds, rates in bytes per second."""

    attempts: int = 3
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    min_rate: float = 1000.0
    window: float = 20.0
    pause: float = 1.0


class BrokenOffError(Exception):
    """The connection ended early; what arrived is kept and the rest may be asked for."""


def receive(file: RemoteFile, handle: FileIO, limits: Limits, progress: Progress | None) -> None:
    """Append to ``handle`` what is missing of ``file``, in as many requests as the limits allow.

    Raises:
        DownloadError: Unreachable, refused, too slow, or broken off ``attempts`` times.
        VerificationError: The address offers another length than the card's.
        StorageError: The disk is full.
    """
    reason = ""
    for attempt in range(limits.attempts):
        time.sleep(limits.pause * attempt)
        try:
            return _request(file, handle, limits, progress)
        except BrokenOffError as error:
            reason = str(error)
    have = handle.seek(0, 2)
    raise DownloadError(
        f"{file.url} did not deliver in {limits.attempts} attempts ({reason}); {have} of {file.bytes} bytes "
        "are here",
        hint="Try again: the download goes on where it stopped. " + by_hand(file),
    )


def by_hand(file: RemoteFile) -> str:
    """What to do where there is no network."""
    return (
        f"Without a network, copy the file to {destination(file)}, or set REPALIGN_DATA to a folder that "
        f"holds {file.path}."
    )


def _request(file: RemoteFile, handle: FileIO, limits: Limits, progress: Progress | None) -> None:
    have = handle.seek(0, 2)
    if have > file.bytes:
        have = handle.truncate(0)
    if have == file.bytes:
        return
    with _ask(file, have, limits) as response:
        if have and not _continues(response, have):
            have = handle.truncate(0)
        if response.status_code == 416:
            raise BrokenOffError("it refused to resume")
        _check_length(file, response)
        _copy(file, response, handle, limits, progress)


def _ask(file: RemoteFile, have: int, limits: Limits) -> requests.Response:
    import requests

    # Without "identity" a server may compress, and ranges and lengths would count compressed bytes.
    headers = {"Accept-Encoding": "identity", "User-Agent": f"repalign/{__version__}"}
    if have:
        headers["Range"] = f"bytes={have}-"
    timeout = (limits.connect_timeout, limits.read_timeout)
    try:
        response = requests.get(file.url, headers=headers, stream=True, timeout=timeout)
    except requests.exceptions.RequestException as error:
        if _was_connected(error):
            raise BrokenOffError(f"no answer: {error}") from error
        raise DownloadError(f"{file.url} cannot be reached: {_root(error)}", hint=by_hand(file)) from error
    status = response.status_code
    if status in (200, 206) or (status == 416 and have):
        return response
    response.close()
    if status in TRANSIENT:
        raise BrokenOffError(f"status {status}")
    raise DownloadError(f"{file.url} answered with status {status}", hint=by_hand(file))


def _root(error: BaseException) -> str:
    """The first cause, in the system's words: the layers above repeat it at length."""
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    return str(error)


def _was_connected(error: Exception) -> bool:
    # Only a server that was reached is worth another attempt; a machine without network is told at once.
    import requests
    import urllib3

    inner = error.args[0] if error.args else None
    return isinstance(error, requests.exceptions.ReadTimeout) or isinstance(
        inner, urllib3.exceptions.ProtocolError
    )


def _continues(response: requests.Response, have: int) -> bool:
    wanted = f"bytes {have}-"
    return response.status_code == 206 and response.headers.get("Content-Range", "").startswith(wanted)


def _check_length(file: RemoteFile, response: requests.Response) -> None:
    offered = response.headers.get("Content-Length", "")
    if response.status_code == 206:
        matched = re.fullmatch(r"bytes \d+-\d+/(\d+)", response.headers.get("Content-Range", ""))
        offered = matched[1] if matched else ""
    encoded = response.headers.get("Content-Encoding", "identity") != "identity"
    if offered.isdigit() and not encoded and int(offered) != file.bytes:
        raise _wrong_length(file, f"offers {offered} bytes")


def _wrong_length(file: RemoteFile, seen: str) -> VerificationError:
    return VerificationError(
        f"{file.url} {seen} where the card says {file.bytes}",
        hint="It is not the file of the card (a login page of the network, perhaps); nothing was kept.",
    )


def _copy(
    file: RemoteFile, response: requests.Response, handle: FileIO, limits: Limits, progress: Progress | None
) -> None:
    have, since, arrived = handle.seek(0, 2), time.monotonic(), 0
    while block := _read(response):
        if len(block) > file.bytes - have:
            raise _wrong_length(file, f"goes on after {file.bytes} bytes")
        _write(file, handle, block)
        have, arrived = have + len(block), arrived + len(block)
        if progress is not None:
            progress(have, file.bytes)
        elapsed = time.monotonic() - since
        if elapsed >= limits.window:
            _check_rate(file, arrived / elapsed, limits)
            since, arrived = time.monotonic(), 0
    if have < file.bytes:
        raise BrokenOffError(f"the connection ended after {have} of {file.bytes} bytes")


def _check_rate(file: RemoteFile, rate: float, limits: Limits) -> None:
    if rate < limits.min_rate:
        raise DownloadError(
            f"{file.url} gave {rate:.0f} bytes/s over {limits.window:g} s; at least "
            f"{limits.min_rate:.0f} are expected",
            hint="Try again later: the download goes on where it stopped. " + by_hand(file),
        )


def _read(response: requests.Response) -> bytes:
    import urllib3

    try:
        # read1 gives what has arrived; iter_content would wait for a whole block and so for ever on a
        # server that dribbles.
        return response.raw.read1(BLOCK, decode_content=True)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise BrokenOffError(str(error)) from error


def _write(file: RemoteFile, handle: FileIO, block: bytes) -> None:
    left = memoryview(block)
    try:
        while left:
            left = left[handle.write(left) :]
    except OSError as error:
        raise storage_error(destination(file), error) from error
