"""Responses as models return them: checked, then brought to the dtype in which they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.errors import DegenerateError, ShapeError, UnknownNameError
from repalign.models.protocol import Model

DTYPES = ("float16", "float32", "float64")


def kept_dtype(name: str) -> np.dtype[Any]:
    """The dtype in which responses are kept, little-endian wherever it runs.

    Raises:
        UnknownNameError: Not one of :data:`DTYPES`.
    """
    if name not in DTYPES:
        raise UnknownNameError.among("dtype of responses", str(name), DTYPES)
    return np.dtype(name).newbyteorder("<")


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
        row = first_not_finite(part)
        if row is not None:
            raise DegenerateError(
                f"{shown.name}, layer {layer}: the response to {names[row]} is NaN or infinite",
                hint="Look at that stimulus, or leave it out with stimuli.select(ids).",
            )
        parts.append(part.astype(np.result_type(part, np.float32), copy=False))
    return parts


def first_not_finite(rows: NDArray[Any]) -> int | None:
    """Position of the first row that holds NaN or infinity; None if there is none.

    Args:
        rows: Shape (n, n_units).
    """
    with np.errstate(over="ignore", invalid="ignore"):
        # A finite sum has finite terms, and one sum costs a third of testing every entry.
        if np.isfinite(rows.sum()):
            return None
    odd = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    return int(odd[0]) if len(odd) else None


def check_widths(
    parts: Sequence[NDArray[Any]], widths: Sequence[int], name: str, names: Sequence[str]
) -> None:
    """Refuse responses of other lengths than the first stimulus's.

    Args:
        parts: Per layer, shape (n, n_units of the layer).
        widths: How many units each layer had for the first stimulus.
        name: The model's name.
        names: What to call each stimulus of the batch in an error.

    Raises:
        ShapeError: The number of units differs.
    """
    if [part.shape[1] for part in parts] != list(widths):
        raise ShapeError(
            f"{name} has {sum(widths)} units for the first stimulus, but {sum(p.shape[1] for p in parts)} "
            f"from {names[0]} on",
            hint="Are the images of different sizes? Resize them to one.",
        )


def kept(rows: NDArray[Any], dtype: np.dtype[Any], what: str, names: Sequence[str]) -> NDArray[Any]:
    """Responses in the dtype in which they are kept.

    Args:
        rows: Finite numbers of shape (n, n_units).
        dtype: From :func:`kept_dtype`.
        what: Model and layer, for the error.
        names: What to call each stimulus of the batch in an error.

    Raises:
        DegenerateError: A number is too large for the dtype.
    """
    with np.errstate(over="ignore"):
        cast = rows.astype(dtype, copy=False)
    row = None if dtype.itemsize >= rows.dtype.itemsize else first_not_finite(cast)
    if row is not None:
        raise DegenerateError(
            f"{what}: the response to {names[row]} is too large for {dtype.name}, which ends at "
            f"{np.finfo(dtype).max:.6g}",
            hint="Keep it in float32 or float64: dtype='float64'.",
        )
    return cast
