"""What is wrong with what was asked is said in words or as JSON, never as a traceback."""

from __future__ import annotations

import json
import os
import signal
import sys
import time

import pytest
from text_for_tests import said

from repalign.data import ResultsDir

SCORE = ("score", "builtin/rgb", "--benchmark", "ekman1954/similarity", "--draws", 9, "--permutations", 9)

INPUT = {
    "benchmark": (("score", "builtin/rgb", "--benchmark", "ekman1954/similarty"), "ekman1954/similarity"),
    "benchmark's owner": (
        ("score", "builtin/rgb", "--benchmark", "kriegeskort92/human-it"),
        "kriegeskorte92",
    ),
    "model": (("score", "builtin/gobar", "--benchmark", "ekman1954/similarity"), "builtin/gabor"),
    "model without source": (("score", "gabor", "--benchmark", "ekman1954/similarity"), "builtin/gabor"),
    "measure": ((*SCORE, "--measure", "rsa-euclidean-speerman"), "rsa-euclidean-spearman"),
    "layer": ((*SCORE, "--layers", "pixel"), "pixels"),
    "layer rule": ((*SCORE, "--layers", "al"), "pixels"),
    "data set": (("datasets", "path", "ekman1945"), "ekman1954"),
    "data set to get": (("datasets", "get", "cifar10-h"), "cifar10h"),
    "data set to verify": (("datasets", "verify", "kriegeskorte"), "kriegeskorte92"),
    "model to show": (("models", "show", "builtin/rgbb"), "builtin/rgb"),
    "measure to show": (("measures", "cka-linear-debaised"), "cka-linear-debiased"),
}


@pytest.mark.parametrize("case", INPUT)
def test_a_misspelt_name_comes_with_the_nearest_known_ones(run, case):
    arguments, nearest = INPUT[case]
    ran = run(*arguments, "--json")
    assert (ran.code, ran.error()["kind"]) == (1, "unknown-name")
    assert nearest in ran.error()["hint"]
    text = run(*arguments)
    assert text.code == 1
    assert text.err.startswith("error: ") or "\nerror: " in text.err
    assert nearest in said(text.err)
    assert "Traceback" not in text.err


OTHER = {
    "broken triple": (("score", '{"model_name": ', *SCORE[2:]), "input"),
    "triple that runs code": (
        ("score", '{"model_name": "os:system", "source": "callable"}', *SCORE[2:]),
        "unsuitable",
    ),
    "module that is not there": (("score", "callable/no_such_module:f", *SCORE[2:]), "input"),
    "file that is not there": (("score", "acts.npz", *SCORE[2:]), "file"),
    "more stimuli than there are": ((*SCORE, "--subset", 15), "too-few"),
    "too few stimuli": ((*SCORE, "--subset", 2), "too-few"),
    "unsuitable measure": ((*SCORE, "--measure", "cka-linear-debiased"), "unsuitable"),
    "data not here": (("datasets", "get", "kriegeskorte92"), "storage"),
    "no results": (("report", "nowhere"), "file"),
    "out is a file": ((*SCORE, "--out", "file"), "storage"),
    "out is below a file": ((*SCORE, "--out", "file/below"), "storage"),
    "out cannot be made": ((*SCORE, "--out", "/proc/no/such/folder"), "storage"),
    "page is a folder": (("report", "results", "--out", "."), "storage"),
}


@pytest.mark.parametrize("case", OTHER)
def test_everything_else_that_is_wrong_is_said_too(run, place, case):
    arguments, kind = OTHER[case]
    (place / "file").touch()
    (place / "home").touch()
    if case == "page is a folder":
        run(*SCORE, "--out", "results")
    ran = run(*arguments, "--json")
    assert (ran.code, ran.error()["kind"]) == (1, kind)
    text = run(*arguments)
    assert text.code == 1
    assert "error: " in text.err
    assert "Traceback" not in text.out + text.err


USAGE = [
    ("nonsense",),
    ("measures", "--nonsense"),
    ("compare", "a.npy"),
    ("score", "builtin/rgb"),
    ("score", "--benchmark", "ekman1954/similarity"),
    (*SCORE, "--draws", -1),
    (*SCORE, "--permutations", -1),
    (*SCORE, "--subset", 0),
    (*SCORE, "--seed", -1),
    (*SCORE, "--workers", 0),
    (*SCORE, "--workers", "two"),
    (*SCORE, "--images", "folder"),
]


@pytest.mark.parametrize("arguments", USAGE, ids=lambda a: " ".join(map(str, a[-2:])))
def test_what_is_not_understood_ends_with_2(run, arguments):
    ran = run(*arguments, "--json")
    assert (ran.code, ran.error()["kind"]) == (2, "usage")
    text = run(*arguments)
    assert (text.code, text.out) == (2, "")
    assert "Error: " in text.err


def test_a_unit_that_fails_keeps_the_rows_of_the_others(run):
    ran = run(
        "score",
        "builtin/rgb",
        *SCORE[1:],
        "--measure",
        "cka-linear-debiased",
        "--measure",
        "rsa-euclidean-rho-a",
        "--json",
    )
    assert ran.code == 1
    assert {row["measure"] for row in ran.json} == {"rsa-euclidean-rho-a"}
    assert "cka-linear-debiased needs" in said(ran.err)


def test_a_bug_in_a_model_is_its_error_and_shows_no_traceback(run, place):
    (place / "buggy.py").write_text("def f(images):\n    return 1 / 0\n")
    error = run("score", "callable/buggy:f", *SCORE[2:], "--json").error()
    assert "ZeroDivisionError" in error["message"]


def test_lack_of_memory_is_an_error_in_words(run, monkeypatch):
    def greedy(**_):
        raise MemoryError("Unable to allocate 3 TiB")

    monkeypatch.setattr(sys.modules["repalign.cli.app"], "app", greedy)
    ran = run("compare", "--json")
    assert ran.code == 1
    assert "3 TiB" in ran.error()["message"]


FULL = """
import resource, signal
import repalign.cli, duckdb, matplotlib.figure, pydantic
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))
"""


@pytest.mark.parametrize("room", [100, 3000])
@pytest.mark.parametrize("flags", [("--json",), ()])
def test_a_full_disk_is_said_and_leaves_nothing_half_written(start, place, room, flags):
    process = start(*SCORE, "--out", "o", *flags, before=FULL.format(room=room))
    out, err = process.communicate()
    assert process.returncode == 1
    assert "Traceback" not in out + err
    assert "could not be written" in said(out + err)
    if flags:
        assert out.startswith('{\n "error": {\n  "kind": "storage"')
    assert ResultsDir(place / "o").units() == []
    assert not list(place.rglob(".partial-*"))
    again = start(*SCORE, "--out", "o", "--json")
    assert again.communicate()[0].startswith("[")
    assert again.returncode == 0
    assert not list((place / "o" / "failures").glob("*"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_said(run, place):
    (place / "locked").mkdir(mode=0o500)
    assert run(*SCORE, "--out", "locked/o", "--json").error()["kind"] == "storage"


SLOW = """
import time
from pathlib import Path
import numpy as np
def f(images):
    for _ in range(0 if Path("fast").exists() else 3000):
        time.sleep(0.01)
    return np.array([image.mean((0, 1)) for image in images])
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_stops_at_once_with_130_and_a_rerun_completes(start, place, workers):
    (place / "slow.py").write_text(SLOW)
    command = ("score", "builtin/grey", "callable/slow:f", *SCORE[2:], "--out", "o", "--workers", workers)
    process = start(*command)
    assert process.stderr is not None
    assert process.stderr.readline().startswith("scores: 1 of 2, ")
    time.sleep(0.2)
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to every process
    out, err = process.communicate(timeout=20)
    assert time.monotonic() - began < 10
    assert (process.returncode, out) == (130, "")
    assert "what had finished is kept" in err
    assert "Traceback" not in err
    assert len(ResultsDir(place / "o").units()) == 1
    assert not list(place.rglob(".partial-*"))
    (place / "fast").touch()
    again = start(*command, "--json")
    out, err = again.communicate()
    assert again.returncode == 0
    assert len(json.loads(out)) == 2
    assert err.count("scores: 1 of 1") == 1


def test_a_reader_that_leaves_is_no_error(start):
    process = start("measures", "--json")
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 0


def test_a_terminal_that_lacks_a_character_shows_another(start, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    process = start(*SCORE, "--out", "o")
    out, err = process.communicate()
    assert (process.returncode, "Traceback" in err) == (0, False)
    assert "ekman1954/similarity ? rsa" in out
