"""Measures of choices: joined by id, one model at a time, refusals that name what is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import repalign as ra
from repalign.data import Assembly, Choices
from repalign.errors import IdentityError, RepalignError, UnknownNameError, UnsuitableError
from repalign.metrics import measure
from repalign.seeds import rng
from repalign.testing.sides import sides


def pair(name):
    return sides(measure(name))


def test_accuracy_is_the_models_own():
    model, target = pair("accuracy")
    assert measure("accuracy").scores(model, target)[0] == np.mean(model.response == model.correct)


def test_the_scale_of_a_value_delta_is_read_from_its_id():
    model, target = pair("accuracy")
    gap = measure("accuracy-difference").scores(model, target)[0]
    for scale in (1, 2.5):
        found = measure(f"accuracy-value-delta-s{scale:g}").scores(model, target)[0]
        assert found == pytest.approx(np.exp(-scale * gap))
    with pytest.raises(RepalignError, match="above 0"):
        measure("accuracy-value-delta-s0")
    with pytest.raises(UnknownNameError):
        measure("accuracy-value-delta-s1.0")  # one recipe has one id


def test_trials_without_a_cue_conflict_do_not_count_for_shape():
    model, target = pair("shape-bias-difference")
    same = Choices(model.subject, model.stimulus, model.correct, model.correct, model.correct)
    both = Choices(
        *(
            np.concatenate([getattr(model, c), getattr(same, c)])
            for c in ("subject", "stimulus", "response", "correct", "condition")
        )
    )
    shape = measure("shape-bias-difference")
    assert shape.scores(both, target) == shape.scores(model, target)
    with pytest.raises(RepalignError, match="no trial has a cue conflict"):
        shape.scores(same, target)
    with pytest.raises(UnsuitableError, match="needs the texture"):
        shape.scores(replace(model, condition=None), target)


def test_a_model_of_several_subjects_is_refused():
    model, target = pair("accuracy")
    two = np.where(np.arange(len(model)) % 2 == 0, "a", "b")
    with pytest.raises(UnsuitableError, match="one is compared at a time"):
        measure("accuracy").scores(replace(model, subject=two), target)


def probabilities(target, units):
    values = rng(92, "probabilities").dirichlet(np.ones(4), size=len(target.ids))
    return Assembly(values, target.ids, units={"choice": np.array(units)}, name="model")


OBJECTS = ["bear", "car", "chair", "face"]


@pytest.mark.parametrize("level", ["o1", "i1n", "i2"])
def test_probabilities_are_joined_with_trials_by_image_and_object(level):
    metric = measure(f"recognition-{level}-pearson")
    _, target = sides(metric)
    model = probabilities(target, OBJECTS)
    shuffled = Assembly(
        model.values[::-1, ::-1], model.ids[::-1], units={"choice": model.units["choice"][::-1]}, name="model"
    )
    expected = ra.score(model, target, metric).rows()[0]["value"]
    assert ra.score(shuffled, target, metric).rows()[0]["value"] == pytest.approx(expected, abs=1e-12)


def test_an_object_that_the_model_does_not_know_is_named():
    metric = measure("recognition-i1-pearson")
    _, target = sides(metric)
    with pytest.raises(IdentityError, match="face"):
        metric.scores(probabilities(target, ["bear", "car", "chair", "dog"]), target)
    with pytest.raises(UnsuitableError, match="choice"):
        metric.scores(replace(probabilities(target, OBJECTS), units={}), target)
    with pytest.raises(UnsuitableError, match="distractor"):
        metric.scores(target, replace(target, condition=None))


def test_the_softmax_of_the_odd_one_is_the_accuracy_of_a_model_that_is_sure():
    model, target = pair("odd-one-out-dot-accuracy")
    sure = replace(model, values=1e3 * np.asarray(model.values))
    graded, hard = (measure(f"odd-one-out-dot-{how}") for how in ("probability", "accuracy"))
    assert graded.scores(sure, target)[0] == pytest.approx(hard.scores(model, target)[0], abs=1e-6)
    assert (
        0
        < graded.scores(replace(model, values=0 * np.asarray(model.values)), target)[0]
        == pytest.approx(1 / 3)
    )
