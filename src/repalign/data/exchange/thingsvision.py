"""``thingsvision``: a folder with ``features.*`` and ``file_names.txt``, as its extractors write it.

``save_features`` writes ``features.npy``, ``.txt``, ``.mat``, ``.hdf5`` or ``.pt``, or, when memory is
short, numbered parts (``features_01.npy`` ...); the data set writes one file name per line. The format
holds values and ids of an assembly of two axes. Ids are written as they are; read with
``id_from="name"`` they come back so, by default without the suffix of an image.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data.assembly import Assembly
from repalign.data.exchange.extras import MODELS, need
from repalign.data.exchange.folders import replacing_folder
from repalign.data.exchange.format import Format
from repalign.data.exchange.names import MEDIA, id_of, lines_of, read_lines, settle_ids
from repalign.data.exchange.options import ReadOptions
from repalign.data.files import load_numpy, readable
from repalign.data.rdm import RDM
from repalign.data.stimulus_files import read_mat
from repalign.errors import FileError, UnsuitableError

NAMES, FEATURES = "file_names.txt", "features.npy"
_PART = re.compile(r"features(_\d+)?\.(npy|txt|mat|hdf5|h5|pt)")


def recognise(path: Path) -> bool:
    """Whether it is such a folder, or the features in it."""
    if path.is_dir():
        return (path / NAMES).is_file() or bool(_parts(path))
    return _PART.fullmatch(path.name) is not None and (path.parent / NAMES).is_file()


def _parts(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if _PART.fullmatch(p.name))


def read(path: Path, options: ReadOptions) -> Assembly:
    """Read the features of all images; further axes are flattened.

    Raises:
        FileError: No features, several kinds of them, damaged, or names and rows differ in number.
        IdentityError: There is no ``file_names.txt`` and no ids were given.
        UnavailableError: ``.hdf5`` needs the extra ``neuro``, ``.pt`` the extra ``models``.
    """
    folder = path if path.is_dir() else path.parent
    parts = _parts(folder) if path.is_dir() else [path]
    if len({p.suffix for p in parts}) != 1 or not all(_PART.fullmatch(p.name) for p in parts):
        seen = ", ".join(p.name for p in parts) or "none"
        raise FileError(
            f"{folder} should hold one kind of features; saw {seen}", hint="Name the file itself."
        )
    names = read_lines(folder / NAMES, "file names") if (folder / NAMES).is_file() else None
    blocks: list[NDArray[Any]] = []
    keys: list[str] = []
    for part in parts:
        found, block = _READERS[part.suffix](part)
        keys += found
        blocks.append(block.reshape(len(block), -1))
    if len({b.shape[1] for b in blocks}) != 1:
        raise FileError(f"{folder}: the parts differ in their number of units", hint="Save them again.")
    values = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
    if keys:
        values, names = _by_name(values, keys, names, folder)
    ids = None if names is None else [id_of(n.strip(), options.id_from) for n in names]
    return Assembly(values, settle_ids(ids, options, len(values), str(folder)), name=folder.name)


def _by_name(
    values: NDArray[Any], keys: list[str], names: tuple[str, ...] | None, folder: Path
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Rows that carry names of their own (``.mat``), in the order of the list of names."""
    if names is None:
        return values, tuple(keys)
    place = {key: row for row, key in enumerate(keys)}
    bare = [n.strip() if n.strip() in place else _bare(n.strip()) for n in names]
    absent = [n for n in bare if n not in place]
    if absent or len(bare) != len(keys):
        raise FileError(
            f"{folder}: {len(keys)} named features for {len(names)} file names"
            + (f"; {absent[0]!r} has none" if absent else ""),
            hint="Extract the features again.",
        )
    return values[[place[n] for n in bare]], names


def _bare(name: str) -> str:
    suffix = Path(name).suffix
    return name.removesuffix(suffix) if suffix.lower() in MEDIA else name


def _read_npy(path: Path) -> tuple[list[str], NDArray[Any]]:
    loaded = load_numpy(path, "features")
    if isinstance(loaded, dict):
        raise FileError(f"{path} is an .npz archive under another name", hint="Rename it to .npz.")
    return [], _matrix(path, loaded)


def _read_txt(path: Path) -> tuple[list[str], NDArray[Any]]:
    try:
        with readable(path, "features").open(encoding="utf-8") as lines:
            if not any(line.strip() for line in lines):
                raise ValueError("it is empty")
        return [], _matrix(path, np.loadtxt(path, dtype=np.float64, ndmin=2))
    except (ValueError, UnicodeDecodeError) as error:
        raise _damaged(path, error) from error


def _read_mat(path: Path) -> tuple[list[str], NDArray[Any]]:
    variables = {k: np.asarray(v) for k, v in read_mat(path).items()}
    if set(variables) == {"features"}:
        return [], _matrix(path, variables["features"])
    rows = [v.ravel() for v in variables.values()]
    if not rows or len({len(r) for r in rows}) != 1 or any(r.dtype.kind not in "fiub" for r in rows):
        raise FileError(f"{path} does not hold one vector per image", hint="Save the features as .npy.")
    return list(variables), np.stack(rows)


def _read_hdf5(path: Path) -> tuple[list[str], NDArray[Any]]:
    h5py = need("h5py")
    try:
        with h5py.File(readable(path, "features"), "r") as file:
            names = [n for n in sorted(file) if n == "features" or n.startswith("features_")]
            blocks = [np.asarray(file[n]) for n in names]
            return [], _matrix(path, np.concatenate(blocks))
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise _damaged(path, error) from error


def _read_pt(path: Path) -> tuple[list[str], NDArray[Any]]:
    torch = need("torch", MODELS)
    try:
        loaded = torch.load(readable(path, "features"), map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds, pickle's own among them
        raise FileError(
            f"{path} holds more than plain tensors, or is damaged ({type(error).__name__})",
            hint="repalign runs no code that comes with a file; save the features as .npy.",
        ) from error
    if not isinstance(loaded, torch.Tensor):
        raise FileError(
            f"{path} holds a {type(loaded).__name__}, not one tensor", hint="Save the features as .npy."
        )
    tensor: Any = loaded.detach()
    return [], _matrix(
        path, np.asarray((tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy())
    )


def _matrix(path: Path, values: NDArray[Any]) -> NDArray[Any]:
    if values.ndim < 2:
        raise FileError(
            f"{path} has shape {values.shape}: features are (image, ...)", hint="Save them again."
        )
    return values


def _damaged(path: Path, error: Exception) -> FileError:
    return FileError(f"{path} cannot be read ({error})", hint="Truncated or damaged; make or copy it again.")


_READERS: dict[str, Callable[[Path], tuple[list[str], NDArray[Any]]]] = {
    ".npy": _read_npy,
    ".txt": _read_txt,
    ".mat": _read_mat,
    ".hdf5": _read_hdf5,
    ".h5": _read_hdf5,
    ".pt": _read_pt,
}


def write(responses: Assembly | RDM, path: Path) -> None:
    """Write a folder with ``features.npy`` and ``file_names.txt``.

    Raises:
        UnsuitableError: An id would not come back from a list of file names.
        StorageError: It cannot be written.
    """
    ids = responses.require_ids()
    odd = [i for i in ids if i != i.strip()]
    if odd or not isinstance(responses, Assembly):
        raise UnsuitableError(
            f"the id {odd[0] if odd else ''!r} begins or ends with a space",
            hint="Write format='npz' instead.",
        )
    lines = lines_of(ids)
    with replacing_folder(path, _ours) as folder:
        np.save(folder / FEATURES, responses.array(), allow_pickle=False)
        (folder / NAMES).write_bytes(lines)


def _ours(path: Path) -> bool:
    return {p.name for p in path.iterdir()} <= {FEATURES, NAMES}


FORMAT = Format(
    name="thingsvision",
    title="a thingsvision folder",
    recognise=recognise,
    read=read,
    options=frozenset({"id_from"}),
    write=write,
    holds={"assembly": frozenset()},
)
