"""Running an ONNX graph so that a stimulus gets the same response in any company."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.errors import FileError, InputError
from repalign.models.onnx_file import OnnxFile, libraries
from repalign.models.onnx_graph import GraphInput, inner_outputs, with_outputs

Arrays = list[NDArray[Any]]
SESSIONS_KEPT = 2


@dataclass(eq=False)
class Network:
    """A graph with the runtime that computes it.

    The graph is run as it is written, without the runtime's rewriting: fused operators round
    differently, and which are fused depends on the layers that are asked for.

    Args:
        file: The model.
        input: Its input.
        threads: Of the runtime.
    """

    file: OnnxFile
    input: GraphInput
    threads: int = 1
    _sessions: dict[tuple[str, ...], Any] = field(default_factory=dict[tuple[str, ...], Any], repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_sessions": {}}  # a session cannot travel; it is made anew

    def run(self, rows: NDArray[np.float32], names: Sequence[str]) -> Arrays:
        """Compute tensors for a batch that the graph can take.

        Raises:
            FileError: The runtime refuses the graph.
            InputError: The runtime fails on this batch.
        """
        session = self._session(tuple(names))
        try:
            return session.run(list(names), {self.input.name: rows.astype(self.input.dtype, copy=False)})
        except Exception as error:  # the runtime has many kinds
            raise InputError(
                f"{self.file.path} failed on a batch of shape {rows.shape}: {_first_line(error)}",
                hint="Does the size fit the net? See its input.",
            ) from error

    def respond(self, rows: NDArray[np.float32], names: Sequence[str], together: bool) -> Arrays:
        """Compute tensors for any number of stimuli.

        Args:
            rows: Prepared stimuli, shape (n, ...).
            names: Of the tensors.
            together: Whether stimuli may share a batch; else each is shown alone.

        Returns:
            For each name an array with n rows.
        """
        fixed = self.input.batch
        step = (fixed or max(1, len(rows))) if together else 1
        parts: list[Arrays] = []
        for start in range(0, len(rows), step):
            shown = rows[start : start + step]
            found = self.run(_filled(shown, fixed), names)
            parts.append([array[: len(shown)] for array in found])
        return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]

    def candidates(self) -> list[str]:
        """Tensors of floating-point numbers that depend on the input, in the order of the graph."""
        names = inner_outputs(self.file.proto, self.input.name)
        kinds = {out.name: out.type for out in self._session(names).get_outputs()}
        floats = {f"tensor({kind})" for kind in ("float", "float16", "double")}
        return [name for name in names if kinds[name] in floats]

    def forget(self) -> None:
        """Free what the runtime holds."""
        self._sessions.clear()

    def _session(self, names: tuple[str, ...]) -> Any:
        if names not in self._sessions:
            while len(self._sessions) >= SESSIONS_KEPT:
                self._sessions.pop(next(iter(self._sessions)))
            self._sessions[names] = self._made(names)
        return self._sessions[names]

    def _made(self, names: tuple[str, ...]) -> Any:
        _, runtime = libraries()
        options = runtime.SessionOptions()
        options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.intra_op_num_threads, options.inter_op_num_threads = self.threads, 1
        options.use_deterministic_compute = True
        options.log_severity_level = 4  # what goes wrong is raised
        content = with_outputs(self.file.proto, names).SerializeToString()
        try:
            # What it calls a fallback is to print and to try the same again.
            return runtime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"], enable_fallback=0
            )
        except Exception as error:  # the runtime has many kinds
            raise FileError(
                f"{self.file.path} cannot be run: {_first_line(error)}",
                hint="The file is damaged, or uses operators that this onnxruntime does not have.",
            ) from error


@dataclass(frozen=True)
class Probed:
    """What showing a few stimuli tells about a network.

    Args:
        shapes: For each layer the shape of one stimulus's response, in the order of the graph.
        together: Whether stimuli in one batch get, bit for bit, the responses that they get alone.
    """

    shapes: dict[str, tuple[int, ...]]
    together: bool


def probe(network: Network, examples: NDArray[np.float32]) -> Probed:
    """Find the tensors that have one row per stimulus, and whether stimuli may share a batch.

    Args:
        network: The network.
        examples: At least two different prepared stimuli, shape (n, ...).

    Raises:
        FileError: The runtime refuses the graph.
        InputError: It fails even on a single stimulus.
    """
    names = network.candidates()
    fixed = network.input.batch
    rows = examples[:fixed]
    batched = _tried(network, rows, names)
    shapes: dict[str, tuple[int, ...]] = {}
    together = batched is not None
    for i, row in enumerate(rows):
        alone = network.run(_filled(row[None], fixed), names)
        if i == 0:
            shapes = _row_shapes(names, alone, batched, fixed, len(rows))
        if batched is not None:
            pairs = zip(names, alone, batched, strict=True)
            together = together and all(
                np.array_equal(one[0], many[i], equal_nan=True) for name, one, many in pairs if name in shapes
            )
    network.forget()
    return Probed(shapes, together)


def _row_shapes(
    names: Sequence[str], alone: Arrays, batched: Arrays | None, fixed: int | None, n: int
) -> dict[str, tuple[int, ...]]:
    """Shapes of one row, of those tensors that have a row per stimulus whatever the number of stimuli."""
    shapes: dict[str, tuple[int, ...]] = {}
    for i, (name, one) in enumerate(zip(names, alone, strict=True)):
        rows = one.ndim > 0 and len(one) == (fixed or 1) and one.size > 0
        if rows and (batched is None or batched[i].shape == (fixed or n, *one.shape[1:])):
            shapes[name] = one.shape[1:]
    return shapes


def _tried(network: Network, rows: NDArray[np.float32], names: Sequence[str]) -> Arrays | None:
    """Responses to several stimuli at once; None where the graph takes one only, whatever it declares."""
    try:
        return network.run(_filled(rows, network.input.batch), names)
    except InputError:
        return None


def _filled(rows: NDArray[np.float32], fixed: int | None) -> NDArray[np.float32]:
    """As many rows as the graph takes: the last one is repeated."""
    return rows if fixed is None else np.concatenate([rows, np.repeat(rows[-1:], fixed - len(rows), axis=0)])


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
