"""Dimensionality of one side: what each declares, naming, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from repalign.data import Assembly
from repalign.errors import DegenerateError, UnknownNameError, UnsuitableError
from repalign.metrics import INVARIANCES
from repalign.metrics.catalogue import shape
from repalign.metrics.dimensionality import DIMENSIONALITIES, dimensionality
from repalign.seeds import rng
from repalign.testing import changes

IDS = tuple(f"s{i:02d}" for i in range(40))
UNEVEN = rng(0, "uneven").normal(size=(40, 6)) * np.geomspace(1, 6, 6)


@pytest.mark.parametrize("name", DIMENSIONALITIES)
def test_each_holds_its_invariances_and_breaks_the_others(name):
    before = dimensionality(Assembly(UNEVEN, IDS), name)
    low, high = DIMENSIONALITIES[name].range
    assert low is not None
    assert before >= low
    assert high is None
    for change in INVARIANCES:
        squeezed = changes(change, UNEVEN)
        if change in {"linear", "affine"}:
            squeezed = squeezed @ np.diag([1, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3])
        same = dimensionality(Assembly(squeezed, IDS), name) == pytest.approx(before, rel=1e-8)
        assert same == (change in DIMENSIONALITIES[name].invariances)


def test_they_describe_themselves_as_measures_do():
    expected = shape.MEMBERS[0].describe().keys()
    for member in DIMENSIONALITIES.values():
        assert member.describe().keys() == expected
        assert member.describe()["id"] == member.id


def test_stimuli_are_named_and_unknown_names_have_near_ones():
    values = UNEVEN.copy()
    values[3, 2] = np.nan
    with pytest.raises(DegenerateError, match="'s03'"):
        dimensionality(Assembly(values, IDS), "participation-ratio")
    with pytest.raises(UnknownNameError, match="participation-ratio"):
        dimensionality(Assembly(UNEVEN), "participation-ration")


def test_repetitions_are_averaged_and_subjects_refused():
    stacked = np.stack([UNEVEN + 1, UNEVEN - 1])
    repeated = Assembly(stacked, leading="repetition", labels=("1", "2"))
    assert dimensionality(repeated) == pytest.approx(dimensionality(Assembly(UNEVEN)), rel=1e-12)
    with pytest.raises(UnsuitableError, match="holds 2 subjects"):
        dimensionality(Assembly(stacked, leading="subject", labels=("a", "b")))
