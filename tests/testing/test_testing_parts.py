"""The check-suites of models and data sets, and synthetic data whose geometry is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from repalign.benchmarks import score
from repalign.data import RDM, Assembly, StimulusSet
from repalign.datasets import DATASETS, Dataset, dataset
from repalign.datasets.card import Card
from repalign.datasets.dataset import TargetSpec
from repalign.models import model_names
from repalign.testing import check_dataset, check_model, noise_stimuli, random_model, synthetic_target

calls = itertools.count()


@pytest.mark.parametrize("name", model_names())
def test_every_builtin_model_passes(name):
    if name.partition("/")[0] != "builtin":
        pytest.skip("needs weights")
    assert check_model(name) == []


@pytest.mark.parametrize("parameters", [{"scales": 2, "grid": 4}, {"size": 32}])
def test_a_model_is_checked_with_the_parameters_given(parameters):
    assert check_model("builtin/gabor", **parameters) == []


def honest(images):
    return np.array([image.mean(axis=(0, 1)) for image in images])


def looks_at_the_batch(images):
    means = honest(images)
    return means - means.mean(axis=0)


def looks_at_the_first(images):
    return honest(images) - honest(images[:1])


def drifts(images):
    return honest(images) + next(calls)


def not_finite(images):
    return honest(images) / np.zeros(1, dtype=np.float64) if images else honest(images)


def one_row(images):
    return honest(images)[:1]


def test_a_function_that_keeps_the_rules_passes():
    assert check_model(honest) == []


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (looks_at_the_batch, "the batch size changes"),
        (looks_at_the_first, "the order of stimuli changes"),
        (drifts, "building it again changes its responses"),
        (one_row, "must return"),
    ],
)
def test_a_function_that_breaks_a_rule_is_found_out(function, words):
    faults = check_model(function)
    assert any(words in fault for fault in faults)
    assert all(fault.startswith("callable/") for fault in faults)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_responses_that_are_not_finite_are_found_out():
    assert any("infinite" in fault for fault in check_model(not_finite))


def test_noise_stimuli_are_seeded_images_of_the_size_asked_for():
    one, same, other = noise_stimuli(3, 16), noise_stimuli(3, 16), noise_stimuli(3, 16, seed=1)
    assert one.digest == same.digest != other.digest
    assert len(one.ids) == 3


@pytest.mark.parametrize("name", list(DATASETS))
def test_every_data_set_that_is_at_hand_passes(name, request):
    data = dataset(name, download=False)
    if data.status() != "built in":
        request.getfixturevalue("real_data")
        if data.status() != "here":
            pytest.skip(f"{name} is {data.status()}")
    assert check_dataset(data) == []


CARD = dict.fromkeys(Card.model_fields, "text") | {"name": "made", "files": (), "version": 1}


def made(
    ids=("a", "b", "c"),
    measure="rsa-euclidean-spearman",
    n_subjects=2,
    note="",
    subjects=("x", "y"),
    answers="abc",
):
    """A data set of three stimuli with one target and one published response."""
    rdms = RDM(np.ones((len(subjects), 3)), ids, {"subject": np.array(subjects)})
    pixels = [np.full((4, 4, 3), i, dtype=np.uint8) for i in range(3)]
    return Dataset(
        Card(**CARD),
        stimuli=lambda _: StimulusSet.from_arrays(["a", "b", "c"], images=pixels, name="made"),
        targets={"people": TargetSpec(lambda _: rdms, "behaviour", n_subjects, measure, note)},
        responses={"model": lambda _: Assembly(np.eye(3), tuple(answers))},
    )


def test_a_data_set_that_keeps_the_rules_passes():
    assert check_dataset(made()) == []
    assert check_dataset(made(subjects=(), n_subjects=31, note="one average")) == []


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"ids": ("a", "b", "d")}, "stimuli that the data set has not"),
        ({"measure": "rsa-euclidean-speerman"}, "no measure is named"),
        ({"n_subjects": 3}, "says 3 subjects and has 2"),
        ({"subjects": (), "n_subjects": 31}, "no note that says why"),
        ({"answers": "abd"}, "response model holds stimuli"),
        ({"answers": "aab"}, "response model: "),
    ],
)
def test_a_data_set_that_breaks_a_rule_is_found_out(broken, words):
    faults = check_dataset(made(**broken))
    assert len(faults) == 1
    assert words in faults[0]
    assert faults[0].startswith("made: ")


@pytest.mark.parametrize("comparison", ["pearson", "spearman", "rho-a"])
def test_without_noise_every_subject_has_the_models_geometry(comparison):
    truth, target = synthetic_target(n_stimuli=12, n_subjects=3, noise=0.0)
    rows = score(truth, target, f"rsa-euclidean-{comparison}", draws=0, permutations=0)
    assert [row.value for row in rows] == pytest.approx([1.0] * 4, abs=1e-12)
    aggregate = rows.where(subject="all")[0]
    assert (aggregate.ceiling_lower, aggregate.ceiling_upper) == pytest.approx((1.0, 1.0), abs=1e-12)


def test_noise_lowers_the_score_of_the_truth_and_chance_is_lower_still():
    values = []
    for noise in (0.0, 1.0, 4.0):
        truth, target = synthetic_target(noise=noise)
        rows = score(truth, target, "rsa-euclidean-pearson", draws=0, permutations=0)
        values.append(rows.where(subject="all")[0].value)
    assert values == sorted(values, reverse=True)
    stranger = score(random_model(target.ids), target, "rsa-euclidean-pearson", draws=0, permutations=0)
    assert abs(stranger.where(subject="all")[0].value) < 0.1
    assert values[1] > 0.3


def test_synthetic_data_are_the_same_for_the_same_seed():
    assert synthetic_target(seed=3)[1].digest == synthetic_target(seed=3)[1].digest
    assert synthetic_target(seed=3)[1].digest != synthetic_target(seed=4)[1].digest
    assert random_model(("a", "b"), seed=1).digest != random_model(("a", "b"), seed=2).digest
