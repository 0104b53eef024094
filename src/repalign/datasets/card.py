"""Cards: what a data set is, where it comes from, who was measured, and what it must not be used for."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class RemoteFile(BaseModel):
    """One published file: where it lies here, where it comes from, and what its content must be.

    Args:
        path: Its place in the local layout, ``OWNER+REPO/path/in/repo``.
        url: The full address of one fixed version.
        sha256: The content's sha256, 64 hexadecimal digits.
        bytes: The content's length.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Text
    url: Annotated[str, StringConstraints(pattern=r"^https?://")]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(gt=0)]

    @field_validator("path")
    @classmethod
    def _stays_inside(cls, path: str) -> str:
        # A path is joined onto a folder of ours: it must not climb out of it.
        parts = PurePosixPath(path).parts
        if path.startswith("/") or ".." in parts or "\\" in path:
            raise ValueError(f"a path stays below the data folder; saw {path!r}")
        return path

    @property
    def name(self) -> str:
        """The file's own name, without folders."""
        return PurePosixPath(self.path).name


class Card(BaseModel):
    """What is to be known about a data set before its numbers are believed.

    Args:
        name: The data set's name, as in ``dataset(name)``.
        title: One line for lists.
        description: What it holds.
        files: The published files; none for what is built in.
        licence: Under what terms the files may be used.
        licence_url: Where these terms are written.
        citation: What to cite.
        subjects: Who was measured: number, population, species.
        method: How they were measured.
        biases: Known biases and limits.
        intended_use: What it is good for.
        inappropriate_use: What it must not be used for.
        version: Rises whenever scores against it would change.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    title: Text
    description: Text
    files: tuple[RemoteFile, ...] = ()
    licence: Text
    licence_url: Text
    citation: Text
    subjects: Text
    method: Text
    biases: Text
    intended_use: Text
    inappropriate_use: Text
    version: Annotated[int, Field(ge=1)] = 1


def github_file(
    repo: str, commit: str, source: str, sha256: str, bytes: int, *, path: str | None = None
) -> RemoteFile:
    """A file of a public GitHub repository at a fixed commit.

    Args:
        repo: ``OWNER/REPO``.
        commit: The full commit, 40 hexadecimal digits.
        source: The file's path in the repository at that commit.
        sha256: Its sha256.
        bytes: Its length.
        path: Its place in the local layout, where that is not ``OWNER+REPO/`` + ``source``.
    """
    return RemoteFile(
        path=path or f"{repo.replace('/', '+')}/{source}",
        url=f"https://raw.githubusercontent.com/{repo}/{commit}/{source}",
        sha256=sha256,
        bytes=bytes,
    )
