"""repalign train, sweep and run: what they do, print, keep and refuse."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tiny_study import write_study

import repalign
from repalign.data import ResultsDir

pytest.importorskip("torch")


@pytest.fixture
def study(place):
    return write_study(place / "tiny.toml")


def test_a_dry_run_prints_every_run_and_what_it_costs_and_trains_nothing(run, study, place):
    found = run("sweep", study, "--dry-run", "--json").json
    labels = [each["run"] for each in found["runs"]]
    # Per seed: a baseline, 2 kinds at 2 starts, a window of 1 and of 2 epochs.
    assert len(labels) == len(set(labels)) == found["n_runs"] == 2 * (1 + 4 + 2)
    # The window of 1 begins where the single epoch of its kind ended, that of 2 too.
    assert found["epochs"] == 2 * (3 + 4 * 1 + 2 + 2)
    assert found["alone"] == 2 * (3 + (1 + 2) * 2 + 3 + 3)
    # 2 s an epoch, 1 s more for each of the 4 epochs of blank images, 3 s before all.
    assert found["seconds"] == 3 + 2.0 * found["epochs"] + 1.0 * 4
    text = run("sweep", study, "--dry-run").out
    assert "14 runs, 22 epochs; 30 if no run began where another left off." in text
    assert "a clock" in text
    assert not (place / "repalign-training").exists()


def test_a_study_is_run_up_to_its_page_and_found_done_again(run, study, place):
    first = run("run", study, "--out", "o", "--json")
    assert (first.code, first.json["failed"]) == (0, 0)
    page = (place / "o" / "dynamics.html").read_bytes()
    assert b"A tiny study" in page
    again = run("run", study, "--out", "o")
    assert "14 runs: 0 computed, 14 found done before, 0 failed" in again.out
    assert "one perturbed epoch" in again.out
    assert (place / "o" / "dynamics.html").read_bytes() == page
    dynamics = run("dynamics", "o", "--json", "--figures", "f").json
    assert dynamics["about"]["seeds"] == [0, 1]
    assert dynamics["about"]["n_runs"] == 14
    assert {row["figure"] for row in dynamics["cells"]} == {"types", "lengths"}
    assert any(name.endswith("figure-2a.svg") for name in dynamics["figures"])
    assert run("report", "o", "--json").json["report"].endswith("dynamics.html")


def test_parts_make_up_the_whole(run, study, place):
    for part in ("baselines", "1/2", "0/2"):
        assert run("sweep", study, "--out", "parts", "--part", part).code == 0
    assert run("sweep", study, "--out", "whole").code == 0
    names = sorted(p.name for p in (place / "whole/scores").glob("*.parquet"))
    assert names == sorted(p.name for p in (place / "parts/scores").glob("*.parquet"))
    for name in names:
        assert (place / "parts/scores" / name).read_bytes() == (place / "whole/scores" / name).read_bytes()


def test_one_run_is_trained_exported_and_perturbed_from_the_baseline(run, study, place):
    base = run(
        "train", study, "--out", "o", "--seed", 1, "--keep", "all", "--adapters", "a.safetensors", "--json"
    )
    assert base.json["last"]["epoch"] == 3
    from safetensors import safe_open

    with safe_open("a.safetensors", "pt") as file:
        assert json.loads(file.metadata()["repalign"])["adapters"].keys() == {"fc"}
    folder = place / base.json["folder"]
    assert len(list((folder / "snapshots").iterdir())) == 4
    options = ("--perturb", "label_shuffle", "--first", 2, "--length", 2)
    run("train", study, "--out", "o", "--seed", 1, *options)
    started = [p for p in (place / "o/runs").iterdir() if p != folder]
    log = (started[0] / "log.txt").read_text()
    assert "begins at epoch 1" in log  # from the baseline's state
    assert log.count("perturbed") == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train", "--perturb", "label_shufle"), "label_shuffle"),
        (
            ("train", "--perturb", "label_shuffle", "--first", 3, "--length", 2),
            "ends after the last of 3 epochs",
        ),
        (("train", "--keep", "1,x"), "no list of epochs"),
        (("sweep", "--part", "2/2"), "--part 2/2 is none"),
        (("sweep", "--part", "some"), "--part some is none"),
        (("sweep", "--device", "cuda"), "there is no CUDA device"),
    ],
)
def test_what_cannot_be_is_refused_in_words(run, study, words, said):
    command, *options = words
    if "cuda" in options:
        import torch

        if torch.cuda.is_available():
            pytest.skip("there is a CUDA device")
    ran = run(command, study, "--out", "o", *options, "--json")
    assert ran.code == 1
    assert said in json.dumps(ran.error())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("rate = 1e-2", "rat = 1e-2"), "rat: Extra inputs"),
        (('adapters = ["fc"]', 'adapters = ["fcc"]'), "'fcc'"),
        (('target = "digits/classes"', 'target = "digits/clases"'), "digits/classes"),
        (("train = 64", "train = 6400"), "6400 stimuli to train upon"),
        (('measures = ["rsa', 'measures = ["rsaa'), "rsaa-correlation-spearman"),
        (('kind = "training"', 'kind = "trainig"'), "'training'"),
        (("starts = [1, 2]", "starts = [4]"), "ends after the last of 3 epochs"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(run, place, change, said):
    study = write_study(place / "wrong.toml", change=change)
    ran = run("run", study, "--json")
    assert ran.code == 1
    assert said in json.dumps(ran.error())


def test_a_scoring_study_is_run_too(run, place):
    text = 'kind = "scores"\nmodels = ["builtin/rgb"]\nbenchmarks = ["ekman1954/similarity"]\ndraws = 20\n'
    (place / "s.toml").write_text(text + "permutations = 20\n")
    assert run("run", "s.toml", "--out", "o").code == 0
    assert (place / "o/report.html").exists()
    ran = run("train", "s.toml", "--json")
    assert "study of scores" in ran.error()["message"]


def test_studies_that_come_along_are_listed_and_shown(run):
    names = run("run", "--json").json
    assert {"digits", "cifar10h", "cifar10h-short"} <= set(names)
    shown = run("run", "digits", "--show").out
    assert shown.startswith('kind = "training"')
    assert "digits" in run("run", "digit", "--json").error()["hint"]


def test_two_processes_under_torchrun_print_once(study, place):
    source = str(Path(repalign.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": source, "OMP_NUM_THREADS": "1"}
    words = ("train", study, "--out", "o", "--json")
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    ran = subprocess.run(
        [sys.executable, *torchrun, "-m", "repalign", *map(str, words)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["last"]["epoch"] == 3


def test_ctrl_c_keeps_what_had_finished(start, study, place):
    process = start("sweep", study, "--out", "o")
    deadline = time.monotonic() + 120
    while not ResultsDir(place / "o").units() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (130, 0), err
    assert "Traceback" not in err
    assert ResultsDir(place / "o").units()
    assert not list((place / "o").rglob(".*"))  # nothing half written


def test_the_demonstration_of_perturbation_goes_offline(run, monkeypatch, place):
    from repalign.cli import demo_training
    from repalign.training.study import read_study

    tiny = read_study(write_study(place / "tiny.toml"))
    monkeypatch.setattr(
        demo_training, "read_study", lambda name: tiny if name == "digits" else read_study(name)
    )
    ran = run("demo", "perturbation", "--out", "d", "--workers", 1)
    assert ran.code == 0
    assert "because CIFAR-10H" in ran.out
    assert (place / "d/dynamics.html").exists()
    assert "did you mean" in run("demo", "perturb").err.lower()
