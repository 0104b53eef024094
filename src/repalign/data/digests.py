"""Content digests: the same content gives the same 32 hexadecimal digits on every machine."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from repalign.errors import InputError

DIGEST_LENGTH = 32


def canonical_json(spec: Any) -> bytes:
    """Serialise ``spec`` so that equal specs give equal bytes: sorted keys, no spaces, no NaN.

    Args:
        spec: None, text, truth values, finite numbers, and lists and mappings of these with text as keys.

    Returns:
        JSON in ASCII.

    Raises:
        InputError: A value that JSON cannot hold exactly (NaN, an object, a non-string key).
    """
    _check_plain(spec, "spec")
    return json.dumps(spec, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _check_plain(value: Any, where: str) -> None:
    if value is None or isinstance(value, str | bool | int):
        return
    if isinstance(value, float):
        if math.isfinite(value):
            return
        raise InputError(
            f"{where} is {value}: a spec holds finite numbers only", hint="Leave it out, or give None."
        )
    if isinstance(value, Mapping):
        for key, item in cast(Mapping[object, Any], value).items():
            if not isinstance(key, str):
                raise InputError(
                    f"{where} has the key {key!r}: the keys of a spec are strings",
                    hint=f"Write {str(key)!r}.",
                )
            _check_plain(item, f"{where}.{key}")
        return
    if isinstance(value, list | tuple):
        for position, item in enumerate(cast(list[Any], value)):
            _check_plain(item, f"{where}[{position}]")
        return
    raise InputError(
        f"{where} is a {type(value).__name__}: a spec holds text, numbers, lists and mappings only",
        hint="Turn it into one of these, e.g. array.tolist() or str(path).",
    )


def digest_spec(spec: Any) -> str:
    """Digest of a spec's canonical JSON.

    Args:
        spec: As in :func:`canonical_json`.

    Returns:
        32 hexadecimal digits.

    Raises:
        InputError: A value that JSON cannot hold exactly.
    """
    return digest_bytes(canonical_json(spec))


def digest_bytes(*parts: bytes) -> str:
    """Digest of byte strings; where one ends and the next begins counts.

    Args:
        *parts: Byte strings, in order.

    Returns:
        32 hexadecimal digits.
    """
    state = hashlib.sha256()
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.hexdigest()[:DIGEST_LENGTH]


def digest_array(array: NDArray[Any]) -> str:
    """Digest of an array's kind, shape and values, whatever its memory layout or byte order.

    Args:
        array: Numbers, truth values or text, of any shape.

    Returns:
        32 hexadecimal digits.
    """
    plain = np.asarray(array)
    if plain.dtype.kind in "OTU":
        return digest_bytes(b"text", str(plain.shape).encode(), *(str(x).encode() for x in plain.ravel()))
    # Not ascontiguousarray, which gives a number the shape (1,).
    return digest_rows(plain.dtype, plain.shape, (plain,))


def digest_rows(dtype: np.dtype[Any], shape: tuple[int, ...], chunks: Iterable[NDArray[Any]]) -> str:
    """Digest of an array that comes in chunks of rows: the same as of the array in one piece.

    Args:
        dtype: Of the array.
        shape: Of the array.
        chunks: Its rows, in order.
    """
    little = dtype.newbyteorder("<")
    state = hashlib.sha256()
    for part in (little.str.encode(), str(shape).encode()):
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    state.update((math.prod(shape) * dtype.itemsize).to_bytes(8, "little"))
    for chunk in chunks:
        state.update(np.asarray(chunk, dtype=little, order="C").tobytes())
    return state.hexdigest()[:DIGEST_LENGTH]


def digest_labels(labels: Mapping[str, NDArray[Any]]) -> str:
    """Digest of named label arrays, whatever the order of the names."""
    return digest_bytes(*(f"{name}={digest_array(labels[name])}".encode() for name in sorted(labels)))


def digest_strings(strings: Iterable[str]) -> str:
    """Digest of a sequence of strings."""
    return digest_bytes(*(s.encode() for s in strings))


def sha256_file(path: Path) -> str:
    """The full sha256 of a file, read in blocks of 1 MiB.

    Args:
        path: The file.

    Returns:
        64 hexadecimal digits.
    """
    state = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            state.update(block)
    return state.hexdigest()
