"""Laws of RSA measures: what sides with and without repetitions give, the golden table, declared laws."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from repalign.data import RDM, Assembly, Choices
from repalign.errors import DegenerateError, TooFewError, UnsuitableError
from repalign.maths import compare
from repalign.maths.crossnobis import REPEATED
from repalign.maths.dissimilarity import DISSIMILARITIES
from repalign.metrics import measure
from repalign.metrics.catalogue.comparisons import BETWEEN
from repalign.metrics.catalogue.rsa import ALIASES, FAMILIES, MEMBERS
from repalign.metrics.rsa import RSA
from repalign.seeds import rng
from repalign.testing import check_measure
from repalign.testing.measures import changes

INNER = [*DISSIMILARITIES, "crossnobis", "poisson-cv"]
TABLE = "nacloos+similarity-repository/figures/metric_vs_repo.csv"
#: Implementations whose value is another: by which law.
DIFFER = {("rsa-rdm=correlation-compare=pearson", "llm_repsim")}


def side(values: np.ndarray, leading: str | None = "repetition", name: str = "v1") -> Assembly:
    ids = tuple(f"s{i}" for i in range(values.shape[-2]))
    if values.ndim == 2:
        return Assembly(values, ids, name=name)
    return Assembly(values, ids, leading=leading, labels=tuple(f"{i}" for i in range(len(values))), name=name)


def counts(*shape: int) -> np.ndarray:
    generator = rng(60, *shape)
    return generator.poisson(generator.uniform(0.5, 6.0, size=shape[-2:]), size=shape).astype(float)


def rsa(name: str) -> RSA:
    found = measure(name)
    assert isinstance(found, RSA)
    return found


def test_every_dissimilarity_meets_every_comparison_under_its_own_id():
    for inner in INNER:
        for outer in BETWEEN:
            found = rsa(f"rsa-{inner}-{outer}")
            assert (found.id, found.dissimilarity, found.comparison) == (f"rsa-{inner}-{outer}", inner, outer)
    assert {m.comparison for m in MEMBERS if isinstance(m, RSA)} >= {"pearson", "rho-a", "whitened-cosine"}


@pytest.mark.slow
@pytest.mark.parametrize("each", MEMBERS, ids=lambda m: m.id)
def test_each_registered_measure_obeys_what_it_declares(each):
    assert check_measure(each) == []


@pytest.mark.parametrize("inner", sorted(REPEATED))
@pytest.mark.parametrize("change", ["permutation", "orthogonal", "scaling", "translation"])
def test_what_is_declared_holds_where_noise_is_estimated(inner, change):
    each = rsa(f"rsa-{inner}-cosine")
    if change not in each.invariances:
        pytest.skip("not declared")
    X, Y = counts(5, 12, 6), counts(12, 7)
    changed = each.scores(side(changes(change, X)), side(Y))
    np.testing.assert_allclose(changed, each.scores(side(X), side(Y)), atol=1e-9)


@pytest.mark.parametrize("inner", sorted(REPEATED))
def test_a_side_with_repetitions_uses_them_and_one_without_has_no_noise(inner):
    X, Y = counts(5, 12, 6), counts(12, 7)
    plain = "poisson" if inner == "poisson-cv" else "squared-euclidean"
    expected = compare(REPEATED[inner](X), DISSIMILARITIES[plain](Y), "pearson")
    assert rsa(f"rsa-{inner}-pearson").scores(side(X), side(Y))[0] == pytest.approx(
        float(expected), abs=1e-11
    )


def test_subjects_have_an_rdm_each_and_other_repetitions_are_averaged():
    X, Y = counts(5, 12, 6), counts(3, 12, 7)
    each = rsa("rsa-correlation-spearman")
    own = DISSIMILARITIES["correlation"](X.mean(axis=0))
    expected = [float(compare(own, DISSIMILARITIES["correlation"](y), "spearman")) for y in Y]
    np.testing.assert_allclose(each.scores(side(X), side(Y, "subject")), expected, atol=1e-12)


@pytest.mark.parametrize("inner", INNER)
def test_an_rdm_is_taken_as_it_is(inner):
    Y = counts(12, 7)
    given = RDM(pdist(Y), tuple(f"s{i}" for i in range(12)), name="as published")
    each = rsa(f"rsa-{inner}-cosine")
    expected = compare(each.pairs(side(Y))[0], pdist(Y), "cosine")
    assert each.scores(side(Y), given)[0] == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize("inner", sorted(REPEATED))
def test_a_pattern_of_nan_is_a_stimulus_not_shown_in_that_repetition(inner):
    X = counts(5, 12, 6)
    X[1, 3] = X[4, 7] = np.nan
    np.testing.assert_array_equal(rsa(f"rsa-{inner}-cosine").pairs(side(X))[0], REPEATED[inner](X))


@pytest.mark.parametrize("inner", INNER)
def test_a_missing_number_is_refused_and_its_stimulus_named(inner):
    X = counts(5, 12, 6)
    X[1, 3, 2] = np.nan
    for bad in (X, X[1]):
        with pytest.raises(DegenerateError, match=r"v1.*'s3'"):
            rsa(f"rsa-{inner}-cosine").scores(side(bad), side(counts(12, 7)))


def test_stimuli_that_share_one_run_are_named():
    X = counts(4, 12, 6)
    X[:2, 3] = X[1:3, 8] = np.nan
    with pytest.raises(DegenerateError, match=r"share 1 runs.*'s3', 's8'"):
        rsa("rsa-crossnobis-identity-cosine").pairs(side(X))


@pytest.mark.parametrize("inner", ["poisson", "poisson-cv"])
def test_negative_rates_are_refused_and_named(inner):
    X = counts(3, 12, 6)
    X[:, 4, 2] = -1.0
    with pytest.raises(DegenerateError, match=r"negative responses.*'s4'"):
        rsa(f"rsa-{inner}-cosine").pairs(side(X))


def test_too_few_repetitions_and_choices_are_refused():
    with pytest.raises(TooFewError, match="1 runs of 12 stimuli"):
        rsa("rsa-crossnobis-cosine").pairs(side(counts(1, 12, 6)))
    with pytest.raises(TooFewError, match="there are 2 runs; with at least 3"):
        rsa("rsa-crossnobis-cosine").pairs(side(counts(2, 12, 6)))
    assert rsa("rsa-crossnobis-identity-cosine").pairs(side(counts(2, 12, 6))).shape == (1, 66)
    trials = Choices(np.array(["a"]), np.array(["s1"]), np.array(["cat"]), np.array(["dog"]))
    with pytest.raises(UnsuitableError, match=r"needs responses .* without any is taken as free of noise"):
        rsa("rsa-mahalanobis-cosine").pairs(trials)


def test_squared_euclidean_with_the_whitened_cosine_is_linear_cka():
    X, Y = side(counts(30, 9)), side(counts(30, 14))
    expected = measure("cka-linear-biased").scores(X, Y)
    np.testing.assert_allclose(
        rsa("rsa-squared-euclidean-whitened-cosine").scores(X, Y), expected, atol=1e-11
    )


def test_every_alias_is_a_measure_and_families_know_their_own_ids():
    for ours in ALIASES.values():
        assert measure(ours).id == ours
    for family in FAMILIES:
        assert measure(family.template).id == family.template


def test_the_golden_table_is_matched(real_data: Path):
    with (real_data / TABLE).open(newline="") as file:
        header, *rows = csv.reader(file)
    state = np.random.RandomState(0)
    X, Y = (side(state.uniform(size=(30, 25))) for _ in range(2))
    assert set(ALIASES) <= set(header)
    compared = 0
    for column, golden in enumerate(header):
        for row in rows:
            if golden in ALIASES and row[column] and (golden, row[0]) not in DIFFER:
                assert measure(golden).scores(X, Y)[0] == pytest.approx(float(row[column]), rel=1e-6), golden
                compared += 1
    assert compared > 50


def test_a_noise_corrected_score_says_where_no_noise_was_taken_out():
    from repalign.metrics import measure

    draw = np.random.default_rng(0)
    once = Assembly(draw.normal(size=(8, 4)))
    twice = Assembly(draw.normal(size=(2, 8, 4)), leading="repetition", labels=("1", "2"))
    found = measure("rsa-crossnobis-cosine")
    assert found.remarks(once, once) == ("neither side has repetitions: taken as free of noise",)
    assert found.remarks(once, twice) == ()
