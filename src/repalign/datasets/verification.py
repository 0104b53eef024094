"""Is a file on disk the one its card describes?"""

from __future__ import annotations

from pathlib import Path

from repalign.data import sha256_file
from repalign.datasets.card import RemoteFile
from repalign.errors import VerificationError


def difference(path: Path, file: RemoteFile) -> str | None:
    """What differs between a file on disk and its card; None if nothing does."""
    size = path.stat().st_size
    if size != file.bytes:
        return f"{path} has {size} bytes where the card says {file.bytes}"
    found = sha256_file(path)
    if found != file.sha256:
        return f"{path} has sha256 {found} where the card says {file.sha256}"
    return None


def verified(path: Path, file: RemoteFile) -> Path:
    """Return ``path`` if its length and sha256 are those of the card.

    Args:
        path: The file on disk.
        file: What the card says of it.

    Returns:
        The same path.

    Raises:
        VerificationError: They differ; both values are named.
    """
    problem = difference(path, file)
    if problem is None:
        return path
    raise VerificationError(
        problem,
        hint=f"Remove it and copy it again from {file.url}, or remove it and run "
        "`repalign datasets get NAME`.",
    )
