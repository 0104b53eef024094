"""Which code made a number."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from repalign.data import digest_bytes
from repalign.version import __version__


@cache
def code_version() -> str:
    """The version and a digest of the package's source, e.g. ``"0.1.0+3f2a9c1d"``.

    The digest differs whenever any line of the package does, so results of changed code are never
    taken for results of this code.
    """
    sources = sorted(_sources(files("repalign"), ""))
    return f"{__version__}+{digest_bytes(*(f'{name} '.encode() + content for name, content in sources))[:8]}"


def _sources(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _sources(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".py"):
            found.append((prefix + entry.name, entry.read_bytes()))
    return found
