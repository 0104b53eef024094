"""``rsatoolbox``: the HDF5 files that ``RDMs.save`` and ``Dataset.save`` write.

They hold everything, as far as text is ASCII, which is all that rsatoolbox reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from repalign.data.assembly import Assembly
from repalign.data.exchange.extras import need
from repalign.data.exchange.format import Format, starts_with
from repalign.data.exchange.options import ReadOptions
from repalign.data.exchange.rsatoolbox import Parts, from_parts, to_parts
from repalign.data.files import readable, replacing
from repalign.data.rdm import RDM
from repalign.errors import FileError, UnavailableError, UnsuitableError

SUFFIXES = (".h5", ".hdf5")
HDF5 = b"\x89HDF\r\n\x1a\n"


def recognise(path: Path) -> bool:
    """Whether it is HDF5 with rsatoolbox's keys; by suffix where h5py cannot look inside."""
    if not path.is_file() or not (path.suffix in SUFFIXES or starts_with(path, HDF5)):
        return False
    try:
        with need("h5py").File(path, "r") as file:
            return "dissimilarities" in file or "measurements" in file
    except (UnavailableError, OSError, RuntimeError):
        return path.suffix in SUFFIXES


def read(path: Path, options: ReadOptions) -> Assembly | RDM:
    """Read RDMs, or a dataset as an assembly.

    Raises:
        FileError: Damaged, or without rsatoolbox's keys.
        UnavailableError: h5py is not installed.
    """
    h5py = need("h5py")
    try:
        with h5py.File(readable(path, "rsatoolbox file"), "r") as file:
            tree = _tree(file, h5py)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(
            f"{path} cannot be read ({error})", hint="Truncated or damaged; copy it again."
        ) from error

    def under(key: str) -> dict[str, Any]:
        return tree.get(key) or {}

    about = under("descriptors")
    if "dissimilarities" in tree:
        rows, others = under("pattern_descriptors"), under("rdm_descriptors")
        measure = tree.get("dissimilarity_measure")
        parts = Parts(tree["dissimilarities"], about, rows, others, {}, measure and str(measure), "rdm")
    elif "measurements" in tree:
        rows, others, times = (under(f"{k}_descriptors") for k in ("obs", "channel", "time"))
        parts = Parts(tree["measurements"], about, rows, others, times, None, "assembly")
    else:
        raise FileError(
            f"{path} has neither dissimilarities nor measurements", hint="Save it with rsatoolbox's .save()."
        )
    return from_parts(parts, options, path.stem)


def _tree(group: Any, h5py: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in group.items():
        if isinstance(item, h5py.Group):
            found[key] = _tree(item, h5py)
        else:
            found[key] = None if item.shape is None else np.asarray(item)
    return {**found, **dict(group.attrs.items())}


def write(responses: Assembly | RDM, path: Path) -> None:
    """Write a file that rsatoolbox loads.

    Raises:
        UnsuitableError: Text that is not ASCII.
        StorageError: It cannot be written.
        UnavailableError: h5py is not installed.
    """
    h5py = need("h5py")
    parts = to_parts(responses)
    rdm = parts.noun == "rdm"
    rows, others = (
        {k: _ascii(k, v) for k, v in parts.rows.items()},
        {k: _ascii(k, v) for k, v in parts.others.items()},
    )
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["rsatoolbox_version"] = "0.3"  # the layout that this follows
        file["dissimilarities" if rdm else "measurements"] = parts.values
        file.attrs.update({"dissimilarity_measure": parts.measure} if rdm else {"type": "Dataset"})
        file.create_group("descriptors").attrs.update(parts.descriptors)
        _fill(file.create_group("pattern_descriptors" if rdm else "obs_descriptors"), rows)
        _fill(file.create_group("rdm_descriptors" if rdm else "channel_descriptors"), others)


def _fill(group: Any, arrays: Mapping[str, Any]) -> None:
    for name, values in arrays.items():
        group[name] = values


def _ascii(name: str, values: Any) -> Any:
    array = np.asarray(values)
    if array.dtype.kind != "U":
        return array
    odd = [v for v in array.tolist() if not str(v).isascii()]
    if odd:
        raise UnsuitableError(
            f"rsatoolbox's files hold ASCII text only; saw {odd[0]!r} in {name!r}",
            hint="Write format='npz', 'netcdf' or 'zarr', or keep the object: to_rsatoolbox(responses).",
        )
    return array.astype("S")


FORMAT = Format(
    name="rsatoolbox",
    title="an HDF5 file of rsatoolbox",
    recognise=recognise,
    read=read,
    options=frozenset({"id_label", "repetitions", "time_bins"}),
    write=write,
    suffixes=SUFFIXES,
    extra="neuro",
)
