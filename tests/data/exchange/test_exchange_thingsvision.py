"""thingsvision's folders, in each file format of its ``save_features``."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

from repalign.data import Assembly, read_responses, write_responses
from repalign.errors import FileError, IdentityError, ShapeError, StorageError, UnsuitableError
from repalign.seeds import rng

X = rng(0, "features").standard_normal((4, 6))
NAMES = ["animals/cat.jpg", "animals/dog.PNG", "tools/saw.v2", "tools/axe.jpeg"]
IDS = ("animals/cat", "animals/dog", "tools/saw.v2", "tools/axe")


def folder_of(tmp_path: Path, names: list[str] | None = NAMES) -> Path:
    folder = tmp_path / "vgg"
    folder.mkdir()
    if names is not None:
        (folder / "file_names.txt").write_text("".join(f"{n}\n" for n in names), encoding="utf-8")
    return folder


def save_mat(folder: Path) -> None:
    bare = [n.rsplit(".", 1)[0] if n.endswith(("jpg", "PNG", "jpeg")) else n for n in NAMES]
    # The variables stand in another order than the list of names.
    scipy.io.savemat(folder / "features.mat", {bare[i]: X[i] for i in (2, 0, 3, 1)})


def save_hdf5(folder: Path) -> None:
    with h5py.File(folder / "features.hdf5", "w") as file:
        file["features"] = X


def save_hdf5_parts(folder: Path) -> None:
    with h5py.File(folder / "features.hdf5", "w") as file:
        file["features_01"], file["features_02"] = X[:1], X[1:]


def save_npy_parts(folder: Path) -> None:
    np.save(folder / "features_01.npy", X[:3])
    np.save(folder / "features_02.npy", X[3:])


WRITERS = {
    "npy": lambda f: np.save(f / "features.npy", X),
    "npy of maps": lambda f: np.save(f / "features.npy", X.reshape(4, 2, 3, 1)),
    "txt": lambda f: np.savetxt(f / "features.txt", X),
    "mat": save_mat,
    "mat without names": lambda f: scipy.io.savemat(f / "features.mat", {"features": X}),
    "hdf5": save_hdf5,
    "hdf5 in parts": save_hdf5_parts,
    "npy in parts": save_npy_parts,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_file_format_gives_the_same_assembly(kind, tmp_path):
    folder = folder_of(tmp_path)
    WRITERS[kind](folder)
    assert read_responses(folder).digest == Assembly(X, IDS).digest
    assert read_responses(folder).name == "vgg"


def test_a_tensor_file_is_read_and_one_with_code_is_not_run(tmp_path, refused):
    torch = pytest.importorskip("torch")
    folder, mark = folder_of(tmp_path), tmp_path / "mark"

    class Boom:
        def __reduce__(self):
            return Path.touch, (mark,)

    torch.save(torch.from_numpy(X), folder / "features.pt")
    assert read_responses(folder).digest == Assembly(X, IDS).digest
    assert read_responses(folder / "features.pt").digest == Assembly(X, IDS).digest
    torch.save(torch.from_numpy(X), tmp_path / "alone.pt")
    with refused(FileError, "alone.pt", "is a pickle"):
        read_responses(tmp_path / "alone.pt")
    torch.save({"features": Boom()}, folder / "features.pt")
    with refused(FileError, "features.pt", "more than plain tensors"):
        read_responses(folder)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("rule", "ids"),
    [("path", IDS), ("stem", ("cat", "dog", "saw.v2", "axe")), ("name", tuple(NAMES))],
)
def test_file_names_become_ids_by_a_named_rule(rule, ids, tmp_path):
    folder = folder_of(tmp_path)
    np.save(folder / "features.npy", X)
    assert read_responses(folder, id_from=rule).require_ids() == ids


@pytest.mark.parametrize("root", ["/home/me/", "C:\\images\\"])
def test_absolute_paths_are_no_ids(root, tmp_path, refused):
    folder = folder_of(tmp_path, [root + n.split("/")[1] for n in NAMES])
    np.save(folder / "features.npy", X)
    with refused(IdentityError, "absolute path", "thingsvision"):
        read_responses(folder)
    assert read_responses(folder, id_from="stem").require_ids() == ("cat", "dog", "saw.v2", "axe")


def test_two_images_of_one_stem_are_refused(tmp_path, refused):
    folder = folder_of(tmp_path, ["a/x.jpg", "b/x.jpg", "c.jpg", "d.jpg"])
    np.save(folder / "features.npy", X)
    with refused(IdentityError, "'x'"):
        read_responses(folder, id_from="stem")


def test_without_names_the_ids_must_be_given(tmp_path, refused):
    folder = folder_of(tmp_path, names=None)
    np.save(folder / "features.npy", X)
    with refused(IdentityError, "4 rows", "no stimulus ids", "thingsvision"):
        read_responses(folder)
    assert read_responses(folder, ids=IDS).digest == Assembly(X, IDS).digest
    with refused(ShapeError, "3 ids for 4 rows"):
        read_responses(folder, ids=IDS[:3])


def test_other_ids_than_the_folder_has_are_refused(tmp_path, refused):
    folder = folder_of(tmp_path)
    np.save(folder / "features.npy", X)
    assert read_responses(folder, ids=IDS).require_ids() == IDS
    with refused(IdentityError, "ids of its own", "'animals/cat'"):
        read_responses(folder, ids=("a", "b", "c", "d"))


@pytest.mark.parametrize("names", [NAMES[:3], [*NAMES, "one/more.jpg"]])
@pytest.mark.parametrize("kind", ["npy", "mat"])
def test_more_or_fewer_names_than_rows_are_refused(names, kind, tmp_path, refused):
    folder = folder_of(tmp_path, names)
    WRITERS[kind](folder)
    with refused(FileError, str(len(names)), "4"):
        read_responses(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [("npy", b"\x93NUMPY\x01\x00"), ("txt", b"1 2\n3 x\n"), ("txt", b"\n"), ("hdf5", b"\x89HDF")],
)
def test_damaged_features_are_refused(name, content, tmp_path, refused):
    folder = folder_of(tmp_path)
    (folder / f"features.{name}").write_bytes(content)
    with refused(FileError, "cannot be read", "thingsvision"):
        read_responses(folder)


def test_two_kinds_of_features_are_told_apart_by_naming_the_file(tmp_path, refused):
    folder = folder_of(tmp_path)
    np.save(folder / "features.npy", X)
    np.savetxt(folder / "features.txt", 2 * X)
    with refused(FileError, "features.npy, features.txt"):
        read_responses(folder)
    assert read_responses(folder / "features.txt").digest == Assembly(2 * X, IDS).digest


def test_what_is_exported_has_the_layout_of_thingsvision(tmp_path):
    write_responses(Assembly(X, IDS), tmp_path / "out", format="thingsvision")
    np.testing.assert_array_equal(np.load(tmp_path / "out" / "features.npy"), X)
    assert (tmp_path / "out" / "file_names.txt").read_text().splitlines() == list(IDS)


def test_a_folder_with_other_things_is_not_replaced(tmp_path, refused):
    (tmp_path / "notes.md").write_text("mine")
    with refused(StorageError, "holds other things"):
        write_responses(Assembly(X, IDS), tmp_path, format="thingsvision")
    assert (tmp_path / "notes.md").read_text() == "mine"


@pytest.mark.parametrize("odd", ["two\nlines", " space", "zero\0byte"])
def test_ids_that_a_list_of_names_cannot_hold_are_refused(odd, tmp_path, refused):
    with refused(UnsuitableError, repr(odd)):
        write_responses(Assembly(X, (*IDS[:3], odd)), tmp_path / "out", format="thingsvision")
