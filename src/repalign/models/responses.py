"""Responses as models return them: checked, then written into one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.errors import DegenerateError, ShapeError, UnknownNameError
from repalign.models.protocol import Model


def checked_responses(
    shown: Model, layers: Sequence[str], found: dict[str, NDArray[Any]], names: Sequence[str]
) -> list[NDArray[Any]]:
    """What a model returned for one batch, if it keeps to the rules.

    Args:
        shown: The model.
        layers: What was asked for.
        found: What it returned.
        names: What to call each stimulus of the batch in an error.

    Returns:
        Per layer, floating-point numbers of shape (n, n_units); whole numbers become ``float64``.

    Raises:
        UnknownNameError: A layer is missing.
        ShapeError: Not one row of numbers per stimulus.
        DegenerateError: NaN or infinite.
    """
    parts: list[NDArray[Any]] = []
    for layer in layers:
        if layer not in found:
            raise UnknownNameError.among(f"layer in what {shown.name} returned", layer, found)
        part = np.asarray(found[layer])
        if part.ndim != 2 or len(part) != len(names) or not part.shape[1] or part.dtype.kind not in "fiub":
            raise ShapeError(
                f"{shown.name}, layer {layer}: responses to {len(names)} stimuli have shape ({len(names)}, "
                f"n_units) with at least one unit; saw {part.dtype} of shape {part.shape}",
                hint="Flatten each stimulus's responses into one row.",
            )
        rows = np.flatnonzero(~np.isfinite(part).all(axis=1))
        if len(rows):
            raise DegenerateError(
                f"{shown.name}, layer {layer}: the response to {names[rows[0]]} is NaN or infinite",
                hint="Look at that stimulus, or leave it out with stimuli.select(ids).",
            )
        parts.append(part.astype(np.result_type(part, np.float32), copy=False))
    return parts


def write_rows(
    rows: NDArray[Any], parts: Sequence[NDArray[Any]], widths: Sequence[int], name: str, names: Sequence[str]
) -> None:
    """Write one batch's responses, layer beside layer.

    Args:
        rows: Where to, shape (n, n_units).
        parts: Per layer, shape (n, n_units of the layer).
        widths: How many units each layer had in the first batch.
        name: The model's name.
        names: What to call each stimulus of the batch in an error.

    Raises:
        ShapeError: The number of units or the dtype differs from the first batch's.
    """
    if [part.shape[1] for part in parts] != list(widths):
        raise ShapeError(
            f"{name} has {sum(widths)} units for the first stimuli, but {sum(p.shape[1] for p in parts)} "
            f"from {names[0]} on",
            hint="Are the images of different sizes? Resize them to one.",
        )
    if np.result_type(rows, *parts) != rows.dtype:
        raise ShapeError(
            f"{name} returns {rows.dtype} for the first stimuli, but other numbers from {names[0]} on",
            hint="Return one dtype, e.g. numpy.float32, always: the result must not depend on batches.",
        )
    np.concatenate(parts, axis=1, out=rows)
