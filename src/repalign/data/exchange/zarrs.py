"""``zarr``: a group with the array ``data``, an array per label, and attributes; it holds everything.

The axes have names, so that ``xarray.open_zarr(path, consolidated=False)`` reads it too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from repalign.data.assembly import Assembly
from repalign.data.exchange.extras import need
from repalign.data.exchange.folders import replacing_folder
from repalign.data.exchange.format import Format
from repalign.data.exchange.labelled import DATA, Labelled, from_labelled, to_labelled
from repalign.data.exchange.matrices import from_arrays
from repalign.data.exchange.options import ReadOptions
from repalign.data.files import read_json
from repalign.data.rdm import RDM
from repalign.errors import FileError, RepalignError, UnknownNameError

# Codecs that only turn bytes into numbers or text. zarr 2 knows one that unpickles.
_SAFE = frozenset(
    (
        *("blosc", "zstd", "gzip", "zlib", "lz4", "lzma", "bz2", "crc32", "crc32c", "adler32", "fletcher32"),
        *("bytes", "endian", "transpose", "sharding_indexed", "vlen-utf8", "vlen-bytes"),
        *("shuffle", "delta", "fixedscaleoffset", "quantize", "packbits", "bitround"),
    )
)
_METADATA = ("zarr.json", ".zarray", ".zmetadata")


def recognise(path: Path) -> bool:
    """Whether it is a folder with zarr's metadata."""
    return path.is_dir() and any((path / name).is_file() for name in ("zarr.json", ".zgroup"))


def read(path: Path, options: ReadOptions) -> Assembly | RDM:
    """Read the array ``data`` with its labels; without named axes, arrays and ids as in an ``.npz``.

    Raises:
        FileError: Damaged, no group, or an array that would have to be unpickled.
        UnavailableError: zarr is not installed.
    """
    zarr = need("zarr")
    for name in _METADATA:
        for place in sorted(path.rglob(name)):
            _check_codecs(place)
    try:
        group = zarr.open_group(str(path), mode="r")
        arrays = {str(k): np.asarray(v[...]) for k, v in group.arrays()}
        dims = {str(k): _dims(v) for k, v in group.arrays()}
        data = {k: np.array(v.tolist(), dtype=str) if v.dtype.kind == "T" else v for k, v in arrays.items()}
        attrs = dict(group.attrs)
    except RepalignError:
        raise
    except Exception as error:  # zarr and its codecs raise many kinds for damaged groups
        raise FileError(
            f"{path} cannot be read ({error})", hint="Is it a zarr group? Copy it again."
        ) from error
    name = options.variable or DATA
    if options.variable is not None and name not in data:
        raise UnknownNameError.among(f"array in {path.name}", name, data)
    if name not in data or len(dims[name]) != data[name].ndim:
        return from_arrays(data, options, path.name, path.stem)
    coords = {
        k: (dims[k][0], v) for k, v in data.items() if v.ndim == 1 and dims[k] and dims[k][0] in dims[name]
    }
    return from_labelled(Labelled(data[name], dims[name], coords, attrs), options, path.stem)


def _dims(array: Any) -> tuple[str, ...]:
    named = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS", ())
    return tuple(str(d) for d in named if d is not None)


def _check_codecs(place: Path) -> None:
    for codec in _codecs(read_json(place, "zarr metadata")):
        if codec.removeprefix("numcodecs.") not in _SAFE:
            raise FileError(
                f"{place.parent} is encoded with {codec!r}, which is not known to be harmless",
                hint="repalign never unpickles; write the array again as plain numbers or text.",
            )


def _codecs(node: object, inside: bool = False) -> Iterator[str]:
    if isinstance(node, list):
        for item in cast(list[object], node):
            yield from _codecs(item, inside)
    elif isinstance(node, dict):
        entries = cast(dict[str, object], node)
        if inside:
            yield str(entries.get("id", entries.get("name")))
        for key, value in entries.items():
            if key in ("filters", "compressor", "codecs", "index_codecs"):
                yield from _codecs(value, True)
            elif key != "attributes":
                yield from _codecs(value)


def write(responses: Assembly | RDM, path: Path) -> None:
    """Write a group of format 3.

    Raises:
        UnsuitableError: Labels that cannot be kept.
        StorageError: It cannot be written, or another thing is there.
        UnavailableError: zarr is not installed.
    """
    zarr = need("zarr")
    data = to_labelled(responses)
    extra = sorted(set(data.coords) - set(data.dims))
    with replacing_folder(path, _ours) as folder:
        group = zarr.open_group(str(folder), mode="w", zarr_format=3, attributes=dict(data.attrs))
        # CF's word for labels; xarray follows it.
        attrs = {"coordinates": " ".join(extra)} if extra else {}
        group.create_array(DATA, data=data.values, dimension_names=data.dims, attributes=attrs)
        for name, (dim, labels) in data.coords.items():
            group.create_array(name, data=_storable(labels), dimension_names=(dim,))


def _storable(labels: NDArray[Any]) -> NDArray[Any]:
    # zarr 3 has no settled way of writing text of fixed width.
    dtypes: Any = np.dtypes
    return labels.astype(dtypes.StringDType()) if labels.dtype.kind == "U" else labels


def _ours(path: Path) -> bool:
    return (path / "zarr.json").is_file() and (path / DATA / "zarr.json").is_file()


FORMAT = Format(
    name="zarr",
    title="a zarr group",
    recognise=recognise,
    read=read,
    options=frozenset({"id_label", "noun", "variable", "repetitions", "time_bins"}),
    write=write,
    suffixes=(".zarr",),
    extra="neuro",
)
