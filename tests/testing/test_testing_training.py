"""The check-suite of perturbations passes what keeps the rules and finds out what breaks them."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace

import numpy as np
import pytest

from repalign.seeds import rng
from repalign.testing import check_perturbation
from repalign.training.perturbations import PERTURBATIONS, Kind

calls = itertools.count()


@pytest.mark.parametrize("name", list(PERTURBATIONS))
def test_every_registered_perturbation_passes(name):
    assert check_perturbation(PERTURBATIONS[name], name) == []


def noise(images, at, how, sd=0.1):
    return (images + sd * at.rng("mine").standard_normal(images.shape)).astype(images.dtype)


def shuffle(targets, at, how):
    return targets[at.rng("mine").permutation(len(targets))]


def drawn(targets, at, how):
    """Each batch's targets drawn from all."""
    return at.targets[at.rng("mine").integers(len(at.targets), size=len(targets))]


def upside_down(images, at, how):
    return np.ascontiguousarray(images[:, :, ::-1])


@pytest.mark.parametrize(
    "honest",
    [
        Kind("noise", images=noise),
        Kind("shuffled", targets=shuffle),
        Kind("drawn", targets=drawn),
        Kind("both", targets=shuffle, images=noise),
        Kind("draws nothing", images=upside_down),
        Kind("far from [0, 1], after normalisation", images=lambda x, at, how: 3 * x - 5, normalised=True),
    ],
    ids=lambda kind: kind.about,
)
def test_a_perturbation_of_the_users_own_that_keeps_the_rules_passes(honest):
    assert check_perturbation(honest) == []


def keyed(*parts):
    """Image noise from a generator that is keyed by some parts of the moment only."""

    def change(images, at, how):
        draw = rng(0, "mine", *(int(getattr(at, part)) for part in parts))
        return (images + 0.1 * draw.standard_normal(images.shape)).astype(images.dtype)

    return Kind("keyed", images=change)


def added_up(images, at, how):
    draw = rng(at.seed + at.epoch + at.batch, "mine")
    return (images + 0.1 * draw.standard_normal(images.shape)).astype(images.dtype)


def in_place(images, at, how):
    images += np.float32(0.1) * at.rng("mine").standard_normal(images.shape).astype(np.float32)
    return images


def targets_in_place(targets, at, how):
    found = shuffle(targets, at, how)
    at.targets[0] = at.targets[1]
    return found


def by_rank(images, at, how):
    draw = at.rng("mine", os.environ.get("RANK", "0"))
    return (images + 0.1 * draw.standard_normal(images.shape)).astype(images.dtype)


def never_the_same(images, at, how):
    return noise(images, replace(at, seed=next(calls)), how)


def two_at_least(images, at, how):
    if len(images) < 2:
        raise ValueError("nothing to exchange")
    return images[at.rng("mine").permutation(len(images))]


def labels_only(targets, at, how):
    return targets[np.argsort(targets)]


def any_class(targets, at, how):
    if targets.ndim > 1:
        return shuffle(targets, at, how)
    return at.rng("mine").choice(np.unique(at.targets), size=len(targets))


def another_class(targets, at, how):
    return shuffle(targets, at, how) if targets.ndim > 1 else at.rng("mine").integers(1000, size=len(targets))


def standard_normal(targets, at, how):
    if targets.ndim == 1:
        return shuffle(targets, at, how)
    return at.rng("mine").standard_normal(targets.shape).astype(targets.dtype)


def too_wide(targets, at, how):
    if targets.ndim == 1:
        return shuffle(targets, at, how)
    spread = 1.3 * at.targets.std() * at.rng("mine").standard_normal(targets.shape)
    return (at.targets.mean() + spread).astype(targets.dtype)


def whose(fixed):
    """A kind with the option ``fixed`` that is always, or never, the same in a window."""

    def change(targets, at, how):
        return targets[at.rng("mine", fixed=fixed(how)).permutation(len(targets))]

    return Kind("fixed or not", targets=change, options={"fixed": False})


def optional(**options):
    return Kind("with options", images=noise, options=options)


BROKEN = {
    "says nothing": (Kind("", images=noise), "does not say"),
    "does nothing": (Kind("nothing"), "disturbs nothing"),
    "skips and more": (Kind("k", images=noise, skips=True), "changes something else too"),
    "skips, stands still": (Kind("k", skips=True, updates=False), "changes something else too"),
    "no updates": (Kind("k", targets=shuffle, updates=False), "nothing is learned"),
    "normalised": (Kind("k", targets=shuffle, normalised=True), "changes no images"),
    "an option twice": (optional(form=("a", "a")), "name each value once"),
    "an option of text": (optional(form="a"), "no value of it can be given"),
    "an idle option": (optional(form=("a", "b")), "form=a and form=b do the same"),
    "an idle number": (optional(sd=0.1), "do the same"),
    "raises": (Kind("k", targets=lambda y, at, how: y[:, 0]), "labels (n,), IndexError"),
    "a last batch of one": (Kind("k", images=two_at_least), "images, ValueError: nothing to exchange"),
    "dtype": (Kind("k", images=lambda x, at, how: x.astype(float)), "float64"),
    "shape": (Kind("k", images=lambda x, at, how: x[1:]), "shape (16, 3, 8, 8)"),
    "no array": (Kind("k", images=lambda x, at, how: None), "NoneType"),
    "in place": (Kind("k", images=in_place), "it changes what it is given in place"),
    "training targets in place": (Kind("k", targets=targets_in_place), "the training targets in place"),
    "unseeded": (Kind("k", images=never_the_same), "equal moments give different draws"),
    "one draw for all": (keyed(), "give the same draw"),
    "without the seed": (keyed("epoch", "batch"), "give the same draw"),
    "without the batch": (keyed("seed", "epoch"), "batch 0 and seed 3, epoch 5, batch 1 give the same"),
    "without the epoch": (keyed("seed", "batch"), "seed 3, window 5, batch 0 and seed 3, window 6, batch 0"),
    "a sum for a key": (Kind("k", images=added_up), "give the same draw"),
    "always fixed": (whose(lambda how: True), "seed 3, epoch 5, batch 0 and seed 3, epoch 6, batch 0"),
    "never fixed": (whose(lambda how: False), "fixed, and another draw in the next epoch"),
    "by process": (Kind("k", images=by_rank), "which of several processes"),
    "sorted": (Kind("k", targets=labels_only), "numbers (n, width)"),
    "classes alike": (Kind("k", targets=any_class), "of the draws and in"),
    "a strange class": (Kind("k", targets=another_class), "none of the training set's"),
    "mean": (Kind("k", targets=standard_normal), "their mean is"),
    "spread": (Kind("k", targets=too_wide), "their standard deviation is"),
    "NaN in targets": (
        Kind("k", targets=lambda y, at, how: shuffle(y, at, how) if y.ndim == 1 else y * np.float32(np.nan)),
        "NaN",
    ),
    "NaN in images": (Kind("k", images=lambda x, at, how: x * np.float32(np.nan)), "images become NaN"),
    "0 to 255": (Kind("k", images=lambda x, at, how: 255 * x), "further than 0.5 outside"),
    "as if normalised": (
        Kind("k", images=lambda x, at, how: noise(0 * x, at, how, sd=1.0)),
        "further than 0.5 outside",
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_perturbation_that_breaks_a_rule_is_found_out(how):
    kind, words = BROKEN[how]
    faults = check_perturbation(kind, "mine")
    assert any(words in fault for fault in faults), faults
    assert all(fault.startswith("mine: ") for fault in faults)


def test_a_rule_that_is_broken_under_one_option_only_is_found_out_with_its_name():
    def change(images, at, how):
        return noise(images, at, how) if how["form"] == "add" else images * np.float32(9)

    (fault,) = check_perturbation(Kind("k", images=change, options={"form": ("multiply", "add")}))
    assert fault.startswith("images in [0, 1] become")  # under the default

    def late(images, at, how):
        return noise(images, at, how) if how["form"] == "add" else images * np.float32(np.inf)

    faults = check_perturbation(Kind("k", images=late, options={"form": ("add", "multiply")}))
    assert faults == ["images, form=multiply: images become NaN or infinite"]


def test_a_name_that_is_another_kinds_is_found_out():
    faults = check_perturbation(Kind("k", images=noise), "blank_image")
    assert faults == ["blank_image: another kind is registered under this name"]


def test_options_that_are_not_refused_are_found_out(monkeypatch):
    monkeypatch.setattr("repalign.testing.perturbations.check_options", lambda kind, given: None)
    faults = check_perturbation(PERTURBATIONS["blank_image"], "blank_image")
    assert faults == [
        "blank_image: no such option=1: not refused",
        "blank_image: grey=no such value: not refused",
    ]


def test_the_environment_is_left_as_it_was(monkeypatch):
    monkeypatch.setenv("RANK", "7")
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    check_perturbation(PERTURBATIONS["image_noise"])
    assert os.environ["RANK"] == "7"
    assert "WORLD_SIZE" not in os.environ
