"""Writing so that a reader never sees half a file, and reading with errors that help."""

from __future__ import annotations

import errno
import json
import os
import threading
import zipfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from repalign.errors import FileError, StorageError

PARTIAL_PREFIX = ".partial-"
HEADER = "__header__"


@contextmanager
def replacing(path: Path) -> Generator[Path]:
    """Give a temporary name beside ``path``; on success it is flushed to disk and renamed onto it.

    On any failure the temporary file is removed and ``path`` is as it was before.

    Args:
        path: The file to write; its folder is made when it is not there.

    Yields:
        The temporary name, to be written to.

    Raises:
        StorageError: The disk is full, or the folder cannot be written.
    """
    owner = f"{os.getpid()}-{threading.get_ident()}"  # two threads may write the same path
    temporary = path.with_name(f"{PARTIAL_PREFIX}{owner}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
    except OSError as error:
        _discard(temporary)
        raise storage_error(path, error) from error
    except BaseException:
        _discard(temporary)
        raise


def _discard(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # the folder itself is gone or read-only: nothing of ours is left there
        return


def storage_error(path: Path, error: OSError) -> StorageError:
    """Say why ``path`` could not be written and what to do about it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageError(
            f"the disk is full: {path.name} could not be written to {path.parent}",
            hint="Free some space or name another folder; what was finished before is kept.",
        )
    reason = error.strerror or str(error)
    return StorageError(
        f"{path} could not be written: {reason}",
        hint="Check that the folder exists and may be written to, or name another.",
    )


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, all or nothing.

    Args:
        path: The file; its folder is made when it is not there.
        content: What it is to hold.

    Raises:
        StorageError: The file could not be written.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def remove_partials(folder: Path) -> int:
    """Remove what killed processes left half-written in ``folder``; files of live ones stay.

    Args:
        folder: The folder itself; folders in it are not searched.

    Returns:
        The number of files removed.
    """
    removed = 0
    for path in folder.glob(f"{PARTIAL_PREFIX}*"):
        pid = path.name.removeprefix(PARTIAL_PREFIX).split("-", 1)[0]
        if not (pid.isdecimal() and _alive(int(pid))):
            _discard(path)
            removed += 1
    return removed


def _alive(pid: int) -> bool:
    if pid == os.getpid():
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return not _zombie(pid)


def _zombie(pid: int) -> bool:
    """Whether a process has ended and only waits to be reaped, which in a container may take for ever."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (OSError, IndexError):
        return False


def readable(path: Path, what: str) -> Path:
    """Return ``path`` if it is a file, else say that ``what`` is missing.

    Args:
        path: Where it should be.
        what: What it is called in the error, e.g. ``"score table"``.

    Returns:
        The same path.

    Raises:
        FileError: There is no such file.
    """
    if path.is_file():
        return path
    seen = "is a folder" if path.is_dir() else "does not exist"
    raise FileError(f"{what}: {path} {seen}", hint="Check the path; a file is needed here.")


def read_json(path: Path, what: str) -> Any:
    """Parse a JSON file.

    Args:
        path: The file, in UTF-8.
        what: What it is called in errors.

    Returns:
        What it holds, as plain Python values.

    Raises:
        FileError: Missing, or not JSON.
    """
    try:
        return json.loads(readable(path, what).read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise FileError(f"{what}: {path} is not JSON ({error})", hint="Write it anew.") from error


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], header: Mapping[str, Any]) -> None:
    """Write named arrays and a JSON header into one ``.npz``; the same content gives the same bytes.

    Raises:
        StorageError: The file could not be written.
    """
    encoded = np.frombuffer(json.dumps(dict(header), sort_keys=True).encode(), dtype=np.uint8)
    contents = {**{name: _storable(np.asarray(arrays[name])) for name in sorted(arrays)}, HEADER: encoded}
    # Not numpy.savez, which keeps the order given and takes an array named "file" for its own argument.
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, array in contents.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _storable(array: NDArray[Any]) -> NDArray[Any]:
    # Objects would need pickle; every label we store is a string, a number or a truth value.
    if array.dtype.kind in "OT":
        return array.astype(np.str_)
    # As in digest_array: neither byte order nor memory layout is content.
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def read_arrays(path: Path, what: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Read what :func:`write_arrays` wrote. Nothing is unpickled.

    Args:
        path: The file.
        what: What it is called in errors.

    Returns:
        The named arrays and the header.

    Raises:
        FileError: Missing, corrupt, or not written by repalign.
    """
    loaded = load_numpy(path, what)
    if not isinstance(loaded, dict) or HEADER not in loaded:
        raise FileError(
            f"{what}: {path} is not a repalign file (it has no header)",
            hint="Only files that repalign wrote carry ids; for a bare array use .npy.",
        )
    try:
        header: object = json.loads(loaded.pop(HEADER).tobytes().decode())
    except (ValueError, RecursionError) as error:
        raise _corrupt(path, what, error) from error
    if not isinstance(header, dict):
        raise _corrupt(path, what, TypeError("the header is no JSON object"))
    return loaded, cast(dict[str, Any], header)


def read_noun(
    path: Path, noun: str, needed: Sequence[str], keys: Sequence[str]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Read a file that holds this noun; otherwise as :func:`read_arrays`.

    Args:
        path: The file.
        noun: The noun, as its header says it.
        needed: The arrays it cannot be without.
        keys: The keys that the header cannot be without.

    Raises:
        FileError: Missing, corrupt, incomplete, or another noun.
    """
    arrays, found = read_arrays(path, noun)
    if found.get("noun") != noun:
        raise FileError(
            f"{path} holds no {noun} but {found.get('noun')!r}",
            hint="Load it as what it is, or name another.",
        )
    lacking = [*(a for a in needed if a not in arrays), *(k for k in keys if k not in found)]
    if lacking:
        raise _corrupt(path, noun, KeyError(f"it has no {lacking[0]}"))
    return arrays, found


def load_numpy(path: Path, what: str) -> NDArray[Any] | dict[str, NDArray[Any]]:
    """Read a ``.npy`` (an array) or a ``.npz`` (a dictionary of arrays) without unpickling.

    Args:
        path: The file.
        what: What it is called in errors.

    Returns:
        The array of a ``.npy``; of a ``.npz`` its arrays by name.

    Raises:
        FileError: Missing, truncated, or holding pickled Python objects.
    """
    readable(path, what)
    try:
        with path.open("rb") as handle:  # numpy leaves a file open that it opened and cannot read
            loaded = np.load(handle, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return cast(NDArray[Any], loaded)
            arrays = {name: loaded[name] for name in loaded.files}
        odd = [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]
        if odd:
            raise ValueError(f"its member {odd[0]!r} is no array")
        return arrays
    except (ValueError, OSError, EOFError, KeyError, SyntaxError) as error:
        if "pickle" in str(error).lower():
            message = f"{what}: {path} holds pickled Python objects or is no numpy file"
            hint = "repalign never unpickles; save plain numbers with numpy.save(path, array)."
            raise FileError(message, hint=hint) from error
        raise _corrupt(path, what, error) from error
    except Exception as error:  # zipfile.BadZipFile and zlib.error share no base with the above
        raise _corrupt(path, what, error) from error


def _corrupt(path: Path, what: str, error: Exception) -> FileError:
    return FileError(
        f"{what}: {path} cannot be read ({error})",
        hint="The file is truncated or damaged; make or copy it again.",
    )
