"""StimulusSet: ordered ids, each with an image, texts or both, and a digest of the content."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image as PILImage

from repalign.data import ArrayImage, FileImage, StimulusSet, ZipImage
from repalign.errors import (
    FileError,
    IdentityError,
    InputError,
    ShapeError,
    UnknownNameError,
    UnsuitableError,
)


def pictures(n: int = 3) -> list[np.ndarray]:
    draws = np.random.default_rng(0)
    return [draws.integers(0, 256, (4 + i, 5, 3), dtype=np.uint8) for i in range(n)]


def png(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    PILImage.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


COLUMNS = {
    "int": np.array([3, 1, -(2**63)]),
    "byte": np.array([1, 2, 255], dtype="u1"),
    "float": np.array([0.1 + 0.2, -0.0, np.nan]),
    "single": np.array([0.1, 1e-45, np.inf], dtype="f4"),
    "bool": np.array([True, False, True]),
    "text": np.array(["é", "", "bb"], dtype="U7"),
}


@pytest.fixture
def full() -> StimulusSet:
    texts = ["one", ["two", "zwei"], []]
    return StimulusSet.from_arrays(
        ["c", "a", "b"], images=pictures(), texts=texts, columns=COLUMNS, name="mine"
    )


def test_a_set_keeps_what_it_was_given_in_order(full) -> None:
    assert full.ids == ("c", "a", "b")
    assert full.texts == (("one",), ("two", "zwei"), ())
    assert len(full) == 3
    assert all(np.array_equal(full.pixels(i), p) for i, p in enumerate(pictures()))
    assert full.column("bool").tolist() == [True, False, True]
    assert repr(full) == "StimulusSet('mine', n=3, images and texts)"


def test_a_stack_of_images_is_a_sequence_of_images() -> None:
    stack = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    stimuli = StimulusSet.from_arrays(["a", "b"], images=stack)
    assert np.array_equal(stimuli.pixels(1), stack[1])


def test_selecting_brings_everything_along_in_the_wanted_order(full) -> None:
    chosen = full.select(["b", "c"])
    assert chosen.ids == ("b", "c")
    assert chosen.texts == ((), ("one",))
    assert np.array_equal(chosen.pixels(0), pictures()[2])
    assert {k: v.tobytes() for k, v in chosen.columns.items()} == {
        k: v[[2, 0]].tobytes() for k, v in COLUMNS.items()
    }
    assert chosen.select(["c"]).digest == full.select(["c"]).digest
    assert full.select(full.ids).digest == full.digest


def test_batches_cover_the_set_once_in_order(full) -> None:
    batches = list(full.batches(2))
    assert [len(b) for b in batches] == [2, 1]
    assert all(np.array_equal(a, b) for a, b in zip([*batches[0], *batches[1]], pictures(), strict=True))


def test_saving_loses_nothing(full, tmp_path) -> None:
    loaded = StimulusSet.load(full.save(tmp_path / "set"))
    assert loaded.digest == full.digest
    assert (loaded.ids, loaded.texts, loaded.name) == (full.ids, full.texts, full.name)
    for name, values in COLUMNS.items():
        assert loaded.columns[name].dtype == values.dtype
        assert loaded.columns[name].tobytes() == values.tobytes()
    assert all(np.array_equal(loaded.pixels(i), p) for i, p in enumerate(pictures()))


@pytest.mark.parametrize(
    "only", [{}, {"texts": ["x", "y"]}, {"images": pictures(2)}, {"columns": {"k": [1, 2]}}]
)
def test_saving_keeps_apart_what_is_absent(only, tmp_path) -> None:
    stimuli = StimulusSet.from_arrays(["a", "b"], **only)
    loaded = StimulusSet.load(stimuli.save(tmp_path))
    assert (loaded.images is None, loaded.texts) == (stimuli.images is None, stimuli.texts)
    assert loaded.digest == stimuli.digest


def test_a_selection_saved_where_it_was_loaded_from_keeps_its_images(tmp_path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, array in zip("abc", pictures(), strict=True):
        (folder / f"{name}.png").write_bytes(png(array))
    stimuli = StimulusSet.load(StimulusSet.from_folder(folder).save(tmp_path / "set"))
    backwards = stimuli.select(["c", "b", "a"])
    digest = backwards.digest
    loaded = StimulusSet.load(backwards.save(tmp_path / "set"))
    assert loaded.digest == digest
    assert np.array_equal(loaded.pixels(0), pictures()[2])


def test_the_digest_does_not_depend_on_the_container(tmp_path) -> None:
    contents = {name: png(array) for name, array in zip("ab", pictures(2), strict=True)}
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for name, content in contents.items():
            (tmp_path / f"{name}.png").write_bytes(content)
            archive.writestr(f"inner/{name}.png", content)
    loose = StimulusSet.from_folder(tmp_path)
    packed = tuple(ZipImage(tmp_path / "z.zip", f"inner/{name}.png") for name in "ab")
    zipped = StimulusSet(("a", "b"), images=packed)
    assert loose.digest == zipped.digest == StimulusSet.load(zipped.save(tmp_path / "s")).digest


CHANGES = {
    "id": {"ids": ["a", "x"]},
    "order": {"ids": ["b", "a"]},
    "text": {"texts": ["s", "T"]},
    "boundary": {"texts": [["s", "t"], []]},
    "pixel": {"images": [np.zeros((2, 2), "u1"), np.eye(2, dtype="u1")]},
    "value": {"columns": {"k": [1, 3]}},
    "kind": {"columns": {"k": [1.0, 2.0]}},
    "column": {"columns": {"q": [1, 2]}},
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_digest_changes_with_the_content(change: str) -> None:
    base = {
        "ids": ["a", "b"],
        "texts": ["s", "t"],
        "images": [np.zeros((2, 2), "u1")] * 2,
        "columns": {"k": [1, 2]},
    }
    changed = base | CHANGES[change]
    assert StimulusSet.from_arrays(**changed).digest != StimulusSet.from_arrays(**base).digest


def test_the_digest_does_not_change_with_the_name() -> None:
    assert StimulusSet(("a",), name="x").digest == StimulusSet(("a",), name="y").digest


@pytest.mark.parametrize(
    ("what", "word"),
    [
        ({"images": pictures(2)}, "images has 2"),
        ({"texts": ["x"]}, "texts has 1"),
        ({"columns": {"k": [1]}}, "'k' has 1"),
    ],
)
def test_every_part_needs_one_entry_per_stimulus(what, word, refused) -> None:
    with refused(ShapeError, "3 ids", word):
        StimulusSet.from_arrays(["a", "b", "c"], **what)


def test_columns_are_text_numbers_or_truth_values_of_one_axis(refused) -> None:
    with refused(InputError, "'when'", "datetime64"):
        StimulusSet.from_arrays(["a"], columns={"when": np.array(["2020-01-01"], dtype="M8[D]")})
    with refused(ShapeError, "'rgb'", "(1, 3)"):
        StimulusSet.from_arrays(["a"], columns={"rgb": np.zeros((1, 3))})
    mixed = StimulusSet.from_arrays(["a", "b"], columns={"k": np.array(["x", 1], dtype=object)})
    assert mixed.column("k").tolist() == ["x", "1"]


def test_wrong_ids_columns_and_uses_are_refused(full, refused) -> None:
    with refused(IdentityError, "unique", "'a'"):
        StimulusSet(("a", "a"))
    with refused(IdentityError, "'zz'"):
        full.select(["zz"])
    with refused(UnknownNameError, "column", "'flaot'"):
        full.column("flaot")
    with refused(UnsuitableError, "words", "no images, only texts"):
        StimulusSet.from_arrays(["a"], texts=["t"], name="words").pixels(0)
    with refused(ShapeError, "uint8", "float64"):
        StimulusSet.from_arrays(["a"], images=[np.zeros((2, 2, 3))])


MANIFESTS = {
    "list": [],
    "no ids": {"images": None, "texts": None, "columns": {}, "name": "x"},
    "ids": {"ids": 3, "images": None, "texts": None, "columns": {}, "name": "x"},
    "dtype": {
        "ids": ["a"],
        "images": None,
        "texts": None,
        "columns": {"k": {"dtype": "i8", "values": ["x"]}},
        "name": "x",
    },
    "columns": {"ids": ["a"], "images": None, "texts": None, "columns": [1], "name": "x"},
}


@pytest.mark.parametrize("damage", MANIFESTS)
def test_a_damaged_manifest_is_refused(damage: str, tmp_path, refused) -> None:
    (tmp_path / "stimuli.json").write_text(json.dumps(MANIFESTS[damage]))
    with refused(FileError, "stimuli.json", "not a stimulus set"):
        StimulusSet.load(tmp_path)


@pytest.mark.parametrize("stored", ["../secret.png", "images/../../secret.png", "/etc/hostname"])
def test_a_manifest_cannot_reach_outside_of_its_folder(stored: str, tmp_path, refused) -> None:
    (tmp_path / "secret.png").write_bytes(png(pictures(1)[0]))
    manifest = {"ids": ["a"], "images": [stored], "texts": None, "columns": {}, "name": "x"}
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "stimuli.json").write_text(json.dumps(manifest))
    with refused(FileError, repr(stored), "outside"):
        StimulusSet.load(tmp_path / "set")


def test_a_set_that_lost_an_image_or_is_not_there_is_refused(full, tmp_path, refused) -> None:
    next((full.save(tmp_path / "set") / "images").iterdir()).unlink()
    with refused(FileError, "image", "does not exist"):
        StimulusSet.load(tmp_path / "set")
    with refused(FileError, "stimulus set", "does not exist"):
        StimulusSet.load(tmp_path / "nowhere")


def test_the_kinds_of_images_mix_in_one_set(tmp_path) -> None:
    array = pictures(1)[0]
    (tmp_path / "a.PNG").write_bytes(png(array))
    stimuli = StimulusSet(("f", "m"), images=(FileImage(tmp_path / "a.PNG"), ArrayImage(array)))
    loaded = StimulusSet.load(stimuli.save(tmp_path / "s"))
    assert loaded.digest == stimuli.digest
    assert np.array_equal(loaded.pixels(0), loaded.pixels(1))
