"""One run of a training study as its rows say it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from repalign.data import Score
from repalign.errors import FileError
from repalign.training.published.kinds import Family
from repalign.training.published.records import TrainingRun, finite_part
from repalign.training.run_spec import RunSpec
from repalign.training.sweep import label

#: Targets of rows that are about the training itself and not about alignment.
OWN_TARGETS = ("train", "validation")
EXPLAINED = "r2"


class Series(NamedTuple):
    """An alignment that is followed over epochs."""

    target: str
    region: str | None
    layer: str | None
    measure: str


@dataclass(frozen=True, eq=False)
class Record:
    """A run, planned and recorded.

    Args:
        spec: What was planned.
        losses: Validation loss by epoch; None where it is no number.
        train_losses: By epoch.
        aligned: Alignment by series and epoch, where it is a number.
        rows: Of a baseline the rows on alignment and explained variance; empty for a perturbed run.
        source: Folder of the records.
    """

    spec: RunSpec
    losses: Mapping[int, float | None]
    train_losses: Mapping[int, float | None]
    aligned: Mapping[Series, Mapping[int, float]]
    rows: tuple[Score, ...]
    source: Path

    @classmethod
    def of(cls, spec: RunSpec, rows: Iterable[Score], source: Path) -> Record:
        """Put rows of one run in their places.

        Raises:
            FileError: A row twice, or a perturbed run that begins before its window.
        """
        losses: dict[str, dict[int, float | None]] = {name: {} for name in OWN_TARGETS}
        aligned: dict[Series, dict[int, float]] = {}
        kept = []
        for row in rows:
            epoch = row.epoch or 0
            if row.target in OWN_TARGETS and row.measure == spec.loss_measure:
                _once(spec, losses[row.target], epoch)
                losses[row.target][epoch] = row.value
            elif row.target not in OWN_TARGETS:
                series = aligned.setdefault(_series(row), {})
                _once(spec, series, epoch)
                series[epoch] = math.nan if row.value is None else row.value
            if spec.perturbation is None and (row.target not in OWN_TARGETS or row.measure == EXPLAINED):
                kept.append(row)
        _mark_gaps(spec, losses["validation"])
        return cls(spec, losses["validation"], losses["train"], aligned, tuple(kept), source)

    @property
    def name(self) -> str:
        """In a few words."""
        return label(self.spec)

    @cached_property
    def epochs(self) -> NDArray[np.int64]:
        """Epochs on record, with those from which on the loss is no number, (k,)."""
        return np.array(sorted(self.losses), dtype=np.int64)

    @cached_property
    def _finite(self) -> tuple[int, list[str]]:
        if not len(self.epochs):
            return 0, [f"{self.name}: no epoch has a loss; nothing of it can be used"]
        return finite_part(self.name, self.epochs, _along(self.losses, self.epochs))

    @property
    def n_epochs(self) -> int:
        """How many epochs can be used: those before the loss is first no number."""
        return self._finite[0]

    @property
    def notes(self) -> list[str]:
        """What a reader of the numbers must know."""
        return self._finite[1]

    @property
    def last(self) -> int:
        """The last epoch that can be used; -1 for none."""
        return int(self.epochs[self.n_epochs - 1]) if self.n_epochs else -1

    def run(self, series: Series | None, family: Family, *, kind: str | None = None) -> TrainingRun:
        """As the analysis of published runs takes it.

        Args:
            series: Which alignment; RSA is NaN where there is none.
            family: Which experiment it belongs to.
            kind: Of perturbation, as it is to be called.
        """
        at, window = self.epochs[: self.n_epochs], self.spec.perturbation
        return TrainingRun(
            self.name,
            family,
            kind,
            window.first if window else None,
            window.length if window else None,
            at,
            _along(self.train_losses, at),
            _along(self.losses, at),
            _along(self.aligned.get(series, {}) if series else {}, at),
            self.source,
            tuple(self.notes),
        )


def _series(row: Score) -> Series:
    return Series(row.target, row.region, row.layer, row.measure)


def _along(values: Mapping[int, float | None], epochs: NDArray[np.int64]) -> NDArray[np.float64]:
    found = (values.get(epoch) for epoch in epochs.tolist())
    return np.array([math.nan if value is None else value for value in found], dtype=np.float64)


def _once(spec: RunSpec, values: Mapping[int, float | None], epoch: int) -> None:
    if epoch in values:
        raise FileError(
            f"{label(spec)}: a score of epoch {epoch} is there twice",
            hint="Two probes have one benchmark, layer and measure, or two runs are in one file.",
        )


def _mark_gaps(spec: RunSpec, losses: dict[int, float | None]) -> None:
    """Give epochs without a row a loss that is no number: what comes after them cannot be trusted."""
    if not losses:
        return
    first = spec.perturbation.first if spec.perturbation is not None else min(losses)
    if min(losses) < first:
        raise FileError(
            f"{label(spec)}: its first row is epoch {min(losses)}, its first perturbed one {first}",
            hint="A perturbed run is recorded from its window on; the baseline has what is before.",
        )
    for epoch in range(first, max(losses)):
        losses.setdefault(epoch, None)
