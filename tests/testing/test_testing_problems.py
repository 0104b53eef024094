"""The check-suite of problems passes what can be trained and finds out what cannot, or not as it says."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from repalign.testing import check_problem
from repalign.training.problem import ImageChange, Images, Probe, Problem, Reading
from repalign.training.running import made
from repalign.training.study import read_study

calls = itertools.count()


pytestmark = pytest.mark.usefixtures("one_thread")


def build(seed):
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 5)
    )


def part(n, seed, kind=Images, labels=False):
    draw = np.random.default_rng(seed)
    pixels = draw.integers(0, 256, size=(n, 3, 8, 8), dtype=np.uint8)
    targets = draw.integers(5, size=n) if labels else draw.normal(size=(n, 5))
    return kind(tuple(f"s{seed}-{i:03d}" for i in range(n)), pixels, targets, (0.5,) * 3, (0.25,) * 3)


TRAIN, VALIDATION, SHOWN = part(40, 1), part(20, 2), part(12, 3)
WHOLE = Problem({"made": "up"}, build, TRAIN, VALIDATION, (Probe("p", SHOWN, lambda *_: []),))


def test_the_problem_of_the_shipped_study_passes(tmp_path):
    study = read_study("digits")
    where = {**study.where, "store": {"folder": str(tmp_path)}}
    assert check_problem(made(study.problem_spec, where)) == []


LABELS = {"train": part(40, 1, labels=True), "validation": part(9, 2, labels=True)}


@pytest.mark.parametrize("changed", [{}, LABELS])
def test_a_problem_that_keeps_the_rules_passes(changed):
    assert check_problem(replace(WHOLE, **changed)) == []


def test_adapters_that_begin_at_zero_have_a_gradient_after_a_step():
    class Factors(torch.nn.Module):
        def __init__(self, seed):
            super().__init__()
            self.base = build(0).requires_grad_(False)
            torch.manual_seed(seed)
            self.a = torch.nn.Parameter(torch.randn(2, 5))
            self.b = torch.nn.Parameter(torch.zeros(5, 2))

        def forward(self, x):
            found = self.base(x)
            return found + found @ self.b @ self.a

    assert check_problem(replace(WHOLE, build=Factors)) == []


def test_the_global_stream_is_left_as_it_was():
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    check_problem(WHOLE)
    assert torch.equal(before, torch.random.get_rng_state())


def test_one_start_for_all_seeds_must_be_meant():
    published = replace(WHOLE, build=lambda seed: build(0))
    assert ["same starting weights" in each for each in check_problem(published)] == [True]
    assert check_problem(published, same_start=True) == []
    assert check_problem(WHOLE, same_start=True) == ["two seeds give different starting weights"]


ONE = build(0)  # the network of every seed, itself and no copy


def unseeded(seed):
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 5))


def with_an_idle_weight(seed):
    net = build(seed)
    net.register_parameter("idle", torch.nn.Parameter(torch.ones(3)))
    return net


def dead(seed):
    """A layer that only sees zeros in the mode in which it is trained."""
    net = build(seed)
    return torch.nn.Sequential(*list(net)[:3], torch.nn.Dropout(1.0), net[3])


def by_batch(seed):
    """To every stimulus its place in the batch is added."""

    class First(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = build(seed)

        def forward(self, x):
            found = self.net(x)
            return found + torch.arange(len(found))[:, None]

    return First()


def blind(seed):
    """Sees ones whatever it is shown."""
    net = build(seed)

    class Blind(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x):
            return self.net(torch.ones_like(x))

    return Blind()


class Deaf(Images):
    """No change reaches its images."""

    def inputs(self, rows, change: ImageChange | None = None):
        return super().inputs(rows)


class Heard(Images):
    """A change is shown the images, and what it makes of them is dropped."""

    def inputs(self, rows, change: ImageChange | None = None):
        if change is not None:
            super().inputs(rows, change)
        return super().inputs(rows)


class OneByOne(Images):
    """A change is called for each stimulus, and would draw the same noise for all."""

    def inputs(self, rows, change: ImageChange | None = None):
        return torch.cat([super(OneByOne, self).inputs(rows[i : i + 1], change) for i in range(len(rows))])


class Scaled(Images):
    """A change is given 0 to 255."""

    def inputs(self, rows, change: ImageChange | None = None):
        if change is None:
            return super().inputs(rows)
        scaled = ImageChange(lambda x: change.apply(255 * x) / np.float32(255), change.normalised)
        return super().inputs(rows, scaled)


class Wide(Images):
    """A change is given float64."""

    def inputs(self, rows, change: ImageChange | None = None):
        if change is None:
            return super().inputs(rows)
        wide = ImageChange(lambda x: np.float32(change.apply(x.astype(float))), change.normalised)
        return super().inputs(rows, wide)


class Short(Images):
    """Of its last stimulus there is no target."""

    def __post_init__(self):
        object.__setattr__(self, "targets", self.targets[:-1])


class Hidden(torch.nn.Module):
    def forward(self, x):
        return x.nan_to_num()


class Lost(torch.nn.Module):
    def forward(self, x):
        return x * float("nan")


class Mirrored(Images):
    """Changed images come in another orientation than clean ones."""

    def inputs(self, rows, change: ImageChange | None = None):
        found = super().inputs(rows, change)
        return found if change is None else found.flip(3)


class Sorted(Images):
    def inputs(self, rows, change: ImageChange | None = None):
        return super().inputs(np.sort(rows), change)


class Centred(Images):
    def inputs(self, rows, change: ImageChange | None = None):
        found = super().inputs(rows, change)
        return found - found.mean(dim=0)


class Wandering(Images):
    def inputs(self, rows, change: ImageChange | None = None):
        return super().inputs(rows, change) + next(calls)


class Double(Images):
    def inputs(self, rows, change: ImageChange | None = None):
        return super().inputs(rows, change).double()


class Infinite(Images):
    def inputs(self, rows, change: ImageChange | None = None):
        return super().inputs(rows, change) / 0


def nan_at(targets, row):
    found = targets.copy()
    found[row] = np.nan
    return found


def shown(reading=Reading(), part=SHOWN):  # noqa: B008
    return {"probes": (Probe("p", part, lambda *_: [], reading),)}


def followed(kind, *settings):
    return lambda seed: build(seed).append(kind(*settings))


def narrow(seed):
    return build(seed)[:3].append(torch.nn.Linear(144, 3))


WRONG = {
    "spec: NaN": ({"spec": {"x": float("nan")}}, "not plain JSON"),
    "spec: an array": ({"spec": {"x": np.ones(2)}}, "not plain JSON"),
    "spec: a tuple": ({"spec": {"x": (1, 2)}}, "way through JSON"),
    "ids twice": ({"train": replace(TRAIN, ids=TRAIN.ids[:-1] + TRAIN.ids[:1])}, "'s1-000' comes twice"),
    "trained and validated": (
        {"validation": replace(VALIDATION, ids=(*VALIDATION.ids[1:], "s1-007"))},
        "validation shares 1 stimuli with train, 's1-007'",
    ),
    "trained and probed": ({"train": part(40, 3)}, "probe p shares 12 stimuli with train"),
    "nothing to validate": ({"validation": part(0, 2)}, "validation has no stimuli"),
    "NaN": ({"train": replace(TRAIN, targets=nan_at(TRAIN.targets, 39))}, "train has targets that are NaN"),
    "labels of -1": (
        {"train": replace(TRAIN, targets=np.arange(40) - 1), "validation": part(20, 2, labels=True)},
        "train has targets (n,) that are no labels",
    ),
    "widths": ({"validation": replace(VALIDATION, targets=VALIDATION.targets[:, :4])}, "of validation (4,)"),
    "dimensions": ({"dimensions": ("a", "b")}, "2 names of dimensions"),
    "frozen": ({"build": lambda seed: build(seed).requires_grad_(False)}, "no weight of the network"),
    "one network": ({"build": lambda seed: ONE}, "share weights"),
    "unseeded": ({"build": unseeded}, "twice from one seed"),
    "seeds alike": ({"build": lambda seed: build(0)}, "two seeds give the same"),
    "an idle weight": ({"build": with_an_idle_weight}, "weight idle requires a gradient and gets none"),
    "dead in training": ({"build": dead}, "weight 0.weight requires a gradient and gets none, or zeros"),
    "too few outputs": ({**LABELS, "build": narrow}, "for labels up to 4"),
    "outputs of another width": ({"build": followed(torch.nn.Linear, 5, 4)}, "(16, 4)"),
    "outputs of NaN": ({"build": followed(torch.nn.Threshold, 9.0, float("nan"))}, "outputs are NaN"),
    "no such layer": (shown(Reading(("layer9",))), "probe p: "),
    "order of rows": ({"train": part(40, 1, Sorted)}, "train: inputs depend on the order"),
    "the rest of the batch": ({"validation": part(20, 2, Centred)}, "validation: inputs depend on"),
    "another time": (shown(part=part(12, 3, Wandering)), "probe p: the same rows"),
    "float64": ({"train": part(40, 1, Double)}, "torch.float64"),
    "inputs of NaN": ({"train": part(40, 1, Infinite)}, "train: inputs are NaN"),
    "a deaf part": ({"train": part(40, 1, Deaf)}, "it is not called once"),
    "changes dropped": ({"train": part(40, 1, Heard)}, "grey images give the outputs of clean ones"),
    "one by one": ({"train": part(40, 1, OneByOne)}, "it is not called once"),
    "0 to 255": ({"train": part(40, 1, Scaled)}, "not in [0, 1]"),
    "float64 images": ({"train": part(40, 1, Wide)}, "it is given float64"),
    "a target too few": ({"train": part(40, 1, Short)}, "train has 39 targets for 40 stimuli"),
    "a layer of NaN": (
        {**shown(Reading(("4",))), "build": lambda seed: build(seed).append(Lost()).append(Hidden())},
        "probe p: 4 is NaN",
    ),
    "mirrored": ({"train": part(40, 1, Mirrored)}, "changes nothing gives other outputs"),
    "a blind network": ({"build": blind}, "grey images give the outputs of clean ones"),
    "places in the batch": ({"build": by_batch}, "grey images give unlike outputs"),
}  # fmt: skip


@pytest.mark.parametrize("how", WRONG)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_problem_that_breaks_a_rule_is_found_out(how):
    changed, words = WRONG[how]
    faults = check_problem(replace(WHOLE, **changed))
    assert any(words in fault for fault in faults), faults
