"""The log of a run: what happened when, a line each. It is for people; nothing is read from it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from repalign.data.files import storage_error

LOG = "log.txt"


class Log:
    """Appends lines with the time.

    Args:
        path: The file; None writes nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path, self._at = path, time.monotonic()

    def say(self, what: str) -> None:
        """Write a line.

        Raises:
            StorageError: The file cannot be written.
        """
        if self._path is None:
            return
        now = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{now} {what}\n")
        except OSError as error:
            raise storage_error(self._path, error) from error

    def epoch(self, row: Mapping[str, Any]) -> None:
        """Write what an epoch gave and how long it took."""
        now = time.monotonic()
        seconds, self._at = now - self._at, now
        mark = ", perturbed" if row["perturbed"] else ""
        losses = f"training loss {row['train_loss']:.6g}, validation loss {row['validation_loss']:.6g}"
        self.say(f"epoch {row['epoch']}: {losses}{mark}, {seconds:.2f} s")
