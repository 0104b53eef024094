"""What the catalogue says of each comparison between RDMs, proved on one pair of RDMs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from repalign.maths.comparison import COMPARISONS, compare
from repalign.metrics.catalogue.comparisons import BETWEEN
from repalign.seeds import rng

ALL = sorted(COMPARISONS)
#: Comparisons whose value depends on which side is first.
ONE_WAY = {"bures-clipped", "bures-distance-squared-clipped", "riemannian-fitted"}


@pytest.mark.parametrize("name", ALL)
def test_what_the_catalogue_says_of_a_comparison_holds(name):
    said = BETWEEN[name]
    x, y = (pdist(rng(25, side).normal(size=(8, 9)), "sqeuclidean") for side in "xy")
    value = compare(x, y, name)
    assert said.higher_is_closer == COMPARISONS[name].higher_is_closer
    assert said.ranked == COMPARISONS[name].rank_based
    assert said.symmetric == (name not in ONE_WAY)
    low, high = said.range
    assert (low if low is not None else -np.inf) <= value <= (high if high is not None else np.inf)
    assert compare(x, x, name) == pytest.approx(said.equal_sides, abs=1e-6)
    if said.symmetric:
        assert compare(y, x, name) == pytest.approx(value, rel=1e-9)
    if not (name == "riemannian-fitted" or name.endswith("clipped")):
        assert (compare(3 * x, y, name) == pytest.approx(value, rel=1e-9)) == said.scale_free
    if not said.squared:
        assert (compare(np.sqrt(x), y, name) == pytest.approx(value, rel=1e-9)) == said.ranked


def test_every_comparison_is_in_the_catalogue():
    assert set(BETWEEN) == set(COMPARISONS)
