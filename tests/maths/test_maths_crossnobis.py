"""Laws of cross-validated dissimilarities: rsatoolbox, term-by-term sums, zero means zero, refusals."""

from __future__ import annotations

import tracemalloc
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from repalign.errors import DegenerateError, InputError, ShapeError, TooFewError
from repalign.maths import pairs
from repalign.maths.crossnobis import NOISELESS, REPEATED, crossnobis, poisson_cv, whitened_crossnobis
from repalign.maths.dissimilarity import mahalanobis
from repalign.maths.noise import estimate_noise, repetition_residuals
from repalign.maths.poisson import poisson
from repalign.maths.runs import average_runs
from repalign.seeds import rng

SHAPES = [(2, 2, 1), (2, 5, 3), (3, 7, 4), (4, 11, 9), (5, 6, 33)]
FACTORS = {crossnobis: lambda x: (x, x), poisson_cv: lambda x: ((x + 0.1) / 1.1, np.log((x + 0.1) / 1.1))}
BOTH = sorted(FACTORS, key=lambda f: f.__name__)


def responses(shape: tuple[int, ...], *words: str | int) -> np.ndarray:
    """Counts, with ties."""
    generator = rng(30, *shape, *words)
    return generator.poisson(generator.uniform(0.5, 6.0, size=shape[-2:]), size=shape).astype(float)


def sum_of_terms(X: np.ndarray, function: Any) -> np.ndarray:
    """The definition: each pair of stimuli, each pair of different runs in which both were measured."""
    left, right = FACTORS[function](X)
    out = []
    for i in range(X.shape[1]):
        for j in range(i + 1, X.shape[1]):
            both = np.flatnonzero(~np.isnan(X[:, [i, j], 0]).any(axis=1))
            terms = [
                (left[a, i] - left[a, j]) @ (right[b, i] - right[b, j]) for a in both for b in both if a != b
            ]
            out.append(np.mean(terms) / X.shape[2])
    return np.array(out)


def dataset(rsatoolbox: ModuleType, X: np.ndarray) -> Any:
    """Their noun for ours; stimuli and runs not in order."""
    runs, n, units = X.shape
    order = rng(31, "order", *X.shape).permutation(runs * n)
    about = {
        "stimulus": np.tile(np.arange(float(n)), runs)[order],
        "run": np.repeat(np.arange(float(runs)), n)[order],
    }
    return rsatoolbox.data.Dataset(X.reshape(-1, units)[order], obs_descriptors=about)


def theirs(rsatoolbox: ModuleType, X: np.ndarray, method: str, noise: np.ndarray | None = None) -> np.ndarray:
    calc = rsatoolbox.rdm.calc_rdm
    return calc(dataset(rsatoolbox, X), method, "stimulus", noise, "run").dissimilarities[0]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("function", BOTH)
def test_it_is_the_mean_over_pairs_of_different_runs(function, shape):
    X = responses(shape)
    np.testing.assert_allclose(function(X), sum_of_terms(X, function), atol=1e-11)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("whitened", [False, True])
def test_crossnobis_is_that_of_rsatoolbox_whose_noise_is_a_precision(rsatoolbox, shape, whitened):
    X = responses(shape)
    root = rng(32, *shape).normal(size=(shape[2], shape[2]))
    P = root @ root.T + np.eye(shape[2]) if whitened else None
    size = 1.0 if P is None else np.trace(P)
    np.testing.assert_allclose(crossnobis(X, P), theirs(rsatoolbox, X, "crossnobis", P), atol=1e-10 * size)


def test_poisson_cv_uses_all_folds_where_rsatoolbox_uses_its_last(rsatoolbox):
    # A listed fault of 0.3.2: each fold overwrites the one before.
    X = responses((4, 6, 5))
    found = theirs(rsatoolbox, X, "poisson_cv")
    rates = (X + 0.1) / 1.1
    train, test = rates[:3].mean(axis=0), np.log(rates[3])
    i, j = np.triu_indices(6, 1)
    last = ((train[i] - train[j]) * (test[i] - test[j])).mean(axis=1)
    np.testing.assert_allclose(found, last, atol=1e-12)
    assert abs(poisson_cv(X) - found).max() > 0.05


def test_the_mean_of_their_last_fold_with_each_run_last_is_poisson_cv(rsatoolbox):
    X = responses((3, 5, 4))
    folds = [theirs(rsatoolbox, np.roll(X, k, axis=0), "poisson_cv") for k in range(3)]
    np.testing.assert_allclose(poisson_cv(X), np.mean(folds, axis=0), atol=1e-11)


@pytest.mark.parametrize("shape", [(3, 7, 4), (5, 9, 6), (6, 4, 11)])
@pytest.mark.parametrize("function", BOTH)
def test_a_stimulus_missing_in_a_run_takes_no_part_in_that_run(function, shape):
    X = responses(shape)
    missing = rng(33, *shape).random(shape[:2]) < 0.25
    missing[:2] = False
    X[missing] = np.nan
    np.testing.assert_allclose(function(X), sum_of_terms(X, function), atol=1e-11)


@pytest.mark.parametrize("function", BOTH)
def test_observations_of_a_stimulus_within_a_run_are_averaged(function):
    generator = rng(34, "long")
    run, stimulus = generator.integers(4, size=90), generator.integers(5, size=90)
    rows = generator.poisson(4, size=(90, 6)).astype(float)
    X = average_runs(rows, stimulus, np.array(list("dbca"))[run])
    for r, s in np.ndindex(4, 5):
        mean = rows[(np.array(list("dbca"))[run] == "abcd"[r]) & (stimulus == s)].mean(axis=0)
        np.testing.assert_allclose(X[r, s], mean, atol=1e-13)
    order = generator.permutation(90)
    again = function(average_runs(rows[order], stimulus[order], np.array(list("dbca"))[run][order]))
    np.testing.assert_allclose(again, function(X), atol=1e-12)


def test_an_offset_of_each_run_changes_nothing_even_where_stimuli_are_missing():
    X = responses((4, 6, 5))
    X[1, 2] = X[3, 4] = np.nan
    offset = 50 * rng(35, "offset").normal(size=(4, 1, 5))
    np.testing.assert_allclose(crossnobis(X + offset), crossnobis(X), atol=1e-9)


@pytest.mark.parametrize("function", BOTH)
def test_the_order_of_runs_and_stimuli_does_not_matter(function):
    X = responses((5, 8, 7))
    order = rng(36, "order").permutation(8)
    i, j = np.triu_indices(8, 1)
    square = np.zeros((8, 8))
    square[i, j] = square[j, i] = function(X)
    np.testing.assert_allclose(function(X[::-1, order]), square[order[i], order[j]], atol=1e-12)


@pytest.mark.parametrize("entries", [1, 40, 333])
@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("function", BOTH)
def test_blocks_change_nothing(function, missing, entries, monkeypatch):
    X = responses((4, 13, 9))
    if missing:
        X[2, 5] = X[0, 7] = np.nan
    whole = function(X)
    monkeypatch.setattr(pairs, "BLOCK_ENTRIES", entries)
    np.testing.assert_allclose(function(X), whole, atol=1e-11)


@pytest.mark.parametrize("function", BOTH)
def test_single_precision_and_integers_are_computed_in_double_and_left_alone(function):
    X = responses((3, 7, 50))
    for kind in (np.float32, np.int64):
        given = X.astype(kind)
        np.testing.assert_array_equal(function(given), function(X))
        np.testing.assert_array_equal(given, X)


@pytest.mark.parametrize("exponent", [-140, -30, 30, 140])
def test_tiny_and_huge_responses_give_the_same_geometry(exponent):
    X = responses((3, 6, 5))
    scaled = crossnobis(X * 10.0**exponent) * 10.0**-exponent * 10.0**-exponent
    np.testing.assert_allclose(scaled, crossnobis(X), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(("repeated", "name"), [(crossnobis, "crossnobis"), (poisson_cv, "poisson-cv")])
def test_repetitions_without_noise_give_the_dissimilarity_of_one(repeated, name):
    X = responses((9, 6))
    np.testing.assert_allclose(repeated(np.stack([X] * 3)), NOISELESS[name](X), atol=1e-11)


@pytest.mark.parametrize("function", BOTH)
def test_equal_stimuli_are_at_zero_and_equal_distances_stay_ties(function):
    label = rng(37, "label").integers(4, size=30)
    X = np.stack([np.eye(4)[label] + 0.3 * r for r in range(3)])
    found = function(X)
    same = pdist(label[:, None].astype(float)) == 0
    assert (found[same] == 0).all()
    assert len(np.unique(found)) == 2


@pytest.mark.parametrize("name", sorted(REPEATED))
def test_zero_is_expected_for_stimuli_that_are_the_same(name):
    # 400 experiments; mahalanobis alone, which is not cross-validated, finds a distance every time.
    generator = rng(38, name)
    found = []
    for _ in range(400):
        mean = generator.uniform(1.0, 6.0, size=(4, 8))
        mean[1] = mean[0]
        found.append(REPEATED[name](generator.poisson(mean, size=(4, 4, 8)).astype(float)))
    z = np.mean(found, axis=0) / (np.std(found, axis=0, ddof=1) / np.sqrt(400))
    assert (abs(z[0]) < 4) == (not name.startswith("mahalanobis"))
    assert (z[1:] > 10).all()
    assert name.startswith("mahalanobis") or 0.3 < np.mean([f[0] < 0 for f in found]) < 0.7


@pytest.mark.slow
def test_crossnobis_is_unbiased_at_every_distance():
    generator = rng(39, "unbiased")
    X = generator.normal(size=(6, 10))
    root = generator.normal(size=(10, 10)) + np.eye(10)
    P = np.linalg.inv(root.T @ root)
    found = [crossnobis(X + generator.normal(size=(3, 6, 10)) @ root, P) for _ in range(3000)]
    error = np.std(found, axis=0, ddof=1) / np.sqrt(3000)
    assert (abs(np.mean(found, axis=0) - mahalanobis(X, P)) < 4.5 * error).all()


def precision_without(X: np.ndarray, run: int | None, shrinkage: str) -> np.ndarray:
    """From the residuals of the other runs."""
    X = X if run is None else np.delete(X, run, axis=0)
    here = ~np.isnan(X).all(axis=2)
    residuals, dof = repetition_residuals(X[here], np.nonzero(here)[1])
    return estimate_noise(residuals, shrinkage, dof).precision()


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize(("name", "shrinkage"), [("crossnobis", "eye"), ("crossnobis-diagonal", "diagonal")])
def test_each_run_is_whitened_by_the_noise_of_the_others(name, shrinkage, missing):
    X = responses((5, 6, 4))
    if missing:
        X[1, 3] = X[4, 2] = np.nan
    out = []
    for i, j in zip(*np.triu_indices(6, 1), strict=True):
        both = np.flatnonzero(~np.isnan(X[:, [i, j], 0]).any(axis=1))
        d = X[:, i] - X[:, j]
        P = {a: precision_without(X, a, shrinkage) for a in both}
        out.append(np.mean([d[a] @ P[a] @ d[b] for a in both for b in both if a != b]) / 4)
    np.testing.assert_allclose(REPEATED[name](X), out, atol=1e-10)


def test_mahalanobis_takes_the_noise_of_all_repetitions():
    X = responses((4, 9, 5))
    X[1, 3] = np.nan
    expected = mahalanobis(np.nanmean(X, axis=0), precision_without(X, None, "eye"))
    np.testing.assert_allclose(REPEATED["mahalanobis"](X), expected, rtol=1e-9, atol=1e-10)


def test_a_precision_of_all_residuals_would_find_distances_where_there_are_none():
    # Why each run is whitened by the others: with one precision for all, zero does not mean zero.
    generator = rng(41, "bias")
    root = np.linalg.cholesky(0.8 ** abs(np.subtract.outer(np.arange(20), np.arange(20)))).T
    data = [generator.normal(size=(4, 10, 20)) @ root for _ in range(100)]
    one = [crossnobis(X, precision_without(X, None, "eye")).mean() for X in data]
    own = [whitened_crossnobis(X).mean() for X in data]
    assert np.mean(one) > 10 * np.std(one) / 10
    assert abs(np.mean(own)) < 4 * np.std(own) / 10


def test_memory_is_small_beside_the_responses(monkeypatch):
    monkeypatch.setattr(pairs, "BLOCK_ENTRIES", 20_000)
    X = rng(40, "memory").normal(size=(4, 50, 4_000))
    tracemalloc.start()
    crossnobis(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.2 * X.nbytes  # a slice of units and what it is mixed into


def test_stimuli_that_share_too_few_runs_are_named():
    X = responses((4, 5, 3))
    X[[0, 1], 1] = X[[1, 2], 4] = np.nan
    with pytest.raises(DegenerateError, match="rows 1 and 4 share 1 runs") as caught:
        crossnobis(X)
    assert caught.value.rows == (1, 4)


@pytest.mark.parametrize("function", BOTH)
def test_a_pattern_missing_in_part_is_refused_and_its_stimulus_named(function):
    X = responses((3, 5, 4))
    X[0, 1], X[2, 3, 1], X[1, 4, 0] = np.nan, np.nan, np.inf
    with pytest.raises(DegenerateError, match="2 of 5 stimuli are NaN or infinite in a part") as caught:
        function(X)
    assert caught.value.rows == (3, 4)


def test_negative_rates_and_priors_without_weight_are_refused():
    X = responses((3, 5, 4))
    X[2, 3, 1] = X[0, 1, 1] = -0.5
    with pytest.raises(DegenerateError, match="2 of 5 stimuli have negative") as caught:
        poisson_cv(X)
    assert caught.value.rows == (1, 3)
    with pytest.raises(DegenerateError, match="1 of 5 stimuli have negative"):
        poisson(X[0])
    with pytest.raises(InputError, match="both must be positive"):
        poisson_cv(abs(X), prior_weight=0.0)


def test_what_is_no_table_of_runs_is_refused():
    with pytest.raises(ShapeError, match="run, stimulus, unit"):
        crossnobis(np.ones((4, 5)))
    with pytest.raises(TooFewError, match="1 runs of 5 stimuli"):
        crossnobis(np.ones((1, 5, 3)))
    with pytest.raises(TooFewError, match="there are 2 runs; with at least 3 the noise"):
        whitened_crossnobis(responses((2, 5, 4)))
    with pytest.raises(ShapeError, match="these need one length"):
        average_runs(np.ones((4, 2)), np.arange(4), np.arange(3))
    with pytest.raises(ShapeError, match="positions 0"):
        average_runs(np.ones((4, 2)), np.arange(4.0), np.arange(4))
    rows = np.ones((4, 2))
    rows[2, 1] = np.nan
    with pytest.raises(DegenerateError, match="1 of 4 observations") as caught:
        average_runs(rows, np.array([0, 1, 1, 0]), np.array([0, 0, 1, 1]))
    assert caught.value.rows == (1,)
