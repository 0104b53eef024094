"""Where stimulus sets come from: folders, tables, MATLAB files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage
from scipy.io import savemat

from repalign.data import StimulusSet, read_mat
from repalign.errors import FileError, IdentityError, ShapeError, UnknownNameError


def picture(path, value: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    PILImage.new("RGB", (2, 2), (value, 0, 0)).save(path)


def test_ids_of_a_folder_are_paths_without_suffix_in_sorted_order(tmp_path) -> None:
    for value, name in enumerate(["b/x.y.png", "b/a.JPG", "a.bmp"]):
        picture(tmp_path / "shop" / name, value)
    (tmp_path / "shop" / "notes.txt").touch()
    (tmp_path / "shop" / "folder.png").mkdir()
    stimuli = StimulusSet.from_folder(tmp_path / "shop")
    assert stimuli.ids == ("a", "b/a", "b/x.y")
    assert stimuli.name == "shop"
    assert stimuli.pixels(0)[0, 0, 0] == 2
    assert StimulusSet.from_folder(str(tmp_path / "shop"), pattern="*", name="n").ids == ("a",)


def test_the_order_of_a_folder_is_not_that_of_the_file_system(tmp_path, monkeypatch) -> None:
    for name in "cab":
        picture(tmp_path / f"{name}.png")
    listed = [tmp_path / f"{name}.png" for name in "bca"]
    monkeypatch.setattr(Path, "glob", lambda *_: iter(listed))
    assert StimulusSet.from_folder(tmp_path).ids == ("a", "b", "c")


def test_a_folder_without_images_or_with_ambiguous_ones_is_refused(tmp_path, refused) -> None:
    with refused(FileError, "no folder", "nowhere"):
        StimulusSet.from_folder(tmp_path / "nowhere")
    with refused(FileError, "no image", "'**/*'"):
        StimulusSet.from_folder(tmp_path)
    picture(tmp_path / "a.png")
    picture(tmp_path / "a.bmp")
    with refused(IdentityError, "unique", "'a'"):
        StimulusSet.from_folder(tmp_path)


ROWS = [
    {"id": "s1", "file": "pics/1.png", "word": "a, b", "n": 3, "x": 0.5, "flag": "yes", "code": "1_2"},
    {"id": "s0", "file": "pics/0.png", "word": 'say "é"', "n": -1, "x": 2.0, "flag": "", "code": "1_3"},
]


@pytest.fixture(params=["csv", "tsv", "json", "bom.csv"])
def table(request, tmp_path):
    path = tmp_path / f"list.{request.param}"
    if request.param == "json":
        path.write_text(json.dumps(ROWS))
        return path
    mark = "\t" if request.param == "tsv" else ","
    quoted = [
        [f'"{str(c).replace(chr(34), chr(34) * 2)}"' for c in line]
        for line in (ROWS[0], *[r.values() for r in ROWS])
    ]
    text = "".join(mark.join(line) + "\r\n" for line in quoted)
    path.write_bytes(text.encode("utf-8-sig" if "bom" in request.param else "utf-8"))
    return path


def test_a_table_gives_ids_images_texts_and_typed_columns(table) -> None:
    for value in (0, 1):
        picture(table.parent / "pics" / f"{value}.png", value)
    stimuli = StimulusSet.from_table(table, image="file", text="word")
    assert stimuli.ids == ("s1", "s0")
    assert stimuli.texts == (("a, b",), ('say "é"',))
    assert [int(stimuli.pixels(i)[0, 0, 0]) for i in (0, 1)] == [1, 0]
    columns = {name: (values.dtype.kind, values.tolist()) for name, values in stimuli.columns.items()}
    assert columns == {
        "n": ("i", [3, -1]),
        "x": ("f", [0.5, 2.0]),
        "flag": ("U", ["yes", ""]),
        "code": ("U", ["1_2", "1_3"]),
    }


def test_columns_of_a_json_table_keep_their_types(tmp_path) -> None:
    rows = [
        {"id": "a", "x": 1.5, "b": True, "t": "1", "m": None},
        {"id": "b", "x": 2, "b": False, "t": "2", "m": 1},
    ]
    (tmp_path / "t.json").write_text(json.dumps(rows))
    columns = StimulusSet.from_table(tmp_path / "t.json").columns
    assert {k: v.tolist() for k, v in columns.items()} == {
        "x": [1.5, 2.0],
        "b": [True, False],
        "t": ["1", "2"],
        "m": ["None", "1"],
    }


BAD_TABLES = {
    "t.csv": [
        ("id,x\n1,2,3\n", "longer or shorter"),
        ("id,x\n1\n", "longer or shorter"),
        ("id,id\n1,2\n", "twice"),
    ],
    "t.tsv": [
        ("id\tx\n", "no rows"),
        ("", "no rows"),
        (b"id\n\xff\n", "cannot be read"),
        ('id\n"a\n', "cannot be read"),
    ],
    "t.json": [
        ("{}", "list of objects"),
        ("[1]", "list of objects"),
        ('[{"id": "a"}, {}]', "other keys"),
        ("[]", "no rows"),
    ],
    "t.xlsx": [("", ".csv, .tsv or .json")],
}


@pytest.mark.parametrize(
    ("name", "content", "word"), [(n, c, w) for n, cases in BAD_TABLES.items() for c, w in cases]
)
def test_a_table_that_cannot_be_read_whole_is_refused(name, content, word, tmp_path, refused) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with refused(FileError, name, word):
        StimulusSet.from_table(tmp_path / name)


@pytest.mark.parametrize("role", ["id", "image", "text"])
def test_a_column_that_is_not_there_comes_with_the_nearest(role: str, tmp_path, refused) -> None:
    (tmp_path / "t.csv").write_text("id,words,path\na,b,c\n")
    with refused(UnknownNameError, "column in t.csv", "'wrods'"):
        StimulusSet.from_table(tmp_path / "t.csv", **{role: "wrods"})


def test_ids_and_texts_of_a_table_are_never_null_empty_or_doubled(tmp_path, refused) -> None:
    (tmp_path / "n.json").write_text('[{"id": "a", "t": null}]')
    with refused(FileError, "'t' is null"):
        StimulusSet.from_table(tmp_path / "n.json", text="t")
    (tmp_path / "e.csv").write_text("id,x\n,1\n")
    with refused(IdentityError, "non-empty"):
        StimulusSet.from_table(tmp_path / "e.csv")
    (tmp_path / "d.csv").write_text("id\na\na\n")
    with refused(IdentityError, "unique"):
        StimulusSet.from_table(tmp_path / "d.csv")


@pytest.fixture
def struct_array(tmp_path):
    kinds = [
        ("image", object),
        ("name", object),
        ("animate", object),
        ("weight", object),
        ("polygon", object),
    ]
    draws = np.random.default_rng(0)
    elements = np.zeros(3, dtype=kinds)
    for i, element in enumerate(elements):
        element["image"] = draws.integers(0, 256, (4, 5, 3), dtype=np.uint8)
        element["name"], element["animate"], element["weight"] = ["hund", "", "é"][i], float(i), 0.1 * i
        element["polygon"] = np.arange(4.0)
    savemat(tmp_path / "m.mat", {"stims": elements})
    return tmp_path / "m.mat", elements


def test_a_matlab_struct_array_gives_images_texts_and_scalar_columns(struct_array) -> None:
    path, elements = struct_array
    stimuli = StimulusSet.from_mat(path, "stims", ids=["a", "b", "c"], text="name")
    assert stimuli.texts == (("hund",), ("",), ("é",))
    assert all(np.array_equal(stimuli.pixels(i), e["image"]) for i, e in enumerate(elements))
    assert {k: v.tolist() for k, v in stimuli.columns.items()} == {
        "animate": [0.0, 1.0, 2.0],
        "weight": [0.0, 0.1, 0.2],
    }
    assert stimuli.name == "m"


def test_ids_of_a_matlab_set_may_be_a_field(struct_array) -> None:
    stimuli = StimulusSet.from_mat(struct_array[0], "stims", ids="animate", image=None, name="x")
    assert stimuli.ids == ("0.0", "1.0", "2.0")
    assert stimuli.images is None
    assert stimuli.name == "x"


def test_a_field_that_does_not_fit_its_role_is_refused(struct_array, refused) -> None:
    path = struct_array[0]
    with refused(UnknownNameError, "variable in m.mat", "'stim'"):
        StimulusSet.from_mat(path, "stim", ids="name")
    with refused(UnknownNameError, "field of stims", "'nmae'"):
        StimulusSet.from_mat(path, "stims", ids="nmae")
    with refused(FileError, "stims.polygon", "one text"):
        StimulusSet.from_mat(path, "stims", ids=["a", "b", "c"], text="polygon")
    with refused(IdentityError, "non-empty", "''"):
        StimulusSet.from_mat(path, "stims", ids="name")
    with refused(ShapeError, "2 ids", "images has 3"):
        StimulusSet.from_mat(path, "stims", ids=["a", "b"])


def test_a_damaged_or_newer_matlab_file_is_refused(tmp_path, refused) -> None:
    (tmp_path / "bad.mat").write_bytes(b"no matlab file at all" * 20)
    with refused(FileError, "bad.mat", "cannot be read"):
        read_mat(tmp_path / "bad.mat")
    (tmp_path / "new.mat").write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(400))
    with refused(FileError, "new.mat", "7.3", "HDF5"):
        read_mat(tmp_path / "new.mat")
    with refused(FileError, "MATLAB file", "does not exist"):
        read_mat(tmp_path / "gone.mat")
