"""repalign extract: what is said before, during and after; where the responses lie; errors as data."""

from __future__ import annotations

import json
import shlex

import numpy as np
import pytest
from PIL import Image
from text_for_tests import commands, part_after, said

from repalign.data import Assembly, StimulusSet
from repalign.models import extract

PIXELS = np.random.default_rng(8).integers(0, 256, (6, 20, 16, 3), dtype=np.uint8)


@pytest.fixture
def images(place):
    (place / "images").mkdir()
    for i, pixels in enumerate(PIXELS):
        Image.fromarray(pixels).save(place / "images" / f"im{i}.png")
    return place / "images"


def test_it_announces_extracts_and_says_where_the_store_is(run, images, place):
    ran = run("extract", "builtin/random", "--stimuli", images, "--layers", "conv1")
    assert ran.code == 0
    assert said(ran.err).startswith("6 stimuli x 2,048 units of 1 layers (float32): 49.2 kB on disk, ")
    assert ran.out.splitlines()[2].split() == ["conv1", "6", "2,048"]
    assert part_after(ran.out, "Done")[0].startswith(
        "1 layer: 1 computed, 0 found done before, 0 failed, in "
    )
    assert part_after(ran.out, "Results") == [str(place / "home" / "activations")]


def test_json_names_every_layer_with_its_file(run, images):
    found = run("extract", "builtin/random", "--stimuli", images, "--layers", "all", "--json").json
    assert [layer["layer"] for layer in found["layers"]] == ["conv1", "conv2"]
    values = np.load(found["layers"][1]["path"], mmap_mode="r")
    expected = extract("builtin/random", StimulusSet.from_folder(images), "conv2").values
    np.testing.assert_array_equal(values, expected)
    assert (found["n_stimuli"], found["n_units"], found["dtype"]) == (6, 6144, "float32")


def test_a_file_holds_the_assembly_and_a_folder_is_the_store(run, images, place):
    assert run("extract", "builtin/rgb", "--stimuli", images, "--out", place / "rgb.npz").code == 0
    expected = extract("builtin/rgb", StimulusSet.from_folder(images))
    assert Assembly.load(place / "rgb.npz").digest == expected.digest
    found = run("extract", "builtin/rgb", "--stimuli", images, "--out", place / "here", "--json").json
    assert found["store"] == str(place / "here")


def test_a_second_run_announces_nothing_for_there_is_nothing_to_do(run, images):
    run("extract", "builtin/rgb", "--stimuli", images)
    again = run("extract", "builtin/rgb", "--stimuli", images, "--workers", 0)
    assert again.err == ""
    assert part_after(again.out, "Done")[0].startswith("1 layer: 0 computed, 1 found done before")
    more = run("extract", "builtin/random", "--stimuli", images, "--layers", "conv1")
    assert "1 computed" in more.out
    both = run("extract", "builtin/random", "--stimuli", images, "--layers", "all")
    assert part_after(both.out, "Done")[0].startswith("2 layers: 1 computed, 1 found done before")


def test_what_to_type_next_runs_as_it_stands(run, images, place):
    ran = run("extract", "builtin/rgb", "--stimuli", "dataset:ekman1954", "--out", "my acts.npz")
    (following,) = commands(part_after(ran.out, "Next"))
    assert shlex.split(following)[1:] == ["score", "my acts.npz", "--benchmark", "ekman1954/similarity"]
    assert run(*shlex.split(following)[1:], "--draws", 9, "--permutations", 9).code == 0
    for i, pixels in enumerate(PIXELS):
        Image.fromarray(255 - pixels).save(images / f"negative{i}.png")
    own = run("extract", "builtin/rgb", "--stimuli", images, "--out", "own.npz")
    first, *others = (shlex.split(line)[1:] for line in commands(part_after(own.out, "Next")))
    assert run(*first).code == 0
    assert [words[0] for words in others] == ["compare", "score"]
    assert others[1][-1] == "FILE"  # what only the user knows


def test_stimuli_come_from_a_data_set_a_table_or_a_saved_set(run, images, place):
    named = run("extract", "builtin/rgb", "--stimuli", "dataset:ekman1954", "--json").json
    assert named["n_stimuli"] == 14
    rows = [{"id": p.stem, "image": f"images/{p.name}"} for p in sorted(images.iterdir())]
    (place / "table.json").write_text(json.dumps(rows))
    StimulusSet.from_folder(images).save(place / "saved")
    kinds = [images, place / "table.json", place / "saved"]
    paths = [run("extract", "builtin/rgb", "--stimuli", kind, "--json").json["layers"] for kind in kinds]
    assert paths[0] == paths[1] == paths[2]  # the same ids and contents are the same stimuli


def test_a_reduction_and_a_dtype_are_said(run, images):
    how = ("--reduction", "srp:64", "--dtype", "float16", "--batch-size", 2)
    found = run("extract", "builtin/rgb", "--stimuli", images, *how, "--json").json
    assert found["layers"][0]["layer"] == "pixels(srp-64-seed0)"
    assert (found["n_units"], found["dtype"]) == (64, "float16")


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (("builtin/rgbb", "--stimuli", "images"), "unknown-name", "rgbb"),
        (("builtin/rgb", "--stimuli", "nowhere"), "file", "nowhere"),
        (("builtin/rgb", "--stimuli", "dataset:ekmann"), "unknown-name", "ekmann"),
        (("builtin/rgb", "--stimuli", "images", "--layers", "pixel"), "unknown-name", "'pixel'"),
        (("builtin/rgb", "--stimuli", "images", "--reduction", "umap:2"), "input", "umap:2"),
        (("builtin/rgb", "--stimuli", "images", "--dtype", "int8"), "unknown-name", "int8"),
        (("builtin/rgb", "--stimuli", "images", "--batch-size", "0"), "usage", "batch-size"),
    ],
)
def test_errors_are_data(run, images, arguments, kind, message):
    ran = run("extract", *arguments, "--json")
    assert ran.code == (2 if kind == "usage" else 1)
    found = ran.error()
    assert found["kind"] == kind
    assert message in found["message"]
