"""Real networks against real brains and behaviour, and our RDMs against another tool's."""

from __future__ import annotations

import numpy as np
import pytest

import repalign as ra
from repalign.maths.dissimilarity import DISSIMILARITIES

MOBILENET = ("derived/mobilenet_v2_1.0_224_quant.fp32.onnx", {"preset": "mobilenet-tf"})
SQUEEZENET = ("derived/squeezenet_v1.0_deepcompressed.onnx", {"preset": "caffe"})
DARKNET = ("derived/tiny_darknet.onnx", {"preset": "unit"})
TARGETS = ("human-it-mean8", "monkey-it", "behaviour-mean")
# 1 - Pearson, Spearman with the plain mean of 8 human IT RDMs, monkey IT, the plain mean of 16 people.
VALUES = {
    MOBILENET[0]: {
        "Conv/Relu6": (0.122, 0.085, 0.088),
        "expanded_conv_14/add": (0.374, 0.424, 0.329),
        "logits": (0.226, 0.219, 0.431),
    },
    SQUEEZENET[0]: {"fire9/squeeze1x1": (0.343, 0.383, 0.312), "logits": (0.246, 0.294, 0.478)},
    DARKNET[0]: {"leaky_re_lu_14": (0.217, 0.376, 0.314)},
}


@pytest.mark.parametrize(("path", "parameters"), [MOBILENET, SQUEEZENET, DARKNET])
def test_kriegeskorte_values_of_imagenet_networks_by_layer(real_data, path, parameters):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    wanted = VALUES[path]
    net = ra.model(f"onnx/{real_data / path}", **parameters)
    responses = ra.extract(net, ra.dataset("kriegeskorte92").stimuli, list(wanted))
    found = {layer: [] for layer in wanted}
    for target in TARGETS:
        for row in ra.score(responses, f"kriegeskorte92/{target}", draws=0, permutations=0):
            assert row.measure == "rsa-correlation-spearman"
            found[row.layer].append(row.value)
    for layer, values in wanted.items():
        assert found[layer] == pytest.approx(values, abs=1e-3), layer


@pytest.mark.parametrize(
    ("folder", "dissimilarity"),
    [("pearson", "correlation"), ("cosine", "cosine"), ("euclidean", "euclidean")],
)
@pytest.mark.parametrize("layer", ["layer3", "layer4"])
def test_rdms_of_a_network_are_those_of_another_tool(real_data, folder, dissimilarity, layer):
    with np.load(real_data / "derived" / "net2brain_resnet18_12images.npz") as stored:
        responses = ra.Assembly(stored[layer], tuple(stored["ids"].tolist()))
    path = real_data / "cvai-roig-lab+Net2Brain" / "rdm" / folder / f"RDM_{layer}.npz"
    with np.load(path) as stored:
        theirs = ra.RDM(stored["rdm"], tuple(stored["stimuli_name"].tolist())).select(responses.ids)
    ours = DISSIMILARITIES[dissimilarity](responses.values.astype(np.float64))
    np.testing.assert_allclose(ours, theirs.values, atol=3e-4)
