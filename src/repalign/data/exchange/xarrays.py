"""xarray: Brain-Score's assemblies and RDMs as ``DataArray``."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from repalign.data.assembly import Assembly
from repalign.data.exchange.extras import need
from repalign.data.exchange.labelled import DATA, Labelled, from_labelled, to_labelled
from repalign.data.exchange.options import ReadOptions, Repetitions, TimeBins
from repalign.data.rdm import RDM


def to_xarray(responses: Assembly | RDM) -> Any:
    """Lay out an assembly or RDMs as an ``xarray.DataArray``.

    Args:
        responses: An assembly becomes an array (presentation, neuroid) as in Brain-Score: repetitions or
            subjects are further presentations, told apart by a coordinate of that name, and unit labels
            are coordinates of the neuroids. An RDM becomes (stimulus, stimulus_other), square, several
            of them (rdm, stimulus, stimulus_other).

    Returns:
        The array; :func:`from_xarray` gives equal responses.

    Raises:
        IdentityError: There are no stimulus ids.
        UnsuitableError: A label's name or text cannot be kept.
        UnavailableError: xarray is not installed.
    """
    xarray = need("xarray")
    data = to_labelled(responses)
    return xarray.DataArray(
        data.values, dims=data.dims, coords=dict(data.coords), attrs=dict(data.attrs), name=DATA
    )


def from_xarray(
    array: Any,
    *,
    ids: Any = None,
    id_label: str | None = None,
    repetitions: Repetitions | None = None,
    time_bins: TimeBins | None = None,
) -> Assembly | RDM:
    """Read an ``xarray.DataArray`` laid out as in Brain-Score, or by :func:`to_xarray`.

    Args:
        array: Axes presentation, neuroid (or any other name) and perhaps time_bin.
        ids: The stimuli of the presentations, where no coordinate says them.
        id_label: The coordinate that says them; by default ``stimulus_id``, ``image_id`` or ``stimulus``.
        repetitions: ``"mean"`` averages the presentations of a stimulus. By default they become an axis,
            which needs equally many for each stimulus.
        time_bins: ``"units"`` makes every unit in every time bin a unit, ``"mean"`` averages the bins.

    Returns:
        The responses; coordinates of the units become unit labels, those that describe stimuli are not
        read (they belong to a ``StimulusSet``).

    Raises:
        IdentityError: Nothing says which stimulus a presentation shows.
        UnsuitableError: Repetitions are unbalanced, or there are several time bins, and nothing was said.
        ShapeError: The axes are not those of responses.
    """
    options = ReadOptions(ids=ids, id_label=id_label, repetitions=repetitions, time_bins=time_bins)
    return from_labelled(labelled_from(array), options, str(array.name or "array"))


def labelled_from(array: Any) -> Labelled:
    """The values, axes and one-dimensional coordinates of a ``DataArray``."""
    coords: dict[str, tuple[str, Any]] = {}
    for name, coord in array.coords.items():
        # A MultiIndex holds tuples of what its levels hold, which are coordinates of their own.
        tuples = name in array.dims and hasattr(array.indexes.get(name), "levels")
        if coord.ndim == 1 and not tuples:
            coords[str(name)] = (str(coord.dims[0]), np.asarray(coord.values))
    dims = tuple(str(d) for d in cast(tuple[object, ...], array.dims))
    return Labelled(np.asarray(array.values), dims, coords, dict(array.attrs))
