"""What is timed: ours, a peer as installed, and, where there is one, the bare formula as the floor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Run = Callable[[], object]


@dataclass(frozen=True)
class Case:
    """One task: the same inputs for everybody.

    Args:
        task: What is computed, with sizes.
        ours: repalign. It returns numbers.
        peer: The peer. It returns the same numbers, or None where they cannot be compared.
        peer_name: Which, as the table prints it; the version is added where it is a package's name.
        agree: Largest difference allowed between our and the peer's numbers.
        floor: The bare arithmetic, if it is known.
        at_least: The ratio peer / ours that is asked for; None where there is no such figure.
        floor_at_most: The ratio ours / floor that is asked for.
        floor_name: What the floor computes, in a few words.
        scale: How many times the peer's time counts, where it was run on a part of the task.
        repeats: How many interleaved repeats; slow peers take fewer.
    """

    task: str
    ours: Run
    peer: Run
    peer_name: str
    agree: float
    floor: Run | None = None
    at_least: float | None = None
    floor_at_most: float | None = None
    floor_name: str = ""
    scale: float = 1.0
    repeats: int = 5
