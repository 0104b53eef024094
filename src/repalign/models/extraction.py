"""From a model and stimuli to an assembly of responses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data import Assembly, StimulusSet
from repalign.errors import InputError, TooFewError, UnknownNameError
from repalign.models.extraction_run import Announce, Job, Progress, need_of, probe, run
from repalign.models.extraction_store import stored
from repalign.models.loader import check_modality
from repalign.models.memory import check_fits
from repalign.models.protocol import Model
from repalign.models.reduction import Reduction, kept_units, label, reduction_named
from repalign.models.registry import Nameable, model
from repalign.models.responses import kept, kept_dtype
from repalign.models.store import default_store, read_assembly, store_folder, unit_labels


def extract(
    responder: Nameable,
    stimuli: StimulusSet,
    layers: Sequence[str] | str | None = None,
    *,
    batch_size: int = 64,
    workers: int = 0,
    dtype: str = "float32",
    reduction: str | Reduction | None = None,
    store: bool | Path | str | None = None,
    progress: Progress | None = None,
    announce: Announce | None = None,
    max_memory: int | None = None,
) -> Assembly:
    """Show stimuli to a model, each once for all layers, and collect its responses.

    With a store nothing is ever computed twice: a finished layer is read back as a memory map without
    showing the model anything, and a run that was interrupted, even by a kill, goes on where it was and
    ends with the same bytes.

    Args:
        responder: The model, or anything that :func:`repalign.models.model` makes one of.
        stimuli: With images for a model of modality ``"image"``, texts for ``"text"``.
        layers: Names of layers in the order wanted, ``"all"``, or None for the model's defaults.
        batch_size: How many stimuli are shown at a time. It bounds memory. The last bits of a network's
            responses may depend on it, so a run interrupted under another batch size starts again.
        workers: Threads that decode and prepare stimuli ahead of the model; 0 does it in between.
            The result does not depend on it.
        dtype: In which the responses are kept: ``"float32"``, ``"float16"`` or ``"float64"``.
        reduction: For layers too large to keep: ``"srp:4096"`` (sparse random projection to 4096 units)
            or ``"pca:100"`` (principal components), with its name in the layer's label; layers that
            have no more units stay as they are.
        store: None keeps the responses in memory; True keeps them on disk in
            ``REPALIGN_HOME/activations``, a path in that folder.
        progress: Called after every batch with the number of stimuli done and the number of all.
        announce: Called before the run with what it will take (:class:`repalign.models.Need`), or
            that another process extracts the same; ``str`` of it is a line to print.
        max_memory: Bytes that may be used beside the model; None for 80 % of what is available.

    Returns:
        Responses of shape (n_stimuli, n_units) with the stimuli's ids and the model's name. Units
        are labelled by ``layer`` and by ``unit``, their position in the layer (``int32``). From a store
        the values are memory maps, for several layers :class:`repalign.data.ColumnBlocks` of them.

    Raises:
        UnknownNameError: No such model, layer or dtype.
        UnsuitableError: The stimuli have no images, or no texts, as the model needs.
        FileError: An image is missing or damaged; its stimulus is named.
        ShapeError: Images differ in size (the stimulus is named), or the model's responses are not
            one row of numbers per stimulus.
        DegenerateError: A response is NaN, infinite, or too large for the dtype; the stimulus is named.
        TooFewError: There are no stimuli, or too few for so many principal components.
        InputError: ``batch_size`` is below 1, or the need exceeds the memory.
        StorageError: The store cannot be written; what was finished is kept.
    """
    how = dtype, reduction, progress, announce, max_memory
    job = _job(responder, stimuli, layers, batch_size, workers, *how)
    folder = store_folder(store)
    if folder is None:
        return _in_memory(job)
    # The store knows weights and not names: it may have been filled under another one.
    return replace(read_assembly(stored(job, folder)), name=job.shown.name)


def extract_to_store(
    responder: Nameable,
    stimuli: StimulusSet,
    layers: Sequence[str] | str | None = None,
    *,
    batch_size: int = 64,
    workers: int = 0,
    dtype: str = "float32",
    reduction: str | Reduction | None = None,
    store: Path | str | None = None,
    progress: Progress | None = None,
    announce: Announce | None = None,
    max_memory: int | None = None,
) -> tuple[Path, ...]:
    """As :func:`extract` with a store, for the places of the layers instead of the responses.

    Args:
        responder: As in :func:`extract`, like all others.
        stimuli: What is shown.
        layers: Names, ``"all"`` or None.
        batch_size: Stimuli at a time.
        workers: Threads that load ahead.
        dtype: In which the responses are kept.
        reduction: For layers too large.
        store: The folder; None for ``REPALIGN_HOME/activations``.
        progress: Called after every batch.
        announce: Called before the run.
        max_memory: Bytes that may be used beside the model.

    Returns:
        Per layer its folder, which :func:`repalign.models.read_assembly` reads, in any process and
        without the model.

    Raises:
        InputError: As :func:`extract`.
        StorageError: The store cannot be written; what was finished is kept.
    """
    how = dtype, reduction, progress, announce, max_memory
    job = _job(responder, stimuli, layers, batch_size, workers, *how)
    return stored(job, default_store() if store is None else Path(store).expanduser())


def _job(
    responder: Nameable,
    stimuli: StimulusSet,
    layers: Sequence[str] | str | None,
    batch_size: int,
    workers: int,
    dtype: str,
    reduction: str | Reduction | None,
    *heard: Any,
) -> Job:
    shown = model(responder)
    chosen = chosen_layers(shown, layers)
    for what, number, least in (("batch_size", batch_size, 1), ("workers", workers, 0)):
        if number < least:
            raise InputError(f"{what} is at least {least}; saw {number}")
    if not len(stimuli):
        raise TooFewError(f"{stimuli.name} holds no stimuli", hint="Give at least one.")
    check_modality(shown, stimuli)
    how = kept_dtype(dtype), reduction_named(reduction)
    return Job(shown, stimuli, chosen, batch_size, workers, *how, *heard)


def _in_memory(job: Job) -> Assembly:
    seen = probe(job, job.layers)
    need = need_of(job, seen, None)
    check_fits(need, job.max_memory)
    job.say(need)
    whole = job.reduction is not None and not job.reduction.by_batch
    widths = [kept_units(width, None if whole else job.reduction) for width in seen.widths]
    values = np.empty((len(job.stimuli), sum(widths)), dtype=job.dtype)

    def write(begin: int, parts: list[NDArray[Any]]) -> None:
        np.concatenate(parts, axis=1, out=values[begin : begin + len(parts[0])])

    run(job, job.layers, seen, 0, write)
    if whole:
        values, widths = _reduced(job, values, widths)
    names = [label(name, width, job.reduction) for name, width in zip(job.layers, seen.widths, strict=True)]
    return Assembly(values, job.stimuli.ids, unit_labels(names, widths), name=job.shown.name)


def _reduced(job: Job, values: NDArray[Any], widths: Sequence[int]) -> tuple[NDArray[Any], list[int]]:
    assert job.reduction is not None
    names = [f"stimulus {i!r}" for i in job.stimuli.ids]
    edges = np.cumsum([0, *widths])
    parts = [
        kept(job.reduction(values[:, low:high]), job.dtype, f"{job.shown.name}, layer {layer}", names)
        for layer, low, high in zip(job.layers, edges[:-1], edges[1:], strict=True)
    ]
    return np.concatenate(parts, axis=1), [part.shape[1] for part in parts]


def estimate_bytes(
    responder: Nameable, stimuli: StimulusSet, layers: Sequence[str] | str | None = None
) -> int:
    """Memory that the responses will take, found by showing the first stimulus.

    Args:
        responder: As in :func:`extract`.
        stimuli: As in :func:`extract`.
        layers: As in :func:`extract`.

    Returns:
        Bytes of the values (``float32``) and of the units' labels; what is needed while they are
        computed comes on top, see :class:`repalign.models.Need`.

    Raises:
        InputError: As in :func:`extract`, but of the first stimulus only.
    """
    one = extract(responder, stimuli.select(stimuli.ids[:1]), layers)
    return one.values.nbytes * len(stimuli) + sum(labels.nbytes for labels in one.units.values())


def chosen_layers(shown: Model, layers: Sequence[str] | str | None) -> tuple[str, ...]:
    """The layers meant: None are the defaults, ``"all"`` all, a name or names themselves.

    Raises:
        UnknownNameError: The model has no such layer; the nearest are given.
        InputError: None is named, or one twice.
    """
    if layers is None:
        return shown.default_layers
    if isinstance(layers, str):
        layers = shown.layers if layers == "all" else (layers,)
    for layer in layers:
        if layer not in shown.layers:
            raise UnknownNameError.among(f"layer of {shown.name}", layer, shown.layers)
    if not layers or len(set(layers)) != len(layers):
        raise InputError(
            f"layers are one or more different names; saw {list(layers)}",
            hint="Leave them out for the model's defaults, or say 'all'.",
        )
    return tuple(layers)
