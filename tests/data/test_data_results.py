"""ResultsDir: what a study leaves behind, named by content."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from PIL import Image as PILImage

from repalign.data import ResultsDir, Score, ScoreTable, digest_spec, write_bytes
from repalign.errors import FileError, InputError


def unit(model: str) -> ScoreTable:
    rows = [Score(model=model, target=t, measure="m", value=0.1) for t in ("b", "a")]
    return ScoreTable(rows)


def finish(results: ResultsDir, model: str) -> None:
    unit(model).to_parquet(results.scores_dir / f"{digest_spec(model)}.parquet")


def test_rows_are_in_canonical_order_whatever_the_write_order(tmp_path) -> None:
    tables = []
    for i, order in enumerate(itertools.permutations(["x", "y", "z"])):
        results = ResultsDir(tmp_path / str(i))
        for model in order:
            finish(results, model)
        tables.append(results.scores())
    assert all(table == tables[0] for table in tables)
    assert [(r.target, r.model) for r in tables[0]] == [(t, m) for t in "ab" for m in "xyz"]


def test_units_are_the_finished_ones_and_can_be_read_alone(tmp_path, refused) -> None:
    results = ResultsDir(tmp_path)
    for model in "xyz":
        finish(results, model)
    (results.scores_dir / ".partial-1-1-q.parquet").touch()
    assert results.units() == sorted(digest_spec(m) for m in "xyz")
    assert results.scores([digest_spec("y")]) == unit("y").sorted()
    assert results.scores([]) == ScoreTable()
    with refused(FileError, "score table", "does not exist"):
        results.scores(["nowhere"])


def test_an_empty_study_has_no_units_scores_or_failures(tmp_path) -> None:
    results = ResultsDir(tmp_path / "new")
    assert (results.units(), len(results.scores()), results.failures()) == ([], 0, {})
    assert not (tmp_path / "new").exists()


def test_failures_are_read_by_digest(tmp_path) -> None:
    results = ResultsDir(tmp_path)
    failure = {"kind": "degenerate", "message": "m", "hint": "h", "spec": {"a": 1}}
    write_bytes(results.failures_dir / "d1.json", json.dumps(failure).encode())
    (results.failures_dir / ".partial-1-1-d2.json").touch()
    assert results.failures() == {"d1": failure}


def test_the_spec_comes_back_as_it_went(tmp_path, refused) -> None:
    results = ResultsDir(tmp_path)
    spec = {"b": [1, 0.1 + 0.2, None, True, "é"], "a": {"c": {}}}
    results.write_spec(spec)
    assert results.spec() == spec
    assert digest_spec(results.spec()) == digest_spec(spec)
    with refused(InputError, "spec.x", "finite"):
        results.write_spec({"x": float("nan")})
    assert results.spec() == spec
    with refused(FileError, "study spec", "does not exist"):
        ResultsDir(tmp_path / "nowhere").spec()
    (tmp_path / "spec.json").write_text("[]")
    with refused(FileError, "study spec", "no JSON object"):
        results.spec()


def test_arrays_are_named_by_content_and_written_once(tmp_path) -> None:
    results = ResultsDir(tmp_path)
    arrays = {"rdm": np.array([0.1, -0.0]), "ids": np.array(["a", "b"]), "n": np.array(3)}
    name = results.write_arrays(arrays, {"kind": "rdm", "order": [1, 2]})
    before = (tmp_path / "arrays" / f"{name}.npz").stat().st_mtime_ns
    twin = {
        "n": np.array(3, dtype=">i8"),
        "ids": np.array(["a", "b"], dtype="U9"),
        "rdm": arrays["rdm"].copy(),
    }
    assert results.write_arrays(twin, {"order": [1, 2], "kind": "rdm"}) == name
    assert (tmp_path / "arrays" / f"{name}.npz").stat().st_mtime_ns == before
    loaded, header = results.arrays(name)
    assert header == {"kind": "rdm", "order": [1, 2]}
    assert {k: (v.shape, v.tobytes()) for k, v in loaded.items()} == {
        k: (v.shape, v.tobytes()) for k, v in arrays.items()
    }


@pytest.mark.parametrize(
    ("arrays", "header"),
    [
        ({"x": np.array([2])}, {}),
        ({"y": np.array([1])}, {}),
        ({"x": np.array(1)}, {}),
        ({"x": np.array([1])}, {"k": 1}),
    ],
)
def test_other_content_has_another_name(arrays, header, tmp_path) -> None:
    results = ResultsDir(tmp_path)
    assert results.write_arrays({"x": np.array([1])}, {}) != results.write_arrays(arrays, header)
    assert len(list((tmp_path / "arrays").iterdir())) == 2


@pytest.mark.parametrize(
    ("shape", "expected"), [((200, 100), (64, 32)), ((10, 20), (10, 20)), ((64, 640), (6, 64))]
)
def test_thumbs_keep_proportions_and_are_named_by_content(shape, expected, tmp_path) -> None:
    results = ResultsDir(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    name = results.write_thumb(pixels)
    assert results.write_thumb(pixels.copy()) == name
    assert results.write_thumb(255 - pixels) != name
    with PILImage.open(results.thumb(name)) as picture:
        assert picture.size == expected[::-1]
        if shape == expected:
            assert np.array_equal(np.asarray(picture), pixels)
    assert len(list((tmp_path / "thumbs").iterdir())) == 2


def test_what_is_not_here_is_refused(tmp_path, refused) -> None:
    results = ResultsDir(tmp_path)
    with refused(FileError, "arrays", "does not exist"):
        results.arrays("0" * 32)
    with refused(FileError, "thumbnail", "does not exist"):
        results.thumb("0" * 32)
    for folder in (tmp_path, tmp_path / "nowhere"):
        with refused(FileError, str(folder), "holds no results"):
            ResultsDir.open(folder)
    results.scores_dir.mkdir()
    assert ResultsDir.open(tmp_path).root == tmp_path


def test_the_rows_that_count_are_those_of_the_units_the_spec_lists(tmp_path, refused) -> None:
    results = ResultsDir(tmp_path)
    for model in "xyz":
        finish(results, model)
    results.write_spec({"seed": 0})
    assert len(results.scores()) == 6
    results.write_spec({"units": {name: digest_spec(name) for name in ("z", "x", "not yet")}})
    assert results.scores() == (unit("x") + unit("z")).sorted()
    assert results.scores([digest_spec("y")]) == unit("y").sorted()
    results.write_spec({"units": ["x"]})
    with refused(FileError, "list of units", "no JSON object"):
        results.scores()
