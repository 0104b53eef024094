"""Every command in words and with --json: what it prints, where, how wide, and how it ends."""

from __future__ import annotations

import json
import shlex
import shutil

import numpy as np
import pytest
from text_for_tests import commands, part_after, said, too_wide, widest

from repalign.benchmarks import benchmark_names, published_names
from repalign.cli import demo as demo_module
from repalign.cli import demo_studies
from repalign.data import COLUMNS, ScoreTable
from repalign.datasets import DATASETS, dataset
from repalign.errors import UnavailableError
from repalign.metrics import MEASURES, measure
from repalign.models import model, model_names

QUICK = ("--draws", 20, "--permutations", 20)
SCORE = (
    "score",
    "builtin/grey",
    "builtin/gabor",
    "--benchmark",
    "ekman1954/similarity",
    *QUICK,
    "--out",
    "o",
)


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("group", [(), ("datasets",), ("models",)])
def test_without_arguments_there_is_help(run, group):
    ran = run(*group)
    assert ran.code == 2
    assert "Usage: repalign" in ran.out + ran.err
    assert run(*group, "--help").code == 0


@pytest.mark.parametrize("command", ["compare", "score", "report", "demo", "measures"])
def test_every_command_has_help_within_80_columns(run, command):
    ran = run(command, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert "--json" in ran.out
    assert widest(ran.out) <= 80


def test_measures_lists_every_id_with_its_formula(run):
    text, listed = run("measures"), run("measures", "--json").json
    assert widest(text.out) <= 80
    assert [m["id"] for m in listed] == list(MEASURES)
    for entry in listed:
        assert entry["id"] in text.out.split()
        assert entry["formula"]
        assert set(entry) == {*MEASURES[entry["id"]].describe(), "aliases"}


@pytest.mark.parametrize("name", list(MEASURES))
def test_one_measure_is_shown_with_everything_it_declares(run, name):
    shown, text = run("measures", name, "--json").json, run("measures", name)
    aliases = shown.pop("aliases")
    assert all(measure(alias) is MEASURES[name] for alias in aliases)
    assert shown == MEASURES[name].describe()
    assert text.out.startswith(name)
    assert widest(text.out) <= 80
    assert "None" not in text.out


def test_models_are_listed_and_each_can_be_shown(run):
    text, listed = run("models", "list"), run("models", "list", "--json").json
    assert listed == {"models": list(model_names()), "published responses": published_names()}
    assert widest(text.out) <= 80
    for name in listed["models"]:
        assert name in text.out
        shown = run("models", "show", name, "--json").json
        assert (shown["name"], shown["digest"]) == (name, model(name).digest)
        assert shown["layers"] == list(model(name).layers)
        assert widest(run("models", "show", name).out) <= 80


def test_datasets_are_listed_with_their_targets_and_whether_they_are_here(run):
    text, listed = run("datasets", "list"), run("datasets", "list", "--json").json
    assert [d["name"] for d in listed] == list(DATASETS)
    assert widest(text.out) <= 80
    assert {f"{d['name']}/{t}" for d in listed for t in d["targets"]} == set(benchmark_names())
    assert {d["name"]: d["status"] for d in listed}["ekman1954"] == "built in"
    assert {d["name"]: d["status"] for d in listed}["kriegeskorte92"] == "not here"


def test_what_is_built_in_needs_no_files(run):
    gotten = run("datasets", "get", "ekman1954").out
    assert gotten.splitlines()[1:] == [
        "Done      ekman1954 is built in",
        "Next      repalign score builtin/rgb --benchmark ekman1954/similarity",
    ]
    assert run("datasets", "path", "ekman1954", "--json").json == {"name": "ekman1954", "path": None}
    verified = run("datasets", "verify", "ekman1954")
    assert (verified.code, verified.out) == (0, "ekman1954: built in, no files to verify\n")


def test_files_that_are_missing_fail_the_check(run, place):
    ran = run("datasets", "verify", "kriegeskorte92", "--json")
    assert ran.code == 3
    assert {check["message"] for check in ran.json} == {"not here"}
    assert run("datasets", "path", "kriegeskorte92").out.startswith(str(place / "home"))


def test_a_damaged_file_fails_the_check_and_is_named(run, place, real_data, monkeypatch):
    paths = [file.path for file in dataset("kriegeskorte92").card.files]
    for path in paths:
        (place / "data" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(real_data / path, place / "data" / path)
    monkeypatch.setenv("REPALIGN_DATA", str(place / "data"))
    assert run("datasets", "verify", "kriegeskorte92").code == 0
    damaged = place / "data" / paths[0]
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    ran = run("datasets", "verify", "kriegeskorte92", "--json")
    assert ran.code == 3
    assert [check["path"] for check in ran.json if not check["ok"]] == [str(damaged)]
    assert run("datasets", "get", "kriegeskorte92", "--json").error()["kind"] == "verification"


@pytest.mark.parametrize("name", ["kriegeskorte92", "things-behaviour", "cifar10h", "geirhos-edges"])
def test_after_a_download_comes_a_score_on_what_was_gotten(run, real_data, monkeypatch, name):
    monkeypatch.setenv("REPALIGN_DATA", str(real_data))
    if dataset(name).status() != "here":
        pytest.skip(f"{name} is not below REPALIGN_DATA")
    ran = run("datasets", "get", name)
    assert (ran.code, ran.err) == (0, "")  # nothing was downloaded
    assert " 0 downloaded, " in part_after(ran.out, "Done")[0]
    words = shlex.split(commands(part_after(ran.out, "Next"))[0])
    assert words[:2] == ["repalign", "score"]
    assert words[2] in (*model_names(), *published_names())
    assert words[words.index("--benchmark") + 1] in benchmark_names()


def test_real_files_are_gotten_from_where_they_are(run, real_data, monkeypatch):
    monkeypatch.setenv("REPALIGN_DATA", str(real_data))
    ran = run("datasets", "get", "kriegeskorte92", "--json")
    assert ran.code == 0
    assert all(path.startswith(str(real_data)) for path in ran.json["files"])


def test_score_prints_rows_with_exactly_the_columns(run, place):
    ran = run(*SCORE, "--json")
    assert ran.code == 0
    assert [list(row) for row in ran.json] == [list(COLUMNS)] * 5
    assert {row["measure"] for row in ran.json} == {"rsa-euclidean-spearman"}
    stored = ScoreTable.from_parquet(*sorted((place / "o" / "scores").glob("*.parquet")))
    assert stored.sorted().rows() == ran.json


def test_score_in_words_shows_every_row_within_80_columns(run):
    ran = run(*SCORE, "--layers", "scale-1", "--layers", "scale-3")
    assert ran.code == 1  # builtin/grey has no such layers
    assert "scale-1" in ran.err
    assert ran.out.count("builtin/gabor") == 2
    assert widest(ran.out) <= 80
    assert widest(run(*SCORE).out) <= 80


def test_scores_that_are_there_are_not_computed_again(run):
    first, again = run(*SCORE, "--json"), run(*SCORE, "--json")
    assert first.err.splitlines()[0].startswith("scores: 1 of 2, ")
    assert again.err == ""
    assert again.out == first.out


def test_two_workers_give_what_one_gives_byte_for_byte(run, place):
    models = ("builtin/grey", "builtin/rgb", "builtin/random")
    rest = ("--benchmark", "ekman1954/similarity", "--measure", "rsa-euclidean-rho-a", *QUICK)
    one = run("score", *models, *rest, "--out", "one", "--json")
    two = run("score", *models, *rest, "--out", "two", "--workers", 2, "--json")
    assert (one.code, two.code) == (0, 0)
    assert files(place / "one") == files(place / "two")
    assert one.json == two.json


def test_options_of_score_reach_the_rows(run):
    measures = ("rsa-euclidean-spearman", "rsa-euclidean-pearson")
    named = [part for name in measures for part in ("--measure", name)]
    triple = json.dumps({"model_name": "random", "source": "builtin", "model_parameters": {"seed": 3}})
    options = ("--layers", "conv1", "--subset", 12, "--seed", 4)
    rows = run("score", triple, *SCORE[3:], *named, *options, "--json").json
    assert sorted(row["measure"] for row in rows) == sorted(measures)
    assert {row["layer"] for row in rows} == {"conv1"}
    assert {row["n_stimuli"] for row in rows} == {12}
    assert all("seed 4" in row["reason"] for row in rows)


def test_no_draws_and_no_permutations_are_absent_not_zero(run):
    ran = run(*SCORE, "--draws", 0, "--permutations", 0, "--json")
    assert {(row["ci_low"], row["p"]) for row in ran.json} == {(None, None)}
    assert "absent" in run(*SCORE, "--draws", 0, "--permutations", 0).out


def test_a_distance_is_listed_closest_first(run, place):
    from repalign.data import Assembly

    bench = dataset("ekman1954")
    shared = np.random.default_rng(0).normal(size=(14, 5))
    for name, noise in (("far", 3.0), ("near", 0.1)):
        values = shared + noise * np.random.default_rng(1).normal(size=shared.shape)
        Assembly(values, bench.stimuli.ids, name=name).save(f"{name}.npz")
    from repalign.benchmarks import score
    from repalign.cli.scores_table import print_scores

    target = Assembly(shared, bench.stimuli.ids, name="shared")
    rows = [
        r
        for name in ("far", "near")
        for r in score(Assembly.load(f"{name}.npz"), target, "procrustes-angular-distance", draws=0)
    ]
    print_scores(ScoreTable(rows))
    out = run("report", "nowhere", "--json").out
    assert out.index("near") < out.index("far")


def test_what_a_model_prints_does_not_get_into_the_json(run, place):
    (place / "talkative.py").write_text(
        "import numpy as np\nprint('imported')\n"
        "def means(images):\n    print('called')\n    return np.array([i.mean((0, 1)) for i in images])\n"
    )
    for workers in (1, 2):
        out = ("--out", f"w{workers}", "--workers", workers, "--json")
        assert len(run("score", "callable/talkative:means", *SCORE[3:-2], *out).json) == 1


def test_report_writes_one_page_about_a_folder(run, place):
    run(*SCORE)
    assert run("report", "o", "--json").json == {"report": "o/report.html"}
    ran = run("report", "o", "--out", "page.html", "--title", "A <title>")
    assert (ran.code, ran.err) == (0, "")
    assert "A &lt;title&gt;" in (place / "page.html").read_text()


@pytest.fixture
def quick_demo(monkeypatch):
    """The demo with little resampling, few models and no networks."""
    less = {"draws": 20, "permutations": 20}

    def few():
        study = next(iter(demo_studies.objects()))
        return [study.model_copy(update={**less, "models": study.models[:3]})]

    def no_networks(_):
        raise UnavailableError("torch is not installed", hint="Install it.")

    monkeypatch.setattr(demo_module, "colours", lambda: demo_studies.colours().model_copy(update=less))
    monkeypatch.setattr(demo_module, "digits", no_networks)
    monkeypatch.setattr(demo_module, "objects", few)


@pytest.mark.usefixtures("quick_demo")
def test_the_demo_needs_nothing_and_says_what_is_not_here(run, place):
    ran = run("demo", "--offline", "--out", "d")
    assert ran.code == 0
    rows = ScoreTable.from_csv(place / "d" / "scores.csv")
    assert {row.target for row in rows} == {"ekman1954/similarity"}
    for words in ("kriegeskorte92: not shown, because", "--offline", "torch is not installed", "Install it."):
        assert words in said(ran.out)
    assert part_after(ran.out, "Results") == ["d/report.html", "d/scores.csv"]
    assert (place / "d" / "report.html").resolve().as_uri() in part_after(ran.out, "Next")
    assert (place / "d" / "report.html").stat().st_size > 10_000
    assert too_wide(ran.out, 80) == []
    assert widest(ran.err) <= 80


@pytest.mark.usefixtures("quick_demo")
def test_the_demo_in_json_names_its_files_and_what_is_missing(run, place):
    ran = run("demo", "--offline", "--out", "d", "--json")
    assert set(ran.json) == {"report", "scores", "rows", "missing"}
    assert set(ran.json["missing"]) == {"kriegeskorte92", "small networks"}
    assert [list(row) for row in ran.json["rows"]] == [list(COLUMNS)] * 10


@pytest.mark.usefixtures("quick_demo")
def test_the_demo_with_data_shows_people_and_brains(run, place, real_data, monkeypatch):
    monkeypatch.setenv("REPALIGN_DATA", str(real_data))
    ran = run("demo", "--out", "d")
    assert ran.code == 0
    rows = ScoreTable.from_csv(place / "d" / "scores.csv")
    assert {row.target for row in rows} == {"ekman1954/similarity", "kriegeskorte92/human-it"}
    assert "kriegeskorte92: not shown" not in ran.out
    assert too_wide(ran.out, 80) == []
    assert widest(ran.err) <= 80
    assert len(ran.out.splitlines()) <= 60
    # Brains are seen first.
    assert ran.out.splitlines()[1].startswith("kriegeskorte92/human-it · ")


@pytest.mark.usefixtures("quick_demo")
def test_a_demo_that_cannot_download_goes_on_without(run, place):
    (place / "home").write_text("a file where the home should be")
    ran = run("demo", "--out", "d", "--json")
    assert ran.code == 0
    assert "home" in ran.json["missing"]["kriegeskorte92"]
