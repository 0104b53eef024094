"""Bare arrays, archives of arrays and tables: with ids, and only with ids."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import squareform

from repalign.data import RDM, Assembly, Choices, read_responses, write_responses
from repalign.errors import FileError, IdentityError, ShapeError, UnknownNameError

IDS = ("cat", "dog", "eel")
X = np.arange(6.0).reshape(3, 2)


@pytest.mark.parametrize("as_file", [False, True])
def test_an_array_without_ids_needs_them_as_an_argument(as_file, tmp_path, refused):
    np.save(tmp_path / "x.npy", X)
    (tmp_path / "names.txt").write_text("cat\r\ndog\neel", encoding="utf-8-sig")
    with refused(IdentityError, "x.npy", "3 rows", "no stimulus ids", ".npy array"):
        read_responses(tmp_path / "x.npy")
    ids = tmp_path / "names.txt" if as_file else IDS
    assert read_responses(tmp_path / "x.npy", ids=ids).digest == Assembly(X, IDS).digest


def test_ids_may_be_an_array(tmp_path):
    np.save(tmp_path / "x.npy", X)
    assert read_responses(tmp_path / "x.npy", ids=np.array(IDS)).require_ids() == IDS


@pytest.mark.parametrize("ids", [("a", "b"), ("a", "b", "c", "d")])
def test_given_ids_must_be_as_many_as_rows(ids, tmp_path, refused):
    np.save(tmp_path / "x.npy", X)
    with refused(ShapeError, f"{len(ids)} ids for 3 rows"):
        read_responses(tmp_path / "x.npy", ids=ids)
    with refused(IdentityError, "'a'"):
        read_responses(tmp_path / "x.npy", ids=("a", "a", "b"))
    with refused(FileError, "missing.txt"):
        read_responses(tmp_path / "x.npy", ids=tmp_path / "missing.txt")


@pytest.mark.parametrize("path", ["out", "out.npy"])
def test_ids_beside_an_array_are_found(path, tmp_path):
    write_responses(Assembly(X, IDS), tmp_path / path, format="npy")
    assert read_responses(tmp_path / path).digest == Assembly(X, IDS).digest
    names = sorted(p.name for p in tmp_path.rglob("*") if p.is_file())
    assert names == (["ids.txt", "values.npy"] if path == "out" else ["out.ids.txt", "out.npy"])


def test_ids_beside_an_array_must_be_as_many_as_its_rows(tmp_path, refused):
    write_responses(Assembly(X, IDS), tmp_path / "out", format="npy")
    (tmp_path / "out" / "ids.txt").write_text("cat\ndog\n")
    with refused(FileError, "2 names for 3 rows"):
        read_responses(tmp_path / "out")


@pytest.mark.parametrize("values", [np.array([1.0, 2, 3]), squareform([1.0, 2, 3])])
def test_a_triangle_and_a_symmetric_matrix_are_rdms_unless_told_otherwise(values, tmp_path, refused):
    np.save(tmp_path / "x.npy", values)
    back = read_responses(tmp_path / "x.npy", ids=IDS)
    assert back.digest == RDM(np.array([1.0, 2, 3]), IDS).digest
    if values.ndim == 2:
        assert isinstance(read_responses(tmp_path / "x.npy", ids=IDS, noun="assembly"), Assembly)
    np.save(tmp_path / "y.npy", np.ones(4))
    with refused(ShapeError, "no upper triangle"):
        read_responses(tmp_path / "y.npy", ids=IDS)


def test_several_triangles_are_rdms_when_told_so(tmp_path):
    np.save(tmp_path / "x.npy", np.ones((2, 3)))
    assert read_responses(tmp_path / "x.npy", ids=IDS, noun="rdm").digest == RDM(np.ones((2, 3)), IDS).digest
    np.save(tmp_path / "y.npy", np.stack([squareform([1.0, 2, 3])] * 2))
    assert read_responses(tmp_path / "y.npy", ids=IDS, noun="rdm").n_rdms == 2


def test_arrays_of_an_archive_are_layers(tmp_path, refused):
    maps = np.ones((3, 2, 2), dtype=np.float32)
    np.savez(tmp_path / "x.npz", conv=maps, fc=X, stimulus_ids=np.array(IDS))
    back = read_responses(tmp_path / "x.npz")
    assert back.require_ids() == IDS
    np.testing.assert_array_equal(back.layer("conv").array(), np.ones((3, 4)))
    np.testing.assert_array_equal(back.layer("fc").array(), X)
    assert set(read_responses(tmp_path / "x.npz", variable="fc").units["layer"]) == {"fc"}
    np.savez(tmp_path / "y.npz", conv=maps, other=np.ones(5), stimulus_ids=np.array(IDS))
    with refused(FileError, "other", "(5,)"):
        read_responses(tmp_path / "y.npz")


def test_an_archive_needs_ids_under_a_known_or_named_key(tmp_path, refused):
    np.savez(tmp_path / "x.npz", values=X, who=np.array([b"cat", b"dog", b"eel"]))
    with refused(IdentityError, "x.npz", "no stimulus ids", ".npz of arrays"):
        read_responses(tmp_path / "x.npz", variable="values")
    back = read_responses(tmp_path / "x.npz", id_label="who")
    assert back.digest == Assembly(X, IDS).digest
    with refused(UnknownNameError, "'whom'"):
        read_responses(tmp_path / "x.npz", id_label="whom")
    np.savez(tmp_path / "y.npz", values=X, ids=np.array([0.5, 1.5, 2.5]))
    with refused(IdentityError, "0.5"):
        read_responses(tmp_path / "y.npz")


def test_our_own_files_are_read_with_their_ids_or_given_ones(tmp_path, refused):
    Assembly(X).save(tmp_path / "bare.npz")
    with refused(IdentityError, "no stimulus ids", "a file of repalign"):
        read_responses(tmp_path / "bare.npz")
    assert read_responses(tmp_path / "bare.npz", ids=IDS).digest == Assembly(X, IDS).digest
    Choices(np.array(["s"]), np.array(["cat"]), np.array(["yes"])).save(tmp_path / "c.npz")
    with refused(FileError, "holds choices"):
        read_responses(tmp_path / "c.npz")


@pytest.mark.parametrize(
    "text",
    [
        "id,a,b\ncat,0,1\ndog,2,3\neel,4,5\n",
        "cat,0,1\ndog,2,3\neel,4,5",
        "\ufeff,0,1\r\ncat,0,1\r\ndog,2,3\r\neel,4,5",
    ],
)
def test_a_table_may_have_a_header_or_none(text, tmp_path):
    (tmp_path / "x.csv").write_bytes(text.encode())
    back = read_responses(tmp_path / "x.csv")
    assert back.require_ids() == IDS
    np.testing.assert_array_equal(back.array(), X)
    assert list(back.units.get("unit", [])) == (["a", "b"] if text.startswith("id") else [])


def test_a_square_table_is_an_rdm(tmp_path):
    (tmp_path / "x.csv").write_text("id,cat,dog,eel\ncat,0,1,2\ndog,1,0,3\neel,2,3,0\n")
    assert read_responses(tmp_path / "x.csv").digest == RDM(np.array([1.0, 2, 3]), IDS).digest


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cat,0,1\ndog,2", ("row 2 has 2 cells",)),
        ("id,a\ncat,\n", ("'' is no number", "'cat'", "'a'")),
        ("cat,1_0,2\ndog,3,4\n", ("'1_0'",)),
        ("", ("empty",)),
        ("only\nids\n", ("no table",)),
        ('cat,"1\n', ("cannot be read",)),
    ],
)
def test_what_is_no_table_of_numbers_is_refused(text, words, tmp_path, refused):
    (tmp_path / "x.csv").write_text(text)
    with refused(FileError, "x.csv", *words):
        read_responses(tmp_path / "x.csv")


def test_a_table_of_nothing_but_numbers_has_no_ids(tmp_path, refused):
    np.savetxt(tmp_path / "x.csv", X / 7, delimiter=",")
    with refused(IdentityError, "x.csv", "where ids belong"):
        read_responses(tmp_path / "x.csv")


def test_numbers_that_floats_cannot_hold_are_not_written_to_a_table(tmp_path):
    with pytest.raises(ValueError, match="64-bit"):
        write_responses(Assembly(np.array([[2**60 + 1]]), ("a",)), tmp_path / "x.csv")


@pytest.mark.parametrize("odd", ["\r", "a\nb", 'a"b', "a,b", "\t", " a ", "0.5"])
def test_an_id_of_any_text_survives_a_table(odd, tmp_path):
    rows = Assembly(X, (odd, "b", "c"))
    assert read_responses(write_responses(rows, tmp_path / "x.csv")).digest == rows.digest
