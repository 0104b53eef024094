"""Laws of the activation store: what decides a number decides its key, and nothing is computed twice."""

from __future__ import annotations

import errno
import json
import shutil
import threading
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from extraction_models import PIXELS, STIMULI, Counting, contents
from PIL import Image

from repalign.data import ColumnBlocks, StimulusSet, data_home
from repalign.errors import DegenerateError, FileError, StorageError
from repalign.models import extract, extract_to_store, read_assembly, store_partial


def keys(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def test_the_store_gives_what_memory_gives(tmp_path):
    inside, outside = extract(Counting(), STIMULI, store=tmp_path), extract(Counting(), STIMULI)
    assert isinstance(inside.values, ColumnBlocks)
    assert inside.digest == outside.digest
    assert inside.name == outside.name
    assert inside.layer("narrow").digest == outside.layer("narrow").digest


def test_one_layer_is_the_memory_map_itself_and_labels_stay_small(tmp_path):
    found = extract(Counting(), STIMULI, "wide", store=tmp_path)
    assert isinstance(found.values, np.ndarray)
    assert isinstance(found.values.base, np.memmap)
    assert not found.values.flags.writeable
    assert sum(labels.nbytes for labels in found.units.values()) == 12 * found.n_units


def test_a_second_call_shows_the_model_nothing_and_decodes_nothing(tmp_path):
    first, second = Counting(), Counting()
    cold = extract(first, STIMULI, store=tmp_path, batch_size=20)
    assert first.shown == [1, 20, 20, 10]
    seen = []
    warm = extract(second, STIMULI, store=tmp_path, progress=lambda done, of: seen.append((done, of)))
    assert (second.shown, second.prepared, seen) == ([], [], [(50, 50)])
    assert warm.digest == cold.digest


def test_only_layers_that_are_missing_are_asked_for(tmp_path):
    extract(Counting(), STIMULI, "narrow", store=tmp_path)
    later = Counting()
    later.respond = lambda batch, layers, ask=later.respond: (asked.update(layers), ask(batch, layers))[1]
    asked: set[str] = set()
    both = extract(later, STIMULI, ["narrow", "wide"], store=tmp_path)
    assert asked == {"wide"}
    assert both.units["layer"].tolist() == ["narrow"] * 7 + ["wide"] * 40


def test_the_same_key_holds_the_same_bytes_whatever_the_workers(tmp_path):
    for workers in (0, 1, 2):
        extract(Counting(), STIMULI, store=tmp_path / str(workers), workers=workers, batch_size=7)
    assert contents(tmp_path / "0") == contents(tmp_path / "1") == contents(tmp_path / "2")


CHANGES = {
    "weights": (Counting(digest="other"), STIMULI, {}),
    "dtype": (Counting(), STIMULI, {"dtype": "float16"}),
    "reduction": (Counting(), STIMULI, {"reduction": "srp:5"}),
    "seed of the reduction": (Counting(), STIMULI, {"reduction": "srp-5-seed1"}),
    "order": (Counting(), STIMULI.select(STIMULI.ids[::-1]), {}),
    "fewer": (Counting(), STIMULI.select(STIMULI.ids[:9]), {}),
    "ids": (Counting(), StimulusSet.from_arrays([f"t{i}" for i in range(50)], images=PIXELS), {}),
    "pixels": (Counting(), StimulusSet.from_arrays(STIMULI.ids, images=PIXELS ^ 1), {}),
}


def test_whatever_decides_the_numbers_changes_the_key(tmp_path):
    extract(Counting(), STIMULI, store=tmp_path)
    for n, (model, stimuli, how) in enumerate(CHANGES.values(), 2):
        extract(model, stimuli, store=tmp_path, **how)
        assert len(keys(tmp_path)) == 2 * n


def test_columns_texts_and_names_of_stimuli_do_not_change_the_key(tmp_path):
    extract(Counting(), STIMULI, store=tmp_path)
    texts, columns = ["x"] * 50, {"animate": np.arange(50)}
    same = StimulusSet.from_arrays(STIMULI.ids, images=PIXELS, texts=texts, columns=columns, name="else")
    again = Counting()
    extract(again, same, store=tmp_path)
    assert again.shown == []


def test_the_store_lies_in_the_home_and_says_what_it_holds(tmp_path, monkeypatch):
    monkeypatch.setenv("REPALIGN_HOME", str(tmp_path))
    (folder,) = extract_to_store(Counting(), STIMULI, "narrow", dtype="float16", batch_size=9)
    assert folder.parent == data_home() / "activations" == tmp_path / "activations"
    recipe = json.loads((folder / "recipe.json").read_text())
    wanted = {"model": "builtin/counting", "layer": "narrow", "dtype": "float16", "batch_size": 9}
    assert wanted.items() <= recipe.items()
    assert recipe["ids"] == list(STIMULI.ids)
    assert np.load(folder / "values.npy").dtype == np.float16
    assert read_assembly([folder]).ids == STIMULI.ids


def test_float16_keeps_what_fits_and_refuses_what_does_not(tmp_path):
    exact = extract(Counting(), STIMULI).array()
    half = extract(Counting(), STIMULI, dtype="float16", store=tmp_path).array()
    np.testing.assert_array_equal(half, exact.astype(np.float16))
    with pytest.raises(DegenerateError, match="stimulus 's00' is too large for float16, which ends at 65504"):
        extract(Counting(by_batch=1e4), STIMULI, dtype="float16", store=tmp_path / "two")


def test_another_batch_size_starts_an_unfinished_run_again(tmp_path, monkeypatch):
    monkeypatch.setattr(store_partial, "SECONDS", 0.0)
    whole = extract(Counting(by_batch=1.0), STIMULI, store=tmp_path / "whole", batch_size=8)
    with pytest.raises(ZeroDivisionError):
        extract(Counting(by_batch=1.0), STIMULI, store=tmp_path / "two", batch_size=4, progress=fail_at(24))
    again = Counting(by_batch=1.0)
    found = extract(again, STIMULI, store=tmp_path / "two", batch_size=8)
    assert again.shown == [1, 8, 8, 8, 8, 8, 8, 2]
    assert found.digest == whole.digest
    assert contents(tmp_path / "two") == contents(tmp_path / "whole")


def fail_at(n):
    return lambda done, total: 1 // (0 if done == n else 1)


def test_an_interrupted_run_goes_on_where_it_was(tmp_path):
    with pytest.raises(ZeroDivisionError):
        extract(Counting(), STIMULI, store=tmp_path / "two", batch_size=4, progress=fail_at(24))
    assert all(p.suffix == ".partial" for p in (tmp_path / "two").iterdir())
    again, said = Counting(), []
    extract(again, STIMULI, store=tmp_path / "two", batch_size=4, announce=said.append)
    assert again.shown == [1, *[4] * 6, 2]
    assert said[0].done == 24
    assert "goes on after 24 stimuli" in str(said[0])
    extract(Counting(), STIMULI, store=tmp_path / "one", batch_size=4)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_layers_of_differing_progress_end_the_same(tmp_path):
    with pytest.raises(ZeroDivisionError):
        extract(Counting(), STIMULI, "wide", store=tmp_path / "two", batch_size=4, progress=fail_at(24))
    extract(Counting(), STIMULI, store=tmp_path / "two", batch_size=4)
    extract(Counting(), STIMULI, store=tmp_path / "one", batch_size=4)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize("workers", [0, 2])
def test_a_damaged_image_is_named_and_leaves_nothing_at_a_final_name(tmp_path, workers):
    for i, pixels in enumerate(PIXELS[:9]):
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    whole = (tmp_path / "7.png").read_bytes()
    (tmp_path / "7.png").write_bytes(whole[:60])
    place = tmp_path / "store"
    with pytest.raises(FileError, match="stimulus '7'"):
        extract(Counting(), StimulusSet.from_folder(tmp_path), store=place, batch_size=2, workers=workers)
    assert all(name.endswith(".partial") for name in keys(place))
    (tmp_path / "7.png").write_bytes(whole)
    mended = StimulusSet.from_folder(tmp_path)
    found = extract(Counting(), mended, store=place, batch_size=2, workers=workers)
    assert found.digest == extract(Counting(), mended).digest


def test_a_missing_image_is_named_before_anything_is_shown(tmp_path):
    Image.fromarray(PIXELS[0]).save(tmp_path / "a.png")
    stimuli = StimulusSet.from_folder(tmp_path)
    (tmp_path / "a.png").unlink()
    model = Counting()
    with pytest.raises(FileError, match="stimulus 'a'"):
        extract(model, stimuli, store=tmp_path / "store")
    assert model.shown == []


def test_a_response_that_is_no_number_leaves_nothing_at_a_final_name(tmp_path):
    model = Counting()
    model.respond = lambda batch, layers: {
        layer: np.full((len(batch), 2), np.nan if len(batch) == 4 else 1.0) for layer in layers
    }
    with pytest.raises(DegenerateError, match="stimulus 's00' is NaN"):
        extract(model, STIMULI, store=tmp_path, batch_size=4)
    assert all(name.endswith(".partial") for name in keys(tmp_path))


def test_a_disk_that_fills_up_is_reported_and_what_was_safe_is_used(tmp_path, monkeypatch):
    def full(handle, rows):
        if handle.tell() > 3000:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(handle, rows)

    write = store_partial._write_all
    monkeypatch.setattr(store_partial, "_write_all", full)
    with pytest.raises(StorageError, match="the disk is full"):
        extract(Counting(), STIMULI, store=tmp_path / "two", batch_size=4)
    assert all(name.endswith(".partial") for name in keys(tmp_path / "two"))
    monkeypatch.setattr(store_partial, "_write_all", write)
    again = Counting()
    extract(again, STIMULI, store=tmp_path / "two", batch_size=4)
    assert 0 < len(again.shown) - 1 < 13
    extract(Counting(), STIMULI, store=tmp_path / "one", batch_size=4)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_what_the_disk_cannot_hold_is_refused_before_the_run(tmp_path, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(100))
    model = Counting()
    with pytest.raises(StorageError, match="are free there") as caught:
        extract(model, STIMULI, store=tmp_path)
    assert model.shown == [1]
    assert "reduction" in caught.value.hint


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="could not be written"):
        extract(Counting(), STIMULI, store=tmp_path / "file" / "store")


def test_a_damaged_entry_is_named_with_what_to_do(tmp_path):
    (folder,) = extract_to_store(Counting(), STIMULI, "wide", store=tmp_path)
    values = folder / "values.npy"
    values.write_bytes(values.read_bytes()[:-8])
    with pytest.raises(FileError, match="cannot be read") as caught:
        extract(Counting(), STIMULI, "wide", store=tmp_path)
    assert f"Delete {folder}" in caught.value.hint


def test_two_at_once_do_the_work_once(tmp_path):
    models = [Counting(seconds=0.02), Counting(seconds=0.02)]
    found, said = [], []

    def work(model, layers):
        how = {"store": tmp_path, "batch_size": 10, "announce": lambda what: said.append(str(what))}
        found.append(extract(model, STIMULI, layers, **how))

    orders = (["wide", "narrow"], ["narrow", "wide"])
    threads = [threading.Thread(target=work, args=pair) for pair in zip(models, orders, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(model.shown) for model in models) == [0, 6]
    assert any("another process" in text for text in said)
    assert found[0].layer("wide").digest == found[1].layer("wide").digest
    assert not [name for name in keys(tmp_path) if "." in name]
