"""Laws of the CCA measures: their declarations, ids with parameters, remarks on few stimuli."""

from __future__ import annotations

import numpy as np
import pytest

from repalign.data import Assembly
from repalign.errors import DegenerateError, InputError, TooFewError, UnknownNameError
from repalign.maths.cca import canonical_correlations, svcca
from repalign.metrics import MEASURES, measure
from repalign.metrics.catalogue import cca
from repalign.seeds import rng
from repalign.testing import check_measure


def responses(values: np.ndarray, name: str) -> Assembly:
    return Assembly(values, tuple(f"s{i:02d}" for i in range(len(values))), name=name)


@pytest.mark.parametrize("name", sorted({m.id for m in cca.MEMBERS} | set(cca.ALIASES.values())))
def test_a_measure_is_what_it_declares(name):
    assert check_measure(measure(name)) == []


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        ("svcca-dim3-mean", {"dimensions": 3}),
        ("svcca-variance0.8-mean-squared", {"variance": 0.8, "power": 2}),
    ],
)
def test_other_cuts_are_read_from_the_id(name, cut):
    X, Y = rng(70).normal(size=(2, 30, 12))
    assert name not in MEASURES
    assert measure(name).function(X, Y) == svcca(X, Y, **cut)
    assert check_measure(measure(name)) == []


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("svcca-dim0-mean", InputError),
        ("svcca-variance1-mean", InputError),
        ("svcca-variance0.990-mean", UnknownNameError),
        ("svcca-dim10", UnknownNameError),
        ("cca-median", UnknownNameError),
    ],
)
def test_ids_that_state_no_measure_are_refused(name, error):
    with pytest.raises(error):
        measure(name)


def test_an_id_names_one_measure_only():
    templates = [family.template for family in cca.FAMILIES]
    assert len(set(templates)) == len(templates)
    X, Y = rng(71).normal(size=(2, 30, 6))
    rho, a, b = canonical_correlations(X, Y), *(np.sum((Z - Z.mean(axis=0)) ** 2) for Z in (X, Y))
    expected = a + b - 2 * np.sqrt(a * b) * rho.mean()
    assert measure("cca-mean-squared-euclidean").function(X, Y) == pytest.approx(expected, rel=1e-12)


def test_the_mean_of_correlations_is_no_metric():
    # Every line lies in a plane that holds it, so two of them are both at distance 0 of the plane.
    plane = rng(72).normal(size=(30, 2))
    d = measure("cca-mean-angular")
    assert not d.is_metric
    through = [d.function(plane[:, [i]], plane) for i in (0, 1)]
    assert max(through) < 1e-7 < d.function(plane[:, [0]], plane[:, [1]])


@pytest.mark.parametrize(
    ("name", "p", "said"),
    [
        ("cca-mean", 6, ()),
        ("cca-mean", 7, ("30 stimuli for 7 and 3 dimensions",)),
        ("pwcca", 20, ("30 stimuli for 20 and 3 dimensions",)),
        ("cca-mean-angular", 28, ("2 of 3 correlations are 1 whatever",)),
        ("svcca-dim10-mean", 50, ("30 stimuli for 10 and 10 dimensions",)),
        ("svcca-dim2-mean", 50, ()),
    ],
)
def test_few_stimuli_for_the_dimensions_are_remarked_on(name, p, said):
    q = 20 if name.startswith("svcca") else 3
    sides = [responses(rng(73, k).normal(size=(30, k)), "made up") for k in (p, q)]
    found = measure(name).remarks(*sides)
    assert len(found) == len(said)
    assert all(part in remark for part, remark in zip(said, found, strict=True))


def test_refusals_say_why_and_what_else_to_do():
    X, Y = (responses(values, "made up") for values in rng(74).uniform(size=(2, 30, 30)))
    with pytest.raises(TooFewError, match=r"X has 30 units and 30 stimuli.*\n.*svcca or cka"):
        measure("cca-score").scores(X, Y)
    X, Y = (responses(values, "made up") for values in rng(75).uniform(size=(2, 30, 25)))
    with pytest.raises(DegenerateError, match=r"PWCCA is undefined.*\n.*cca-mean or svcca"):
        measure("pwcca").scores(X, Y)
