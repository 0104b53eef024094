"""rsatoolbox: its ``RDMs`` and ``Dataset`` in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data.assembly import LEADING_AXES, Assembly
from repalign.data.exchange.extras import need
from repalign.data.exchange.labelled import (
    NEUROID,
    PRESENTATION,
    STIMULUS_ID,
    TIME,
    Labelled,
    from_labelled,
    to_labelled,
)
from repalign.data.exchange.names import ID_LABELS, as_labels, as_texts, settle_ids
from repalign.data.exchange.options import ReadOptions, Repetitions, TimeBins
from repalign.data.rdm import RDM
from repalign.errors import IdentityError, ShapeError, UnknownNameError, UnsuitableError

STIMULUS = "stimulus"
Descriptors = Mapping[str, Any]


@dataclass(frozen=True)
class Parts:
    """What rsatoolbox keeps, whichever of its two nouns it is.

    Args:
        values: Dissimilarities (n_rdms, n_pairs) or measurements (n_obs, n_channels).
        descriptors: One value each for the whole.
        rows: Descriptors of the patterns of RDMs, or of the observations.
        others: Descriptors of the RDMs, or of the channels.
        times: Descriptors of the time points of a dataset in time.
        measure: The dissimilarity, for RDMs.
        noun: ``"rdm"`` or ``"assembly"``.
    """

    values: NDArray[Any]
    descriptors: Descriptors
    rows: Descriptors
    others: Descriptors
    times: Descriptors
    measure: str | None
    noun: str


def to_rsatoolbox(responses: Assembly | RDM) -> Any:
    """Make an rsatoolbox object.

    Args:
        responses: RDMs become ``rsatoolbox.rdm.RDMs`` with the pattern descriptor ``stimulus`` and their
            labels as RDM descriptors; an assembly becomes a ``rsatoolbox.data.Dataset`` with the
            observation descriptor ``stimulus`` (and ``repetition`` or ``subject``) and its unit labels as
            channel descriptors.

    Returns:
        The object; :func:`from_rsatoolbox` gives equal responses.

    Raises:
        IdentityError: There are no stimulus ids.
        UnsuitableError: A label is named ``index``, which rsatoolbox keeps for itself.
        UnavailableError: rsatoolbox is not installed.
    """
    parts = to_parts(responses)
    rows, others = _lists(parts.rows), _lists(parts.others)
    if parts.noun == "rdm":
        make = need("rsatoolbox.rdm", "pip install rsatoolbox").RDMs
        return make(parts.values, parts.measure, dict(parts.descriptors), others, rows)
    make = need("rsatoolbox.data", "pip install rsatoolbox").Dataset
    return make(parts.values, dict(parts.descriptors), rows, others)


def _lists(descriptors: Descriptors) -> dict[str, list[Any]]:
    return {name: list(np.asarray(values).tolist()) for name, values in descriptors.items()}


def from_rsatoolbox(
    obj: Any,
    *,
    descriptor: str | None = None,
    ids: Sequence[str] | None = None,
    repetitions: Repetitions | None = None,
    time_bins: TimeBins | None = None,
) -> Assembly | RDM:
    """Read ``rsatoolbox.rdm.RDMs`` as RDMs, or a ``rsatoolbox.data.Dataset`` as an assembly.

    Args:
        obj: The object.
        descriptor: The pattern (observation) descriptor that holds the stimulus ids; by default
            ``stimulus``, ``stimulus_id``, ``image_id`` or ``conds``. ``index``, the mere position, is
            taken only if it is named here.
        ids: The stimulus ids, where no descriptor holds them.
        repetitions: As in ``read_responses``.
        time_bins: As in ``read_responses``.

    Returns:
        RDMs with the RDM descriptors as labels, or an assembly with the channel descriptors as units.

    Raises:
        IdentityError: No descriptor is known to hold ids; those that there are, are named.
        UnknownNameError: There is no such descriptor.
    """
    options = ReadOptions(ids=ids, id_label=descriptor, repetitions=repetitions, time_bins=time_bins)
    if hasattr(obj, "dissimilarities"):
        rows, others = obj.pattern_descriptors, obj.rdm_descriptors
        parts = Parts(
            obj.dissimilarities, obj.descriptors, rows, others, {}, obj.dissimilarity_measure, "rdm"
        )
    else:
        times = getattr(obj, "time_descriptors", {})
        rows, others = obj.obs_descriptors, obj.channel_descriptors
        parts = Parts(obj.measurements, obj.descriptors, rows, others, times, None, "assembly")
    return from_parts(parts, options, type(obj).__name__)


def to_parts(responses: Assembly | RDM) -> Parts:
    """What rsatoolbox keeps of an assembly or of RDMs: all of it.

    Raises:
        UnsuitableError: A label is named ``index``.
    """
    data = to_labelled(responses)
    if isinstance(responses, RDM):
        if "index" in responses.labels:
            raise UnsuitableError(
                "rsatoolbox keeps the descriptor 'index' for itself", hint="Rename the label."
            )
        values = np.atleast_2d(responses.values)
        about = {"name": responses.name, "stack": int(responses.values.ndim == 2)}
        rows = {STIMULUS: np.array(responses.require_ids(), dtype=str)}
        return Parts(values, about, rows, responses.labels, {}, responses.dissimilarity, "rdm")
    rows = {STIMULUS if k == STIMULUS_ID else k: v for k, (d, v) in data.coords.items() if d == PRESENTATION}
    others = {k: v for k, (d, v) in data.coords.items() if d == NEUROID}
    about = {k: v for k, v in data.attrs.items() if k != "noun"}
    return Parts(data.values, about, rows, others, {}, None, "assembly")


def from_parts(parts: Parts, options: ReadOptions, what: str) -> Assembly | RDM:
    """Read what rsatoolbox keeps.

    Raises:
        IdentityError: No descriptor is known to hold ids, and none were given.
    """
    label = _id_descriptor(parts.rows, options, what)
    if parts.noun == "rdm":
        return _rdms(parts, label, options, what)
    dims = (PRESENTATION, NEUROID, TIME)[: parts.values.ndim]
    kept = {k: v for k, v in parts.rows.items() if k in LEADING_AXES}
    clash = (set(kept) | {STIMULUS_ID}) & set(parts.others)
    if clash:
        raise UnsuitableError(
            f"{what}: observations and channels both have a descriptor {min(clash)!r}",
            hint="Rename that of the channels.",
        )
    coords = {k: (PRESENTATION, np.asarray(v)) for k, v in kept.items()}
    coords |= {k: (NEUROID, np.asarray(v)) for k, v in parts.others.items()}
    coords |= {k: (TIME, np.asarray(v)) for k, v in parts.times.items()}
    if label is not None:
        coords[STIMULUS_ID] = (PRESENTATION, np.asarray(parts.rows[label]))
    named = ReadOptions(ids=options.ids, repetitions=options.repetitions, time_bins=options.time_bins)
    return from_labelled(Labelled(parts.values, dims, coords, parts.descriptors), named, what)


def _id_descriptor(rows: Descriptors, options: ReadOptions, what: str) -> str | None:
    if options.id_label is not None:
        if options.id_label not in rows:
            raise UnknownNameError.among(f"descriptor of {what}", options.id_label, rows)
        return options.id_label
    label = next((k for k in (STIMULUS, *ID_LABELS) if k in rows), None)
    if label is None and options.ids is None:
        raise IdentityError(
            f"{what}: none of its descriptors ({', '.join(map(repr, rows))}) is known to hold stimulus ids",
            hint="Name the one that does (from_rsatoolbox(..., descriptor='...'), read_responses(..., "
            "id_label='...')), or give ids=[...].",
        )
    return label


def _rdms(parts: Parts, label: str | None, options: ReadOptions, what: str) -> RDM:
    values = np.asarray(parts.values, dtype=np.float64)
    if values.ndim != 2:
        raise ShapeError(f"{what}: dissimilarities have shape {values.shape}", hint="They are (rdm, pair).")
    found = None if label is None else as_texts(parts.rows[label], f"descriptor {label!r} of {what}")
    probe = RDM(values)
    ids = settle_ids(found, options, probe.n_stimuli, what)
    labels = {k: as_labels(v) for k, v in parts.others.items() if not (k == "index" and _counts(v))}
    several = len(values) > 1 or bool(labels) or bool(parts.descriptors.get("stack", 0))
    name = str(parts.descriptors.get("name", what))
    return RDM(values if several else values[0], ids, labels, parts.measure or "as given", name)


def _counts(values: Any) -> bool:
    return np.array_equal(np.asarray(values), np.arange(len(values)))
