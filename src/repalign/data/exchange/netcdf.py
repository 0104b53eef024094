"""``netcdf``: assemblies as Brain-Score stores them, and RDMs, readable by xarray.

It holds everything but 16-bit floats.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data.assembly import Assembly
from repalign.data.exchange.extras import need
from repalign.data.exchange.format import Format, starts_with
from repalign.data.exchange.labelled import DATA, Labelled, from_labelled
from repalign.data.exchange.options import ReadOptions
from repalign.data.exchange.xarrays import labelled_from, to_xarray
from repalign.data.files import readable, replacing
from repalign.data.rdm import RDM
from repalign.errors import FileError, UnknownNameError, UnsuitableError

SUFFIXES = (".nc", ".nc4", ".netcdf")


def read(path: Path, options: ReadOptions) -> Assembly | RDM:
    """Read the variable with two or more axes, or the one that was named.

    Raises:
        FileError: Damaged, or several variables and none was named.
        UnavailableError: netCDF4 is not installed.
    """
    load = _with_xarray if find_spec("xarray") else _with_netcdf4
    try:
        data = load(readable(path, "netCDF file"), options.variable)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, FileError | UnknownNameError):
            raise
        raise FileError(
            f"{path} cannot be read ({error})",
            hint="It is truncated, damaged or no netCDF file; copy it again.",
        ) from error
    return from_labelled(data, options, path.stem)


def _chosen(path: Path, ranks: dict[str, int], variable: str | None) -> str:
    if variable is not None:
        if variable not in ranks:
            raise UnknownNameError.among(f"variable in {path.name}", variable, ranks)
        return variable
    found = [name for name, rank in ranks.items() if rank >= 2]
    if len(found) != 1 and DATA not in found:
        raise FileError(
            f"{path} holds {len(found)} variables with two or more axes: {', '.join(found) or 'none'}",
            hint="Name the one to read: variable='...'.",
        )
    return DATA if DATA in found else found[0]


def _with_xarray(path: Path, variable: str | None) -> Labelled:
    need("netCDF4")
    # Times stay the numbers that they are: a label is not converted on the way in.
    with need("xarray").open_dataset(path, engine="netcdf4", decode_times=False) as dataset:
        name = _chosen(path, {str(k): v.ndim for k, v in dataset.variables.items()}, variable)
        data = labelled_from(dataset[name].load())
        labels = {
            str(k): v for k, v in dataset.variables.items() if v.ndim == 1 and str(k) not in data.coords
        }
        further = {
            k: (str(v.dims[0]), np.asarray(v.values)) for k, v in labels.items() if v.dims[0] in data.dims
        }
        attrs = {**dataset.attrs, **data.attrs}
    return Labelled(data.values, data.dims, {**data.coords, **further}, attrs)


def _with_netcdf4(path: Path, variable: str | None) -> Labelled:
    with need("netCDF4").Dataset(path) as dataset:
        name = _chosen(path, {k: v.ndim for k, v in dataset.variables.items()}, variable)
        chosen = dataset.variables[name]
        labels = {
            k: v for k, v in dataset.variables.items() if v.ndim == 1 and v.dimensions[0] in chosen.dimensions
        }
        coords = {k: (str(v.dimensions[0]), _plain(v)) for k, v in labels.items()}
        attrs = {k: holder.getncattr(k) for holder in (dataset, chosen) for k in holder.ncattrs()}
        return Labelled(_plain(chosen), tuple(chosen.dimensions), coords, attrs)


def _plain(variable: Any) -> NDArray[Any]:
    values: Any = variable[...]
    if np.ma.isMaskedArray(values):
        missing = bool(np.ma.getmaskarray(values).any())
        if missing and values.dtype.kind in "iu":
            values = values.astype(np.float64)
        values = values.filled(np.nan) if missing else values.data
    # xarray's way of writing truth values, which netCDF does not have.
    return np.asarray(values, dtype=bool) if _is_bool(variable) else np.asarray(values)


def _is_bool(variable: Any) -> bool:
    return "dtype" in variable.ncattrs() and variable.getncattr("dtype") == "bool"


def write(responses: Assembly | RDM, path: Path) -> None:
    """Write one netCDF-4 file with the variable ``data``.

    Raises:
        UnsuitableError: 16-bit floats, or labels that cannot be kept.
        StorageError: It cannot be written.
        UnavailableError: xarray or netCDF4 is not installed.
    """
    need("netCDF4")
    array = to_xarray(responses)
    if any(a.dtype == np.float16 for a in (array, *array.coords.values())):
        raise UnsuitableError(
            f"{responses.name}: netCDF has no 16-bit floats",
            hint="Make them 32-bit floats, which hold the same numbers, or write format='zarr' or 'npz'.",
        )
    with replacing(path) as temporary:
        try:
            array.to_netcdf(
                temporary, engine="netcdf4", format="NETCDF4", encoding={DATA: {"_FillValue": None}}
            )
        except RuntimeError as error:  # what netCDF raises on a full disk
            raise OSError(str(error)) from error


FORMAT = Format(
    name="netcdf",
    title="a netCDF file",
    recognise=lambda path: path.is_file() and (path.suffix in SUFFIXES or starts_with(path, b"CDF")),
    read=read,
    options=frozenset({"id_label", "variable", "repetitions", "time_bins"}),
    write=write,
    suffixes=SUFFIXES,
    extra="neuro",
)
