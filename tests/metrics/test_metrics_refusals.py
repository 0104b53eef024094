"""Bad input to every registered measure is a clear error, and never NaN, infinite, or a made-up number."""

from __future__ import annotations

import math
from dataclasses import replace
from fnmatch import fnmatch
from itertools import product

import numpy as np
import pytest

import repalign as ra
from repalign.data import RDM, Assembly, Choices
from repalign.errors import (
    DegenerateError,
    IdentityError,
    RepalignError,
    TooFewError,
    UnsuitableError,
)
from repalign.metrics import MEASURES
from repalign.testing.sides import sides

ALL = list(MEASURES)
OF_RESPONSES = [name for name in ALL if isinstance(sides(MEASURES[name])[0], Assembly)]
WHICH = ("model", "target")

ALL_TIE = "all pairs of a triplet tie, which is credited as chance"
# Measures for which a number is defined where all stimuli have the same pattern, and why.
OF_THE_MODEL = {"odd-one-out-dot-*": ALL_TIE}


def listed(name, table):
    return any(fnmatch(name, pattern) for pattern in table)


def said(error):
    assert error.message
    assert error.hint, error.message
    return error


def value_or_refusal(measure, *pair):
    """The number, which is finite, or the error, which says what was seen and what to do."""
    try:
        scores = measure.scores(*pair)
    except RepalignError as error:
        return said(error)
    assert np.isfinite(scores).all()
    return float(scores.mean())


def changed(pair, which, change):
    """The pair with a change to one side's responses; None where that side has none."""
    pair = list(pair)
    if not isinstance(pair[which], Assembly):
        return None
    values = np.array(pair[which].values)
    pair[which] = replace(pair[which], values=change(values))
    return tuple(pair)


def at_stimulus_three(number):
    def change(values):
        values[..., 3, 1] = number
        return values

    return change


@pytest.mark.parametrize("name", OF_RESPONSES)
def test_what_is_not_finite_is_refused_and_its_stimulus_named(name):
    measure = MEASURES[name]
    for which, number in product((0, 1), (np.nan, np.inf, -np.inf)):
        pair = changed(sides(measure), which, at_stimulus_three(number))
        if pair is not None:
            error = value_or_refusal(measure, *pair)
            assert isinstance(error, DegenerateError)
            assert "s003" in error.message


def same_patterns(values):
    values[...] = values.reshape(-1, *values.shape[-2:])[0, 0]
    return values


def all_ones(values):
    return np.ones_like(values)


@pytest.mark.parametrize("change", [same_patterns, all_ones])
@pytest.mark.parametrize("which", [0, 1], ids=WHICH)
@pytest.mark.parametrize("name", OF_RESPONSES)
def test_a_side_that_tells_no_stimuli_apart_is_refused_or_a_listed_exception(name, which, change):
    measure = MEASURES[name]
    pair = changed(sides(measure), which, change)
    if pair is None:
        return
    table = (OF_THE_MODEL, {})[which]
    found = value_or_refusal(measure, *pair)
    assert isinstance(found, float if listed(name, table) else DegenerateError), found


@pytest.mark.parametrize("change", [same_patterns, all_ones])
@pytest.mark.parametrize("name", OF_RESPONSES)
def test_two_sides_without_variation_are_not_called_alike(name, change):
    measure = MEASURES[name]
    pair = changed(sides(measure), 0, change)
    pair = pair and changed(pair, 1, change)
    if pair is not None:
        assert isinstance(value_or_refusal(measure, *pair), DegenerateError)


@pytest.mark.parametrize("name", [n for n in ALL if n.startswith("rsa-") and n.endswith("-a")])
def test_dissimilarities_that_are_equal_order_nothing(name):
    """An RDM of ties alone scores 0, what random breaking of ties would give on average."""
    flat = RDM(np.ones(780), tuple(f"s{i:03d}" for i in range(40)))
    assert value_or_refusal(MEASURES[name], flat, sides(MEASURES[name])[1]) == 0.0


def pattern_three(number):
    def change(values):
        values[..., 3, :] = number
        return values

    return change


@pytest.mark.parametrize("which", [0, 1], ids=WHICH)
@pytest.mark.parametrize(
    ("pattern", "number"),
    [("*correlation-*", 1.0), ("rsa-cosine-*", 0.0), ("*knn*", 0.0), ("second-order-*", 0.0)],
)
def test_a_pattern_without_a_dissimilarity_is_refused_and_its_stimulus_named(pattern, number, which):
    """A constant pattern has no correlation distance, one of zeros no cosine."""
    by_pattern = [
        n for n in OF_RESPONSES if fnmatch(n, pattern) and n.startswith(("rsa", "rdm", "mut", "knn", "sec"))
    ]
    assert by_pattern
    for name in by_pattern:
        pair = changed(sides(MEASURES[name]), which, pattern_three(number))
        error = value_or_refusal(MEASURES[name], *pair)
        assert isinstance(error, DegenerateError), name
        assert "s003" in error.message, name


@pytest.mark.parametrize("which", [0, 1], ids=WHICH)
@pytest.mark.parametrize("name", OF_RESPONSES)
def test_a_constant_pattern_and_a_constant_unit_never_give_what_is_not_a_number(name, which):
    def constant_unit(values):
        values[..., 2] = 1.0
        return values

    for change in (pattern_three(1.0), pattern_three(0.0), constant_unit):
        pair = changed(sides(MEASURES[name]), which, change)
        if pair is not None:
            value_or_refusal(MEASURES[name], *pair)


@pytest.mark.parametrize("name", [n for n in ALL if n.startswith("rsa-poisson")])
def test_a_negative_rate_is_refused_and_its_stimulus_named(name):
    for which in (0, 1):
        error = value_or_refusal(
            MEASURES[name], *changed(sides(MEASURES[name]), which, at_stimulus_three(-1))
        )
        assert isinstance(error, DegenerateError)
        assert "negative" in error.message
        assert "s003" in error.message


@pytest.mark.parametrize("name", [n for n in ALL if n.startswith("cca-mean") or n == "pwcca"])
@pytest.mark.parametrize("units", [40, 50])
def test_cca_refuses_as_many_units_as_stimuli(name, units):
    generator = np.random.default_rng(0)
    wide, narrow = generator.normal(size=(40, units)), generator.normal(size=(40, 3))
    for pair in ((wide, narrow), (narrow, wide)):
        with pytest.raises(TooFewError, match="units") as caught:
            ra.compare(*pair, name)
        assert caught.value.hint


def cut(side, n):
    kept = sorted(side.ids)[:n] if isinstance(side, Choices) else side.ids[:n]
    return side.select(kept)


@pytest.mark.parametrize("name", [n for n in ALL if MEASURES[n].min_stimuli > 1])
def test_fewer_stimuli_than_the_least_number_are_refused(name):
    measure = MEASURES[name]
    pair = sides(measure)
    if isinstance(pair[1], Choices) and pair[1].is_triplets:
        pytest.skip("triplets are about all of their stimuli")
    few = [cut(side, measure.min_stimuli - 1) for side in pair]
    with pytest.raises(TooFewError, match=f"at least {measure.min_stimuli} stimuli") as caught:
        ra.compare(*few, measure)
    assert caught.value.hint


@pytest.mark.parametrize("name", OF_RESPONSES)
def test_the_least_number_of_stimuli_gives_a_number_or_says_why_not(name):
    measure = MEASURES[name]
    pair = sides(measure)
    if not isinstance(pair[1], Assembly):
        return
    found = value_or_refusal(measure, *(cut(side, measure.min_stimuli) for side in pair))
    assert isinstance(found, float | DegenerateError | TooFewError)


def renamed(side):
    if isinstance(side, Choices):
        return replace(side, stimulus=np.char.add("other ", side.stimulus))
    return replace(side, ids=tuple(f"other {i}" for i in side.ids))


@pytest.mark.parametrize("name", ALL)
def test_other_stimuli_are_refused_and_some_named(name):
    model, target = sides(MEASURES[name])
    with pytest.raises(IdentityError, match="other s0") as caught:
        ra.compare(renamed(model), target, MEASURES[name])
    assert caught.value.hint


def wrong_noun(side):
    ids = tuple(sorted(side.ids))
    if isinstance(side, Assembly):
        return Choices(np.full(len(ids), "one"), np.array(ids), np.full(len(ids), "car"), name="wrong")
    n_pairs = len(ids) * (len(ids) - 1) // 2
    return RDM(np.random.default_rng(0).random(n_pairs), ids, name="wrong")


@pytest.mark.parametrize("which", [0, 1], ids=WHICH)
@pytest.mark.parametrize("name", ALL)
def test_a_side_of_another_kind_is_refused_and_the_need_stated(name, which):
    measure = MEASURES[name]
    pair = list(sides(measure))
    pair[which] = wrong_noun(pair[which])
    with pytest.raises(UnsuitableError) as caught:
        measure.scores(*pair)
    assert caught.value.hint
    assert measure.needs in caught.value.message
    assert "'wrong'" in caught.value.message


@pytest.mark.parametrize("name", [n for n in OF_RESPONSES if not n.startswith("rsa-")])
def test_a_measure_of_responses_takes_no_rdm_in_their_place(name):
    measure = MEASURES[name]
    model, target = sides(measure)
    n = len(model.ids)
    rdm = RDM(np.random.default_rng(0).random(n * (n - 1) // 2), model.ids, name="an RDM")
    with pytest.raises(UnsuitableError, match="is RDM"):
        measure.scores(rdm, target)


@pytest.mark.parametrize("name", ALL)
def test_the_refused_is_not_what_is_good(name):
    """The made-up sides of these tests have a finite score, so that what is refused above is the change."""
    assert math.isfinite(float(MEASURES[name].scores(*sides(MEASURES[name])).mean()))
