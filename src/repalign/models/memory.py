"""What an extraction needs, said before it runs, and whether this machine has it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from repalign.errors import InputError

SHARE = 0.8  # of what is available


@dataclass(frozen=True)
class Need:
    """What an extraction will take.

    Args:
        n_stimuli: Rows.
        n_units: Units of all layers as they are kept.
        n_layers: Layers that the model will be asked for.
        dtype: In which they are kept.
        values: Bytes of all rows, in memory or on disk.
        labels: Bytes of the units' labels, in memory.
        passing: Bytes in memory while it runs: the stimuli loaded ahead, one batch of responses, the
            matrices of a reduction. The model itself comes on top.
        place: The folder of the store; None keeps the values in memory.
        done: Rows that an earlier, interrupted run has left.
    """

    n_stimuli: int
    n_units: int
    n_layers: int
    dtype: str
    values: int
    labels: int
    passing: int
    place: Path | None
    done: int = 0

    @property
    def memory(self) -> int:
        """Bytes of memory, the model not counted."""
        return self.labels + self.passing + (self.values if self.place is None else 0)

    def __str__(self) -> str:
        units = (
            f"{self.n_stimuli:,} stimuli x {self.n_units:,} units of {self.n_layers} layers ({self.dtype})"
        )
        where = f" of which {in_words(self.values)} for the responses" if self.place is None else ""
        disk = "" if self.place is None else f"{in_words(self.values)} on disk, "
        resumed = f"; goes on after {self.done:,} stimuli" if self.done else ""
        return f"{units}: {disk}{in_words(self.memory)} of memory{where} beside the model{resumed}"


Announce = Callable[[Need], None]


def in_words(n_bytes: float) -> str:
    """Bytes as a person reads them: ``"1.1 GB"`` (powers of 1000)."""
    for unit in ("bytes", "kB", "MB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}" if unit == "bytes" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:,.1f} GB"


def check_fits(need: Need, limit: int | None) -> None:
    """Refuse what does not fit into memory.

    Args:
        need: What it takes.
        limit: Bytes; None for 80 % of what is available on this machine.

    Raises:
        InputError: It needs more.
    """
    free = available()
    allowed = limit if limit is not None else None if free is None else int(SHARE * free)
    if allowed is None or need.memory <= allowed:
        return
    ways = "Use a smaller batch_size, fewer layers, or a reduction such as 'srp:4096'."
    if need.place is None:
        ways = "Keep the responses on disk (store=True), name fewer layers, or use a reduction ('srp:4096')."
    raise InputError(f"{need}; at most {in_words(allowed)} of memory may be used", hint=ways)


def available() -> int | None:
    """Bytes of memory that can be had without swapping; None where the system does not say."""
    found: list[int] = []
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found.append(1024 * int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]))
    with suppress(OSError, ValueError):  # in a container the limit may be lower; "max" is no number
        group = Path("/sys/fs/cgroup")
        found.append(int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
    if not found and hasattr(os, "sysconf"):
        with suppress(OSError, ValueError):
            found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(found) if found else None


def size_of(prepared: Any) -> int:
    """Bytes of a prepared stimulus, whatever a model makes of it."""
    n_bytes = getattr(prepared, "nbytes", None)
    if isinstance(n_bytes, int):
        return n_bytes
    if isinstance(prepared, Mapping):
        return sum(size_of(part) for part in cast(Mapping[Any, Any], prepared).values())
    if isinstance(prepared, list | tuple):
        return sum(size_of(part) for part in cast(list[Any], prepared))
    return sys.getsizeof(prepared)
