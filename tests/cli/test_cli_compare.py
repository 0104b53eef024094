"""repalign compare: the number, how many stimuli, how they were joined; and every way to go wrong."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr
from text_for_tests import said

from repalign.data import RDM, Assembly

# Kornblith-style biased CKA and the angular Procrustes distance of these inputs are published with
# the similarity-repository; the other two are written out below.
_STATE = np.random.RandomState(0)
X, Y = _STATE.uniform(size=(30, 25)), _STATE.uniform(size=(30, 25))


def rsa(x, y):
    return spearmanr(pdist(x, "correlation"), pdist(y, "correlation")).statistic


def debiased_cka(x, y):
    """Song et al. 2012, eq. 5, in a ratio as CKA is; every sum written out."""

    def hsic(k, m):
        n, one = len(k), np.ones(len(k))
        k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
        cross = (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2)) - 2 / (n - 2) * (one @ k @ m @ one)
        return (np.trace(k @ m) + cross) / (n * (n - 3))

    k, m = x @ x.T, y @ y.T
    return hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m))


GOLDEN = {
    "cka-linear-biased": 0.4893427391044154,
    "procrustes-angular-distance": 0.7629815799340968,
    "rsa-correlation-spearman": rsa(X, Y),
    "cka-linear-debiased": debiased_cka(X, Y),
}


@pytest.fixture(autouse=True)
def arrays(place):
    np.save("x.npy", X)
    np.save("y.npy", Y)


@pytest.mark.parametrize("measure", GOLDEN)
def test_json_holds_exactly_measure_value_n_and_how_they_were_joined(run, measure):
    ran = run("compare", "x.npy", "y.npy", "--measure", measure, "--json")
    assert ran.code == 0
    assert list(ran.json) == ["measure", "value", "n", "joined"]
    assert (ran.json["measure"], ran.json["n"], ran.json["joined"]) == (measure, 30, "position")
    assert ran.json["value"] == pytest.approx(GOLDEN[measure], abs=1e-9)


def test_the_text_names_measure_value_stimuli_and_join(run):
    ran = run("compare", "x.npy", "y.npy", "--measure", "cka-linear-biased")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "cka-linear-biased  0.489343  (30 stimuli, joined by position)\n"


def test_saved_responses_are_joined_by_id_whatever_their_order(run):
    ids = tuple(f"s{i:02d}" for i in range(30))
    Assembly(X, ids).save("x.npz")
    Assembly(Y[::-1], ids[::-1]).save("y.npz")
    ran = run("compare", "x.npz", "y.npz", "--measure", "cka-linear-biased", "--json")
    assert ran.json["joined"] == "id"
    assert ran.json["value"] == pytest.approx(GOLDEN["cka-linear-biased"], abs=1e-9)


def test_a_saved_rdm_is_compared_as_it_is(run):
    RDM(pdist(X, "correlation")).save("x.npz")
    ran = run("compare", "x.npz", "y.npy", "--measure", "rsa-correlation-spearman", "--json")
    assert ran.json["value"] == pytest.approx(GOLDEN["rsa-correlation-spearman"], abs=1e-12)


def changed(array, row, value):
    array = array.copy()
    array[row] = value
    return array


CASES = {
    "missing": (lambda: None, "file", "z.npy does not exist"),
    "pickled": (lambda: np.save("z.npy", np.array([{}], dtype=object)), "file", "pickled"),
    "empty": (lambda: open("z.npy", "w").close(), "file", "z.npy"),  # noqa: PTH123
    "not a number": (lambda: np.save("z.npy", np.array([["a"] * 3] * 30)), "shape", "numbers"),
    "one axis": (lambda: np.save("z.npy", X[:, 0]), "shape", "(30,)"),
    "nan": (lambda: np.save("z.npy", changed(X, (3, 1), np.nan)), "degenerate", "NaN"),
    "infinite": (lambda: np.save("z.npy", changed(X, (3, 1), np.inf)), "degenerate", "infinite"),
    "other rows": (lambda: np.save("z.npy", X[:29]), "identity", "29"),
    "no rows": (lambda: np.save("z.npy", X[:0]), "identity", "0"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("measure", GOLDEN)
def test_what_is_wrong_with_a_file_is_said_and_the_exit_code_is_1(run, case, measure):
    make, kind, words = CASES[case]
    make()
    ran = run("compare", "x.npy", "z.npy", "--measure", measure, "--json")
    assert ran.code == 1
    assert ran.error()["kind"] == kind
    assert words in ran.error()["message"]
    text = run("compare", "x.npy", "z.npy", "--measure", measure)
    assert (text.code, text.out) == (1, "")
    assert said(text.err).startswith(f"error: {said(ran.error()['message'])}")
    assert said(ran.error()["hint"]) in said(text.err)


@pytest.mark.parametrize("measure", ["rsa-correlation-spearman", "rsa-cosine-spearman"])
def test_a_pattern_without_a_dissimilarity_is_named(run, measure):
    np.save("z.npy", changed(X, 5, 0.0))
    ran = run("compare", "x.npy", "z.npy", "--measure", measure, "--json")
    assert (ran.code, ran.error()["kind"]) == (1, "degenerate")


def test_equal_patterns_have_no_cka(run):
    np.save("z.npy", np.ones((30, 3)))
    for measure in ("cka-linear-biased", "cka-linear-debiased", "procrustes-angular-distance"):
        assert (
            run("compare", "x.npy", "z.npy", "--measure", measure, "--json").error()["kind"] == "degenerate"
        )


def test_ids_on_one_side_only_are_refused(run):
    Assembly(Y, tuple(f"s{i:02d}" for i in range(30))).save("y.npz")
    error = run("compare", "x.npy", "y.npz", "--json").error()
    assert error["kind"] == "identity"
    assert "no stimulus ids" in error["message"]


def test_differing_ids_are_named(run):
    ids = [f"s{i:02d}" for i in range(30)]
    Assembly(X, tuple(ids)).save("x.npz")
    Assembly(Y, (*ids[:-1], "other")).save("y.npz")
    error = run("compare", "x.npz", "y.npz", "--json").error()
    assert error["kind"] == "identity"
    assert "'s29'" in error["message"]
    assert "'other'" in error["message"]


@pytest.mark.parametrize(("measure", "least"), [("cka-linear-debiased", 4), ("rsa-euclidean-rho-a", 3)])
def test_too_few_stimuli_are_refused_with_the_least_number(run, measure, least):
    for name, array in (("x", X), ("y", Y)):
        np.save(f"{name}.npy", array[: least - 1])
    error = run("compare", "x.npy", "y.npy", "--measure", measure, "--json").error()
    assert error["kind"] == "too-few"
    assert f"at least {least}" in error["message"]


@pytest.mark.parametrize("name", ["x.csv", "x", "x.pkl", "x.mat"])
def test_another_kind_of_file_is_refused_with_the_kinds_that_can_be_read(run, place, name):
    (place / name).write_text("1,2\n3,4\n")
    error = run("compare", name, "y.npy", "--json").error()
    assert error["kind"] == "file"
    assert ".npy" in error["message"]


def test_a_foreign_npz_is_refused(run):
    np.savez("z.npz", X)
    assert run("compare", "z.npz", "y.npy", "--json").error()["kind"] == "file"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("cka-linear-debaised", "cka-linear-debiased"),
        ("rsa-correlation-speerman", "rsa-correlation-spearman"),
        ("procrustes-angle-distance", "procrustes-angular-distance"),
    ],
)
def test_a_misspelt_measure_gives_the_nearest_names(run, typed, meant):
    ran = run("compare", "x.npy", "y.npy", "--measure", typed, "--json")
    assert (ran.code, ran.error()["kind"]) == (1, "unknown-name")
    assert meant in ran.error()["hint"]


def test_a_measure_that_needs_trials_says_so(run):
    error = run("compare", "x.npy", "y.npy", "--measure", "error-consistency-kappa", "--json").error()
    assert error["kind"] == "unsuitable"
    assert "Choices" in error["message"]
