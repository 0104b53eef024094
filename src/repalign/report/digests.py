"""Digests behind the numbers: of what was compared, and of how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from repalign.data import Score
from repalign.report.labels import with_layer
from repalign.report.tables import ABSENT


@dataclass(frozen=True)
class Digests:
    """Digests behind the numbers, as lines of text.

    Args:
        sides: Of responses: whose they are, and running numbers with digests; each digest once.
        numbers: Per panel its heading, and for each row the running numbers of both sides and the digest of
            the spec.
    """

    sides: str
    numbers: tuple[tuple[str, str], ...]


def digests(panels: Sequence[tuple[str, Sequence[Score]]]) -> Digests:
    """Digests of both sides and of the spec of each number.

    Args:
        panels: Heading of each panel, and its aggregates.
    """
    places: dict[str, int] = {}
    sides: dict[str, list[str]] = {}
    numbers: list[tuple[str, str]] = []

    def place(digest: str | None, name: str, part: str | None) -> str:
        if not digest:
            return ABSENT
        if digest not in places:
            places[digest] = len(places) + 1
            sides.setdefault(with_layer(name, part), []).append(f"{places[digest]} {digest}")
        return str(places[digest])

    for heading, rows in panels:
        lines = [
            f"{place(row.model_digest, row.model, row.layer)} "
            f"{place(row.target_digest, row.target, row.region)} {row.spec_digest or ABSENT}"
            for row in rows
            if row.model_digest or row.target_digest or row.spec_digest
        ]
        if lines:
            numbers.append((heading, "\n".join(lines)))
    listed = [f"{name}: {', '.join(each)}" for name, each in sides.items()]
    return Digests("\n".join(listed), tuple(numbers))
