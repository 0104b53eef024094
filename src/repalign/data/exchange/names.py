"""Stimulus ids that come with a file, or are given for one that has none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from repalign.data.exchange.options import IdFrom, ReadOptions
from repalign.data.files import readable
from repalign.data.ids import check_ids
from repalign.data.images import SUFFIXES
from repalign.errors import FileError, IdentityError, ShapeError, UnsuitableError

MEDIA = frozenset(SUFFIXES) | {".eps", ".tif", ".tiff", ".mp4", ".avi", ".wav", ".mp3"}
# What the field calls the array, coordinate or descriptor that says which stimulus a row belongs to.
ID_LABELS = ("stimulus_id", "image_id", "stimulus", "conds")
ID_ARRAYS = ("ids", "stimulus_ids", "stimuli_name", "image_ids", "file_names", *ID_LABELS)


def as_texts(values: Any, what: str) -> tuple[str, ...]:
    """Labels as text: bytes are decoded, whole numbers written out.

    Raises:
        IdentityError: Some are neither.
    """
    array = np.asarray(values)
    texts: list[str] = []
    for value in cast(list[object], array.ravel().tolist()):
        if isinstance(value, bytes):
            texts.append(value.decode("utf-8", errors="replace"))
        elif isinstance(value, str | int) and not isinstance(value, bool):
            texts.append(str(value))
        else:
            raise IdentityError(
                f"{what} are text or whole numbers; saw {value!r}",
                hint="Name what holds the stimulus ids: id_label='...'.",
            )
    return tuple(texts)


def as_labels(values: Any) -> NDArray[Any]:
    """Labels as truth values, numbers or text."""
    array = np.asarray(values)
    if array.dtype.kind in "biuf":
        return array
    listed = cast(list[object], array.tolist())
    return np.array([v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in listed], str)


def id_of(name: str, rule: IdFrom) -> str:
    """The stimulus id that a file's name stands for.

    Args:
        name: The name as written, possibly a path.
        rule: ``"path"`` takes off the suffix of an image, a film or a sound, as
            ``StimulusSet.from_folder`` does; ``"stem"`` takes off the folders too; ``"name"`` nothing.

    Raises:
        IdentityError: The rule is ``"path"`` and the path is absolute.
    """
    if rule == "name":
        return name
    if rule == "stem":
        name = PureWindowsPath(name).name  # it knows both kinds of slash
    elif PurePosixPath(name).is_absolute() or PureWindowsPath(name).is_absolute():
        raise IdentityError(
            f"{name!r} is an absolute path, which is no id: it would differ on every machine",
            hint="Take the file's name without its folders: id_from='stem'.",
        )
    suffix = PurePosixPath(name).suffix
    return name.removesuffix(suffix) if suffix.lower() in MEDIA else name


def settle_ids(found: Sequence[str] | None, options: ReadOptions, n: int, what: str) -> tuple[str, ...]:
    """The ids of a file's ``n`` rows: its own where it has them, else those that were given.

    Raises:
        IdentityError: There are none, or the given ones contradict the file's own.
        FileError: The file's own ids are more or fewer than its rows.
        ShapeError: The given ids are.
    """
    given = given_ids(options.ids)
    if found is None and given is None:
        raise IdentityError(
            f"{what} has {n} rows and no stimulus ids: their order would be all that says what they are",
            hint="Give the ids in the order of the rows, one a line: in NAME.ids.txt beside a NAME.npy, "
            "or by ids=.",
        )
    if found is not None and given is not None and tuple(found) != given:
        raise IdentityError(
            f"{what} has stimulus ids of its own ({found[0]!r}, ...), but ids= was given too",
            hint="Leave ids= out; rename afterwards if other names are wanted.",
        )
    if found is not None and len(found) != n:
        raise FileError(f"{what}: {len(found)} names for {n} rows", hint="Write the responses again.")
    if given is not None and len(given) != n:
        raise ShapeError(f"{what}: {len(given)} ids for {n} rows", hint="Give one id per row.")
    return check_ids(found or given or (), f"stimulus ids of {what}")


def given_ids(ids: Sequence[str] | Path | str | None) -> tuple[str, ...] | None:
    """The ids themselves, or those of a text file with one id per line.

    Raises:
        FileError: The text file is missing or not text.
    """
    if ids is None:
        return None
    return read_lines(Path(ids), "stimulus ids") if isinstance(ids, str | Path) else tuple(ids)


def read_lines(path: Path, what: str) -> tuple[str, ...]:
    """The lines of a text file, without empty ones at its end.

    Raises:
        FileError: Missing, or not UTF-8.
    """
    try:
        text = readable(path, what).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"{what}: {path} is no text ({error})", hint="Save it as UTF-8.") from error
    return tuple(text.rstrip("\n").split("\n")) if text.strip("\n") else ()


def lines_of(ids: Sequence[str]) -> bytes:
    """A text file of ids, one per line.

    Raises:
        UnsuitableError: An id has a line break in it, or is no text that UTF-8 can hold.
    """
    plain_texts(ids, "stimulus ids")
    odd = [i for i in ids if "\n" in i or "\r" in i or i.startswith("\ufeff")]
    if odd:
        raise UnsuitableError(
            f"the id {odd[0]!r} does not fit on one line of a text file", hint="Write format='npz' instead."
        )
    return "".join(f"{i}\n" for i in ids).encode()


def plain_texts(texts: Sequence[str], what: str) -> None:
    """Refuse texts that a C string in UTF-8 cannot hold.

    Raises:
        UnsuitableError: There is a zero byte or half a surrogate pair in one of them.
    """
    for text in texts:
        if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
            raise UnsuitableError(
                f"{what}: {text!r} cannot be written in this format", hint="Use letters that are valid text."
            )
