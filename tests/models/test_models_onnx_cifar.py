"""Real networks on real images: published CIFAR-10 classifiers classify as the plain runtime says."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from repalign.datasets import dataset
from repalign.models import extract, model
from repalign.testing import check_model

pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")

CATEGORIES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
MARABOU = "stanleybak+vnncomp2021/benchmarks/marabou-cifar10/nets"
SMALL, MEDIUM = f"{MARABOU}/cifar10_small.onnx", f"{MARABOU}/cifar10_medium.onnx"
RESNET = "stanleybak+vnncomp2021/benchmarks/cifar10_resnet/onnx/resnet_2b.onnx"
VIT = "ChristopherBrix+vnncomp2023_benchmarks/benchmarks/vit/onnx/pgd_2_3_16.onnx.gz"
NETS = {SMALL: "unit", MEDIUM: "unit", RESNET: "cifar10", VIT: "cifar10"}


@pytest.fixture(scope="module")
def images(real_data):
    stimuli = dataset("cifar10h").stimuli
    return stimuli, np.array([CATEGORIES.index(label) for label in stimuli.columns["label"]])


def correct(responses, labels):
    return float((responses.values.argmax(axis=1) == labels).mean())


def by_hand(path, stimuli, preset):
    """The same, with nothing but the runtime: optimised, one image at a time."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    options = ort.SessionOptions()
    options.log_severity_level = 4
    session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    pixels = np.stack([stimuli.pixels(i) for i in range(len(stimuli))]).astype(np.float32) / 255
    if preset == "cifar10":
        mean, std = np.float32([0.4914, 0.4822, 0.4465]), np.float32([0.2023, 0.1994, 0.2010])
        pixels = ((pixels - mean) / std).transpose(0, 3, 1, 2)
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: image[None]})[0] for image in pixels])


@pytest.mark.parametrize("path", NETS)
def test_logits_are_those_of_the_plain_runtime(real_data, images, path):
    first = images[0].select(images[0].ids[:200])
    found = extract(model(f"onnx/{real_data / path}", preset=NETS[path]), first)
    np.testing.assert_allclose(found.values, by_hand(real_data / path, first, NETS[path]), atol=1e-3)


@pytest.mark.parametrize("path", NETS)
def test_real_nets_keep_to_the_rules(real_data, images, path):
    few = images[0].select(images[0].ids[:5])
    assert check_model(f"onnx/{real_data / path}", few, preset=NETS[path]) == []


@pytest.mark.parametrize(("path", "accuracy"), [(SMALL, 0.62), (VIT, 0.59)])
def test_accuracy_on_the_first_thousand_images_within_chance(real_data, images, path, accuracy):
    stimuli, labels = images
    found = extract(model(f"onnx/{real_data / path}", preset=NETS[path]), stimuli.select(stimuli.ids[:1000]))
    spread = np.sqrt(accuracy * (1 - accuracy) / 1000)
    assert correct(found, labels[:1000]) == pytest.approx(accuracy, abs=3 * spread)


@pytest.mark.slow
@pytest.mark.parametrize("path", NETS)
def test_all_test_images_are_classified_as_by_the_plain_runtime(real_data, images, path):
    stimuli, labels = images
    found = extract(model(f"onnx/{real_data / path}", preset=NETS[path]), stimuli)
    plain = by_hand(real_data / path, stimuli, NETS[path]).argmax(axis=1)
    assert (found.values.argmax(axis=1) == plain).mean() >= 0.9999
    assert correct(found, labels) > 0.55


@pytest.mark.slow
@pytest.mark.parametrize(("path", "accuracy"), [(SMALL, 0.62), (VIT, 0.59)])
def test_accuracy_on_all_test_images(real_data, images, path, accuracy):
    stimuli, labels = images
    found = extract(model(f"onnx/{real_data / path}", preset=NETS[path]), stimuli)
    assert correct(found, labels) == pytest.approx(accuracy, abs=0.01)
