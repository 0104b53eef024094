"""Study files: what they ask for, what it costs, and what is said where they are wrong."""

from __future__ import annotations

import json
import tomllib
from itertools import product
from pathlib import Path

import pytest
from problems import problem

from repalign.errors import FileError, InputError, RepalignError, UnknownNameError
from repalign.training.cost import Cost, estimate
from repalign.training.perturbations import PERTURBATIONS
from repalign.training.running import Reached, run_sweep
from repalign.training.study import kind_of, read_scoring, read_study, shipped_studies, study_text
from repalign.training.sweep import Sweep, Windows, expand

# Per seed: runs, epochs, epochs with other images, kept states; counted by hand from the files.
BY_HAND = {
    # 24 in the sweep, 2 controls at 3 starts, 9 windows to the end: 48 - 3 s epochs from start s, one less
    # where the sweep has trained the first of them.
    "digits": (1 + 24 + 6 + 9, 16 + 24 + 6 + 105 - 2, 12, 40 + 7 + 6),
    "cifar10h": (1 + 80 + 8 + 20, 20 + 80 + 8 + 261 - 5, 40, 109 + 20 + 15),
    "cifar10h-short": (1 + 16 + 4 + 4, 12 + 16 + 4 + 40 - 2, 8, 25 + 4 + 2),
    # 10 in the sweep (4 and 16 are among them), 3 other kinds at 2 starts, 9 windows that end 8 epochs after:
    # from start s the chain trains 2 + 8, 3 + 8 and 5 + 8 epochs.
    # The sweep has trained the first epoch of one of them, whose state is kept for it.
    "clip-hba-laptop": (1 + 10 + 6 + 9, 30 + 10 + 6 + 102 - 1, 4, 26 + 12 + 6 + 1),
}


@pytest.mark.parametrize("name", shipped_studies())
def test_shipped_studies_read_and_expand_into_what_they_list(name):
    """Windows counted another way: from the file's text, as a set, each from the nearest state there is."""
    study, text = read_study(name), tomllib.loads(study_text(name))
    stages = expand(study.outline())
    runs, epochs, alone = counted(text)
    found = estimate(stages, study.cost)
    assert (found.runs, found.epochs, found.alone) == (runs, epochs, alone)
    assert study.title
    assert study.about
    assert (found.seconds is None) == ("cost" not in text)
    described = study.described()
    assert len(described["figures"]) == len(text["windows"])
    assert [each["benchmark"] for each in described["probes"]] == [
        each["benchmark"] for each in text["problem"]["probes"]
    ]


def written(given) -> list[int]:
    if isinstance(given, list):
        return given
    first, last, *step = map(int, given.split(".."))
    return list(range(first, last + 1, *step))


def counted(text) -> tuple[int, int, int]:
    last = text["run"]["epochs"]
    wanted: set[tuple] = set()  # kind, start, length, last epoch
    for each in text["windows"]:
        for kind, start, length in product(each["kinds"], written(each["starts"]), each.get("lengths", [1])):
            follow = each.get("follow")
            ends = last if follow is None else min(last, start + length - 1 + follow)
            wanted.add((kind, start, length, ends))
    epochs = alone = last
    for kind, start, length, ends in wanted:
        same = [(n, e) for k, s, n, e in wanted if (k, s) == (kind, start) and (n, e) < (length, ends)]
        # A skipped window shares nothing; any other begins where a shorter or sooner ended one had its last.
        shared = 0 if kind == "skipped_epoch" else max((n for n, _ in same), default=0)
        epochs += ends - (start - 1 + shared)
        alone += ends
    n = len(text.get("seeds", [0]))
    return n * (1 + len(wanted)), n * epochs, n * alone


@pytest.mark.parametrize("name", BY_HAND)
def test_the_estimate_of_a_study_is_a_sum_by_hand(name):
    study = read_study(name)
    runs, epochs, images, kept = (len(study.seeds) * each for each in BY_HAND[name])
    found, cost = estimate(expand(study.outline()), study.cost), study.cost
    assert (found.runs, found.epochs) == (runs, epochs)
    assert found.seconds == pytest.approx(cost.prepare + epochs * cost.seconds + images * cost.images)
    assert found.megabytes == pytest.approx(kept * cost.megabytes)


def test_a_continued_window_pays_only_for_the_images_of_its_own_epochs():
    window = Windows(kinds=("image_noise",), starts=(3,), lengths=(2, 5), follow=1)
    stages = expand(small_sweep(windows=(window,), epochs=10))
    found = estimate(stages, Cost(seconds=1, images=100, prepare=7, megabytes=2))
    # Baseline 10; epochs 3 to 5, two of them noisy; epochs 5 to 8, three of them noisy.
    assert found.epochs == 10 + 3 + 4
    assert found.seconds == 7 + 17 + 100 * (2 + 3)
    assert found.megabytes == 2 * (3 + 1 + 1)  # three last states, epoch 2 of the baseline, 4 of the shorter


# --- ranges and paths


def study_file(folder: Path, text: str = "", **problem_more) -> Path:
    named = {"maker": "problems:made", **problem().spec, **problem_more}
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in named.items())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(f"[problem]\n{lines}\n{text}\n")
    return folder / "study.toml"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ('"1..98"', tuple(range(1, 99))),
        ('"1..98..5"', (1, 6, 11, 16, 21, 26, 31, 36, 41, 46, 51, 56, 61, 66, 71, 76, 81, 86, 91, 96)),
        ('"7..7"', (7,)),
        ("[3, 1]", (3, 1)),
    ],
)
def test_starts_may_be_written_as_a_range(tmp_path, given, meant):
    text = f'[[windows]]\nkinds = ["target_noise"]\nstarts = {given}\nlengths = "1..3"'
    (window,) = read_study(study_file(tmp_path, text)).windows
    assert window.starts == meant
    assert window.lengths == (1, 2, 3)


@pytest.mark.parametrize("given", ['"1-98"', '"..5"', '"a..b"', '"5..1"', "[]"])
def test_a_range_that_is_none_is_refused(tmp_path, given):
    text = f'[[windows]]\nkinds = ["target_noise"]\nstarts = {given}'
    with pytest.raises(InputError, match=r"windows\.0\.starts"):
        read_study(study_file(tmp_path, text))


def test_paths_are_taken_from_the_files_folder_and_published_data_from_theirs(tmp_path, monkeypatch):
    monkeypatch.setenv("REPALIGN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("REPALIGN_DATA", str(tmp_path / "published"))
    (tmp_path / "published" / "OWNER+REPO").mkdir(parents=True)
    (tmp_path / "published" / "OWNER+REPO" / "w.th").touch()
    text = """
[where.network]
weights = "data:OWNER+REPO/w.th"
prompts = "words/prompts.txt"
[where.store]
folder = "/somewhere/else"
[where."mine/V1"]
stimuli = "dataset:digits"
target = "../V1.npz"
region = "V1"
[where.nod]
rdms = "data:OWNER+REPO/none"
"""
    file = study_file(tmp_path / "studies", text)
    monkeypatch.chdir(tmp_path)
    for named in (file, Path("studies/study.toml")):
        where = read_study(named).where
        assert where["network"]["weights"] == str(tmp_path / "published" / "OWNER+REPO" / "w.th")
        assert Path(where["network"]["prompts"]).resolve() == tmp_path / "studies" / "words" / "prompts.txt"
        assert where["store"]["folder"] == "/somewhere/else"
        assert Path(where["mine/V1"]["target"]).resolve() == tmp_path / "V1.npz"
        assert where["mine/V1"] | {"target": ""} == {
            "stimuli": "dataset:digits",
            "target": "",
            "region": "V1",
        }
        assert where["nod"]["rdms"] == "OWNER+REPO/none"  # said by whoever reads it


# --- what is wrong is said once, as our own error


WRONG = {
    "no TOML": ("seeds = [1", FileError, "is no TOML"),
    "misspelt": ("[runs]\nepochs = 3\n[cots]\nseconds = 1", InputError, r"runs.*cots"),
    "misspelt run": ("[run]\nepochs = 3\nbatchsize = 3", InputError, "batchsize"),
    "misspelt optimiser": ("[run.optimiser]\nlr = 3", InputError, "lr"),
    "misspelt window": (
        '[[windows]]\nkinds = ["target_noise"]\nstart = [1]\nstarts = [1]',
        InputError,
        r"windows\.0\.start\b",
    ),
    "past the end": (
        '[run]\nepochs = 6\n[[windows]]\nkinds = ["target_noise"]\nstarts = [5]\nlengths = [3]',
        InputError,
        "window 5 to 7 ends after the last of 6 epochs",
    ),
    "start at 0": ('[[windows]]\nkinds = ["target_noise"]\nstarts = [0]', InputError, "first"),
    "unknown kind": ('[[windows]]\nkinds = ["target_nois"]\nstarts = [1]', InputError, "target_noise"),
    "unknown option": (
        '[[windows]]\nkinds = ["image_noise"]\nstarts = [1]\noptions = { image_noise = { sdd = 1 } }',
        InputError,
        "sd",
    ),
    "no seeds": ("", InputError, "seeds"),
    "no cost": ("[cost]\nseconds = 0", InputError, r"cost\.seconds"),
    "where is no table": ('[where]\nnetwork = "here"', InputError, r"where\.network"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_study_is_one_clear_error(tmp_path, what):
    text, kind, words = WRONG[what]
    file = study_file(tmp_path, text)
    if what == "no seeds":
        file.write_text("seeds = []\n" + file.read_text())
    with pytest.raises(RepalignError, match=words) as caught:
        read_study(file)
    assert isinstance(caught.value, kind)
    assert "study.toml" in caught.value.message
    assert "validation error" not in caught.value.message
    assert caught.value.hint


def test_studies_of_another_kind_and_files_that_are_not_there(tmp_path):
    (tmp_path / "scores.toml").write_text('kind = "scores"\nmodels = ["builtin/rgb"]\nbenchmarks = ["a/b"]')
    with pytest.raises(InputError, match="study of scores"):
        read_study(tmp_path / "scores.toml")
    (tmp_path / "odd.toml").write_text('kind = "trainng"')
    with pytest.raises(UnknownNameError) as caught:
        read_study(tmp_path / "odd.toml")
    assert "'training'" in caught.value.hint
    with pytest.raises(FileError, match=r"none\.toml"):
        read_study(tmp_path / "none.toml")
    with pytest.raises(UnknownNameError) as caught:
        read_study("digit")
    assert "'digits'" in caught.value.hint
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(FileError, match="cannot be read"):
        read_study(tmp_path / "bytes.toml")


def test_a_study_of_scores_is_read_with_where_its_data_lie(tmp_path):
    text = """
kind = "scores"
models = ["builtin/rgb"]
benchmarks = ["mine/rdm"]
measures = ["rsa-correlation-spearman"]
draws = 0
[where."mine/rdm"]
stimuli = "images"
target = "rdm.npz"
"""
    (tmp_path / "s.toml").write_text(text)
    study, where = read_scoring(tmp_path / "s.toml")
    assert kind_of(tmp_path / "s.toml") == "scores"
    assert (study.models, study.benchmarks, study.draws) == (("builtin/rgb",), ("mine/rdm",), 0)
    wanted = {"stimuli": str(tmp_path / "images"), "target": str(tmp_path / "rdm.npz")}
    assert where == {"mine/rdm": wanted}
    (tmp_path / "bad.toml").write_text(text.replace("draws", "drawn"))
    with pytest.raises(InputError, match=r"bad\.toml: drawn"):
        read_scoring(tmp_path / "bad.toml")


# --- what is estimated is what is trained


def small_sweep(windows=(), seeds=(0,), epochs=6, **more) -> Sweep:
    spec = {**problem().spec, "maker": "problems:made"}
    base = {"problem": spec, "epochs": epochs, "batch_size": 25, "patience": None, **more}
    return Sweep(baseline=base, seeds=seeds, windows=windows)


def reached(stages, results) -> tuple[int, int]:
    found = Reached(stages, results)
    return found.epochs(), found.total


def test_as_many_epochs_are_trained_as_were_estimated(tmp_path):
    grid = Windows(kinds=("target_noise", "skipped_epoch"), starts=(2,), lengths=(1, 3))
    single = Windows(kinds=("image_noise", "target_noise"), starts="1..4..2", follow=1)
    sweep = small_sweep(windows=(grid, single), seeds=(0, 1), epochs=4)
    stages = expand(sweep)
    found = estimate(stages, None)
    assert found.seconds is None
    results, report = run_sweep(sweep, tmp_path)
    assert not report.failed
    lines = [
        line.split(" ", 1)[1]
        for log in sorted((tmp_path / "runs").glob("*/log.txt"))
        for line in log.read_text().splitlines()
    ]
    assert sum(line.startswith("epoch ") for line in lines) == found.epochs
    assert len(list((tmp_path / "runs").iterdir())) == found.runs
    assert reached(stages, results) == (found.epochs, found.epochs)
    kept = len(list((tmp_path / "runs").glob("*/snapshots/*.safetensors"))) + found.runs
    assert estimate(stages, Cost(seconds=1, megabytes=1)).megabytes == kept
    noisy = [line for line in lines if line.startswith("epoch ") and "perturbed" in line]
    windows = [each.spec.perturbation for stage in stages for each in stage if each.spec.perturbation]
    assert len(noisy) == sum(
        min(w.last, each.spec.last_epoch) - max(w.first - 1, each.start[1])
        for stage in stages
        for each in stage
        if (w := each.spec.perturbation)
    )
    assert {w.kind for w in windows} <= set(PERTURBATIONS)


def test_what_is_left_of_a_sweep_is_what_is_not_there(tmp_path):
    grid = Windows(kinds=("target_noise",), starts=(2,), lengths=(1, 3))
    whole, part = small_sweep(windows=(grid,)), small_sweep()
    results, _ = run_sweep(part, tmp_path)
    stages = expand(whole)
    done, total = reached(stages, results)
    # The baseline has no state at epoch 1 yet, which the windows ask it to keep: it counts by its folder.
    assert (done, total) == (6, 6 + 5 + 4)
    run_sweep(whole, tmp_path)
    assert reached(stages, results) == (total, total)
