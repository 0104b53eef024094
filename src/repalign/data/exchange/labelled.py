"""Named axes: the common ground of xarray, netCDF, zarr and rsatoolbox.

An assembly is laid out as Brain-Score does it: axes ``presentation`` and ``neuroid``, where a repetition
or a subject is further presentations of the same ``stimulus_id``. RDMs are square matrices with the
axes ``stimulus`` and ``stimulus_other``, several of them along ``rdm``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data.assembly import LEADING_AXES, Assembly
from repalign.data.exchange.names import ID_LABELS, as_labels, as_texts, plain_texts, settle_ids
from repalign.data.exchange.observations import fold
from repalign.data.exchange.options import ReadOptions
from repalign.data.rdm import RDM
from repalign.errors import ShapeError, UnknownNameError, UnsuitableError

PRESENTATION, NEUROID, TIME, STIMULUS_ID = "presentation", "neuroid", "time_bin", "stimulus_id"
RDM_AXES = ("stimulus", "stimulus_other")
DATA = "data"
_TAKEN = {PRESENTATION, NEUROID, TIME, STIMULUS_ID, DATA, "rdm", *RDM_AXES}


@dataclass(frozen=True)
class Labelled:
    """An array whose axes have names and labels.

    Args:
        values: The numbers.
        dims: The names of the axes.
        coords: Labels: name to the axis that they lie along and one label per entry of it.
        attrs: ``noun``, ``name``, and what else belongs to the whole.
    """

    values: NDArray[Any]
    dims: tuple[str, ...]
    coords: Mapping[str, tuple[str, NDArray[Any]]]
    attrs: Mapping[str, Any]

    def along(self, dim: str) -> dict[str, NDArray[Any]]:
        """The labels along one axis."""
        return {name: as_labels(v) for name, (d, v) in self.coords.items() if d == dim and name != dim}


def to_labelled(responses: Assembly | RDM) -> Labelled:
    """Lay out an assembly or RDMs; :func:`from_labelled` gives an equal one.

    Raises:
        IdentityError: There are no stimulus ids.
        UnsuitableError: A label has a name that is taken or cannot be a name, or text that cannot be kept.
    """
    ids = responses.require_ids()
    labels = responses.units if isinstance(responses, Assembly) else responses.labels
    leading = responses.leading if isinstance(responses, Assembly) else None
    for name in labels:
        if name in _TAKEN or name == leading or not name.isidentifier():
            raise UnsuitableError(
                f"{responses.name}: a label named {name!r} cannot be written, the name is taken or not plain",
                hint="Rename it: one word of letters, digits and underscores.",
            )
    plain_texts([*ids, responses.name], "stimulus ids and names")
    named = {name: _writable(values, f"label {name!r}") for name, values in labels.items()}
    return (
        _lay_assembly(responses, ids, named)
        if isinstance(responses, Assembly)
        else _lay_rdm(responses, ids, named)
    )


def _writable(values: NDArray[Any], what: str) -> NDArray[Any]:
    labels = np.array([str(v) for v in values], dtype=str) if values.dtype.kind in "OT" else values
    if labels.dtype.kind not in "biufU":
        raise UnsuitableError(f"{what} holds {values.dtype}", hint="Make it text or numbers.")
    if labels.dtype.kind == "U":
        plain_texts([str(v) for v in labels.tolist()], what)
    return labels


def _lay_assembly(assembly: Assembly, ids: tuple[str, ...], units: dict[str, NDArray[Any]]) -> Labelled:
    attrs = {"noun": "assembly", "name": assembly.name}
    values, stimuli = assembly.array(), np.array(ids, dtype=str)
    coords = {name: (NEUROID, label) for name, label in units.items()}
    if assembly.leading is not None:
        plain_texts(assembly.labels, f"{assembly.leading}s")
        if len(set(assembly.labels)) != len(assembly.labels) or not ids or not assembly.labels:
            raise UnsuitableError(
                f"{assembly.name}: two {assembly.leading}s have the same label, or there is nothing in them",
                hint="Give each a label of its own.",
            )
        attrs["leading"] = assembly.leading
        tiled = np.repeat(np.array(assembly.labels, dtype=str), len(ids))
        coords[assembly.leading] = (PRESENTATION, tiled)
        stimuli = np.tile(stimuli, len(assembly.labels))
        values = values.reshape(-1, assembly.n_units)
    coords[STIMULUS_ID] = (PRESENTATION, stimuli)
    return Labelled(values, (PRESENTATION, NEUROID), coords, attrs)


def _lay_rdm(rdm: RDM, ids: tuple[str, ...], labels: dict[str, NDArray[Any]]) -> Labelled:
    coords = {name: ("rdm", values) for name, values in labels.items()}
    coords |= {axis: (axis, np.array(ids, dtype=str)) for axis in RDM_AXES}
    attrs = {"noun": "rdm", "name": rdm.name, "dissimilarity": rdm.dissimilarity}
    plain_texts([rdm.dissimilarity], "dissimilarity")
    dims = RDM_AXES if rdm.values.ndim == 1 else ("rdm", *RDM_AXES)
    return Labelled(rdm.square(), dims, coords, attrs)


def from_labelled(data: Labelled, options: ReadOptions, what: str) -> Assembly | RDM:
    """Read a labelled array: RDMs where its axes say so, else responses to presentations.

    Labels along the presentations other than the ids, the repetition and the subject describe the
    stimuli; they belong to a ``StimulusSet`` and are not read.

    Raises:
        IdentityError: Nothing says which stimulus a presentation shows, and no ids were given.
        UnsuitableError: Repeated presentations or time bins that need a decision.
        ShapeError: The axes are not those of responses.
        UnknownNameError: ``options.id_label`` is not there.
    """
    if data.dims[-2:] == RDM_AXES:
        return _read_rdm(data, options, what)
    label = _id_label(data, options, what)
    axis = data.coords[label][0] if label else PRESENTATION
    if axis not in data.dims:
        raise ShapeError(f"{what} has the axes {data.dims}, none for {axis}", hint="Name the right variable.")
    data = _without_time(data, axis, options, what)
    unit_axes = [d for d in data.dims if d != axis and d not in LEADING_AXES]
    lead_axes = [d for d in data.dims if d in LEADING_AXES and d != axis]
    if len(unit_axes) != 1 or len(lead_axes) > 1:
        raise ShapeError(
            f"{what} has the axes {data.dims}: responses have presentations, units and at most one more",
            hint="Make one axis of all units, e.g. array.stack(neuroid=[...]).",
        )
    values = np.transpose(data.values, [data.dims.index(d) for d in (*lead_axes, axis, unit_axes[0])])
    found = as_texts(data.coords[label][1], f"{label} of {what}") if label else None
    name, units = str(data.attrs.get("name", what)), data.along(unit_axes[0])
    if lead_axes:
        ids = settle_ids(found, options, values.shape[1], what)
        levels = data.coords.get(lead_axes[0], ("", np.arange(len(values))))[1]
        return Assembly(values, ids, units, lead_axes[0], as_texts(levels, lead_axes[0]), name)
    ids = settle_ids(None, options, len(values), what) if found is None else _same(found, options, what)
    lead = _leading(data, axis, ids)
    labels = as_texts(data.coords[lead][1], f"{lead} of {what}") if lead else ()
    return fold(
        values, ids, units=units, leading=lead, labels=labels, repetitions=options.repetitions, name=name
    )


def _same(found: tuple[str, ...], options: ReadOptions, what: str) -> tuple[str, ...]:
    if options.ids is not None:  # presentations may repeat an id, which settle_ids refuses
        settle_ids(tuple(dict.fromkeys(found)), options, len(set(found)), what)
    return found


def _id_label(data: Labelled, options: ReadOptions, what: str) -> str | None:
    if options.id_label is not None:
        if options.id_label not in data.coords:
            raise UnknownNameError.among(f"label in {what}", options.id_label, data.coords)
        return options.id_label
    return next((k for k in ID_LABELS if k in data.coords), None)


def _leading(data: Labelled, axis: str, ids: tuple[str, ...]) -> str | None:
    there = [k for k in (data.attrs.get("leading"), "subject", "repetition") if k in data.coords]
    there = [k for k in there if k in LEADING_AXES and data.coords[str(k)][0] == axis]
    if data.attrs.get("leading") in there or (there and len(set(ids)) < len(ids)):
        return str(there[0])
    return None


def _without_time(data: Labelled, axis: str, options: ReadOptions, what: str) -> Labelled:
    if TIME not in data.dims or axis == TIME:
        return data
    place = data.dims.index(TIME)
    n, others = data.values.shape[place], tuple(d for d in data.dims if d != TIME)
    if n > 1 and options.time_bins is None:
        raise UnsuitableError(
            f"{what} has {n} time bins",
            hint="Say what becomes of them: time_bins='mean' averages, time_bins='units' makes every unit "
            "in every bin a unit with a label for its time.",
        )
    kept = {k: v for k, v in data.coords.items() if v[0] != TIME}
    if n > 1 and options.time_bins == "mean":
        mean = data.values.mean(axis=place, dtype=np.float64)
        return replace(data, values=mean, dims=others, coords=kept)
    unit_axes = [d for d in others if d != axis and d not in LEADING_AXES]
    if len(unit_axes) != 1:
        raise ShapeError(f"{what} has the axes {data.dims}", hint="Make one axis of all units.")
    (unit,) = unit_axes
    order = [*(d for d in others if d != unit), unit, TIME]
    values = np.transpose(data.values, [data.dims.index(d) for d in order])
    n_units = values.shape[-2]
    coords = {k: (d, np.repeat(v, n)) if d == unit else (d, v) for k, (d, v) in kept.items() if k != unit}
    times = {k: v for k, (d, v) in data.coords.items() if d == TIME}
    coords |= {k: (unit, np.tile(v, n_units)) for k, v in times.items()}
    flat = values.reshape(*values.shape[:-2], n_units * n)
    return replace(data, values=flat, dims=tuple(order[:-1]), coords=coords)


def _read_rdm(data: Labelled, options: ReadOptions, what: str) -> RDM:
    found = [as_texts(data.coords[a][1], f"{a} of {what}") for a in RDM_AXES if a in data.coords]
    if len(set(found)) > 1:
        raise ShapeError(f"{what}: rows and columns are not the same stimuli", hint="Reorder one of them.")
    ids = settle_ids(found[0] if found else None, options, data.values.shape[-1], what)
    labels = data.along("rdm") if data.values.ndim == 3 else {}
    measure, name = data.attrs.get("dissimilarity", "as given"), data.attrs.get("name", what)
    return RDM.from_square(data.values, ids, labels=labels, dissimilarity=str(measure), name=str(name))
