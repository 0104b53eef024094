"""Getting published files: from disk where they are, from their address where they are not."""

from __future__ import annotations

import os
from io import FileIO
from pathlib import Path

from repalign.data.files import storage_error
from repalign.datasets.card import RemoteFile
from repalign.datasets.partial import partial
from repalign.datasets.places import destination, locate
from repalign.datasets.transfer import Limits, Progress, receive
from repalign.datasets.verification import difference, verified
from repalign.errors import UnavailableError, VerificationError


def fetch(
    file: RemoteFile,
    *,
    progress: Progress | None = None,
    attempts: int = 3,
    connect_timeout: float = 5.0,
    read_timeout: float = 30.0,
    min_rate: float = 1000.0,
    window: float = 20.0,
    pause: float = 1.0,
    patience: float = 600.0,
) -> Path:
    """Download a file into ``data_home()``, or return it if the right one is there already.

    Bytes go to ``NAME.part``, which a broken or killed download leaves behind and the next one
    continues by HTTP Range. Only when length and sha256 are those of the card is it renamed
    onto its final name, so nothing half-written or wrong is ever seen there.

    Args:
        file: What to download.
        progress: Called with (bytes here, bytes in all) after every block.
        attempts: Requests before giving up on a connection that breaks off.
        connect_timeout: Seconds until an address counts as unreachable.
        read_timeout: Seconds of silence until a connection counts as broken.
        min_rate: Bytes per second below which a server counts as stuck ...
        window: ... over this many seconds.
        pause: Seconds before the second attempt; twice as long before the third, and so on.
        patience: Seconds to wait for another process that is downloading the same file.

    Returns:
        The verified file.

    Raises:
        DownloadError: Unreachable, refused, too slow, or broken off too often.
        VerificationError: What came is not what the card says; the part file is removed.
        StorageError: The disk is full or the folder cannot be written; the part file is kept.
    """
    place = destination(file)
    if _is_right(place, file):
        return place
    limits = Limits(attempts, connect_timeout, read_timeout, min_rate, window, pause)
    with partial(place, patience) as (part, handle):
        if _is_right(place, file):  # finished by another process while we waited
            part.unlink(missing_ok=True)
            return place
        try:
            _complete(file, part, handle, limits, progress)
        except VerificationError:
            part.unlink(missing_ok=True)
            raise
        try:
            os.fsync(handle.fileno())
            part.replace(place)
        except OSError as error:
            raise storage_error(place, error) from error
    return place


def _is_right(place: Path, file: RemoteFile) -> bool:
    return place.is_file() and difference(place, file) is None


def _complete(
    file: RemoteFile, part: Path, handle: FileIO, limits: Limits, progress: Progress | None
) -> None:
    resumed = handle.seek(0, 2) > 0
    receive(file, handle, limits, progress)
    if resumed and difference(part, file) is not None:
        # What an earlier process left may have been damaged since; that is no fault of the server's.
        handle.truncate(0)
        receive(file, handle, limits, progress)
    problem = difference(part, file)
    if problem is not None:
        raise VerificationError(
            f"{file.url} did not deliver the file of the card: {problem}",
            hint="Nothing was kept. The address holds another file now; a newer repalign may know it.",
        )


def obtain(file: RemoteFile, *, dataset: str = "NAME", download: bool = True) -> Path:
    """The verified file: from ``REPALIGN_DATA``, else from ``data_home()``, else downloaded.

    Args:
        file: What is needed.
        dataset: The data set it belongs to, for the hint.
        download: Whether the network may be used.

    Raises:
        UnavailableError: It is not here and may not be downloaded.
        VerificationError: The file that is here is not the one of the card.
        DownloadError: It could not be downloaded.
        FileError: ``REPALIGN_DATA`` names a folder that does not exist.
    """
    found = locate(file)
    if found is not None:
        return verified(found, file)
    if download:
        return fetch(file)
    raise UnavailableError(
        f"{file.path} is not on this machine",
        hint=f"Run `repalign datasets get {dataset}`, or set REPALIGN_DATA to a folder that holds it.",
    )
