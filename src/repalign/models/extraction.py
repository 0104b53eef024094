"""From a model and stimuli to an assembly of responses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from repalign.data import Assembly, StimulusSet
from repalign.errors import InputError, TooFewError, UnknownNameError, UnsuitableError
from repalign.models.pixels import check_one_size
from repalign.models.protocol import MODALITIES, Model
from repalign.models.registry import Nameable, model
from repalign.models.responses import checked_responses, write_rows

Progress = Callable[[int, int], None]


def extract(
    responder: Nameable,
    stimuli: StimulusSet,
    layers: Sequence[str] | str | None = None,
    *,
    batch_size: int = 64,
    progress: Progress | None = None,
) -> Assembly:
    """Show stimuli to a model and collect its responses.

    Args:
        responder: The model, or anything that :func:`repalign.models.model` makes one of.
        stimuli: With images for a model of modality ``"image"``, texts for ``"text"``.
        layers: Names of layers in the order wanted, ``"all"``, or None for the model's defaults.
        batch_size: How many stimuli are decoded and shown at a time. It bounds memory and does not
            change a bit of the result.
        progress: Called after every batch with the number of stimuli done and the number of all.

    Returns:
        Responses of shape (n_stimuli, n_units) with the stimuli's ids and the model's name. Units
        are labelled by ``layer`` and by ``unit``, their position in the layer (``int32``).

    Raises:
        UnknownNameError: No such model or layer.
        UnsuitableError: The stimuli have no images, or no texts, as the model needs.
        FileError: An image is missing or damaged; its stimulus is named.
        ShapeError: Images differ in size (the stimulus is named), or the model's responses are not
            one row of numbers per stimulus.
        DegenerateError: A response is NaN or infinite; the stimulus is named.
        TooFewError: There are no stimuli.
        InputError: ``batch_size`` is below 1.
    """
    shown = model(responder)
    chosen = chosen_layers(shown, layers)
    if batch_size < 1:
        raise InputError(f"batch_size is at least 1; saw {batch_size}")
    if not len(stimuli):
        raise TooFewError(f"{stimuli.name} holds no stimuli", hint="Give at least one.")
    values, widths, first = np.empty((0, 0)), [], None
    done = 0
    for batch in _batches(shown, stimuli, batch_size):
        names = [f"stimulus {i!r}" for i in stimuli.ids[done : done + len(batch)]]
        if shown.one_size:
            first = first or (names[0], batch[0].shape[:2])
            check_one_size(batch, names, first, shown.name)
        parts = checked_responses(
            shown, chosen, shown.respond([shown.prepare(s) for s in batch], chosen), names
        )
        if done == 0:
            widths = [part.shape[1] for part in parts]
            values = np.empty((len(stimuli), sum(widths)), dtype=np.result_type(*parts))
        write_rows(values[done : done + len(batch)], parts, widths, shown.name, names)
        done += len(batch)
        if progress is not None:
            progress(done, len(stimuli))
    units = {
        "layer": np.repeat(np.array(chosen), widths),
        "unit": np.concatenate([np.arange(w, dtype=np.int32) for w in widths]),
    }
    return Assembly(values, stimuli.ids, units, name=shown.name)


def estimate_bytes(
    responder: Nameable, stimuli: StimulusSet, layers: Sequence[str] | str | None = None
) -> int:
    """Memory that the responses will take, found by showing the first stimulus.

    Args:
        responder: As in :func:`extract`.
        stimuli: As in :func:`extract`.
        layers: As in :func:`extract`.

    Returns:
        Bytes of the values and of the units' labels; one batch comes on top while it is computed.

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


def _batches(shown: Model, stimuli: StimulusSet, size: int) -> Iterator[list[Any]]:
    if shown.modality not in MODALITIES:
        raise UnknownNameError.among(f"modality (of {shown.name})", shown.modality, MODALITIES)
    has = {"image": stimuli.images, "text": stimuli.texts}
    if has[shown.modality] is None:
        other = [f"{word}s" for word, content in has.items() if content is not None]
        raise UnsuitableError(
            f"{shown.name} responds to {shown.modality}s, and {stimuli.name} has only "
            f"{other[0] if other else 'ids'}",
            hint=f"Choose another model, or give the stimuli {shown.modality}s.",
        )
    if shown.modality == "image":
        return stimuli.batches(size)
    texts = stimuli.texts or ()
    return (list(texts[start : start + size]) for start in range(0, len(texts), size))
