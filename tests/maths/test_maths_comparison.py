"""Laws of comparisons: scipy's and rsatoolbox's numbers, random tie-breaking, shapes, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cosine
from scipy.stats import pearsonr, rankdata, spearmanr

from repalign.errors import DegenerateError, ShapeError, TooFewError
from repalign.maths import EMBEDDINGS, compare
from repalign.seeds import rng

NAMES = sorted(EMBEDDINGS)
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


@pytest.mark.parametrize("levels", [0, 4])
@pytest.mark.parametrize(
    ("name", "theirs"),
    [("rho-a", "rho-a"), ("cosine", "cosine"), ("pearson", "corr"), ("spearman", "spearman")],
)
def test_a_comparison_is_that_of_rsatoolbox(name, theirs, levels, rsatoolbox):
    x = np.abs(np.stack([pairs(levels, "rsa", i) for i in range(3)]))
    y = np.abs(np.stack([pairs(levels, "rsa", i) for i in range(3, 5)]))
    expected = rsatoolbox.rdm.compare(rsatoolbox.rdm.RDMs(x), rsatoolbox.rdm.RDMs(y), method=theirs)
    np.testing.assert_allclose(compare(x, y, name), expected, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_stacks_compare_every_one_with_every_other(name):
    x, y = pairs(5, "stack", size=(4 * 45)).reshape(4, 45), pairs(5, "other", size=(3 * 45)).reshape(3, 45)
    table = compare(x, y, name)
    assert table.shape == (4, 3)
    each = [[float(compare(a, b, name)) for b in y] for a in x]
    np.testing.assert_allclose(table, each, atol=1e-14)
    np.testing.assert_allclose(compare(x[0], y, name), table[0], atol=1e-14)
    np.testing.assert_allclose(compare(x, y[0], name), table[:, 0], atol=1e-14)
    assert compare(x[0], y[0], name).shape == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_comparison_is_symmetric_and_bounded(name):
    x, y = pairs(0, "sym"), pairs(6, "metric")
    assert compare(x, y, name) == pytest.approx(compare(y, x, name), abs=1e-15)
    assert abs(compare(x, y, name)) <= 1 + 1e-12
    assert compare(x, x, name) == pytest.approx(1.0)
    assert compare(x, -x, name) == pytest.approx(-1.0)


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


@pytest.mark.parametrize("name", NAMES)
def test_differing_numbers_of_pairs_missing_pairs_and_too_few_are_refused(name):
    x = pairs(0, "refuse", size=10)
    with pytest.raises(ShapeError, match="10 and 9 pairs"):
        compare(x, x[:9], name)
    with pytest.raises(DegenerateError, match="1 NaN"):
        compare(np.where(np.arange(10) == 4, np.nan, x), x, name)
    with pytest.raises(TooFewError, match="1 pairs"):
        compare(x[:1], x[:1], name)
