"""Data of the user's own on the command line: the same numbers as in Python, and every way to go wrong."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from text_for_tests import commands, part_after, said

import repalign as ra
from repalign.benchmarks import own_benchmark
from repalign.data import RDM, ResultsDir, StimulusSet

N = 12
IDS = tuple(f"im{i:02d}" for i in range(N))
GENERATOR = np.random.default_rng(5)
PIXELS = GENERATOR.integers(0, 256, (N, 12, 10, 3), dtype=np.uint8)
VALUES = GENERATOR.random(N * (N - 1) // 2)
QUICK = ("--draws", 20, "--permutations", 20)


@pytest.fixture(autouse=True)
def own(place):
    """A folder of images and a target about them, under names with blanks."""
    (place / "my images").mkdir()
    for ident, pixels in zip(IDS, PIXELS, strict=True):
        Image.fromarray(pixels).save(place / "my images" / f"{ident}.png")
    RDM(VALUES, IDS, dissimilarity="ratings").save("my rdm.npz")
    return place


def test_the_numbers_are_those_of_the_library_under_the_name_of_folder_and_file(run):
    rows = run(
        "score", "builtin/rgb", "--stimuli", "my images", "--target", "my rdm.npz", *QUICK, "--json"
    ).json
    bench = own_benchmark("my images/my rdm", "my images", "my rdm.npz")
    expected = ra.score("builtin/rgb", bench, draws=20, permutations=20).sorted().rows()
    assert rows == expected
    assert {row["target"] for row in rows} == {"my images/my rdm"}


@pytest.mark.parametrize("kind", ["folder", "folder/", "saved", "table"])
def test_stimuli_are_whatever_extract_takes(run, own, kind):
    named = {"folder": "my images", "folder/": "my images/", "saved": "saved", "table": "table.csv"}[kind]
    StimulusSet.from_folder("my images").save("saved")
    lines = ["id,image", *(f"{ident},my images/{ident}.png" for ident in IDS)]
    (own / "table.csv").write_text("\n".join(lines))
    rows = run("score", "builtin/rgb", "--stimuli", named, "--target", "my rdm.npz", *QUICK, "--json").json
    (aggregate,) = [row for row in rows if row["subject"] == "all"]
    assert aggregate["target"] == f"{named.removesuffix('/').removesuffix('.csv')}/my rdm"
    first = ra.score("builtin/rgb", own_benchmark("a/b", "my images", "my rdm.npz"), draws=0, permutations=0)
    assert aggregate["value"] == pytest.approx(first[-1].value)


def test_own_targets_stand_beside_one_another_and_beside_published_ones(run, own):
    square = RDM(VALUES[::-1].copy(), IDS, dissimilarity="ratings").square()
    rows = [",".join(["", *IDS]), *(",".join([i, *map(str, r)]) for i, r in zip(IDS, square, strict=True))]
    (own / "table.csv").write_text("\n".join(rows))
    goals = ("--target", "my rdm.npz", "--target", "table.csv", "--benchmark", "ekman1954/similarity")
    ran = run("score", "builtin/rgb", "--stimuli", "my images", *goals, *QUICK, "--out", "o")
    assert ran.code == 0, ran.err
    targets = {row.target for row in ResultsDir(own / "o").scores()}
    assert targets == {"my images/my rdm", "my images/table", "ekman1954/similarity"}
    assert part_after(ran.out, "Done")[0].startswith("3 scores: 3 computed, 0 found done before, 0 failed")


def test_a_folder_with_a_blank_is_quoted_in_what_comes_next(run):
    goal = ("--stimuli", "my images", "--target", "my rdm.npz")
    ran = run("score", "builtin/rgb", *goal, *QUICK, "--out", "my results")
    assert commands(part_after(ran.out, "Next")) == ["repalign report 'my results'"]
    assert part_after(ran.out, "Results") == ["my results"]


def test_a_second_run_finds_what_is_done_wherever_the_data_lie_now(run, own):
    command = ("--target", "my rdm.npz", *QUICK, "--out", "o")
    run("score", "builtin/rgb", "--stimuli", "my images", *command)
    (own / "elsewhere").mkdir()
    (own / "my images").rename(own / "elsewhere" / "my images")
    again = run("score", "builtin/rgb", "--stimuli", "elsewhere/my images", *command)
    assert part_after(again.out, "Done")[0].startswith("1 score: 0 computed, 1 found done before, 0 failed")


def test_differences_of_models_on_own_data_are_those_of_the_library(run):
    goal = ("--stimuli", "my images", "--target", "my rdm.npz", "--draws", 30)
    found = run("differences", "builtin/rgb", "builtin/grey", *goal, "--json").json
    bench = own_benchmark("my images/my rdm", "my images", "my rdm.npz")
    (expected,) = ra.differences(["builtin/rgb", "builtin/grey"], bench, draws=30)
    assert found == [expected.as_dict()]


USAGE = {
    "stimuli without target": (("--stimuli", "my images"), "--target FILE"),
    "a number of stimuli": (("--stimuli", "12", "--benchmark", "ekman1954/similarity"), "--subset N"),
    "target without stimuli": (("--target", "my rdm.npz"), "--stimuli WHAT"),
    "neither": ((), "--benchmark NAME"),
}


@pytest.mark.parametrize("command", ["score", "differences"])
@pytest.mark.parametrize("case", USAGE)
def test_what_is_missing_is_said_as_a_matter_of_usage(run, command, case):
    arguments, words = USAGE[case]
    ran = run(command, "builtin/rgb", "builtin/grey", *arguments, "--json")
    assert (ran.code, ran.error()["kind"]) == (2, "usage")
    assert words in ran.error()["message"]
    text = run(command, "builtin/rgb", "builtin/grey", *arguments)
    assert (text.code, text.out) == (2, "")
    assert words in said(text.err)
    assert max(map(len, text.err.splitlines())) <= 80


def test_differences_are_on_one_benchmark(run):
    goal = ("--stimuli", "my images", "--target", "my rdm.npz", "--benchmark", "ekman1954/similarity")
    assert run("differences", "builtin/rgb", "builtin/grey", *goal, "--json").error()["kind"] == "usage"


INPUT = {
    "other ids": (("--target", "others.npz"), "identity", "'x0'"),
    "no ids": (("--target", "bare.npz"), "identity", ""),
    "an unknown format": (("--target", "notes.docx"), "file", "notes.docx"),
    "a pickle": (("--target", "rdm.pkl"), "file", "pickle"),
    "a file that is not there": (("--target", "nowhere.npz"), "file", "nowhere.npz"),
    "two of one name": (
        ("--target", "my rdm.npz", "--target", "sub/my rdm.npz"),
        "input",
        "my images/my rdm",
    ),
}


@pytest.mark.parametrize("case", INPUT)
def test_what_is_wrong_with_a_target_is_said_with_exit_code_1(run, own, case):
    RDM(VALUES, tuple(f"x{i}" for i in range(N)), dissimilarity="ratings").save("others.npz")
    RDM(VALUES).save("bare.npz")
    (own / "sub").mkdir()
    (own / "sub" / "my rdm.npz").touch()
    (own / "notes.docx").write_text("notes")
    (own / "rdm.pkl").write_bytes(b"\x80\x04.")
    arguments, kind, words = INPUT[case]
    ran = run("score", "builtin/rgb", "--stimuli", "my images", *arguments, *QUICK, "--json")
    assert (ran.code, ran.error()["kind"]) == (1, kind)
    assert words in ran.error()["message"]
    text = run("score", "builtin/rgb", "--stimuli", "my images", *arguments, *QUICK)
    assert text.code == 1
    assert text.err.startswith("error: ")


def test_own_data_do_not_take_the_name_of_a_published_benchmark(run, own):
    (own / "my images").rename(own / "ekman1954")
    (own / "my rdm.npz").rename(own / "similarity.npz")
    goal = ("--stimuli", "ekman1954", "--target", "similarity.npz")
    ran = run("score", "builtin/rgb", *goal, "--benchmark", "ekman1954/similarity", "--json")
    assert (ran.code, ran.error()["kind"]) == (1, "input")
    assert "ekman1954/similarity" in ran.error()["message"]
