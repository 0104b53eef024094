"""Laws of comparisons: scipy's and rsatoolbox's numbers, random tie-breaking, shapes, refusals."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cosine, pdist
from scipy.stats import pearsonr, rankdata, spearmanr

from repalign.errors import DegenerateError, ShapeError, TooFewError, UnknownNameError
from repalign.maths.comparison import COMPARISONS, EMBEDDINGS, compare, find_comparison
from repalign.seeds import rng

NAMES = sorted(EMBEDDINGS)
ALL = sorted(COMPARISONS)
#: Names of rsatoolbox, which gives the negative of a distance only where that is its name.
THEIRS = {
    "cosine": "cosine",
    "pearson": "corr",
    "spearman": "spearman",
    "rho-a": "rho-a",
    "tau-a": "tau-a",
    "tau-b": "tau-b",
    "whitened-cosine": "cosine_cov",
    "whitened-pearson": "corr_cov",
    "bures": "bures",
    "bures-distance-squared": "bures_metric",
}
GOLDEN = {
    "pearson": "pearson",
    "spearman": "spearman",
    "rho-a": "rho_a",
    "cosine": "cosine",
    "tau-a": "tau_a",
    "tau-b": "tau_b",
    "whitened-cosine": "cosine_cov",
    "whitened-pearson": "corr_cov",
    "bures": "bures",
    "bures-distance-squared": "bures_metric",
}
ORACLES = {
    "pearson": lambda x, y: pearsonr(x, y)[0],
    "spearman": lambda x, y: spearmanr(x, y)[0],
    "cosine": lambda x, y: 1 - cosine(x, y),
}


def pairs(levels: int, *words: str | int, size: int = 190) -> np.ndarray:
    """Pair values with ties where ``levels`` is small."""
    generator = rng(20, *words)
    return generator.integers(1, levels, size=size).astype(float) if levels else generator.normal(size=size)


@pytest.mark.parametrize("levels", [0, 3, 20])
@pytest.mark.parametrize("name", sorted(ORACLES))
def test_a_comparison_is_that_of_scipy_with_and_without_ties(name, levels):
    x, y = pairs(levels, "x"), pairs(levels, "y")
    y = y + 0.5 * x
    assert compare(x, y, name) == pytest.approx(ORACLES[name](x, y), abs=1e-13)


@pytest.mark.parametrize("levels", [0, 3, 20])
def test_rho_a_is_its_closed_form_on_scipys_ranks(levels):
    x, y = pairs(levels, "a"), pairs(levels, "b")
    p = len(x)
    r1, r2 = rankdata(x) - (p + 1) / 2, rankdata(y) - (p + 1) / 2
    assert compare(x, y, "rho-a") == pytest.approx(12 * (r1 @ r2) / (p**3 - p), abs=1e-13)


def test_rho_a_is_the_mean_of_spearman_over_random_orders_of_the_ties():
    x, y = pairs(3, "ties", size=15), pairs(0, "none", size=15)
    y += x
    generator, broken = rng(21, "breaks"), []
    for _ in range(4000):
        shuffled = np.lexsort((generator.random(15), x)).argsort()
        broken.append(1 - 6 * ((shuffled - y.argsort().argsort()) ** 2).sum() / (15**3 - 15))
    error = np.std(broken) / np.sqrt(len(broken))
    assert compare(x, y, "rho-a") == pytest.approx(np.mean(broken), abs=4 * error)
    assert compare(x, y, "rho-a") < compare(x, y, "spearman")


def rdms(count: int, n: int, levels: int, *words: str) -> np.ndarray:
    """RDMs of squared distances between points of a grid with few or of one with many levels."""
    generator = rng(22, n, levels, *words)
    points = generator.integers(0, levels, size=(count, n, n)).astype(float)
    return np.stack([pdist(each, "sqeuclidean") for each in points])


@pytest.mark.parametrize("n", [4, 9, 20])
@pytest.mark.parametrize("levels", [2, 10**6])
@pytest.mark.parametrize("name", sorted(THEIRS))
def test_a_comparison_is_that_of_rsatoolbox(name, levels, n, rsatoolbox):
    x, y = rdms(3, n, levels, "x"), rdms(2, n, levels, "y")
    sides = [rsatoolbox.rdm.RDMs(side) for side in (x, y)]
    expected = rsatoolbox.rdm.compare(*sides, method=THEIRS[name])
    # Theirs takes roots of eigenvalues that are zero but for rounding.
    tolerance = 1e-5 if name.startswith("bures") else 1e-12
    np.testing.assert_allclose(compare(x, y, name), expected, rtol=tolerance, atol=1e-12)


@pytest.mark.parametrize("dissimilarity", ["correlation", "mahalanobis", "poisson", "squared_euclidean"])
@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_a_comparison_is_that_of_the_golden_table(name, dissimilarity, real_data, rsatoolbox):
    golden = golden_row(real_data).get(f"rsa-rdm={dissimilarity}-compare={GOLDEN[name]}")
    if golden is None:
        pytest.skip("the table has no such measure")
    x, y = golden_rdms(rsatoolbox, dissimilarity)
    # The symmetrised KL divergence of the Poisson RDM is no squared distance.
    clipped = name + "-clipped" if dissimilarity == "poisson" and name.startswith("bures") else name
    assert compare(x, y, clipped) == pytest.approx(golden, rel=1e-6)


def test_the_rsm_norm_difference_of_the_golden_table_is_the_norm_over_pairs(real_data):
    sides = golden_inputs()
    row = golden_row(real_data, "resi")
    for dissimilarity in ("correlation", "euclidean"):
        x, y = (pdist(side, dissimilarity) for side in sides)
        expected = row[f"rsa-rdm={dissimilarity}-compare=euclidean"]
        assert compare(x, y, "euclidean") == pytest.approx(expected, rel=1e-6)
    assert compare(x, y, "euclidean") == pytest.approx(
        golden_row(real_data, "llm_repsim")["rsm_norm_difference"], rel=1e-6
    )


def golden_row(folder: Path, implementation: str = "rsatoolbox") -> dict[str, float]:
    path = folder / "nacloos+similarity-repository" / "figures" / "metric_vs_repo.csv"
    with path.open(newline="") as file:
        head, *rows = csv.reader(file)
    (row,) = (r for r in rows if r[0] == implementation)
    return {name: float(value) for name, value in zip(head[1:], row[1:], strict=True) if value}


def golden_inputs() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.RandomState(0)
    return generator.uniform(size=(30, 25)), generator.uniform(size=(30, 25))


def golden_rdms(rsatoolbox, dissimilarity: str) -> list[np.ndarray]:
    method = "euclidean" if dissimilarity == "squared_euclidean" else dissimilarity
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [rsatoolbox.rdm.calc_rdm(rsatoolbox.data.Dataset(x), method=method) for x in golden_inputs()]
    return [each.dissimilarities[0] for each in found]


@pytest.mark.parametrize("name", ALL)
def test_stacks_compare_every_one_with_every_other(name):
    x, y = rdms(4, 10, 99, "stack"), rdms(3, 10, 99, "other")
    table = compare(x, y, name)
    assert table.shape == (4, 3)
    each = [[float(compare(a, b, name)) for b in y] for a in x]
    np.testing.assert_allclose(table, each, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(compare(x[0], y, name), table[0], rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(compare(x, y[0], name), table[:, 0], rtol=1e-13, atol=1e-14)
    assert compare(x[0], y[0], name).shape == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_comparison_is_symmetric_and_bounded(name):
    x, y = pairs(0, "sym"), pairs(6, "metric")
    assert compare(x, y, name) == pytest.approx(compare(y, x, name), abs=1e-15)
    assert abs(compare(x, y, name)) <= 1 + 1e-12
    assert compare(x, x, name) == pytest.approx(1.0)
    assert compare(x, -x, name) == pytest.approx(-1.0)


@pytest.mark.parametrize("name", [name for name in ALL if COMPARISONS[name].embed is not None])
def test_an_embedding_makes_the_comparison_a_dot_product(name):
    x, y = rdms(4, 10, 9, "stack"), rdms(3, 10, 9, "other")
    embed = COMPARISONS[name].embed
    np.testing.assert_allclose(embed(x) @ embed(y).T, compare(x, y, name), atol=1e-13)


def test_a_comparison_is_found_by_its_name_and_an_unknown_name_brings_the_nearest():
    assert all(find_comparison(name).name == name for name in ALL)
    with pytest.raises(UnknownNameError, match="'spearman'"):
        compare(np.arange(3.0), np.arange(3.0), "speerman")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("pearson", lambda x: 3 * x - 7),
        ("spearman", np.exp),
        ("rho-a", np.exp),
        ("cosine", lambda x: 1e200 * x),
        ("pearson", lambda x: 1e-200 * x),
    ],
)
def test_a_comparison_ignores_what_it_should(name, change):
    x, y = pairs(9, "x"), pairs(0, "y")
    assert compare(change(x), y, name) == pytest.approx(compare(x, y, name), abs=1e-13)


@pytest.mark.parametrize("wobble", [0.0, 1e-16])
@pytest.mark.parametrize("name", ["pearson", "spearman"])
def test_a_constant_rdm_is_refused_even_where_rounding_moved_it(name, wobble):
    flat = 0.3 + wobble * np.arange(10)
    with pytest.raises(DegenerateError, match="constant"):
        compare(np.stack([np.arange(10.0), flat]), np.arange(10.0), name)


def test_a_constant_rdm_is_all_ties_to_rho_a_and_zeros_are_refused_by_cosine():
    assert compare(np.full(10, 0.3), np.arange(10.0), "rho-a") == 0
    assert compare(np.full(10, 0.3), np.ones(10), "cosine") == pytest.approx(1.0)
    with pytest.raises(DegenerateError):
        compare(np.zeros(10), np.ones(10), "cosine")


@pytest.mark.parametrize("name", ALL)
def test_differing_numbers_of_pairs_missing_pairs_and_too_few_are_refused(name):
    x = pairs(0, "refuse", size=10)
    with pytest.raises(ShapeError, match="10 and 9 pairs"):
        compare(x, x[:9], name)
    with pytest.raises(DegenerateError, match="1 NaN"):
        compare(np.where(np.arange(10) == 4, np.nan, x), x, name)
    with pytest.raises(TooFewError, match="1 pairs"):
        compare(x[:1], x[:1], name)
