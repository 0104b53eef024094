"""Laws of variance partitioning: a drawn Venn diagram comes back, independent predictors share nothing."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from repalign.errors import InputError, ShapeError, TooFewError
from repalign.maths import assign_folds, encoding_partition, partition, rdm_partition
from repalign.maths.partition import all_subsets
from repalign.seeds import rng


@pytest.mark.parametrize("names", ["ab", "abc"])
def test_the_parts_of_a_venn_diagram_come_back(names):
    parts = {s: 2.0**i for i, s in enumerate(all_subsets(list(names)))}
    explained = {s: sum(v for t, v in parts.items() if t & s) for s in parts}
    assert partition(explained) == parts


def test_parts_sum_to_the_whole_and_may_be_negative():
    r2 = {frozenset("a"): 0.1, frozenset("b"): 0.2, frozenset("ab"): 0.5}  # suppression
    parts = partition(r2)
    assert sum(parts.values()) == pytest.approx(0.5)
    assert parts[frozenset("ab")] == pytest.approx(-0.2)


def test_a_missing_subset_and_four_predictors_are_refused():
    with pytest.raises(InputError, match="missing"):
        partition({frozenset("a"): 0.1, frozenset("ab"): 0.2})
    with pytest.raises(InputError, match="2 or 3"):
        partition({frozenset("a"): 0.1})


def test_rdms_are_partitioned_as_scikit_learns_r2_says():
    g = rng(50, "rdms")
    a, b = g.random((2, 190))
    y = a + 0.5 * b + g.random(190)
    parts = rdm_partition({"a": a, "b": b}, y)

    def r2(*columns):
        A = np.stack(columns, axis=1)
        return LinearRegression().fit(A, y).score(A, y)

    assert parts[frozenset("a")] == pytest.approx(r2(a, b) - r2(b), abs=1e-12)
    assert parts[frozenset("ab")] == pytest.approx(r2(a) + r2(b) - r2(a, b), abs=1e-12)
    with pytest.raises(TooFewError):
        rdm_partition({"a": a[:3], "b": b[:3]}, y[:3])
    with pytest.raises(ShapeError, match="numbers of pairs"):
        rdm_partition({"a": a[:6], "b": b}, y)


def test_independent_predictors_share_nothing_and_a_copy_has_nothing_of_its_own():
    g = rng(51, "encoding")
    A, B = g.normal(size=(2, 400, 3))
    Y = A @ g.normal(size=(3, 2)) + B @ g.normal(size=(3, 2)) + g.normal(size=(400, 2))
    folds = assign_folds(400, 5, g)
    apart = encoding_partition({"a": A, "b": B}, Y, folds)
    assert np.abs(apart[frozenset("ab")]).max() < 0.08
    assert apart[frozenset("a")].min() > 0.1
    copied = encoding_partition({"a": A, "b": A.copy()}, Y, folds)
    assert np.abs(copied[frozenset("a")]).max() < 0.02
    with pytest.raises(ShapeError, match="number of stimuli"):
        encoding_partition({"a": A, "b": B[:5]}, Y, folds)
