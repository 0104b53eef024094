"""Kriegeskorte 92 against correlations computed with scipy and figures published about these files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat
from scipy.stats import spearmanr

from repalign.datasets import Dataset, dataset


@pytest.fixture(scope="module")
def k92(real_data: Path) -> Dataset:
    return dataset("kriegeskorte92", download=False)


def rho(left: np.ndarray, right: np.ndarray) -> float:
    return float(spearmanr(left, right).statistic)


@pytest.mark.parametrize(
    ("model", "value"),
    [
        ("animacy", 0.5796),
        ("monkey-it", 0.4326),
        ("category", 0.4011),
        ("eva", 0.3593),
        ("hmax", 0.2251),
        ("silhouette", 0.1316),
        ("v1", 0.0336),
    ],
)
def test_published_models_correlate_with_the_pooled_humans_as_known(
    k92: Dataset, model: str, value: float
) -> None:
    pooled = k92.target("human-it-pooled").responses.values
    assert rho(k92.response(model).values, pooled) == pytest.approx(value, abs=1e-3)


@pytest.mark.parametrize(
    ("model", "value"), [("animacy", 0.3862), ("monkey-it", 0.2963), ("category", 0.2766)]
)
def test_published_models_correlate_with_single_people_as_known(
    k92: Dataset, model: str, value: float
) -> None:
    people = k92.target("human-it").responses.values
    mean = np.mean([rho(k92.response(model).values, person) for person in people])
    assert mean == pytest.approx(value, abs=1e-3)


def test_raw_pixels_correlate_with_the_pooled_humans_as_known(k92: Dataset) -> None:
    pixels = np.stack([k92.stimuli.pixels(i).ravel() for i in range(92)]).astype(float)
    rdm = (1 - np.corrcoef(pixels))[np.triu_indices(92, 1)]
    pooled = k92.target("human-it-pooled").responses.values
    assert rho(rdm, pooled) == pytest.approx(0.1077, abs=1e-3)


def test_behaviour_correlates_with_the_pooled_humans_as_known(k92: Dataset) -> None:
    behaviour = k92.target("behaviour-mean").responses.values
    pooled = k92.target("human-it-pooled").responses.values
    assert rho(behaviour, pooled) == pytest.approx(0.386, abs=1e-3)


@pytest.mark.parametrize(
    ("target", "shape", "subjects", "region"),
    [
        ("human-it", (4, 4186), ("BE", "KO", "SN", "TI"), "IT"),
        ("human-it-sessions", (8, 4186), ("BE", "BE", "KO", "KO", "SN", "SN", "TI", "TI"), "IT"),
        ("human-it-pooled", (4186,), (), "IT"),
        ("human-it-mean8", (4186,), (), "IT"),
        ("monkey-it", (4186,), (), "IT"),
        ("behaviour", (16, 4186), tuple(f"subject{i}" for i in range(1, 17)), "behaviour"),
        ("behaviour-mean", (4186,), (), "behaviour"),
    ],
)
def test_targets_say_who_was_measured_and_pooled_ones_claim_no_ceiling(
    k92: Dataset, target: str, shape: tuple[int, ...], subjects: tuple[str, ...], region: str
) -> None:
    made = k92.target(target)
    assert (made.responses.values.shape, made.subjects, made.region) == (shape, subjects, region)
    assert made.name == f"kriegeskorte92/{target}" == made.responses.name
    assert made.ids == k92.stimuli.ids == tuple(f"k92-{i:02d}" for i in range(1, 93))
    assert ("no ceiling" in made.note) == (subjects == ())


def test_a_persons_rdm_is_the_mean_of_her_two_sessions(k92: Dataset, real_data: Path) -> None:
    file = real_data / "rsagroup+rsatoolbox/demos/92imageData/92_brainRDMs.mat"
    published = loadmat(file)["RDMs"][0]  # (subject, session)
    expected = [(s[0]["RDM"].astype(float) + s[1]["RDM"]) / 2 for s in published]
    assert k92.target("human-it").responses.square() == pytest.approx(np.stack(expected), abs=1e-12)
    mean = np.mean(expected, axis=0)
    assert k92.target("human-it-mean8").responses.square() == pytest.approx(mean, abs=1e-7)


def test_stimuli_carry_images_texts_and_all_published_labels(k92: Dataset) -> None:
    stimuli = k92.stimuli
    assert stimuli.pixels(0).shape == (175, 175, 3)
    assert stimuli.texts[0] == ("human bodypart",)
    assert stimuli.column("category")[0] == "human bodypart"
    vectors = "animate inanim human nonhumani body face natObj artiObj rand24 rand48 other48 monkeyape"
    assert {"category", "human", "face", "animal", "natural", *vectors.split()} == set(stimuli.columns)
    counts = {name: int(stimuli.column(name).sum()) for name in ("animate", "inanim", "face", "animal")}
    assert counts == {"animate": 48, "inanim": 44, "face": 24, "animal": 48}


def test_the_monkeys_are_the_same_in_both_published_files(k92: Dataset) -> None:
    target = k92.target("monkey-it").responses.values
    assert np.array_equal(target, k92.response("monkey-it").values)


def test_animacy_is_what_the_stimuli_say(k92: Dataset) -> None:
    animate = k92.stimuli.column("animate")
    rows, columns = np.triu_indices(92, 1)
    assert np.array_equal(k92.response("animacy").values, animate[rows] != animate[columns])
