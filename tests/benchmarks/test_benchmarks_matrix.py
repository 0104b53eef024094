"""compare_all(): every entry is what compare() gives for that pair, joined in the same way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

import repalign as ra
from repalign.errors import (
    DegenerateError,
    IdentityError,
    ShapeError,
    TooFewError,
    UnknownNameError,
    UnsuitableError,
)
from repalign.maths import ALL_PAIRS

N = 26
IDS = tuple(f"s{i:02d}" for i in range(N))


def models(n_models=4, *, ids=IDS):
    """Related responses with differing numbers of units, some more than stimuli, some tied."""
    generator = np.random.default_rng(0)
    common = generator.normal(size=(N, 5))
    found = []
    for k, units in enumerate((3, 40, 7, 12)[:n_models]):
        values = common @ generator.normal(size=(5, units)) + generator.normal(size=(N, units))
        found.append(ra.Assembly(np.round(values, 1), ids, name=f"m{k}"))
    return found


OTHERS = (
    "mutual-knn-k5",
    "encoding-ridge-gcv-4fold-pearson-median",
    "rsa-euclidean-tau-a",
    "rsa-correlation-whitened-cosine",
    "cka-rbf-median1-debiased",
    "procrustes-chord-distance",
    "encoding-ols-reverse-insample-r2-pooled",
)


@pytest.mark.parametrize("name", [*ALL_PAIRS, *OTHERS])
def test_every_entry_is_what_compare_gives_for_the_pair(name):
    sides = [side for side in models() if "ols" not in name or side.n_units < N]
    found = ra.compare_all(sides, name)
    assert (found.measure, found.n, found.joined) == (name, N, "id")
    assert found.names == tuple(side.name for side in sides)
    expected = [[ra.compare(one, other, name).value for other in sides] for one in sides]
    # An angle near zero keeps half of the digits.
    np.testing.assert_allclose(found.values, expected, rtol=1e-9, atol=3e-8 if "angular" in name else 1e-10)


@pytest.mark.parametrize("name", ALL_PAIRS)
def test_little_memory_gives_the_same_matrix(name):
    whole = ra.compare_all(models(), name).values
    np.testing.assert_allclose(ra.compare_all(models(), name, memory=1e4).values, whole, atol=1e-12)


@pytest.mark.parametrize("name", [*ALL_PAIRS, *OTHERS])
def test_a_symmetric_measure_gives_a_symmetric_matrix_and_no_other(name):
    sides = [side for side in models() if "ols" not in name or side.n_units < N]
    values = ra.compare_all(sides, name).values
    assert np.allclose(values, values.T, atol=1e-12) == ra.measure(name).symmetric


@pytest.mark.parametrize("name", ["rsa-correlation-spearman", "cka-linear-debiased", "mutual-knn-k5"])
def test_rows_are_joined_by_id_in_any_order(name):
    sides = models()
    generator = np.random.default_rng(1)
    shuffled = [side.select(generator.permutation(IDS).tolist()) for side in sides]
    np.testing.assert_allclose(
        ra.compare_all(shuffled, name).values, ra.compare_all(sides, name).values, atol=1e-12
    )


def test_bare_arrays_are_joined_by_position_and_named_by_number():
    sides = models()
    found = ra.compare_all([np.asarray(side.values) for side in sides], "cka-linear-debiased")
    assert (found.joined, found.n) == ("position", N)
    assert found.names == tuple(f"model {k}" for k in range(4))
    np.testing.assert_allclose(found.values, ra.compare_all(sides).values, atol=1e-12)


def test_rdms_are_compared_as_they_are():
    generator = np.random.default_rng(2)
    pairs = np.round(generator.random((3, N * (N - 1) // 2)), 2)
    rdms = [ra.RDM(each, IDS, name=f"r{k}") for k, each in enumerate(pairs)]
    order = list(reversed(IDS))
    found = ra.compare_all([rdms[0], rdms[1].select(order), rdms[2]], "rsa-correlation-spearman")
    np.testing.assert_allclose(found.values, spearmanr(pairs, axis=1).statistic, atol=1e-12)


def test_an_rdm_among_responses_is_a_side_like_any_other():
    sides = [*models(2), ra.RDM(np.random.default_rng(2).random(N * (N - 1) // 2), IDS, name="rdm")]
    found = ra.compare_all(sides, "rsa-correlation-pearson").values
    expected = [[ra.compare(a, b, "rsa-correlation-pearson").value for b in sides] for a in sides]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    with pytest.raises(UnsuitableError, match="is RDM"):
        ra.compare_all(sides, "cka-linear-debiased")


def test_repetitions_are_averaged_as_by_compare():
    generator = np.random.default_rng(3)
    labels = ("1", "2", "3")
    trials = ra.Assembly(generator.normal(size=(3, N, 4)), IDS, leading="repetition", labels=labels, name="t")
    sides = [*models(2), trials]
    found = ra.compare_all(sides, "cka-linear-biased").values
    expected = [[ra.compare(a, b, "cka-linear-biased").value for b in sides] for a in sides]
    np.testing.assert_allclose(found, expected, atol=1e-10)


def people(n_people, seed):
    generator = np.random.default_rng(seed)
    truth = np.array(["car", "face", "chair"])[np.arange(N) % 3]
    wrong = generator.random(N) < 0.4
    said = np.where(wrong, np.roll(truth, 1), truth)
    return ra.Choices(np.full(N, "one"), np.array(IDS), said, truth, name=f"observer {seed}")


def test_error_consistency_of_observers_is_cohens_kappa():
    sides = [people(1, seed) for seed in range(3)]
    found = ra.compare_all(sides, "error-consistency-kappa")
    right = [side.correctness()[0] for side in sides]
    for i in range(3):
        for j in range(3):
            agree = np.mean(right[i] == right[j])
            a, b = right[i].mean(), right[j].mean()
            chance = a * b + (1 - a) * (1 - b)
            assert found.values[i, j] == pytest.approx((agree - chance) / (1 - chance), abs=1e-12)


def test_layers_count_as_models():
    plain, other = models(2)
    values = np.hstack([plain.values, other.values])
    labels = {"layer": np.repeat(["early", "late"], [plain.n_units, other.n_units])}
    net = ra.Assembly(values, IDS, labels, name="net")
    found = ra.compare_all([net, other], "cka-linear-biased")
    assert found.names == ("net early", "net late", "m1")
    expected = ra.compare_all([plain, other, other], "cka-linear-biased").values
    np.testing.assert_allclose(found.values, expected, atol=1e-12)


@pytest.mark.parametrize("name", ["cka-linear-debiased", "mutual-knn-k5"])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_other_stimuli_in_any_place_are_refused_and_named(name, place):
    sides = models()
    sides[place] = replace(sides[place], ids=("other", *IDS[1:]))
    with pytest.raises(IdentityError, match="'other'"):
        ra.compare_all(sides, name)


@pytest.mark.parametrize("place", [0, 1, 3])
def test_bare_and_named_models_do_not_mix(place):
    sides = models()
    sides[place] = replace(sides[place], ids=None)
    with pytest.raises(IdentityError, match="no stimulus ids"):
        ra.compare_all(sides)
    bare = [np.asarray(side.values) for side in models()]
    bare[place] = bare[place][:-1]
    with pytest.raises(IdentityError, match=f"has {N - 1}|and 'model"):
        ra.compare_all(bare)


@pytest.mark.parametrize("name", ["cka-linear-debiased", "rsa-correlation-spearman", "mutual-knn-k5"])
def test_nan_is_refused_and_its_stimulus_named(name):
    sides = models()
    values = np.array(sides[2].values)
    values[4, 1] = np.nan
    sides[2] = replace(sides[2], values=values)
    with pytest.raises(DegenerateError, match="'s04'") as caught:
        ra.compare_all(sides, name)
    assert "model 2" in caught.value.message or "m2" in caught.value.message


def test_what_cannot_be_a_matrix_is_refused():
    sides = models()
    for few in ([], sides[:1]):
        with pytest.raises(TooFewError, match="cannot be compared with another"):
            ra.compare_all(few)
    with pytest.raises(TooFewError, match="at least 4 stimuli; there are 3"):
        ra.compare_all([side.select(IDS[:3]) for side in sides])
    with pytest.raises(UnknownNameError):
        ra.compare_all(sides, "cka-linear-debaised")
    with pytest.raises(ShapeError):
        ra.compare_all([sides[0].values, sides[1].values[:, 0]])
    constant = replace(sides[1], values=np.ones((N, 3)))
    with pytest.raises(DegenerateError):
        ra.compare_all([sides[0], constant, sides[2]])


def test_the_seed_draws_the_folds():
    sides, name = models(3), "encoding-ridge-gcv-4fold-pearson-median"
    first, same, other = (ra.compare_all(sides, name, seed=seed).values for seed in (0, 0, 1))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)
