"""Writing all or nothing, and reading without running anything."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

from repalign.data import (
    load_numpy,
    read_arrays,
    read_json,
    readable,
    remove_partials,
    replacing,
    write_bytes,
)
from repalign.data.files import write_arrays
from repalign.errors import FileError, StorageError


class Boom:
    """Unpickling it leaves a mark."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


def entries(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_what_was_written_is_there_and_nothing_else(tmp_path) -> None:
    write_bytes(tmp_path / "new" / "a.bin", b"one")
    write_bytes(tmp_path / "new" / "a.bin", b"two")
    assert (tmp_path / "new" / "a.bin").read_bytes() == b"two"
    assert entries(tmp_path / "new") == ["a.bin"]


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt()])
def test_a_failure_keeps_the_old_content_and_leaves_nothing(error, tmp_path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def fail(temporary: Path) -> None:
        temporary.write_bytes(b"half")
        raise error

    with pytest.raises(type(error)), replacing(path) as temporary:
        fail(temporary)
    assert path.read_bytes() == b"old"
    assert entries(tmp_path) == ["a.bin"]


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "disk is full"),
        (errno.EFBIG, "disk is full"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_a_full_disk_is_a_storage_error_and_keeps_the_old_content(
    number, word, tmp_path, monkeypatch, refused
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def fail(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with refused(StorageError, word, "a.bin", str(tmp_path)):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert entries(tmp_path) == ["a.bin"]


def test_a_folder_that_is_a_file_is_a_storage_error(tmp_path, refused) -> None:
    (tmp_path / "f").write_bytes(b"")
    with refused(StorageError, "could not be written"):
        write_bytes(tmp_path / "f" / "a.bin", b"")


def test_threads_that_write_the_same_path_do_not_disturb_each_other(tmp_path) -> None:
    path, failures = tmp_path / "a.bin", []

    def write(value: int) -> None:
        try:
            for _ in range(20):
                write_bytes(path, bytes([value]) * 10_000)
        except StorageError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(set(path.read_bytes())) == 1
    assert entries(tmp_path) == ["a.bin"]


def test_only_the_partial_files_of_dead_processes_are_removed(tmp_path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    gone = [f".partial-{dead.pid}-1-a", ".partial-99999999999999999999-b", ".partial-²-c", ".partial-"]
    kept = [f".partial-{os.getpid()}-1-a", f".partial-{os.getppid()}-1-a", "a", "partial-1-a"]
    for name in (*gone, *kept):
        (tmp_path / name).touch()
    assert remove_partials(tmp_path) == len(gone)
    assert entries(tmp_path) == sorted(kept)
    assert remove_partials(tmp_path / "nowhere") == 0


@pytest.mark.parametrize(("name", "word"), [("nowhere.json", "does not exist"), (".", "is a folder")])
def test_a_missing_file_is_named_with_what_it_was_to_be(name, word, tmp_path, refused) -> None:
    with refused(FileError, "study spec", word):
        readable(tmp_path / name, "study spec")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_refused(content: bytes, tmp_path, refused) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with refused(FileError, "a.json", "not JSON"):
        read_json(tmp_path / "a.json", "spec")


AWKWARD = {
    "f4": np.array([0.1, -0.0, np.nan, np.inf], dtype="f4"),
    "i8": np.array([[1, -(2**63)]]),
    "bool": np.array([True, False]),
    "text": np.array(["é", "", "日本"]),
    "number": np.array(0.1 + 0.2),
    "empty": np.zeros((0, 3)),
    "file": np.arange(3),
    "unit:a/b": np.arange(2),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_arrays_survive_writing_exactly_whatever_their_name(name: str, tmp_path) -> None:
    write_arrays(tmp_path / "a.npz", {name: AWKWARD[name]}, {"k": [1, None, "é"]})
    arrays, header = read_arrays(tmp_path / "a.npz", "arrays")
    assert header == {"k": [1, None, "é"]}
    assert list(arrays) == [name]
    assert arrays[name].dtype == AWKWARD[name].dtype
    assert arrays[name].shape == AWKWARD[name].shape
    assert arrays[name].tobytes() == AWKWARD[name].tobytes()


def test_equal_content_gives_equal_bytes(tmp_path) -> None:
    x, y = np.arange(12.0).reshape(3, 4), np.array(["a", "b"])
    write_arrays(tmp_path / "1.npz", {"x": x, "y": y}, {"a": 1, "b": 2})
    twins = {"y": y.astype(object), "x": np.asfortranarray(x).astype(">f8")}
    write_arrays(tmp_path / "2.npz", twins, {"b": 2, "a": 1})
    assert (tmp_path / "1.npz").read_bytes() == (tmp_path / "2.npz").read_bytes()


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_pickled_objects_are_refused_without_unpickling(suffix: str, tmp_path, refused) -> None:
    path, marker = tmp_path / f"a{suffix}", tmp_path / "marker"
    bomb = np.array([Boom(marker)], dtype=object)
    (np.save if suffix == ".npy" else np.savez)(path, bomb)
    with refused(FileError, "pickled"):
        load_numpy(path, "array")
    assert not marker.exists()
    if suffix == ".npy":
        np.load(path, allow_pickle=True)
        assert marker.exists()  # so it would have gone off


def test_a_bare_pickle_is_refused_without_unpickling(tmp_path, refused) -> None:
    import pickle

    path, marker = tmp_path / "a.npy", tmp_path / "marker"
    path.write_bytes(pickle.dumps(Boom(marker)))
    with refused(FileError, "pickled"):
        load_numpy(path, "array")
    assert not marker.exists()


def test_a_file_cut_short_anywhere_is_refused(tmp_path, refused) -> None:
    whole = tmp_path / "a.npz"
    write_arrays(whole, {"x": np.arange(50.0)}, {"noun": "x"})
    content = whole.read_bytes()
    for length in range(0, len(content), 37):
        (tmp_path / "cut.npz").write_bytes(content[:length])
        with refused(FileError, "cut.npz"):
            read_arrays(tmp_path / "cut.npz", "arrays")


def test_a_flipped_bit_in_the_numbers_is_refused(tmp_path, refused) -> None:
    write_arrays(tmp_path / "a.npz", {"x": np.full(50, 7, dtype="u1")}, {})
    damaged = (tmp_path / "a.npz").read_bytes().replace(b"\7\7\7", b"\7\6\7", 1)
    (tmp_path / "a.npz").write_bytes(damaged)
    with refused(FileError, "cannot be read"):
        read_arrays(tmp_path / "a.npz", "arrays")


def test_a_file_of_another_tool_is_refused(tmp_path, refused) -> None:
    np.savez(tmp_path / "a.npz", x=np.arange(3))
    with refused(FileError, "no header"):
        read_arrays(tmp_path / "a.npz", "arrays")
    np.savez(tmp_path / "b.npz", __header__=np.frombuffer(b"[1]", dtype="u1"))
    with refused(FileError, "no JSON object"):
        read_arrays(tmp_path / "b.npz", "arrays")
    with zipfile.ZipFile(tmp_path / "c.npz", "w") as archive:
        archive.writestr("__header__", b"{}")
    with refused(FileError, "no array"):
        read_arrays(tmp_path / "c.npz", "arrays")
