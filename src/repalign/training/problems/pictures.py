"""Images as a network in training sees them: held in memory while they are few, decoded anew else."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from repalign.data import StimulusSet, positions
from repalign.errors import UnsuitableError
from repalign.models.preprocessing import Preprocessing
from repalign.training.problem import ImageChange, Images, Part, prepared

HELD = 1 << 30  # bytes of images that are held in memory at most
READERS = 4  # threads that decode a batch


@dataclass(frozen=True)
class Streamed:
    """Stimuli whose images are decoded whenever they are shown.

    Args:
        stimuli: With images.
        rows: Of these stimuli in the set.
        targets: (n, width) numbers or (n,) labels.
        preprocessing: Of each image.
    """

    stimuli: StimulusSet
    rows: NDArray[np.intp]
    targets: NDArray[Any]
    preprocessing: Preprocessing

    @property
    def ids(self) -> tuple[str, ...]:
        """The stimuli."""
        return tuple(self.stimuli.ids[i] for i in self.rows)

    def inputs(self, rows: NDArray[np.intp], change: ImageChange | None = None) -> torch.Tensor:
        """Normalised images of these rows, changed before or after normalisation."""
        if not len(rows):  # a process may have no part in a batch
            return self.inputs(np.zeros(1, np.intp))[:0]
        with ThreadPoolExecutor(READERS) as readers:
            found = list(readers.map(self._decoded, self.rows[rows].tolist()))
        for place, image in zip(rows, found, strict=True):
            _check_size(self.ids[int(place)], image.shape, "others of its batch", found[0].shape)
        mean, sd = in_unit_range(self.preprocessing)
        return torch.from_numpy(prepared(np.stack(found), mean, sd, change))

    def _decoded(self, row: int) -> NDArray[np.uint8]:
        return _first_channel(self.preprocessing.framed(self.stimuli.pixels(row)))


def pictures(
    stimuli: StimulusSet, ids: Sequence[str], targets: NDArray[Any], preprocessing: Preprocessing
) -> Part:
    """Stimuli with targets as a part of a problem.

    Args:
        stimuli: With images, among them those of ``ids``.
        ids: Of the part, in order.
        targets: One per id.
        preprocessing: Of the network.

    Raises:
        UnsuitableError: Images come out in different sizes, or channels last.
        FileError: An image cannot be read.
    """
    if preprocessing.layout != "CHW":
        raise UnsuitableError("only networks that take channels first are trained", hint="Use a torch one.")
    rows = np.array(positions(stimuli.ids, ids), np.intp)
    streamed = Streamed(stimuli, rows, targets, preprocessing)
    if not len(rows):
        return streamed
    first = streamed.inputs(np.zeros(1, np.intp))
    if first.numel() * len(rows) > HELD:
        return streamed
    held = np.empty((len(rows), *first.shape[1:]), np.uint8)
    for place, row in enumerate(rows):
        image = _first_channel(preprocessing.framed(stimuli.pixels(int(row))))
        _check_size(ids[place], image.shape, repr(ids[0]), held.shape[1:])
        held[place] = image
    mean, sd = in_unit_range(preprocessing)
    return Images(tuple(ids), held, targets, mean, sd)


def in_unit_range(preprocessing: Preprocessing) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of a normalisation of images in [0, 1]."""
    whole = 255.0 * preprocessing.scale
    return tuple(m / whole for m in preprocessing.mean), tuple(s / whole for s in preprocessing.std)


def _check_size(named: str, shape: tuple[int, ...], other: str, wanted: tuple[int, ...]) -> None:
    if shape != wanted:
        raise UnsuitableError(
            f"stimulus {named!r} comes out as {shape}, {other} as {wanted}", hint="Give the model a 'size'."
        )


def _first_channel(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(image.transpose(2, 0, 1))
