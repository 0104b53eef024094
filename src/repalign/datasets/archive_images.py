"""Thousands of small images in one zip archive, without opening the archive thousands of times."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repalign.data import ZipImage, readable
from repalign.errors import FileError

MEMBER = re.compile(r"(?:.*/)?(\d{5})_([a-z]+)\.(?:jpg|jpeg|png)")


class SharedZipImage(ZipImage):
    """A member of an archive that stays open: opening an archive of 10,000 costs more than reading one."""

    def content(self) -> bytes:
        """The bytes of the member.

        Raises:
            FileError: The archive is damaged or has no such member.
        """
        try:
            return _opened(readable(self.archive, "archive")).read(self.member)
        except (KeyError, zipfile.BadZipFile) as error:
            raise FileError(f"{self.archive}: {error}", hint="Copy the archive again.") from error


def _opened(archive: Path) -> zipfile.ZipFile:
    # A replaced archive is opened anew, and so is one inherited by a child process: the two would move
    # each other's place in the file.
    seen = archive.stat()
    return _open(archive, seen.st_mtime_ns, seen.st_size, os.getpid())


@lru_cache(maxsize=4)
def _open(archive: Path, changed: int, size: int, process: int) -> zipfile.ZipFile:
    return zipfile.ZipFile(archive)


def archive_images(
    archive: Path, n: int, categories: Sequence[str]
) -> tuple[tuple[SharedZipImage, ...], NDArray[np.str_]]:
    """The images of an archive whose members are named ``NUMBER_CATEGORY.jpg``, e.g. ``00000_cat.jpg``.

    Args:
        archive: The zip file; other members are passed over.
        n: How many images there must be, numbered from 0.
        categories: What a category may be.

    Returns:
        The images in the order of their numbers, and their categories, shape (n,).

    Raises:
        FileError: No zip file, a number is missing or doubled, or a category is unknown.
    """
    try:
        members = _opened(readable(archive, "archive of images")).namelist()
    except zipfile.BadZipFile as error:
        raise FileError(f"{archive} is no zip archive ({error})", hint="Copy it again.") from error
    matched = sorted((int(m[1]), m[2], m[0]) for m in map(MEMBER.fullmatch, members) if m)
    if [number for number, _, _ in matched] != list(range(n)):
        raise FileError(
            f"{archive} has {len(matched)} members named like 00000_cat.jpg; "
            f"one for each of 0..{n - 1} is needed",
            hint="Name the members NUMBER_CATEGORY.jpg, with five digits, in the original order.",
        )
    labels = np.array([category for _, category, _ in matched])
    unknown = sorted(set(labels.tolist()) - set(categories))
    if unknown:
        raise FileError(
            f"{archive}: {unknown[0]!r} is none of the categories", hint=f"They are {', '.join(categories)}."
        )
    return tuple(SharedZipImage(archive, member) for _, _, member in matched), labels
