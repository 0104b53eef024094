"""The check-suite of measures passes what is true and finds out every kind of lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from repalign.metrics import INVARIANCES, MEASURES, Rows
from repalign.testing import changes, check_measure

CKA, ANGLE = MEASURES["cka-linear-biased"], MEASURES["procrustes-angular-distance"]
ENCODING = MEASURES["encoding-ridge-gcv-5fold-pearson-median"]
SHAPE = CKA.invariances


@pytest.mark.parametrize("name", list(MEASURES))
def test_every_registered_measure_keeps_what_it_declares(name):
    assert check_measure(MEASURES[name]) == []


def unit_gram(x):
    centred = x - x.mean(axis=0)
    gram = centred @ centred.T
    return gram / np.linalg.norm(gram)


def mine(function, **declared):
    """A measure blind to what CKA is blind to, unless it is declared otherwise."""
    settings = {"formula": "f", "range": (None, None), "source": "s", "invariances": SHAPE, **declared}
    return Rows(id="mine", function=function, **settings)


def checked(x):
    if not np.isfinite(x).all():
        from repalign.errors import DegenerateError

        raise DegenerateError("NaN", rows=np.flatnonzero(~np.isfinite(x).all(axis=1)).tolist())
    return unit_gram(x)


def chord(x, y):
    return float(np.linalg.norm(checked(x) - checked(y)))


def similarity(x, y):
    return float((checked(x) * checked(y)).sum())


def lopsided(x, y):
    return similarity(x, y) * (1.0 + 1e-3 * np.log(similarity(x, x[::-1]) / similarity(y, y[::-1])))


def without_looking(x, y):
    return float((unit_gram(np.nan_to_num(x)) * unit_gram(np.nan_to_num(y))).sum())


def nameless(x, y):
    if not np.isfinite(x).all():
        from repalign.errors import DegenerateError

        raise DegenerateError("something is NaN")
    return similarity(x, y)


def by_position(x, y):
    weights = np.linspace(1, 2, len(x))[:, None]
    return similarity(weights * x, weights * y)


DISTANCE = {"higher_is_closer": False, "is_metric": True}


@pytest.mark.parametrize(
    "honest", [mine(similarity), mine(chord, **DISTANCE), mine(chord, range=(0.0, 2**0.5), **DISTANCE)]
)
def test_an_honest_measure_of_the_users_own_passes(honest):
    assert check_measure(honest) == []


LIES = {
    "symmetric": (mine(lopsided), "exchanging the sides"),
    "symmetric, a regression": (replace(ENCODING, symmetric=True), "sides"),
    "range": (replace(CKA, range=(0.0, 0.1)), "outside the declared range"),
    "range, of a distance": (replace(ANGLE, range=(1.5, 2.0)), "outside the declared range"),
    "direction": (replace(ANGLE, higher_is_closer=True, is_metric=False), "equal sides give"),
    "direction, of a similarity": (replace(CKA, higher_is_closer=False), "equal sides give"),
    "metric, a squared distance": (mine(lambda x, y: chord(x, y) ** 2, **DISTANCE), "triangle"),
    "metric, one minus CKA": (mine(lambda x, y: 1 - similarity(x, y), **DISTANCE), "triangle"),
    "metric, a similarity": (replace(CKA, is_metric=True), "metric"),
    "order of stimuli": (mine(by_position), "permuting the stimuli"),
    "NaN as a number": (mine(without_looking), "instead of an error"),
    "NaN without a name": (mine(nameless), "does not name the stimulus"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_wrong_declaration_is_found_out(lie):
    measure, words = LIES[lie]
    faults = check_measure(measure)
    assert any(words in fault for fault in faults)
    assert all(fault.startswith(f"{measure.id}: ") for fault in faults)


@pytest.mark.parametrize("name", INVARIANCES)
@pytest.mark.parametrize("measure", [CKA, ANGLE, MEASURES["rsa-correlation-spearman"]], ids=lambda m: m.id)
def test_an_invariance_too_many_or_too_few_is_found_out(measure, name):
    changed = replace(measure, invariances=measure.invariances ^ {name})
    claim = "does not claim" if name in measure.invariances else "claims"
    assert [f for f in check_measure(changed) if f"it {claim} invariance to {name}," in f]


@pytest.mark.parametrize("name", INVARIANCES)
def test_each_change_is_of_the_kind_it_says(name):
    x = np.random.default_rng(0).normal(size=(20, 4))
    y = changes(name, x)
    centred, moved = x - x.mean(axis=0), y - y.mean(axis=0)
    fitted = np.linalg.lstsq(centred, moved, rcond=None)[0]
    np.testing.assert_allclose(centred @ fitted, moved, atol=1e-10)  # all of them are affine
    rotation = np.allclose(fitted.T @ fitted, np.eye(4))
    translated = not np.allclose(y, x @ fitted)
    assert not np.allclose(x, y)
    assert rotation == (name in ("permutation", "orthogonal", "translation"))
    assert translated == (name in ("translation", "affine"))
    if name == "permutation":
        assert sorted(map(tuple, x.T)) == sorted(map(tuple, y.T))
    if name == "scaling":
        np.testing.assert_allclose(fitted, fitted[0, 0] * np.eye(4), atol=1e-12)
