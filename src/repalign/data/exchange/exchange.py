"""Reading and writing responses in the formats of the field."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from repalign.data.assembly import Assembly
from repalign.data.exchange.format import Format, starts_with
from repalign.data.exchange.formats import FORMATS
from repalign.data.exchange.options import IdFrom, Layout, Noun, ReadOptions, Repetitions, TimeBins
from repalign.data.exchange.parts import held
from repalign.data.rdm import RDM
from repalign.errors import FileError, InputError, RepalignError, UnsuitableError

_PICKLES = (".pkl", ".pickle", ".joblib", ".pt", ".pth")
_PICKLED = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def read_responses(
    path: Path | str,
    *,
    format: str | None = None,
    ids: Sequence[str] | Path | str | None = None,
    id_from: IdFrom = "path",
    id_label: str | None = None,
    noun: Noun | None = None,
    layout: Layout | None = None,
    variable: str | None = None,
    repetitions: Repetitions | None = None,
    time_bins: TimeBins | None = None,
    dissimilarity: str | None = None,
    name: str | None = None,
) -> Assembly | RDM:
    """Read responses or RDMs that repalign or another tool wrote.

    Rows are never taken for stimuli by their position: ids come from the file, or from ``ids``.

    Args:
        path: A file or a folder.
        format: One of ``FORMATS``; by default it is recognised by content and suffix.
        ids: The stimulus ids in the order of the rows, or a text file with one per line; for files that
            have none.
        id_from: How a file's name becomes an id: ``"path"`` without the suffix of an image, ``"stem"``
            without folders too, ``"name"`` as it is written.
        id_label: The array, coordinate or descriptor that holds the ids, if it has no usual name.
        noun: ``"assembly"`` or ``"rdm"``, where a bare matrix does not say it.
        layout: ``"per-stimulus"`` or ``"per-layer"``, where the files of Net2Brain do not say it.
        variable: Which array or variable, where there are several.
        repetitions: ``"mean"`` averages repeated presentations of a stimulus. By default they become an
            axis, which needs equally many for each stimulus.
        time_bins: ``"units"`` makes every unit in every time bin a unit, ``"mean"`` averages the bins.
        dissimilarity: How RDMs were made, where the file does not say it.
        name: Whose responses they are; by default what the file says, or its name.

    Returns:
        An :class:`Assembly` (stimulus, unit) or :class:`RDM`, with ids.

    Raises:
        FileError: Missing, damaged, pickled, or in no known format; the message says what it was taken for.
        IdentityError: The file has no ids and none were given.
        InputError: An option that this format does not heed, or a decision that is missing.
        UnavailableError: The format needs an extra that is not installed.
    """
    place = Path(path)
    options = ReadOptions(ids, id_from, id_label, noun, layout, variable, repetitions, time_bins)
    chosen = recognised(place) if format is None else FORMATS[format]
    _refuse_missing(place)
    idle = options.given() - chosen.options
    if idle:
        raise InputError(
            f"{place} is {chosen.title}, for which {min(idle)}= means nothing",
            hint=f"Leave it out, or name another format: {', '.join(FORMATS)}.",
        )
    try:
        responses = chosen.read(place, options)
    except RepalignError as error:
        seen = error.message if place.name in error.message else f"{place}: {error.message}"
        error.message = f"{seen} [read as {chosen.title}, format={chosen.name!r}]"
        error.args = (error.message, error.hint)
        raise
    if dissimilarity is not None:
        if isinstance(responses, Assembly):
            raise InputError(f"{place} holds responses, not RDMs", hint="Leave dissimilarity= out.")
        responses = replace(responses, dissimilarity=dissimilarity)
    return responses if name is None else replace(responses, name=name)


def recognised(path: Path) -> Format:
    """The format of a file or folder, by its content and suffix.

    Raises:
        FileError: There is nothing, a pickle, or nothing known.
    """
    _refuse_missing(path)
    found = next((f for f in FORMATS.values() if f.recognise(path)), None)
    pickled = path.suffix.lower() in _PICKLES or (path.is_file() and starts_with(path, *_PICKLED))
    if pickled and found is not FORMATS["thingsvision"]:  # whose tensors are read without running code
        raise FileError(
            f"{path} is a pickle, and unpickling runs whatever code is in it",
            hint="Save it as plain numbers: numpy.save(path, array), or rdms.save(path, file_type='hdf5').",
        )
    if found is None:
        seen = "a folder" if path.is_dir() else f"a file that ends in {path.suffix or 'nothing'!r}"
        raise FileError(
            f"{path} is {seen} in none of the known formats",
            hint=f"Name the format, if it is one of these: {', '.join(FORMATS)}.",
        )
    return found


def _refuse_missing(path: Path) -> None:
    if not path.exists():
        raise FileError(f"{path} does not exist", hint="Check the path.")


def write_responses(
    responses: Assembly | RDM, path: Path | str, *, format: str | None = None, drop: Collection[str] = ()
) -> Path:
    """Write responses or RDMs so that other tools read them, all or nothing.

    Args:
        responses: With stimulus ids.
        path: The file, or the folder for ``"npy"``, ``"thingsvision"`` and ``"zarr"``. What was there is
            replaced; a folder only if the same format was in it.
        format: ``"npz"``, ``"netcdf"`` and ``"zarr"`` hold everything, ``"rsatoolbox"`` too (ASCII text),
            ``"csv"``, ``"npy"`` and ``"thingsvision"`` a matrix with ids. By default the suffix decides.
        drop: What may be left out where the format cannot hold it: ``"units"``, ``"labels"`` (of RDMs),
            ``"dissimilarity"``.

    Returns:
        The path.

    Raises:
        UnsuitableError: The format cannot hold all of it, and ``drop`` does not name what it cannot.
        IdentityError: There are no stimulus ids.
        StorageError: It cannot be written; what was there before is as it was.
        UnavailableError: The format needs an extra that is not installed.
    """
    place = Path(path)
    chosen = _for_suffix(place) if format is None else FORMATS[format]
    if chosen.write is None:
        raise UnsuitableError(
            f"{chosen.title} is only read, not written",
            hint=f"Write one of: {', '.join(f.name for f in FORMATS.values() if f.write)}.",
        )
    parts = (drop,) if isinstance(drop, str) else drop
    chosen.write(held(responses, chosen.holds, parts, chosen.title), place)
    return place


def _for_suffix(path: Path) -> Format:
    found = next((f for f in FORMATS.values() if path.suffix in f.suffixes), None)
    if found is None:
        raise InputError(
            f"{path.name} does not say in which format to write",
            hint=f"Name it: format='...', one of {', '.join(f.name for f in FORMATS.values() if f.write)}.",
        )
    return found
