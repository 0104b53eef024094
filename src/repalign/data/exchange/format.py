"""Format: how one way of writing responses down is recognised, read and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from repalign.data.assembly import Assembly
from repalign.data.exchange.options import ReadOptions
from repalign.data.exchange.parts import EVERYTHING
from repalign.data.rdm import RDM


@dataclass(frozen=True)
class Format:
    """One format of the field.

    Args:
        name: As in ``read_responses(..., format=name)``.
        title: What it is called in messages.
        recognise: Whether a path that exists looks like it, by content or suffix; it never raises.
        read: Gives the responses.
        options: Which options :attr:`read` heeds; ``ids`` is always among them.
        write: Writes responses to a path, all or nothing; None where the format is only read.
        holds: The parts it can hold, by noun; see :mod:`repalign.data.exchange.parts`.
        suffixes: Suffixes for which :attr:`write` is chosen when no format was named.
        extra: The extra of repalign that it needs, or nothing.
    """

    name: str
    title: str
    recognise: Callable[[Path], bool]
    read: Callable[[Path, ReadOptions], Assembly | RDM]
    options: frozenset[str] = frozenset()
    write: Callable[[Assembly | RDM, Path], None] | None = None
    holds: Mapping[str, frozenset[str]] = field(default_factory=lambda: EVERYTHING)
    suffixes: tuple[str, ...] = ()
    extra: str = ""


def starts_with(path: Path, *magic: bytes) -> bool:
    """Whether a file begins with one of these bytes."""
    try:
        with path.open("rb") as handle:
            return handle.read(max(len(m) for m in magic)).startswith(magic)
    except OSError:
        return False
