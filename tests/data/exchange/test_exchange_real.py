"""Published files are read, and give the published numbers when joined by id, whatever their order."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr

from repalign.data import RDM, Assembly, join_ids, read_responses, write_responses
from repalign.maths import linear_cka, linear_cka_debiased
from repalign.seeds import rng

PROBABILITIES = "brain-score+vision/brainscore_vision/metrics/i1i2/test_resources/{}-probabilities.nc"


def numbers(a: Assembly, b: Assembly) -> tuple[float, float, float]:
    """Linear CKA, debiased CKA and RSA of two assemblies, joined by id."""
    _, left, right = join_ids(a.require_ids(), b.require_ids())
    x, y = (np.asarray(v, dtype=np.float64) for v in (a.array()[left], b.array()[right]))
    rsa = spearmanr(pdist(x, "correlation"), pdist(y, "correlation")).statistic
    return linear_cka(x, y), linear_cka_debiased(x, y), float(rsa)


@pytest.fixture(scope="module")
def nets(real_data) -> tuple[Assembly, Assembly]:
    first, second = (read_responses(real_data / PROBABILITIES.format(n)) for n in ("alexnet", "resnet18"))
    assert isinstance(first, Assembly)
    assert isinstance(second, Assembly)
    return first, second


def test_two_nets_of_brain_score_agree_as_published(nets):
    assert numbers(*nets) == pytest.approx((0.705111, 0.685312, 0.495257), abs=1e-6)
    assert nets[0].units["choice_"].shape == (24,)


@pytest.mark.parametrize("suffix", [".nc", ".npz", ".zarr", ".csv", ".npy", ".h5"])
def test_order_of_rows_in_a_file_changes_no_number(suffix, nets, tmp_path):
    alexnet, resnet = nets
    order = rng(0, "shuffle").permutation(alexnet.n_stimuli)
    shuffled = alexnet.select([alexnet.require_ids()[i] for i in order])
    drop = ("units",) if suffix in (".csv", ".npy") else ()
    back = read_responses(write_responses(shuffled, tmp_path / f"x{suffix}", drop=drop))
    assert numbers(back, resnet) == pytest.approx((0.705111, 0.685312, 0.495257), abs=1e-6)
    by_position = linear_cka(back.array().astype(float), resnet.array().astype(float))
    assert by_position < 0.2  # what trusting the order of rows would have given


def test_netcdf_is_read_alike_without_xarray(nets, real_data, tmp_path, monkeypatch):
    labelled = Assembly(
        np.ones((2, 3, 2), np.float32),
        ("a", "b", "é"),
        {"on": np.array([True, False])},
        "subject",
        ("s", "t"),
    )
    write_responses(labelled, tmp_path / "x.nc")
    monkeypatch.setitem(sys.modules, "xarray", None)
    assert read_responses(tmp_path / "x.nc").digest == labelled.digest
    assert read_responses(real_data / PROBABILITIES.format("alexnet")).digest == nets[0].digest


@pytest.mark.parametrize("layer", ["layer3", "layer4"])
@pytest.mark.parametrize(("folder", "metric"), [("pearson", "correlation"), ("cosine", "cosine")])
def test_features_and_rdms_of_net2brain_meet_by_id(layer, folder, metric, real_data):
    features = read_responses(real_data / "derived" / "net2brain_resnet18_12images.npz")
    rdms = read_responses(real_data / "cvai-roig-lab+Net2Brain" / "rdm" / folder, dissimilarity=metric)
    assert isinstance(features, Assembly)
    assert isinstance(rdms, RDM)
    assert (rdms.n_stimuli, list(rdms.labels["layer"])) == (78, ["layer3", "layer4"])
    row = list(rdms.labels["layer"]).index(layer)
    theirs = rdms.select(features.require_ids()).values[row]
    np.testing.assert_allclose(pdist(features.layer(layer).array(), metric), theirs, atol=3e-4)


def test_one_rdm_of_net2brain_is_named_by_its_layer(real_data):
    rdm = read_responses(real_data / "cvai-roig-lab+Net2Brain" / "rdm" / "euclidean" / "RDM_layer4.npz")
    assert isinstance(rdm, RDM)
    assert (rdm.name, rdm.require_ids()[:2], rdm.values.shape) == (
        "layer4",
        ("image_01", "image_02"),
        (3003,),
    )
