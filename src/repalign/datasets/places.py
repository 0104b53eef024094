"""Where data lie: ``REPALIGN_DATA`` for what is already on disk, ``REPALIGN_HOME`` for what is downloaded."""

from __future__ import annotations

import os
from pathlib import Path

from repalign.data import data_home
from repalign.datasets.card import RemoteFile
from repalign.errors import FileError


def published_data() -> Path | None:
    """The folder named by ``REPALIGN_DATA``, laid out as ``OWNER+REPO/path``; None where it is unset.

    Nothing is ever written there.

    Raises:
        FileError: The variable names a folder that does not exist.
    """
    named = os.environ.get("REPALIGN_DATA")
    if not named:
        return None
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise FileError(
            f"REPALIGN_DATA names {folder}, which is no folder",
            hint="Correct the variable, or unset it to use downloads only.",
        )
    return folder


def find(path: str) -> Path | None:
    """The file at ``path`` of the local layout: below ``REPALIGN_DATA``, else below the home, else None.

    Raises:
        FileError: ``REPALIGN_DATA`` names a folder that does not exist.
    """
    published = published_data()
    folders = [data_home() / "data"] if published is None else [published, data_home() / "data"]
    return next((folder / path for folder in folders if (folder / path).is_file()), None)


def locate(file: RemoteFile) -> Path | None:
    """Where a published file lies on this machine, unverified; None if it is not here.

    Raises:
        FileError: ``REPALIGN_DATA`` names a folder that does not exist.
    """
    return find(file.path)


def destination(file: RemoteFile) -> Path:
    """Where a download of ``file`` goes."""
    return data_home() / "data" / file.path
