"""Reading an ONNX file: bounded, never outside its folder, and without running anything."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from repalign.data import digest_bytes, readable
from repalign.errors import FileError, UnavailableError

MAX_BYTES = 2**31 - 1  # protobuf, which ONNX files are, holds no more
GZIP = b"\x1f\x8b"


@dataclass(frozen=True, eq=False)
class OnnxFile:
    """A parsed ONNX model, its external weights read in.

    Args:
        path: Where it was read from.
        proto: The ``onnx.ModelProto``.
        digest: Of the unpacked bytes, those of external weights included.
    """

    path: Path
    proto: Any = field(repr=False)
    digest: str

    @property
    def stem(self) -> str:
        """The file's name without folder, ``.onnx`` and ``.gz``."""
        return self.path.name.removesuffix(".gz").removesuffix(".onnx")


def libraries() -> tuple[ModuleType, ModuleType]:
    """``onnx`` and ``onnxruntime``, imported only when a model is wanted.

    Raises:
        UnavailableError: The extra is not installed.
    """
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise UnavailableError(
            f"ONNX models need onnx and onnxruntime, which are not installed ({error})",
            hint="pip install 'repalign[onnx]'",
        ) from error
    return onnx, onnxruntime


def read_onnx(path: Path) -> OnnxFile:
    """Read a model from ``.onnx``, or gzipped from ``.onnx.gz``.

    Raises:
        UnavailableError: The extra is not installed.
        FileError: Missing, damaged, no ONNX model, larger than ``MAX_BYTES`` once unpacked, or its
            external weights are missing or lie outside its folder.
    """
    onnx, _ = libraries()
    content = _content(readable(path, "ONNX model"))
    try:
        proto = onnx.load_model_from_string(content)
        _check_text(proto)
    except Exception as error:  # protobuf's own errors differ between its implementations
        raise FileError(
            f"{path} is not an ONNX model, or is damaged or truncated: {error}", hint="Copy the file again."
        ) from error
    if not (proto.graph.node and proto.opset_import):
        # Any bytes may happen to parse as a protobuf message of fields that nobody knows.
        raise FileError(f"{path} is not an ONNX model: it holds no graph", hint="Export the model again.")
    external = _read_external(proto, path, MAX_BYTES - len(content))
    return OnnxFile(path, proto, digest_bytes(content, *external))


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as handle:
            packed = handle.read(len(GZIP)) == GZIP
        with gzip.open(path) if packed else path.open("rb") as handle:
            content = handle.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise FileError(f"{path} cannot be read: {error}", hint="Copy the file again.") from error
    if len(content) > MAX_BYTES:
        raise _too_large(path)
    return content


def _check_text(message: Any) -> None:
    """Decode all names now: the parser lets damaged ones through, and any later use of one would fail."""
    for described, value in message.ListFields():
        if described.type == described.TYPE_MESSAGE:
            for part in [value] if hasattr(value, "ListFields") else value:
                _check_text(part)
        elif described.type == described.TYPE_STRING:
            for text in [value] if isinstance(value, str | bytes) else value:
                (text if isinstance(text, bytes) else text.encode()).decode()


def _too_large(path: Path) -> FileError:
    return FileError(
        f"{path} holds more than {MAX_BYTES} bytes; no more are unpacked", hint="Use a smaller model."
    )


def _read_external(proto: Any, path: Path, allowed: int) -> list[bytes]:
    """Replace weights that are kept in other files by their bytes, and return these in order."""
    found: list[bytes] = []
    for tensor in all_tensors(proto):
        if tensor.data_location != tensor.EXTERNAL:
            continue
        entries = {entry.key: entry.value for entry in tensor.external_data}
        place = _inside(path, entries.get("location", ""))
        try:
            start = int(entries.get("offset", 0))
            length = int(entries.get("length", place.stat().st_size - start))
            if min(start, length) < 0 or start + length > place.stat().st_size:
                raise ValueError(f"bytes {start} to {start + length} are not in {place.name}")
            allowed -= length
            if allowed < 0:
                raise _too_large(path)
            with place.open("rb") as handle:
                handle.seek(start)
                found.append(handle.read(length))
        except (OSError, ValueError) as error:
            if isinstance(error, FileError):
                raise
            raise FileError(
                f"{path}: the weights {tensor.name!r} cannot be read: {error}",
                hint="Copy the model with all of its files.",
            ) from error
        tensor.raw_data = found[-1]
        tensor.ClearField("external_data")
        tensor.data_location = tensor.DEFAULT
    return found


def _inside(path: Path, location: str) -> Path:
    folder = path.parent.resolve()
    place = (folder / location).resolve()  # follows links, so that none leads out
    if not location or not place.is_relative_to(folder):
        raise FileError(
            f"{path} keeps weights in {location!r}, outside its own folder; such files are never read",
            hint="Put the weights beside the model, or export it with the weights inside.",
        )
    return readable(place, f"weights of {path.name}")


def all_tensors(proto: Any) -> Iterator[Any]:
    """Every tensor of a model: weights, constants in nodes, and those of graphs within nodes."""
    yield from _of_graph(proto.graph)
    for function in proto.functions:
        for node in function.node:
            yield from _of_node(node)


def _of_graph(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        yield from _of_node(node)


def _of_node(node: Any) -> Iterator[Any]:
    for attribute in node.attribute:
        yield from (attribute.t, *attribute.tensors)
        for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
            yield from (sparse.values, sparse.indices)
        for graph in (attribute.g, *attribute.graphs):
            yield from _of_graph(graph)
