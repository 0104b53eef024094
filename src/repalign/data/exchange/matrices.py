"""A bare matrix with ids: is it responses, or dissimilarities?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data.assembly import Assembly
from repalign.data.blocks import ColumnBlocks
from repalign.data.exchange.names import ID_ARRAYS, as_texts, settle_ids
from repalign.data.exchange.options import Noun, ReadOptions
from repalign.data.rdm import RDM, n_from_pairs
from repalign.errors import FileError, ShapeError, UnknownNameError, UnsuitableError

# Names that say nothing about a layer.
_PLAIN = ("values", "features", "data", "x", "arr_0", "activations", "responses", "embeddings")


def is_square_rdm(values: NDArray[Any]) -> bool:
    """Whether this is a symmetric matrix with a zero diagonal."""
    if values.ndim != 2 or values.shape[0] != values.shape[1] or len(values) < 2:
        return False
    return not np.diagonal(values).any() and bool(np.array_equal(values, values.T, equal_nan=True))


def pairs_of(values: NDArray[Any], ids: Sequence[str], name: str) -> NDArray[np.float64]:
    """A symmetric matrix with a zero diagonal from a table whose rows and columns are the same stimuli.

    Args:
        values: (n, n). One triangle may be empty (NaN or 0 throughout), and so may the diagonal.
        ids: Of rows and columns.
        name: Whose it is.

    Raises:
        UnsuitableError: It is not symmetric, or looks like similarities.
    """
    square = np.array(values, dtype=np.float64)
    diagonal = np.diagonal(square).copy()
    np.fill_diagonal(square, 0.0)
    lower, upper = np.tril(square), np.triu(square)
    for full, empty in ((lower, upper), (upper, lower)):
        if np.nan_to_num(full).any() and not np.nan_to_num(empty).any():
            square = full + full.T
    _check_symmetric(square, ids, name)
    if np.nan_to_num(diagonal).any():
        _refuse_diagonal(diagonal, square, name)
    return square


def _check_symmetric(square: NDArray[np.float64], ids: Sequence[str], name: str) -> None:
    largest = float(np.nanmax(np.abs(square), initial=0.0))
    odd = np.argwhere(~np.isclose(square, square.T, rtol=0, atol=1e-8 * largest, equal_nan=True))
    if len(odd):
        i, j = odd[0]
        raise UnsuitableError(
            f"{name} is no RDM: {ids[i]!r} with {ids[j]!r} is {square[i, j]:g}, the other way round "
            f"{square[j, i]:g}",
            hint="Make it symmetric, e.g. (M + M.T) / 2; or, of responses, say noun='assembly'.",
        )


def _refuse_diagonal(diagonal: NDArray[np.float64], square: NDArray[np.float64], name: str) -> None:
    top = float(diagonal[0])
    if (diagonal == top).all() and top >= np.nanmax(square):
        raise UnsuitableError(
            f"{name} is symmetric with {top:g} along the diagonal: are these similarities?",
            hint=f"Write the RDM, {top:g} minus these; or, of responses, say noun='assembly'.",
        )
    raise UnsuitableError(
        f"{name} is no RDM: its diagonal is not zero ({top:g} first)",
        hint="A stimulus and itself differ by 0: write 0 there; or, of responses, say noun='assembly'.",
    )


def _is_similarity(values: NDArray[Any]) -> bool:
    """Whether this is a symmetric matrix with one number, not zero, all along the diagonal."""
    if values.ndim != 2 or values.shape[0] != values.shape[1] or len(values) < 3:
        return False
    diagonal = np.diagonal(values)
    same = bool(diagonal[0]) and bool((diagonal == diagonal[0]).all())
    return same and bool(np.array_equal(values, values.T))


def n_rows(values: NDArray[Any], noun: Noun | None) -> int:
    """How many stimuli a matrix is about.

    Raises:
        ShapeError: A vector that is no upper triangle, or a single number.
    """
    if values.ndim == 0:
        raise ShapeError("one number is no matrix of responses", hint="Name the right file or array.")
    if values.ndim > 1 and (noun != "rdm" or values.shape[-1] == values.shape[-2]):
        return int(values.shape[-1] if noun == "rdm" else values.shape[0])
    n = n_from_pairs(values.shape[-1])
    if n is None:
        raise ShapeError(
            f"{values.shape[-1]} numbers in a row are no upper triangle of a square matrix",
            hint="Responses are a matrix with one row per stimulus.",
        )
    return n


def from_matrix(values: NDArray[Any], ids: Sequence[str], noun: Noun | None, name: str) -> Assembly | RDM:
    """Responses, one row per stimulus; or an RDM, square or as its upper triangle.

    Args:
        values: A vector is an upper triangle. A symmetric matrix with a zero diagonal is an RDM
            unless ``noun`` says otherwise; further axes of responses are flattened.
        ids: The stimulus ids.
        noun: Which of the two it is, where that is known.
        name: Whose they are.

    Raises:
        ShapeError: It is neither.
        UnsuitableError: It looks like similarities, and ``noun`` does not say otherwise.
    """
    texts = tuple(ids)
    if noun is None and _is_similarity(values):
        pairs_of(values, texts, name)
    if noun is None:
        noun = "rdm" if values.ndim == 1 or is_square_rdm(values) else "assembly"
    if noun == "assembly":
        return Assembly(values.reshape(len(values), -1) if values.ndim > 2 else values, texts, name=name)
    if values.ndim > 1 and values.shape[-1] == values.shape[-2]:
        return RDM.from_square(values, texts, name=name)
    return RDM(values, texts, name=name)


def check_told_apart(responses: Assembly | RDM) -> None:
    """Refuse responses that would be read back as an RDM.

    Raises:
        UnsuitableError: The matrix is symmetric and its diagonal is one number.
    """
    if not isinstance(responses, Assembly):
        return
    values = responses.array()
    if is_square_rdm(values) or _is_similarity(values):
        raise UnsuitableError(
            f"{responses.name} is symmetric with one number along the diagonal: it would be read back as an "
            "RDM, or refused as similarities",
            hint="Write format='npz', 'netcdf' or 'zarr', which say what they hold.",
        )


def from_arrays(
    arrays: Mapping[str, NDArray[Any]], options: ReadOptions, what: str, name: str
) -> Assembly | RDM:
    """Named arrays of one file: ids under a usual name, all others responses, one layer each.

    Raises:
        UnknownNameError: ``options.variable`` or ``options.id_label`` is not there.
        FileError: There is no array of numbers, or one does not fit the ids.
        IdentityError: No ids are in the file and none were given.
    """
    label = options.id_label or next((k for k in ID_ARRAYS if k in arrays and k != options.variable), None)
    for wanted in (options.id_label, options.variable):
        if wanted is not None and wanted not in arrays:
            raise UnknownNameError.among(f"array in {what}", wanted, arrays)
    found = None if label is None else as_texts(arrays[label], f"stimulus ids of {what}")
    chosen = [options.variable] if options.variable else [k for k in arrays if k != label]
    numbers = {k: arrays[k] for k in chosen if arrays[k].dtype.kind in "fiub" and arrays[k].ndim}
    if not numbers:
        raise FileError(f"{what} holds no responses, only {', '.join(arrays)}", hint="Name another file.")
    first = next(iter(numbers.values()))
    ids = settle_ids(found, options, n_rows(first, options.noun), what)
    if len(numbers) == 1:
        (key,) = numbers
        made = from_matrix(first, ids, options.noun, name)
        if isinstance(made, RDM) or key.lower() in _PLAIN:
            return made
    return from_layers(numbers, ids, what, name)


def from_layers(layers: Mapping[str, NDArray[Any]], ids: Sequence[str], what: str, name: str) -> Assembly:
    """One array (n_stimuli, ...) per layer as one assembly with a ``layer`` label.

    Raises:
        FileError: A layer does not have one row per stimulus.
    """
    for layer, values in layers.items():
        if values.ndim == 0 or len(values) != len(ids):
            raise FileError(
                f"{what}: {layer} has shape {values.shape}, which does not fit {len(ids)} stimuli",
                hint="Name the array to read: variable='...'.",
            )
    flat = [v.reshape(len(v), -1) for v in layers.values()]
    same = len({v.dtype for v in flat}) == 1
    values = flat[0] if len(flat) == 1 else ColumnBlocks(flat) if same else np.concatenate(flat, axis=1)
    label = np.repeat(np.array(list(layers), dtype=str), [v.shape[1] for v in flat])
    return Assembly(values, tuple(ids), {"layer": label}, name=name)
