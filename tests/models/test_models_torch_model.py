"""Laws of torch networks: what a layer is, what its responses are, what identifies a model."""

from __future__ import annotations

import numpy as np
import pytest
from torch_for_tests import IMAGES, STIMULI, Odd, Tokens, blank, nn, torch

from repalign.errors import InputError, ShapeError, UnavailableError, UnknownNameError, UnsuitableError
from repalign.models import extract, model
from repalign.models.preprocessing import Preprocessing
from repalign.models.torch_blueprint import Facts
from repalign.models.torch_forward import Showing
from repalign.models.torch_model import TorchModel
from repalign.testing import check_model

SMALL = Preprocessing(size=(8, 8))


def odd(seed=0, **more):
    torch.manual_seed(seed)
    return TorchModel(Odd(), SMALL, "own/odd", **more)


def test_layers_are_named_modules_that_answer_per_stimulus():
    found = odd()
    assert found.layers == ("first", "relu", "twice", "pair", "head", "penultimate", "output")
    assert found.shapes["first"] == (4, 6, 6)
    assert found.shapes["output"] == (5,)
    assert found.default_layers == ("penultimate",)
    assert found.card.layers == found.layers


def test_responses_are_what_the_modules_compute_by_themselves():
    found = odd()
    prepared = [found.prepare(image) for image in IMAGES]
    rows = found.respond(prepared, found.layers)
    with torch.inference_mode():
        first = found.net.first(torch.from_numpy(np.stack(prepared)))
        twice = found.net.twice(found.net.twice(first.relu()))
    expected = {
        "first": first,  # as it was before the ReLU wrote into it
        "relu": first.relu(),
        "twice": twice,  # the last of its two calls
        "pair": 2 * twice,  # the first tensor of a tuple
        "penultimate": 2 * twice.mean((2, 3)),
        "output": found.net.head(2 * twice.mean((2, 3))).detach(),  # the first tensor of a dictionary
    }
    assert (first < 0).any()
    for layer, tensor in expected.items():
        np.testing.assert_allclose(rows[layer], tensor.flatten(1).numpy(), rtol=0, atol=1e-6)
        assert rows[layer].dtype == np.float32
    np.testing.assert_array_equal(rows["head"], rows["output"])


@pytest.mark.parametrize(
    ("layer", "reason"),
    [("never", "never called in a forward pass"), ("mixes", "first axis of its output is not the stimuli")],
)
def test_a_module_that_is_no_layer_says_why(layer, reason):
    found = odd()
    with pytest.raises(InputError, match=f"layer '{layer}' of own/odd has no responses: .*{reason}"):
        found.respond([blank(3, 8, 8)], [layer])


def test_an_unknown_layer_names_the_nearest():
    with pytest.raises(UnknownNameError, match="no layer of own/odd named 'frist'\n  Did you mean: 'first'"):
        extract(odd(), STIMULI, ["frist"])


@pytest.mark.parametrize("chunk", [1, 3, 16])
def test_the_batch_changes_no_bit_whatever_the_chunk(chunk):
    found = odd(showing=Showing(chunk=chunk))
    prepared = [found.prepare(image) for image in IMAGES]
    whole = found.respond(prepared, found.layers)
    for i, one in enumerate(prepared):
        for layer, rows in found.respond([one], found.layers).items():
            np.testing.assert_array_equal(rows[0], whole[layer][i])


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("timm/resnet10t", {"size": 64}),
        ("timm/mobilenetv3_small_050", {"size": 64}),
        ("timm/test_vit", {}),
        ("torchvision/squeezenet1_1", {"size": 64}),
    ],
)
def test_networks_keep_to_the_rules_of_models(name, parameters):
    assert check_model(name, STIMULI.select(STIMULI.ids[:3]), pretrained=False, **parameters) == []


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("all", lambda block: block.reshape(-1)), ("cls", lambda b: b[0]), ("mean", lambda b: b[1:].mean(0))],
)
def test_token_rules_keep_all_the_first_or_the_mean_of_the_rest(rule, expected):
    image = np.arange(192, dtype=np.float32).reshape(3, 8, 8)
    found = TorchModel(Tokens(), SMALL, "own/tokens", showing=Showing(tokens=rule))
    patches = image.reshape(3, 2, 4, 2, 4).mean((2, 4)).reshape(3, 4).T
    block = np.vstack([np.full(3, 9.0), patches])
    np.testing.assert_allclose(found.respond([image], ["block"])["block"][0], expected(block), rtol=1e-6)


def test_a_network_without_class_token_has_no_rule_cls():
    with pytest.raises(UnsuitableError, match="has no class token, as tokens='cls' needs"):
        odd(showing=Showing(tokens="cls"))


def test_bfloat16_is_near_float32_and_another_model():
    plain, half = odd(), odd(showing=Showing(dtype="bfloat16"))
    image = [plain.prepare(IMAGES[0])]
    a, b = (m.respond(image, ["output"])["output"] for m in (plain, half))
    assert a.dtype == b.dtype == np.float32
    assert 0 < np.abs(a - b).max() < 0.02
    assert plain.digest != half.digest


def test_the_digest_is_of_weights_architecture_preprocessing_dtype_and_tokens():
    same = {odd().digest, odd(showing=Showing(chunk=2)).digest, odd(facts=Facts("other")).digest}
    assert len(same) == 1
    others = [
        odd(seed=1),
        odd(architecture="other"),
        odd(showing=Showing(dtype="bfloat16")),
        odd(showing=Showing(tokens="mean")),
        TorchModel(odd().net, Preprocessing(size=(8, 8), mean=(0.5, 0.5, 0.5)), "own/odd"),
    ]
    assert len({m.digest for m in others} | same) == 6


def test_one_changed_weight_changes_the_digest():
    found, other = odd(), Odd()
    other.load_state_dict(found.net.state_dict())
    assert TorchModel(other, SMALL, "x").digest == found.digest
    with torch.no_grad():
        other.head.bias[0] += 1e-6
    assert TorchModel(other, SMALL, "x").digest != found.digest


def test_a_network_is_shown_as_in_evaluation():
    net = nn.Sequential(nn.BatchNorm2d(3), nn.Dropout(0.5)).train()
    found = TorchModel(net, SMALL, "own/norm")
    image = found.prepare(IMAGES[0])
    np.testing.assert_allclose(found.respond([image], ["output"])["output"][0], image.ravel(), rtol=1e-4)


def test_hooks_do_not_stay_behind():
    found = odd()
    found.respond([blank(3, 8, 8)], found.layers)
    assert all(not module._forward_hooks for module in found.net.modules())


def test_a_vision_transformer_names_the_size_it_does_not_take():
    with pytest.raises(ShapeError, match=r"does not take images of 96x96 pixels: .*96.* \(?224") as caught:
        model("timm/vit_tiny_patch16_224", pretrained=False, size=96)
    assert "size" in caught.value.hint


def test_images_of_different_sizes_are_refused_by_the_model_too():
    found = TorchModel(nn.Conv2d(3, 2, 3), Preprocessing(), "own/any")
    assert found.one_size
    with pytest.raises(ShapeError, match="needs images of one size"):
        found.respond([blank(3, 8, 8), blank(3, 9, 8)], ["output"])


@pytest.mark.parametrize(
    "message", ["CUDA out of memory. Tried", "DefaultCPUAllocator: can't allocate memory"]
)
def test_out_of_memory_says_what_to_make_smaller(message):
    found = odd()

    def fail(*_):
        raise RuntimeError(message)

    found.net.forward = fail
    with pytest.raises(InputError, match=r"ran out of memory \(cpu\) on 16 stimuli") as caught:
        found.respond([blank(3, 8, 8)], ["output"])
    assert "batch_size" in caught.value.hint
    assert "chunk" in caught.value.hint


@pytest.mark.parametrize(
    ("device", "error", "message"),
    [("cuda:99", UnavailableError, "'cuda:99' is not here"), ("gpu", InputError, "'gpu' is no device")],
)
def test_a_device_that_is_not_here_is_named(device, error, message):
    with pytest.raises(error, match=message):
        odd(showing=Showing(device=device))
