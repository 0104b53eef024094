"""A torch network as a model: layers by name, one row of numbers per stimulus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from repalign.data import digest_spec
from repalign.errors import InputError, UnavailableError, UnknownNameError, UnsuitableError
from repalign.models.preprocessing import Pixels, Preprocessing
from repalign.models.protocol import ModelCard
from repalign.models.torch_blueprint import Facts
from repalign.models.torch_forward import Showing, prefix_tokens, shown
from repalign.models.torch_layers import OUTPUT, PENULTIMATE, Trace, placed, traced
from repalign.models.torch_state import state_digest

VERSION = 1  # goes up whenever the responses of the same network change


@dataclass(frozen=True, eq=False)
class TorchModel:
    """A ``torch.nn.Module`` and what is done to an image before it.

    Layers are the names of ``named_modules()`` whose output is, or holds, a tensor with one entry per
    stimulus; ``"penultimate"``, what its classifier reads (the last linear map onto its outputs, where
    there is one); and ``"output"``, what it returns. Outputs are copied as they arise (an in-place
    ReLU after a layer does not show), flattened per stimulus and returned as ``float32``. Of a tuple,
    list or dictionary the first tensor counts; of a module that runs several times in one pass, the last.

    Args:
        net: The network. It is put into evaluation mode and onto the device, and must not be trained on.
        preprocessing: Applied to each image.
        name: ``source/name``, with what differs from the defaults.
        parameters: All parameters.
        facts: For the card.
        architecture: Stands in the digest beside the weights.
        input_size: (height, width) that the network was made for.
        showing: How it is run.

    Raises:
        ShapeError: The network does not take images of the size that the preprocessing gives.
        UnavailableError: The device is not here.

    Example:
        >>> import torch
        >>> from repalign.models.preprocessing import Pixels, Preprocessing
        >>> from repalign.models.torch_model import TorchModel
        >>> net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(inplace=True))
        >>> TorchModel(net, Preprocessing(size=(8, 8)), "mine/tiny").shapes["0"]
        (4, 6, 6)
    """

    net: nn.Module = field(repr=False)
    preprocessing: Preprocessing = field(repr=False)
    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    facts: Facts = field(default=Facts("torch network"), repr=False)
    architecture: str = field(default="own", repr=False)
    input_size: tuple[int, int] = field(default=(224, 224), repr=False)
    showing: Showing = field(default=Showing(), repr=False)
    trace: Trace = field(init=False, repr=False)
    modality: str = field(default="image", init=False, repr=False)

    def __post_init__(self) -> None:
        self.net.eval()
        if not self.is_skeleton:
            placed(self.net, self.showing.device)
        height, width = self.preprocessing.size or self.input_size
        blank = self.preprocessing(np.zeros((height, width, 3), dtype=np.uint8))
        object.__setattr__(self, "trace", traced(self.net, blank.shape, self.name))
        if self.showing.tokens == "cls" and not prefix_tokens(self.net):
            raise UnsuitableError(
                f"{self.name} has no class token, as tokens='cls' needs", hint="Say tokens='mean' or 'all'."
            )

    @property
    def is_skeleton(self) -> bool:
        """Whether only the shapes of the weights are here, as for a card."""
        return any(parameter.is_meta for parameter in self.net.parameters())

    @property
    def digest(self) -> str:
        """Digest of the weights' content, the architecture, the preprocessing, dtype and token rule."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        self._check_weights()
        return digest_spec(
            {
                "weights": state_digest(self.net),
                "architecture": self.architecture,
                "preprocessing": self.preprocessing.as_dict(),
                "dtype": self.showing.dtype,
                "tokens": self.showing.tokens,
                "version": VERSION,
            }
        )

    @property
    def layers(self) -> tuple[str, ...]:
        """All layers, in the order of ``named_modules()``; ``"penultimate"``, ``"output"`` come last."""
        return tuple(self.trace.shapes)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every layer's output for one stimulus, before it is flattened and tokens are chosen."""
        return dict(self.trace.shapes)

    @property
    def default_layers(self) -> tuple[str, ...]:
        """What the classifier reads, ``"penultimate"``; without a classifier ``"output"``."""
        return (OUTPUT if self.trace.classifier is None else PENULTIMATE,)

    @property
    def one_size(self) -> bool:
        """True where images keep their own size."""
        return self.preprocessing.size is None

    @property
    def card(self) -> ModelCard:
        """What is known about the model."""
        return ModelCard(
            family=self.facts.family,
            training_data=self.facts.training_data,
            objective=self.facts.objective,
            n_parameters=sum(parameter.numel() for parameter in self.net.parameters()),
            input_size=self.preprocessing.size,
            preprocessing=self.preprocessing.describe(),
            licence=self.facts.licence,
            citation=self.facts.citation,
            layers=self.layers,
        )

    def prepare(self, stimulus: Pixels) -> NDArray[np.float32]:
        """One image, resized, cropped and normalised.

        Args:
            stimulus: ``uint8`` of shape (height, width, 3), RGB.

        Returns:
            ``float32`` of shape (3, height, width), or (height, width, 3) in layout ``"HWC"``.
        """
        return self.preprocessing(stimulus)

    def respond(self, batch: Sequence[Any], layers: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Responses to prepared images.

        Args:
            batch: n images as :attr:`prepare` gives them, ``float32`` of one shape.
            layers: Names out of :attr:`layers`.

        Returns:
            Per layer, ``float32`` of shape (n, n_units).

        Raises:
            UnknownNameError: No such layer.
            InputError: The layer has no output, or memory ran out.
            ShapeError: The images differ in size, or the network does not take this size.
        """
        self._check_weights()
        self._check_layers(layers)
        found: dict[str, list[NDArray[np.float32]]] = {layer: [] for layer in layers}
        for start in range(0, len(batch), self.showing.chunk):
            part = batch[start : start + self.showing.chunk]
            answers = shown(self.net, part, layers, self.trace.classifier, self.showing, self.name)
            for layer, rows in answers.items():
                found[layer].append(rows)
        return {layer: np.concatenate(parts) for layer, parts in found.items()}

    def _check_layers(self, layers: Sequence[str]) -> None:
        for layer in layers:
            if layer in self.trace.unusable:
                raise InputError(
                    f"layer {layer!r} of {self.name} has no responses: {self.trace.unusable[layer]}",
                    hint="See `repalign models layers` for those that have.",
                )
            if layer not in self.trace.shapes:
                raise UnknownNameError.among(f"layer of {self.name}", layer, self.layers)

    def _check_weights(self) -> None:
        if self.is_skeleton:
            raise UnavailableError(
                f"{self.name} was built for its card only, without weights",
                hint="Make it with repalign.models.model.",
            )
