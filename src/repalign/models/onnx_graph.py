"""What an ONNX graph says about itself: its input, its nodes' outputs, its weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from repalign.errors import InputError, ShapeError, UnsuitableError
from repalign.models.onnx_file import OnnxFile

FLOATS = {1: "float32", 10: "float16", 11: "float64"}  # onnx.TensorProto.DataType
COLOURS = 3


@dataclass(frozen=True)
class GraphInput:
    """The input of a graph that takes images.

    Args:
        name: Of the tensor.
        dtype: ``float32``, ``float16`` or ``float64``.
        batch: How many stimuli it takes at once; None for any number.
        dims: The three axes of a stimulus; None where the graph leaves the length open.
    """

    name: str
    dtype: str
    batch: int | None
    dims: tuple[int | None, int | None, int | None]

    def layout(self, given: str | None) -> str:
        """``"CHW"`` or ``"HWC"``: which axis has the three colour channels.

        Args:
            given: What the user says, if anything.

        Raises:
            UnsuitableError: No axis can be the colour channels.
            InputError: The graph does not tell, and nor does the user.
            ShapeError: The graph tells otherwise than the user.
        """
        channels = {"CHW": self.dims[0], "HWC": self.dims[2]}
        fitting = [layout for layout, length in channels.items() if length == COLOURS]
        fitting = fitting or [layout for layout, length in channels.items() if length is None]
        if not fitting:
            raise UnsuitableError(
                f"the input {self.name!r} takes stimuli of shape {self._words()}; an image has 3 colour "
                "channels, first or last",
                hint="Grey and flattened inputs are not supported: export the model with a colour input.",
            )
        if given is not None and given not in fitting:
            raise ShapeError(
                f"layout {given} does not fit the input {self.name!r} of shape {self._words()}",
                hint=f"It fits {fitting[0]}.",
            )
        if given is None and len(fitting) > 1:
            raise InputError(
                f"the input {self.name!r} of shape {self._words()} does not tell which axis has the colours",
                hint='Say layout="CHW" or layout="HWC".',
            )
        return given or fitting[0]

    def size(self, layout: str, given: tuple[int, int] | None) -> tuple[int, int]:
        """(height, width) that the net works on.

        Args:
            layout: What :meth:`layout` gave.
            given: What the user says, if anything.

        Raises:
            InputError: The graph leaves it open, and so does the user.
            ShapeError: The graph takes another size than the user says.
        """
        height, width = self.dims[1:] if layout == "CHW" else self.dims[:2]
        wanted = given or (height, width)
        if wanted[0] is None or wanted[1] is None:
            raise InputError(
                f"the input {self.name!r} of shape {self._words()} leaves the size of images open",
                hint='Say which, e.g. {"size": 224}.',
            )
        if (height or wanted[0], width or wanted[1]) != wanted:
            raise ShapeError(
                f"size {wanted[0]}x{wanted[1]} does not fit the input {self.name!r} of shape {self._words()}",
                hint="Leave size out: images are resized to what the net takes.",
            )
        return wanted[0], wanted[1]

    def _words(self) -> str:
        return f"({', '.join('any' if d is None else str(d) for d in self.dims)})"


def image_input(file: OnnxFile) -> GraphInput:
    """The one input of a graph, if it can take images.

    Raises:
        UnsuitableError: There are several inputs, or it is no batch of three-dimensional float arrays.
    """
    graph = file.proto.graph
    weights = {tensor.name for tensor in graph.initializer}  # old files list weights as inputs too
    inputs = [value for value in graph.input if value.name not in weights]
    if len(inputs) != 1:
        raise UnsuitableError(
            f"{file.path} has {len(inputs)} inputs {[v.name for v in inputs]}; a model of images has one",
            hint="Export the part of the model that takes the image.",
        )
    tensor = inputs[0].type.tensor_type
    # Exporters write an open length as a word, as 0 or as -1.
    dims = [d.dim_value if d.dim_value > 0 else None for d in tensor.shape.dim]
    if len(dims) != 4 or tensor.elem_type not in FLOATS:
        raise UnsuitableError(
            f"{file.path}: the input {inputs[0].name!r} has {len(dims)} axes and element type "
            f"{tensor.elem_type}; images are a batch of three axes of floating-point numbers",
            hint="Export the model with an input like (batch, 3, 224, 224), float32.",
        )
    return GraphInput(inputs[0].name, FLOATS[tensor.elem_type], dims[0], (dims[1], dims[2], dims[3]))


def inner_outputs(proto: Any, source: str) -> tuple[str, ...]:
    """Names of all tensors that nodes compute from the input, in the order of the graph."""
    reached, found = {source}, []
    for node in proto.graph.node:
        if reached.intersection(_reads(node)):
            outputs = [name for name in node.output if name]  # an output left out has no name
            found += outputs
            reached.update(outputs)
    return tuple(found)


def node_names(proto: Any, layers: Iterable[str]) -> dict[str, str]:
    """From the names of nodes to their first output among ``layers``; names of tensors come first."""
    known = set(layers)
    found: dict[str, str] = {}
    for node in proto.graph.node:
        outputs = [name for name in node.output if name in known]
        if node.name and outputs and node.name not in known:
            found.setdefault(node.name, outputs[0])
    return found


def with_outputs(proto: Any, names: Iterable[str]) -> Any:
    """A model that computes the named tensors and nothing that they do not need."""
    wanted = list(names)
    needed, nodes = set(wanted), []
    for node in reversed(proto.graph.node):
        if needed.intersection(node.output):
            nodes.append(node)
            needed.update(_reads(node))
    part = type(proto)(ir_version=proto.ir_version)
    part.opset_import.extend(proto.opset_import)
    part.functions.extend(proto.functions)
    part.graph.name = proto.graph.name
    part.graph.input.extend(proto.graph.input)
    part.graph.node.extend(reversed(nodes))
    part.graph.initializer.extend(t for t in proto.graph.initializer if t.name in needed)
    part.graph.sparse_initializer.extend(t for t in proto.graph.sparse_initializer if t.values.name in needed)
    for name in wanted:
        part.graph.output.add(name=name)  # the runtime infers type and shape
    return part


def count_weights(proto: Any) -> int:
    """Numbers in floating-point initialisers: weights, and the statistics of batch normalisation."""
    dense = [t for t in proto.graph.initializer if t.data_type in FLOATS]
    sparse = [t.values for t in proto.graph.sparse_initializer if t.values.data_type in FLOATS]
    return sum(math.prod(t.dims) for t in (*dense, *sparse))


def opset(proto: Any) -> int:
    """Version of the standard operators; 0 where the graph uses none."""
    return max((o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")), default=0)


def _reads(node: Any) -> Iterator[str]:
    """What a node reads: its inputs, and whatever the graphs within it mention."""
    yield from node.input
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            yield from (value.name for value in graph.output)
            for inner in graph.node:
                yield from _reads(inner)
