"""What is trained upon what: a network, stimuli with targets, and how a perturbation reaches the images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from repalign.data import Assembly, Score
from repalign.errors import ShapeError, UnknownNameError
from repalign.models.torch_forward import Catch, prefix_tokens
from repalign.models.torch_layers import OUTPUT, PENULTIMATE, watching
from repalign.training.run_spec import RunSpec

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
class Reading:
    """Which responses of a network are read.

    Args:
        layers: Names of modules of the network, ``"output"`` for what it returns, ``"penultimate"`` for
            what its classifier reads.
        tokens: Of layers of shape (stimuli, tokens, width): ``"all"``, ``"cls"`` or ``"mean"``.
        classifier: The module whose input is ``"penultimate"``.
    """

    layers: tuple[str, ...] = (OUTPUT,)
    tokens: str = "all"
    classifier: str | None = None

    def read(self, module: nn.Module, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        """Run the network and give the layers' responses, (n, ...).

        Args:
            module: A network, or one inside :class:`Wrapped`.
            inputs: Of a batch.

        Raises:
            UnknownNameError: No module is called like a layer.
        """
        net = innermost(module)
        catch = Catch(self.layers, self.classifier, self.tokens, prefix_tokens(net))
        with watching(self._watched(net), catch.see):
            output = module(inputs)
        if OUTPUT in self.layers and OUTPUT not in catch.kept:
            catch.keep(OUTPUT, output)
        return {layer: catch.kept[layer] for layer in self.layers}

    def _watched(self, net: nn.Module) -> dict[str, nn.Module]:
        modules = {name: module for name, module in net.named_modules() if name}
        wanted = [layer for layer in self.layers if layer not in (OUTPUT, PENULTIMATE)]
        if PENULTIMATE in self.layers and self.classifier is not None:
            wanted.append(self.classifier)
        for name in wanted:
            if name not in modules:
                raise UnknownNameError.among("layer", name, modules)
        return {name: modules[name] for name in wanted}


WHOLE = Reading()  # what a network returns


class Wrapped(nn.Module):
    """A module around a network, whose layers go by the names that they have in the network.

    Args:
        net: The network, or another wrapper.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net


def innermost(module: nn.Module) -> nn.Module:
    """The network inside all wrappers."""
    while isinstance(module, Wrapped):
        module = module.net
    return module


@dataclass(frozen=True)
class Probe:
    """Scores of a network at every epoch.

    Args:
        name: What to call it.
        part: What it is shown.
        score: From its responses (stimulus x unit, with the label ``layer``), the run and the epoch to
            rows; ``epoch``, ``run`` and other factors of the study are filled in by the trainer.
        reading: Which layers are read.
    """

    name: str
    part: Part
    score: Callable[[Assembly, RunSpec, int], list[Score]]
    reading: Reading = WHOLE


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
        dimensions: Names of the targets' dimensions, (width,), where R^2 of each is wanted at every epoch
            of a baseline.
    """

    spec: Mapping[str, Any]
    build: Callable[[int], nn.Module]
    train: Part
    validation: Part
    probes: tuple[Probe, ...] = field(default=())
    dimensions: tuple[str, ...] = field(default=())
