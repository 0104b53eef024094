"""One pass of stimuli through a model: what it will need, then batch after batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from repalign.data import StimulusSet
from repalign.models.loader import BATCHES_AHEAD, batches, load
from repalign.models.memory import Need, size_of
from repalign.models.pixels import check_one_size
from repalign.models.protocol import Model
from repalign.models.reduction import Reduction, kept_units
from repalign.models.responses import check_widths, checked_responses, kept

Progress = Callable[[int, int], None]
Write = Callable[[int, list[NDArray[Any]]], None]
LABEL_BYTES = 12  # per unit: a reference to the layer's name and an int32


@dataclass(frozen=True)
class Waiting:
    """Another process extracts the same layer; this one waits and then reads it."""

    lock: Path

    def __str__(self) -> str:
        return "another process extracts the same layer now; waiting for it"


Announce = Callable[[Need | Waiting], None]


@dataclass(frozen=True)
class Job:
    """What is extracted and how; the arguments of :func:`repalign.models.extract`, checked."""

    shown: Model
    stimuli: StimulusSet
    layers: tuple[str, ...]
    batch_size: int
    workers: int
    dtype: np.dtype[Any]
    reduction: Reduction | None
    progress: Progress | None
    announce: Announce | None
    max_memory: int | None

    def say(self, what: Need | Waiting) -> None:
        """Announce, if anybody listens."""
        if self.announce is not None:
            self.announce(what)

    def report(self, done: int) -> None:
        """Say how many stimuli are done, if anybody listens."""
        if self.progress is not None:
            self.progress(done, len(self.stimuli))


@dataclass(frozen=True)
class Probe:
    """What the first stimulus shows.

    Args:
        widths: Units of each layer before any reduction.
        size: (height, width) of the image; None for texts.
        prepared: Bytes of the stimulus as prepared.
        decoded: Bytes of the stimulus as decoded.
        responses: Bytes of the responses of all layers to it, as the model returns them.
    """

    widths: tuple[int, ...]
    size: tuple[int, int] | None
    prepared: int
    decoded: int
    responses: int


def probe(job: Job, layers: Sequence[str]) -> Probe:
    """Show the first stimulus alone, to learn how much everything takes before it is taken.

    A model that has ``n_units(layer)`` says it without being shown anything.

    Raises:
        InputError: As :func:`repalign.models.extract`, of the first stimulus.
    """
    first = load(job.shown, job.stimuli, 0)
    n_units = cast(Callable[[str], int] | None, getattr(job.shown, "n_units", None))
    if callable(n_units):
        widths = tuple(n_units(layer) for layer in layers)
        responses = sum(widths) * np.dtype(np.float32).itemsize
    else:
        names = [f"stimulus {job.stimuli.ids[0]!r}"]
        found = job.shown.respond([first.prepared], layers)
        parts = checked_responses(job.shown, layers, found, names)
        widths = tuple(part.shape[1] for part in parts)
        responses = sum(part.nbytes for part in parts)
    return Probe(widths, first.size, size_of(first.prepared), first.decoded_bytes, responses)


def need_of(job: Job, seen: Probe, place: Path | None) -> Need:
    """What the whole pass will take."""
    n = len(job.stimuli)
    batch = min(job.batch_size, n)
    ahead = min(BATCHES_AHEAD * batch, n) if job.workers else 0
    # A batch is held as prepared and once more as the model stacks it.
    loading = (ahead + 2 * batch) * seen.prepared + (job.workers + 1) * seen.decoded
    reduction = job.reduction
    matrices = 0 if reduction is None else sum(reduction.matrix_bytes(n, w) for w in set(seen.widths))
    # What the model returns, and as much again while it is brought to its dtype, or turned and reduced.
    passing = loading + (2 if reduction is None else 3) * batch * seen.responses + matrices
    units = sum(kept_units(width, reduction) for width in seen.widths)
    values = n * units * job.dtype.itemsize
    if reduction is not None and not reduction.by_batch:  # all units are kept until they are reduced
        values += n * sum(seen.widths) * job.dtype.itemsize
    return Need(n, units, len(seen.widths), job.dtype.name, values, LABEL_BYTES * units, passing, place)


def run(job: Job, layers: Sequence[str], seen: Probe, start: int, write: Write) -> None:
    """Show the stimuli from ``start`` on and hand every batch's responses to ``write``.

    Args:
        job: What is extracted and how.
        layers: What the model is asked for.
        seen: From :func:`probe`.
        start: The first position, a multiple of the batch size.
        write: Called with the position of a batch's first stimulus and, per layer, the responses of
            shape (n, n_units) as they are kept.
    """
    shown, ids = job.shown, job.stimuli.ids
    loaded = batches(shown, job.stimuli, start, job.batch_size, job.workers)
    try:
        for begin, batch in loaded:
            names = [f"stimulus {i!r}" for i in ids[begin : begin + len(batch)]]
            if shown.one_size and seen.size is not None:
                sizes = [one.size or (0, 0) for one in batch]
                check_one_size(sizes, names, (f"stimulus {ids[0]!r}", seen.size), shown.name)
            found = shown.respond([one.prepared for one in batch], layers)
            parts = checked_responses(shown, layers, found, names)
            check_widths(parts, seen.widths, shown.name, names)
            del found
            write(begin, [_kept(job, layer, part, names) for layer, part in zip(layers, parts, strict=True)])
            del parts
            job.report(begin + len(batch))
    finally:
        loaded.close()


def _kept(job: Job, layer: str, part: NDArray[Any], names: Sequence[str]) -> NDArray[Any]:
    by_batch = job.reduction is not None and job.reduction.by_batch
    rows = job.reduction(part) if job.reduction is not None and by_batch else part
    return kept(rows, job.dtype, f"{job.shown.name}, layer {layer}", names)
