"""Laws of ONNX models: layers, batches, preparation, identity."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import onnx_nets
import pytest
from onnx_nets import helper
from scipy.signal import correlate

from repalign.data import StimulusSet
from repalign.errors import InputError, ShapeError, UnavailableError, UnknownNameError
from repalign.models import SOURCES, extract, model
from repalign.models.onnx_settings import PRESETS
from repalign.testing import check_model

IMAGES = np.random.default_rng(5).integers(0, 256, (7, 8, 8, 3), dtype=np.uint8)
STIMULI = StimulusSet.from_arrays([f"s{i}" for i in range(7)], images=IMAGES, name="seven")


@pytest.fixture
def conv(tmp_path):
    return onnx_nets.written(tmp_path, onnx_nets.conv_net())


@pytest.mark.parametrize("batch", ["N", 1, 4])
@pytest.mark.parametrize("layout", ["CHW", "HWC"])
def test_every_batch_and_layout_keeps_to_the_rules(tmp_path, batch, layout):
    named = onnx_nets.written(tmp_path, onnx_nets.conv_net(batch, layout))
    assert check_model(named, STIMULI) == []
    assert model(named).parameters["layout"] == layout
    plain = onnx_nets.written(tmp_path, onnx_nets.conv_net(), "plain.onnx")
    np.testing.assert_array_equal(extract(named, STIMULI).values, extract(plain, STIMULI).values)


def test_inner_layers_are_what_the_formulas_say(conv):
    found = extract(conv, STIMULI, ["relu", "conv", "out"]).split()
    prepared = IMAGES.transpose(0, 3, 1, 2) / 255.0
    kernels = onnx_nets.KERNEL
    maps = np.array([[correlate(x, k, mode="valid")[0] for k in kernels] for x in prepared]).reshape(7, -1)
    np.testing.assert_allclose(found["conv"].values, maps, atol=1e-5)
    np.testing.assert_allclose(found["relu"].values, np.maximum(maps, 0), atol=1e-5)
    np.testing.assert_allclose(found["out"].values, np.maximum(maps, 0) @ onnx_nets.HEAD, atol=1e-4)


def test_layers_stand_in_the_order_of_the_graph_and_the_default_is_its_output(conv):
    assert tuple(model(conv).layers) == ("image", "conv", "relu", "flat", "out")
    assert model(conv).default_layers == ("out",)
    assert set(extract(conv, STIMULI).units["layer"]) == {"out"}


def test_a_layer_alone_has_the_bits_that_it_has_among_all(conv):
    whole = extract(conv, STIMULI, "all").split()
    for layer in model(conv).layers:
        np.testing.assert_array_equal(extract(conv, STIMULI, layer).values, whole[layer].values)


def test_a_nodes_name_means_its_output(conv):
    found = extract(conv, STIMULI, ["second", "conv"]).split()
    np.testing.assert_array_equal(found["second"].values, extract(conv, STIMULI, "relu").values)
    shown = pickle.loads(pickle.dumps(model(conv)))  # noqa: S301 - our own
    assert "second" in shown.layers


def test_an_unknown_layer_comes_with_the_nearest(conv):
    with pytest.raises(UnknownNameError, match="no layer of onnx/net named 'rely'") as caught:
        extract(conv, STIMULI, "rely")
    assert "'relu'" in caught.value.hint
    with pytest.raises(UnknownNameError, match="named 'rely'"):
        model(conv).respond([model(conv).prepare(IMAGES[0])], ["rely"])


def test_only_floats_with_a_row_per_stimulus_that_depend_on_it_are_layers(tmp_path):
    nodes = [
        helper.make_node("Shape", ["x"], ["whole-numbers"]),
        helper.make_node("ReduceMean", ["x"], ["no-batch"], axes=[0], keepdims=1),
        helper.make_node("Identity", ["constant"], ["not-from-the-image"]),
        helper.make_node("Transpose", ["x"], ["batch-second"], perm=[1, 0, 2, 3]),
        helper.make_node("ReduceMax", ["x"], ["one-number"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Flatten", ["x"], ["out"]),
    ]
    outputs = ("whole-numbers", "out")
    built = onnx_nets.net(nodes, weights={"constant": np.zeros((3, 2), np.float32)}, outputs=outputs)
    found = model(onnx_nets.written(tmp_path, built))
    assert tuple(found.layers) == ("one-number", "out")
    assert found.default_layers == ("out",)
    peak = extract(found, STIMULI, "one-number").values[:, 0]
    np.testing.assert_allclose(peak, IMAGES.max(axis=(1, 2, 3)) / 255, rtol=1e-6)


def test_a_net_in_which_company_matters_shows_each_stimulus_alone(tmp_path):
    named = onnx_nets.written(tmp_path, onnx_nets.crowd_net())
    assert check_model(named, STIMULI) == []
    assert not extract(named, STIMULI).values.any()  # alone, a stimulus is the mean
    assert model(named).card.batch.startswith("each alone: the graph takes any number")


def test_a_net_that_declares_any_batch_but_takes_one_is_shown_one_at_a_time(tmp_path):
    nodes = [helper.make_node("Reshape", ["x", "shape"], ["out"])]
    built = onnx_nets.net(nodes, weights={"shape": np.array([1, 192])})
    named = onnx_nets.written(tmp_path, built)
    assert check_model(named, STIMULI) == []
    assert extract(named, STIMULI).values.shape == (7, 192)


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("unit", lambda x: x / 255),
        ("mobilenet-tf", lambda x: x / 127.5 - 1),
        ("caffe", lambda x: x[..., ::-1] - np.array([104, 117, 123])),
        ("imagenet", lambda x: (x / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]),
        ("cifar10", lambda x: (x / 255 - [0.4914, 0.4822, 0.4465]) / [0.2023, 0.1994, 0.2010]),
    ],
)
def test_presets_prepare_images_as_their_ecosystems_do(tmp_path, preset, expected):
    named = onnx_nets.written(tmp_path, onnx_nets.echo_net())
    found = extract(model(named, preset=preset), STIMULI).values
    wanted = expected(IMAGES.astype(float)).transpose(0, 3, 1, 2).reshape(7, -1)
    np.testing.assert_allclose(found, wanted, atol=2e-5)


def test_what_is_given_counts_more_than_the_preset(tmp_path):
    named = onnx_nets.written(tmp_path, onnx_nets.echo_net())
    found = model(named, preset="caffe", mean=0, channels="RGB")
    np.testing.assert_array_equal(extract(found, STIMULI).values, IMAGES.transpose(0, 3, 1, 2).reshape(7, -1))
    assert found.name == "onnx/net(preset=caffe, mean=(0, 0, 0), channels=RGB)"


def test_images_are_resized_to_what_the_net_takes(tmp_path):
    named = onnx_nets.written(tmp_path, onnx_nets.echo_net(shape=(3, 5, 4)))
    assert model(named).card.input_size == (5, 4)
    assert extract(named, STIMULI).values.shape == (7, 60)
    cut = model(named, shorter=8)
    expected = IMAGES[:, 2:7, 2:6].transpose(0, 3, 1, 2).reshape(7, -1) / 255
    np.testing.assert_allclose(extract(cut, STIMULI).values, expected, atol=1e-6)


def test_identity_is_the_content_and_the_preparation_not_the_files_name(tmp_path):
    first = model(onnx_nets.written(tmp_path, onnx_nets.conv_net()))
    other = model(onnx_nets.written(tmp_path, onnx_nets.conv_net(), "other.onnx"))
    assert first.digest == other.digest
    assert (first.name, other.name) == ("onnx/net", "onnx/other")
    named = f"onnx/{tmp_path / 'net.onnx'}"
    assert model(named, preset="unit", scale=1 / 255, size=8, threads=1).digest == first.digest
    assert model(named, preset="unit", size=[8, 8]).name == "onnx/net"
    changed = [{"preset": p} for p in PRESETS if p != "unit"] + [{"interpolation": "nearest"}, {"shorter": 9}]
    assert len({model(named, **c).digest for c in changed} | {first.digest}) == len(changed) + 1
    assert len({model(named, **c).name for c in changed} | {first.name}) == len(changed) + 1


def test_triple_and_name_mean_the_same(conv):
    triple = {"source": "onnx", "model_name": conv[5:], "model_parameters": {"preset": "imagenet"}}
    assert model(triple).digest == model(conv, preset="imagenet").digest
    assert not SOURCES["onnx"].imports_code


def test_a_model_travels_to_another_process(conv):
    built = model(conv)
    before = extract(built, STIMULI)
    again = pickle.loads(pickle.dumps(built))  # noqa: S301 - our own
    assert extract(again, STIMULI).digest == before.digest
    assert again.digest == built.digest


def test_the_card_says_what_the_file_says_and_what_was_assumed(conv):
    card = model(conv).card
    assert (card.family, card.licence, card.training_data) == ("onnx", "unknown", "unknown")
    assert (card.opset, card.producer) == (13, "by-hand 1")
    assert card.n_parameters == 4 * 3 * 3 * 3 + 4 * 6 * 6 * 5
    assert card.shapes == {
        "image": (3, 8, 8),
        "conv": (4, 6, 6),
        "relu": (4, 6, 6),
        "flat": (144,),
        "out": (5,),
    }
    assert card.preprocessing.endswith("assumed, as the file does not say: scale, mean, std, channels")
    assert "assumed" not in model(conv, preset="unit").card.preprocessing
    assert model(conv, scale=1).card.preprocessing.endswith("does not say: mean, std, channels")


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"sise": 8}, UnknownNameError, "no parameter of onnx/net named 'sise'\n  Did you mean: 'size'"),
        ({"preset": "imagnet"}, UnknownNameError, "no preset named 'imagnet'\n  Did you mean: 'imagenet'"),
        ({"preset": 3}, InputError, "'preset' is a word; saw 3"),
        ({"interpolation": "cubic"}, UnknownNameError, "'bicubic'"),
        ({"size": 224}, ShapeError, r"size 224x224 does not fit the input 'x' of shape \(3, 8, 8\)"),
        ({"size": "8"}, InputError, "'size' is one whole number .* saw '8'"),
        ({"size": [8, None]}, InputError, "'size' is one whole number"),
        ({"size": 0}, InputError, "'size' is one whole number"),
        ({"layout": "HWC"}, ShapeError, r"layout HWC does not fit .* \(3, 8, 8\)"),
        ({"mean": [1, 2]}, InputError, r"'mean' is one number, or one for each .* saw \[1, 2\]"),
        ({"std": float("nan")}, InputError, "'std' is one number"),
        ({"std": 0}, InputError, "positive size, scale and std"),
        ({"scale": 0}, InputError, "'scale'"),
        ({"shorter": 4}, InputError, "does not fit into a shorter side of 4"),
        ({"threads": 0}, InputError, r"'threads' \(threads of the runtime\) is a whole number"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(conv, parameters, error, message):
    with pytest.raises(error, match=message):
        model(conv, **parameters)


def test_a_stimulus_that_was_not_prepared_is_refused(conv):
    with pytest.raises(ShapeError, match=r"takes stimuli of shape \(3, 8, 8\); number 0 has \(8, 8, 3\)"):
        model(conv).respond([IMAGES[0]], ["out"])


def test_naming_models_loads_neither_library():
    code = (
        "import sys, repalign.models as m; m.model_names(); print({'onnx', 'onnxruntime'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
def test_without_the_extra_the_hint_says_how_to_install_it(conv, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UnavailableError, match="not installed") as caught:
        model(conv)
    assert caught.value.hint == "pip install 'repalign[onnx]'"
