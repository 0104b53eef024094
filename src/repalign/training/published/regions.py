"""Alignment with brain regions by epoch: ``epoch, roi, rho``, of sweeps also which run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repalign.errors import FileError
from repalign.training.published.tables import read_table

_RUN_COLUMNS = ("training_run", "experiment")


@dataclass(frozen=True, eq=False)
class RegionRecord:
    """Alignment with regions over one or more runs.

    Args:
        name: For messages.
        regions: In the order in which they come.
        run: Of each row; "" for a baseline, (k,).
        epoch: Of each row, (k,).
        region: Of each row, (k,).
        rho: Spearman of the model's RDM with the region's, (k,).
        source: The file.
    """

    name: str
    regions: tuple[str, ...]
    run: tuple[str, ...]
    epoch: NDArray[np.int64]
    region: tuple[str, ...]
    rho: NDArray[np.float64]
    source: Path

    @property
    def is_baseline(self) -> bool:
        """Whether it is about one unperturbed run."""
        return set(self.run) == {""}

    def series(self, region: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Epochs and alignment of a region, in order of epoch, in a baseline."""
        mask = np.array([name == region for name in self.region])
        order = np.argsort(self.epoch[mask], kind="stable")
        return self.epoch[mask][order], self.rho[mask][order]


def read_regions(path: Path, *, name: str = "") -> RegionRecord:
    """Read alignment with regions.

    Raises:
        FileError: Columns missing, no numbers, or a region twice in one epoch of one run.
    """
    table, name = read_table(path), name or path.name
    table.require(("epoch", "roi", "rho"), "alignment with regions")
    epoch, region = table.integers("epoch"), tuple(table.columns["roi"])
    labels = next((table.columns[c] for c in _RUN_COLUMNS if c in table.columns), [""] * table.n_rows)
    keys = list(zip(labels, epoch.tolist(), region, strict=True))
    if len(set(keys)) != len(keys):
        seen: set[tuple[str, int, str]] = set()
        doubled = next(key for key in keys if key in seen or seen.add(key))
        raise FileError(
            f"{name}: region {doubled[2]} is there twice at epoch {doubled[1]}",
            hint="Two runs may have been written into one file; keep the rows of one.",
        )
    regions = tuple(dict.fromkeys(region))
    return RegionRecord(name, regions, tuple(labels), epoch, region, table.numbers("rho"), path)
