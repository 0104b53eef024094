"""repalign compare of many files, differences, dimensionality and measures: numbers, widths, errors."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import repalign as ra
from repalign.data import RDM, Assembly
from repalign.metrics import DIMENSIONALITIES, GROUPS, MEASURES, dimensionality

N = 30
IDS = tuple(f"s{i:02d}" for i in range(N))
GOAL = "ekman1954/similarity"
WIDTH = 80


def array(seed):
    generator = np.random.default_rng(seed)
    return np.random.default_rng(99).normal(size=(N, 4)) @ generator.normal(size=(4, 3 + seed)) + (
        generator.normal(size=(N, 3 + seed))
    )


@pytest.fixture(autouse=True)
def arrays(place):
    for seed, name in enumerate("abc"):
        np.save(f"{name}.npy", array(seed))


def fits(text):
    return all(len(line) <= WIDTH for line in text.splitlines())


# compare


def test_three_files_give_a_matrix_with_what_two_give_in_its_places(run):
    ran = run("compare", "a.npy", "b.npy", "c.npy", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert list(ran.json) == ["measure", "n", "joined", "names", "values"]
    assert (ran.json["measure"], ran.json["n"], ran.json["joined"]) == ("cka-linear-debiased", N, "position")
    assert ran.json["names"] == ["a", "b", "c"]
    pair = run("compare", "a.npy", "c.npy", "--json").json
    assert ran.json["values"][0][2] == pytest.approx(pair["value"], abs=1e-10)
    np.testing.assert_allclose(ran.json["values"], ra.compare_all([array(k) for k in range(3)]).values)


@pytest.mark.parametrize("measure", ["cka-linear-debiased", "rdm-euclidean-norm-difference"])
@pytest.mark.parametrize("n_files", [3, 8, 11])
def test_the_text_of_a_matrix_fits_80_columns_and_says_what_it_leaves_out(run, measure, n_files):
    names = [f"a_rather_long_name_of_a_model_{k:02d}.npy" for k in range(n_files)]
    for k, name in enumerate(names):
        np.save(name, 1000 * array(k))
    ran = run("compare", *names, "--measure", measure)
    assert (ran.code, ran.err) == (0, "")
    assert fits(ran.out)
    assert f"({N} stimuli, joined by position)" in " ".join(ran.out.split())
    lines = ran.out.splitlines()
    for k in range(n_files):
        row = next(line for line in lines if line.startswith(f"{k + 1} a_rat"))
        assert f"el_{k:02d} " in row  # the end of a long name tells models apart
        assert all(re.fullmatch(r"-?\d+\.\d{3}", number) for number in row.split()[2:])  # none is broken
    shown = max(int(word) for word in lines[1].split())
    assert (f"the first {shown} of {n_files} columns; all with --json" in ran.out) == (shown < n_files)
    assert shown >= min(n_files, 5)


def test_the_numbers_of_the_text_are_those_of_the_json(run):
    values = run("compare", "a.npy", "b.npy", "c.npy", "--json").json["values"]
    lines = run("compare", "a.npy", "b.npy", "c.npy").out.splitlines()
    for k, name in enumerate("abc"):
        row = next(line.split() for line in lines if line.startswith(f"{k + 1} {name}"))
        assert row[2:] == [f"{value:.3f}" for value in values[k]]


def test_saved_responses_of_many_models_are_joined_by_id(run):
    generator = np.random.default_rng(0)
    for seed in range(3):
        order = generator.permutation(N)
        Assembly(array(seed)[order], tuple(IDS[i] for i in order), name=f"m{seed}").save(f"m{seed}.npz")
    found = run("compare", "m0.npz", "m1.npz", "m2.npz", "--json").json
    assert (found["joined"], found["names"]) == ("id", ["m0", "m1", "m2"])
    np.testing.assert_allclose(
        found["values"], run("compare", "a.npy", "b.npy", "c.npy", "--json").json["values"]
    )


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (("a.npy", "b.npy", "z.npy"), "file", "z.npy"),
        (("a.npy", "b.npy", "short.npy"), "identity", "29"),
        (("a.npy", "b.npy", "named.npz"), "identity", "no stimulus ids"),
        (("a.npy", "b.npy", "nan.npy"), "degenerate", "NaN"),
        (("a.npy", "b.npy", "rdm.npz"), "unsuitable", "RDM"),
        (("a.npy", "b.npy", "c.npy", "--measure", "cka"), "unknown-name", "cka"),
        (("a.npy", "b.npy", "c.npy", "--measure", "mutual-knn-k0"), "input", "k is 0"),
        (
            ("a.npy", "b.npy", "c.npy", "--measure", "mutual-knn-k40"),
            "too-few",
            "at least 41 stimuli; there are 30",
        ),
    ],
)
def test_what_is_wrong_with_one_of_many_is_said_with_exit_code_1(run, arguments, kind, words):
    np.save("short.npy", array(2)[:-1])
    Assembly(array(2), IDS).save("named.npz")
    bad = array(2)
    bad[3, 1] = np.nan
    np.save("nan.npy", bad)
    RDM(np.random.default_rng(0).random(N * (N - 1) // 2)).save("rdm.npz")
    ran = run("compare", *arguments, "--json")
    assert ran.code == 1
    assert ran.error()["kind"] == kind
    assert words in ran.error()["message"]
    text = run("compare", *arguments)
    assert (text.code, text.out) == (1, "")
    assert text.err.startswith("error: ")


def test_one_file_is_a_matter_of_usage(run):
    ran = run("compare", "a.npy", "--json")
    assert ran.code == 2
    assert ran.error()["kind"] == "usage"
    assert "two files" in ran.error()["message"]


# differences


@pytest.fixture
def models():
    """Saved responses to Ekman's colours, under long names."""
    target = ra.benchmark(GOAL).target
    generator = np.random.default_rng(0)
    found = []
    for k in range(3):
        path = f"model_{k}.npz"
        name = f"timm/a_model_with_a_very_long_name_patch14_224.laion2b_ft_in12k_in1k_{k}"
        Assembly(generator.normal(size=(len(target.ids), 6)), tuple(target.ids), name=name).save(path)
        found.append(path)
    return found


QUICK = ("--benchmark", GOAL, "--draws", "30")


def test_differences_as_json_are_those_of_the_library(run, models):
    ran = run("differences", *models, *QUICK, "--margin", "0.2", "--correction", "bh", "--json")
    assert ran.code == 0
    sides = [Assembly.load(path) for path in models]
    expected = ra.differences(sides, ra.benchmark(GOAL), draws=30, margin=0.2, correction="bh")
    assert ran.json == json.loads(json.dumps([each.as_dict() for each in expected]))
    assert [row["n_tests"] for row in ran.json] == [3, 3, 3]


@pytest.mark.parametrize("extra", [(), ("--margin", "0.2"), ("--over", "stimuli", "--correction", "bh")])
def test_the_text_of_differences_fits_80_columns(run, models, extra):
    ran = run("differences", *models, *QUICK, *extra)
    assert ran.code == 0
    assert fits(ran.out)
    text = " ".join(ran.out.split())
    assert GOAL in text
    assert "14 stimuli" in text
    assert "3 tests" in text
    assert "interval generalises to" in text
    assert ("surely smaller than 0.2" in text) == ("--margin" in extra)
    for row in run("differences", *models, *QUICK, *extra, "--json").json:
        # Numbers stand whole on one line however long the names are.
        numbers = [f"{row['value']:.4f}", f"{row['ci_low']:.3f} … {row['ci_high']:.3f}"]
        lines = ran.out.replace("\u00a0", " ").splitlines()
        assert any(all(number in line for number in numbers) for line in lines)


@pytest.mark.parametrize("extra", [(), ("--margin", "0.2")])
def test_equal_models_are_absent_from_the_tests_in_the_text_too(run, models, extra):
    ran = run("differences", models[0], models[0], models[1], *QUICK, *extra)
    assert (ran.code, fits(ran.out)) == (0, True)
    assert "absent" in ran.out
    assert "2 tests" in ran.out
    assert "nothing to test" in " ".join(ran.out.split())
    assert ("p same" in ran.out) == bool(extra)
    alone = run("differences", models[0], models[0], *QUICK, *extra)
    assert (alone.code, "0 tests" in alone.out) == (0, True)


def test_builtin_models_can_be_named(run):
    ran = run("differences", "builtin/rgb", "builtin/cielab", *QUICK, "--json")
    assert ran.code == 0
    assert [row["n_stimuli"] for row in ran.json] == [14]
    assert {ran.json[0]["a"].partition("(")[0], ran.json[0]["b"].partition("(")[0]} == {
        "builtin/rgb",
        "builtin/cielab",
    }


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (("builtin/rgb",), "too-few", "at least two models"),
        (("builtin/rgb", "builtin/cielap"), "unknown-name", "cielap"),
        (("builtin/rgb", "builtin/cielab", "--measure", "rsa"), "unknown-name", "rsa"),
        (("builtin/rgb", "builtin/cielab", "--correction", "bonferroni"), "unknown-name", "bonferroni"),
        (("builtin/rgb", "builtin/cielab", "--over", "people"), "input", "people"),
        (("builtin/rgb", "builtin/cielab", "--margin", "0"), "input", "margin"),
        (("builtin/rgb", "builtin/cielab", "--over", "subjects"), "unsuitable", "subjects"),
        (("builtin/rgb", "nothere.npz"), "file", "nothere.npz"),
        (("builtin/rgb", "builtin/cielab", "--subset", "99"), "too-few", "99 of 14"),
        (("builtin/rgb", "builtin/cielab", "--measure", "cka-linear-debiased"), "unsuitable", "is RDM"),
    ],
)
def test_what_is_wrong_with_differences_is_said_with_exit_code_1(run, arguments, kind, words):
    ran = run("differences", *arguments, "--benchmark", GOAL, "--json")
    assert ran.code == 1
    assert ran.error()["kind"] == kind
    assert words in ran.error()["message"]
    text = run("differences", *arguments, "--benchmark", GOAL)
    assert (text.code, text.out) == (1, "")
    assert "error: " in text.err


@pytest.mark.parametrize(
    "arguments",
    [("builtin/rgb", "builtin/cielab"), ("--benchmark", GOAL), ("x", "--benchmark", GOAL, "--draws", "1")],
)
def test_a_command_that_is_not_understood_exits_with_2(run, arguments):
    ran = run("differences", *arguments, "--json")
    assert ran.code == 2
    assert ran.error()["kind"] == "usage"


# dimensionality


def test_dimensionality_is_that_of_the_library_for_every_definition(run):
    ran = run("dimensionality", "a.npy", "--json")
    assert ran.code == 0
    assert (ran.json["name"], ran.json["n_stimuli"]) == ("a", N)
    expected = {name: dimensionality(Assembly(array(0)), name) for name in DIMENSIONALITIES}
    assert ran.json["dimensionality"] == pytest.approx(expected)
    spectrum = np.linalg.eigvalsh(np.cov(array(0).T))
    ratio = spectrum.sum() ** 2 / (spectrum**2).sum()
    assert any(value == pytest.approx(ratio) for value in ran.json["dimensionality"].values())


def test_the_text_of_dimensionality_fits_80_columns(run):
    ran = run("dimensionality", "a.npy")
    assert (ran.code, ran.err, fits(ran.out)) == (0, "", True)
    assert all(name in ran.out for name in DIMENSIONALITIES)


def test_dimensionality_refuses_what_has_none(run):
    RDM(np.random.default_rng(0).random(N * (N - 1) // 2)).save("rdm.npz")
    np.save("same.npy", np.ones((N, 3)))
    for name, kind in (("rdm.npz", "unsuitable"), ("same.npy", "degenerate"), ("z.npy", "file")):
        ran = run("dimensionality", name, "--json")
        assert (ran.code, ran.error()["kind"]) == (1, kind)


# measures


def test_all_measures_are_listed_with_everything_they_declare(run):
    ran = run("measures", "--json")
    assert ran.code == 0
    assert [row["id"] for row in ran.json] == list(MEASURES)
    wanted = {"id", "formula", "range", "direction", "invariances", "needs", "source", "aliases"}
    assert all(wanted <= set(row) for row in ran.json)
    text = run("measures")
    assert (text.code, fits(text.out)) == (0, True)
    words = text.out.split()
    assert all(name in words or name in text.out.replace("\n", "") for name in MEASURES)
    assert all(group in text.out for group in GROUPS)


@pytest.mark.parametrize("prefix", ["cka-", "rsa-correlation", "encoding-ridge-gcv", "mutual"])
def test_a_prefix_lists_the_measures_that_begin_with_it(run, prefix):
    expected = [name for name in MEASURES if name.startswith(prefix)]
    ran = run("measures", prefix, "--json")
    listed = ran.json if isinstance(ran.json, list) else [ran.json]
    assert [row["id"] for row in listed] == expected
    text = run("measures", prefix)
    assert (text.code, fits(text.out)) == (0, True)
    assert all(name in text.out for name in expected)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("cka-linear-debiased", "cka-linear-debiased"),
        ("mutual-knn-k7", "mutual-knn-k7"),
        ("cka-kernel=linear-hsic=song-score", "cka-linear-debiased"),
        ("accuracy", "accuracy"),
    ],
)
def test_one_id_a_parameter_or_an_alias_shows_one_measure(run, name, found):
    ran = run("measures", name, "--json")
    assert (ran.code, ran.json["id"]) == (0, found)
    text = run("measures", name)
    assert (text.code, fits(text.out)) == (0, True)
    assert found in text.out


@pytest.mark.parametrize(
    ("name", "kind"), [("cka-liner", "unknown-name"), ("zzz", "unknown-name"), ("mutual-knn-k0", "input")]
)
def test_an_unknown_measure_exits_with_1_and_a_hint(run, name, kind):
    ran = run("measures", name, "--json")
    assert (ran.code, ran.error()["kind"]) == (1, kind)
