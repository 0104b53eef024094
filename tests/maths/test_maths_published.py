"""Numbers of published data, recomputed from the files that REPALIGN_DATA holds."""

from __future__ import annotations

import csv
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.io import loadmat

from repalign.maths import (
    compare,
    consistency_ceiling,
    correlation,
    error_consistency,
    linear_cka,
    linear_cka_debiased,
    rdm_ceiling,
)

EDGES = "wichmann-lab+error-consistency/raw-data/texture-shape_edges"


@pytest.fixture(scope="module")
def probabilities(real_data: Path) -> list[np.ndarray]:
    """Softmax outputs of AlexNet and ResNet-18 for 240 images, in the order of the image ids."""
    folder = real_data / "brain-score+vision/brainscore_vision/metrics/i1i2/test_resources"
    found, ids = [], []
    for model in ("alexnet", "resnet18"):
        with h5py.File(folder / f"{model}-probabilities.nc") as file:
            names = file["image_id"].asstr()[:]
            order = np.argsort(names)
            ids.append(names[order].tolist())
            found.append(file["__xarray_dataarray_variable__"][:].astype(float)[order])
    assert ids[0] == ids[1]
    return found


def test_two_real_networks_have_the_published_similarity(probabilities):
    X, Y = probabilities
    assert linear_cka(X, Y) == pytest.approx(0.705111, abs=1e-6)
    assert linear_cka_debiased(X, Y) == pytest.approx(0.685312, abs=1e-6)
    assert compare(correlation(X), correlation(Y), "spearman") == pytest.approx(0.495257, abs=1e-6)


def test_human_it_has_the_published_noise_ceiling(real_data):
    file = real_data / "rsagroup+rsatoolbox/demos/92imageData/92_brainRDMs.mat"
    sessions = loadmat(file)["RDMs"]["RDM"][0]
    subjects = np.stack([np.mean(list(each), axis=0)[np.triu_indices(92, 1)] for each in sessions])
    assert subjects.shape == (4, 4186)
    np.testing.assert_allclose(rdm_ceiling(subjects, "spearman"), (0.372, 0.666), atol=1e-3)


def correct(file: Path) -> dict[str, bool]:
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    return {r["imagename"].rsplit("_", 1)[-1]: r["object_response"] == r["category"] for r in rows}


def test_people_and_a_network_err_as_consistently_as_published(real_data):
    folder = real_data / EDGES
    people = [correct(file) for file in sorted(folder.glob("*subject-*.csv"))]
    keys = sorted(people[0])
    right = np.array([[each[key] for key in keys] for each in people])
    assert right.shape == (10, 160)
    assert consistency_ceiling(right) == pytest.approx(0.31844, abs=1e-5)
    network = correct(folder / "texture-shape_edges_resnet50_session-1.csv")
    kappas = [error_consistency(np.array([network[key] for key in keys]), each) for each in right]
    assert np.mean(kappas) == pytest.approx(0.03626, abs=1e-5)
