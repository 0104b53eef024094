"""An ONNX file as a model: any inner tensor is a layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data import digest_spec
from repalign.errors import ShapeError, UnknownNameError
from repalign.models.onnx_graph import count_weights, node_names, opset
from repalign.models.onnx_network import Network, Probed
from repalign.models.onnx_settings import Settings
from repalign.models.pixels import Pixels
from repalign.models.protocol import ModelCard

VERSION = 1  # goes up whenever the responses change


class LayerNames(tuple[str, ...]):
    """The layers of a model, which are tensors; a node's name is accepted for its output too.

    Args:
        names: The tensors.
        aliases: From the names of nodes to tensors.
    """

    aliases: Mapping[str, str]

    def __new__(cls, names: Iterable[str], aliases: Mapping[str, str]) -> LayerNames:
        """A tuple that knows its aliases."""
        made = super().__new__(cls, names)
        made.aliases = dict(aliases)
        return made

    def __getnewargs__(self) -> tuple[tuple[str, ...], Mapping[str, str]]:
        return tuple(self), self.aliases

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.aliases


@dataclass(frozen=True)
class OnnxCard(ModelCard):
    """What is known about an ONNX model; what the file does not say is unknown.

    Args:
        shapes: For each layer the shape of one stimulus's response.
        opset: Version of the standard operators.
        producer: The program that wrote the file.
        batch: How stimuli are shown.
    """

    shapes: Mapping[str, tuple[int, ...]]
    opset: int
    producer: str
    batch: str


@dataclass(frozen=True, eq=False)
class OnnxModel:
    """A network out of an ONNX file.

    Args:
        network: The graph and its runtime.
        settings: How images are prepared.
        probed: Its layers.
    """

    network: Network = field(repr=False)
    settings: Settings
    probed: Probed = field(repr=False)
    layers: LayerNames = field(init=False, repr=False)
    modality: str = "image"
    one_size: bool = False

    def __post_init__(self) -> None:
        aliases = node_names(self.network.file.proto, self.probed.shapes)
        object.__setattr__(self, "layers", LayerNames(self.probed.shapes, aliases))

    @property
    def name(self) -> str:
        """``onnx/FILE`` without folder and suffix, and what differs from the defaults."""
        return f"onnx/{self.network.file.stem}{self.settings.changed}"

    @property
    def parameters(self) -> Mapping[str, Any]:
        """All parameters, defaults filled in."""
        return self.settings.as_dict()

    @property
    def digest(self) -> str:
        """Digest of the file's content, the preprocessing and the threads; the file's name is no part."""
        return digest_spec(
            {
                "content": self.network.file.digest,
                "preprocessing": self.settings.preprocessing.as_dict(),
                "threads": self.settings.threads,  # sums may be split among them
                "version": VERSION,
            }
        )

    @property
    def default_layers(self) -> tuple[str, ...]:
        """The graph's own output; where that holds no row of numbers per stimulus, the last layer."""
        outputs = [out.name for out in self.network.file.proto.graph.output if out.name in self.probed.shapes]
        return (outputs[0] if outputs else self.layers[-1],)

    @property
    def card(self) -> OnnxCard:
        """What the file says, and what was assumed."""
        proto = self.network.file.proto
        return OnnxCard(
            family="onnx",
            training_data="unknown",
            objective="unknown",
            n_parameters=count_weights(proto),
            input_size=self.settings.preprocessing.size,
            preprocessing=self.settings.describe(),
            licence="unknown",
            citation="unknown",
            layers=tuple(self.layers),
            shapes=dict(self.probed.shapes),
            opset=opset(proto),
            producer=f"{proto.producer_name} {proto.producer_version}".strip() or "unknown",
            batch=self._batch(),
        )

    def prepare(self, stimulus: Pixels) -> NDArray[np.float32]:
        """One image as the network takes it: resized, scaled, normalised."""
        return self.settings.preprocessing(stimulus)

    def respond(self, batch: Sequence[NDArray[np.float32]], layers: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Responses to a batch; each stimulus gets, bit for bit, the response that it gets alone.

        Args:
            batch: n stimuli as :meth:`prepare` gave them.
            layers: Names of tensors out of :attr:`layers`, or of the nodes that compute them.

        Returns:
            Per layer an array of shape (n, n_units), units in the order of the tensor.

        Raises:
            UnknownNameError: No such layer; the nearest are given.
            ShapeError: A stimulus was not prepared for this network.
            InputError: The runtime fails.
        """
        for layer in layers:
            if layer not in self.layers:
                raise UnknownNameError.among(f"layer of {self.name}", layer, self.layers)
        tensors = [self.layers.aliases.get(layer, layer) for layer in layers]
        for i, stimulus in enumerate(batch):
            if stimulus.shape != self._shape():
                raise ShapeError(
                    f"{self.name} takes stimuli of shape {self._shape()}; number {i} has {stimulus.shape}",
                    hint="Pass each image through prepare() first.",
                )
        wanted = list(dict.fromkeys(tensors))
        found = dict(
            zip(wanted, self.network.respond(np.stack(batch), wanted, self.probed.together), strict=True)
        )
        return {
            layer: found[tensor].reshape(len(batch), -1)
            for layer, tensor in zip(layers, tensors, strict=True)
        }

    def _shape(self) -> tuple[int, ...]:
        size = self.settings.preprocessing.size or ()
        return (3, *size) if self.settings.preprocessing.layout == "CHW" else (*size, 3)

    def _batch(self) -> str:
        fixed = self.network.input.batch
        declared = "any number" if fixed is None else str(fixed)
        if self.probed.together and fixed != 1:
            return f"{declared} at once, with the same bits as each alone"
        if fixed == 1:
            return "each alone: the graph takes one at a time"
        return f"each alone: the graph takes {declared} at once, but not with the bits of each alone"
