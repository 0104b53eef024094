"""``net2brain``: features and RDMs that Net2Brain wrote as ``.npz``.

Features are a folder with one file per stimulus that holds an array per layer, or, consolidated, with one
file per layer that holds an array per stimulus. RDMs are single files, or a folder of them, with the key
``rdm`` and usually ``stimuli_name`` and ``layer_name``; the pickled key ``meta`` is not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data.assembly import Assembly
from repalign.data.exchange.archives import members, read_plain
from repalign.data.exchange.format import Format
from repalign.data.exchange.matrices import from_layers, from_matrix, n_rows
from repalign.data.exchange.names import MEDIA, as_texts, id_of, settle_ids
from repalign.data.exchange.options import Layout, ReadOptions
from repalign.data.files import HEADER
from repalign.data.rdm import RDM
from repalign.errors import FileError, IdentityError, UnsuitableError

_CONSOLIDATED = "consolidated_"
_RDM_KEYS = ("rdm", "stimuli_name", "layer_name")
Files = Mapping[str, Mapping[str, NDArray[Any]]]


def recognise(path: Path) -> bool:
    """Whether it is a folder of ``.npz`` files, or one with an RDM in it."""
    return bool(_files(path)) if path.is_dir() else "rdm" in members(path)


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix == ".npz" and not p.name.startswith("."))


def read(path: Path, options: ReadOptions) -> Assembly | RDM:
    """Read features as an assembly with a ``layer`` label, or RDMs, stacked if there are several.

    Raises:
        FileError: Damaged, or the files do not hold the same layers and stimuli.
        UnsuitableError: Files per stimulus and files per layer cannot be told apart.
        IdentityError: An RDM has no names of stimuli, and none were given.
    """
    if path.is_file():
        return _rdm(path, options)
    files = _files(path)
    if not files:
        raise FileError(f"{path} holds no .npz file", hint="Name the folder that Net2Brain wrote.")
    if all("rdm" in members(f) for f in files):
        return _stack([_rdm(f, options) for f in files], path)
    arrays = {f.stem: read_plain(f, "features") for f in files}
    own = [name for name, found in arrays.items() if HEADER in found]
    if own:
        raise FileError(
            f"{path / own[0]}.npz is a file of repalign's own", hint="Read such files one by one."
        )
    layout = options.layout or _layout(arrays, path)
    if layout == "per-layer":
        arrays = _turned({name.removeprefix(_CONSOLIDATED): a for name, a in arrays.items()}, path)
    return _features(arrays, options, path)


def _layout(files: Files, path: Path) -> Layout:
    """A layer has equally many numbers for all stimuli; that and the names tell which files these are."""
    if all(name.startswith(_CONSOLIDATED) for name in files):
        return "per-layer"
    same_within = all(len({a.shape for a in arrays.values()}) == 1 for arrays in files.values())
    keys = {key for arrays in files.values() for key in arrays}
    same_across = all(len({a[k].shape for a in files.values() if k in a}) == 1 for k in keys)
    media_files, media_keys = (all(Path(n).suffix.lower() in MEDIA for n in names) for names in (files, keys))
    if media_files != media_keys:
        return "per-stimulus" if media_files else "per-layer"
    if same_within != same_across:
        return "per-layer" if same_within else "per-stimulus"
    raise UnsuitableError(
        f"{path}: nothing tells whether its files ({next(iter(files))!r}, ...) are stimuli or layers",
        hint="Say which: layout='per-stimulus' or layout='per-layer'.",
    )


def _turned(layers: Files, path: Path) -> dict[str, dict[str, NDArray[Any]]]:
    stimuli = list(next(iter(layers.values())))
    for name, arrays in layers.items():
        if set(arrays) != set(stimuli):
            raise FileError(f"{path}: {name} holds other stimuli than the rest", hint="Extract it again.")
    return {s: {name: arrays[s] for name, arrays in layers.items()} for s in stimuli}


def _features(stimuli: Files, options: ReadOptions, path: Path) -> Assembly:
    first_name, first = next(iter(stimuli.items()))
    for name, arrays in stimuli.items():
        odd = [k for k in {*first, *arrays} if k not in arrays or k not in first]
        odd += [k for k in first if k in arrays and arrays[k].size != first[k].size]
        if odd:
            raise FileError(
                f"{path}: layer {odd[0]!r} is not equally long in {name!r} and {first_name!r}, or missing",
                hint="Extract the features again; sequences of differing length need pooling first.",
            )
    ids = settle_ids([id_of(n, options.id_from) for n in stimuli], options, len(stimuli), str(path))
    layers = {k: np.stack([arrays[k].ravel() for arrays in stimuli.values()]) for k in first}
    return from_layers(layers, ids, str(path), path.name)


def _rdm(path: Path, options: ReadOptions) -> RDM:
    arrays = read_plain(path, "RDM", only=_RDM_KEYS)
    if "rdm" not in arrays:
        raise FileError(f"{path} has no key 'rdm' that holds numbers", hint="Save the RDM again.")
    names = arrays.get("stimuli_name")
    what = path.name
    found = None if names is None else [id_of(n, options.id_from) for n in as_texts(names, "stimuli_name")]
    ids = settle_ids(found, options, n_rows(arrays["rdm"], "rdm"), what)
    layer = as_texts(arrays["layer_name"], "layer_name")[0] if "layer_name" in arrays else path.stem
    made = from_matrix(arrays["rdm"], ids, "rdm", layer)
    assert isinstance(made, RDM)
    return made


def _stack(rdms: list[RDM], path: Path) -> RDM:
    ids = rdms[0].require_ids()
    for rdm in rdms:
        if set(rdm.require_ids()) != set(ids):
            raise IdentityError(
                f"{path}: the RDMs of {rdms[0].name} and {rdm.name} are not about the same stimuli",
                hint="Read the files one by one.",
            )
    values = np.stack([rdm.select(ids).values for rdm in rdms])
    return RDM(values, ids, {"layer": np.array([r.name for r in rdms], dtype=str)}, name=path.name)


FORMAT = Format(
    name="net2brain",
    title="features or RDMs of Net2Brain",
    recognise=recognise,
    read=read,
    options=frozenset({"id_from", "layout"}),
)
