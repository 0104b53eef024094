"""What is trained upon what: a network, stimuli with targets, and how a perturbation reaches the images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from repalign.data import Assembly, Score
from repalign.errors import ShapeError

Array = NDArray[Any]
Rows = NDArray[np.intp]


class ImageChange(NamedTuple):
    """A change of images of a batch.

    Args:
        apply: From images (n, channel, height, width), float32, to others of this shape.
        normalised: Whether it acts on normalised images; otherwise on images in [0, 1].
    """

    apply: Callable[[Array], Array]
    normalised: bool


class Part(Protocol):
    """Stimuli with targets: a training set, a validation set, or what a probe shows."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The stimuli."""
        ...

    @property
    def targets(self) -> Array:
        """(n, width), or labels (n,); with no entry for a part without targets."""
        ...

    def inputs(self, rows: Rows, change: ImageChange | None = None) -> torch.Tensor:
        """What the network is given for these rows, (n, ...), float32, on the CPU."""
        ...


@dataclass(frozen=True)
class Images:
    """Stimuli whose images are held in memory.

    Args:
        ids: The stimuli.
        images: (n, channel, height, width), ``uint8``.
        targets: (n, width) numbers or (n,) labels.
        mean: Of each channel, for normalisation, in [0, 1].
        sd: The same.

    Raises:
        ShapeError: Lengths differ.
    """

    ids: tuple[str, ...]
    images: Array
    targets: Array
    mean: tuple[float, ...]
    sd: tuple[float, ...]

    def __post_init__(self) -> None:
        if not len(self.ids) == len(self.images) == len(self.targets):
            raise ShapeError(
                f"{len(self.ids)} ids, {len(self.images)} images and {len(self.targets)} targets",
                hint="Give one of each per stimulus.",
            )

    def inputs(self, rows: Rows, change: ImageChange | None = None) -> torch.Tensor:
        """Normalised images of these rows, changed before or after normalisation."""
        return torch.from_numpy(prepared(self.images[rows], self.mean, self.sd, change))


def prepared(
    images: Array, mean: tuple[float, ...], sd: tuple[float, ...], change: ImageChange | None = None
) -> Array:
    """Images in [0, 1], changed, normalised, float32.

    Args:
        images: (n, channel, height, width), ``uint8``.
        mean: Of each channel.
        sd: The same.
        change: What a perturbation does to them.
    """
    found = images.astype(np.float32) / np.float32(255.0)
    if change is not None and not change.normalised:
        found = change.apply(found)
    centre, scale = (np.asarray(each, np.float32)[:, None, None] for each in (mean, sd))
    found = (found - centre) / scale
    return change.apply(found) if change is not None and change.normalised else found


@dataclass(frozen=True)
class Behind:
    """Stimuli seen through a frozen beginning of a network, whose outputs were computed once.

    Args:
        source: The stimuli themselves.
        held: Outputs of the frozen beginning, (n, ...), float32; may be a memory map.
        prefix: The frozen beginning, for batches whose images are changed.
    """

    source: Part
    held: Array
    prefix: torch.nn.Module

    @property
    def ids(self) -> tuple[str, ...]:
        """The stimuli."""
        return self.source.ids

    @property
    def targets(self) -> Array:
        """Of the source."""
        return self.source.targets

    def inputs(self, rows: Rows, change: ImageChange | None = None) -> torch.Tensor:
        """What was computed, or, where images are changed, computed anew."""
        if change is None:
            return torch.from_numpy(np.array(self.held[rows]))
        self.prefix.eval()
        with torch.no_grad():
            return self.prefix(self.source.inputs(rows, change))


@dataclass(frozen=True)
class Probe:
    """Scores of a network at every epoch.

    Args:
        name: What to call it.
        part: What it is shown.
        score: From its outputs (stimulus x output) to rows; ``epoch``, ``run`` and other factors of the
            study are filled in by the trainer.
    """

    name: str
    part: Part
    score: Callable[[Assembly], list[Score]]


@dataclass(frozen=True)
class Problem:
    """A network, what it is trained upon, and what is asked at every epoch.

    Args:
        spec: What decides all of it, as plain values: content digests of data and of starting weights,
            the recipe of the network. It becomes part of the run's digest.
        build: From a seed to the network with its starting weights, on the CPU; what requires a gradient
            is trained.
        train: Training set.
        validation: Always shown clean.
        probes: Scores of every epoch, always shown clean.
    """

    spec: Mapping[str, Any]
    build: Callable[[int], torch.nn.Module]
    train: Part
    validation: Part
    probes: tuple[Probe, ...] = field(default=())
