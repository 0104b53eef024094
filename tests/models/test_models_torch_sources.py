"""Laws of timm, torchvision and thingsvision's names: what is built, and what is said when it cannot be."""

from __future__ import annotations

import time
from urllib.error import URLError

import numpy as np
import pytest
import requests
from torch_for_tests import STIMULI, nn, torch

from repalign.errors import InputError, UnavailableError, UnknownNameError
from repalign.models import SOURCES, extract, layer_shapes, model
from repalign.models.torch_shapes import without_weights
from repalign.models.torch_thingsvision import CUSTOM, SSL, VARIANTS

TINY = "timm/test_resnet"


def test_a_seed_decides_the_weights_and_nothing_else_is_touched():
    before = torch.random.get_rng_state()
    digests = [model(TINY, pretrained=False, seed=s).digest for s in (0, 0, 1)]
    assert digests[0] == digests[1] != digests[2]
    assert model(TINY, pretrained=False).digest == digests[0]
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_name_says_what_differs_from_the_defaults_but_not_where_it_runs():
    assert model(TINY, pretrained=False).name == f"{TINY}(pretrained=False, seed=0)"
    found = model(TINY, pretrained=False, size=64, chunk=4, device="cpu")
    assert found.name == f"{TINY}(pretrained=False, seed=0, size=64)"
    assert found.parameters["chunk"] == 4
    assert found.digest == model(TINY, pretrained=False, size=64).digest


def test_name_and_triple_and_parameters_mean_the_same():
    triple = {"model_name": "test_resnet", "source": "timm", "model_parameters": {"pretrained": False}}
    found = model(triple)
    assert found.digest == model(TINY, pretrained=False).digest
    assert model(TINY, **found.parameters).digest == found.digest


def test_timm_weights_from_a_file_answer_as_timm_does(tmp_path):
    import timm

    torch.manual_seed(3)
    net = timm.create_model("test_resnet", pretrained=False).eval()
    torch.save(net.state_dict(), tmp_path / "w.pth")
    found = model(TINY, weights=tmp_path / "w.pth")
    transform = timm.data.create_transform(**timm.data.resolve_data_config({}, model=net))
    from PIL import Image

    shown = torch.stack([transform(Image.fromarray(STIMULI.pixels(i))) for i in range(len(STIMULI))])
    with torch.inference_mode():
        expected = net(shown).numpy()
        features = net.forward_head(net.forward_features(shown), pre_logits=True).numpy()
    np.testing.assert_allclose(extract(found, STIMULI, ["output"]).values, expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(extract(found, STIMULI).values, features, rtol=0, atol=1e-5)
    assert found.name.startswith(f"{TINY}(weights=")
    assert found.card.training_data == "unknown"


@pytest.mark.parametrize("name", ["squeezenet1_1", "shufflenet_v2_x0_5", "mnasnet0_5"])
def test_torchvision_weights_from_a_file_answer_as_torchvision_does(tmp_path, name):
    import torchvision

    torch.manual_seed(4)
    net = torchvision.models.get_model(name, weights=None).eval()
    torch.save(net.state_dict(), tmp_path / "w.pth")
    found = model(f"torchvision/{name}", weights=str(tmp_path / "w.pth"), size=64)
    shown = torch.from_numpy(np.stack([found.prepare(STIMULI.pixels(i)) for i in range(len(STIMULI))]))
    with torch.inference_mode():
        expected = net(shown).numpy()
    np.testing.assert_allclose(extract(found, STIMULI, ["output"]).values, expected, rtol=0, atol=1e-5)


def fake_entry(monkeypatch, net):
    import torchvision

    asked = []

    def get_model(name, weights=None, **more):
        asked.append(weights)
        return net

    monkeypatch.setattr("repalign.models.torch_vision.get_model", get_model)
    monkeypatch.setattr(requests, "head", lambda *_, **__: None)
    return asked, torchvision.models.SqueezeNet1_1_Weights


def test_weights_entries_of_torchvision_are_named_and_the_default_is_spelt_out(monkeypatch):
    asked, entries = fake_entry(monkeypatch, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    triple = {
        "model_name": "squeezenet1_1",
        "source": "torchvision",
        "model_parameters": {"weights": "IMAGENET1K_V1"},
    }
    found = [model(triple), model("torchvision/squeezenet1_1")]
    assert asked == [entries.IMAGENET1K_V1] * 2
    assert {m.name for m in found} == {"torchvision/squeezenet1_1(weights=IMAGENET1K_V1)"}
    assert len({m.digest for m in found}) == 1
    assert model("torchvision/squeezenet1_1", **found[0].parameters).digest == found[0].digest


@pytest.mark.parametrize("failure", [OSError("no route to host"), URLError("name not known")])
@pytest.mark.parametrize("place", ["address", "loader"])
@pytest.mark.parametrize("name", [f"{TINY}.r160_in1k", "torchvision/squeezenet1_1"])
def test_without_network_the_error_comes_at_once_and_asks_for_a_file(monkeypatch, failure, place, name):
    asked = []

    def fail(*_, **__):
        asked.append(1)
        raise failure

    fine = lambda *_, **__: None  # noqa: E731
    monkeypatch.setattr(requests, "head", fail if place == "address" else fine)
    monkeypatch.setattr("timm.create_model", fail)
    monkeypatch.setattr("repalign.models.torch_vision.get_model", fail)
    monkeypatch.setattr("torch.hub.get_dir", lambda: "/nowhere")
    start = time.perf_counter()
    with pytest.raises(UnavailableError, match=r"weights of .* are not on this machine") as caught:
        model(name)
    assert time.perf_counter() - start < 2
    assert len(asked) == 1
    assert "weights=PATH" in caught.value.hint


def test_offline_by_the_hubs_own_switch_asks_nobody(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(requests, "head", lambda *_, **__: pytest.fail("the network was asked"))
    with pytest.raises(UnavailableError, match="HF_HUB_OFFLINE is set"):
        model(f"{TINY}.r160_in1k")


@pytest.mark.parametrize(
    ("name", "parameters", "error", "message"),
    [
        ("timm/resnet81", {}, UnknownNameError, "no model named 'timm/resnet81'\n.*'timm/resnet"),
        ("timm/resnet18.a1_in1", {}, UnknownNameError, "no tag of timm/resnet18 .*\n.*'a1_in1k'"),
        ("torchvision/resnet81", {}, UnknownNameError, "'torchvision/resnet"),
        ("torchvision/resnet18", {"weights": "IMAGENET1K_V3"}, UnknownNameError, "'IMAGENET1K_V1'"),
        (TINY, {"pretraind": False}, UnknownNameError, "no parameter of .*\n.*'pretrained'"),
        (TINY, {"pretrained": "no"}, InputError, "is true or false; saw 'no'"),
        (TINY, {"pretrained": False, "dtype": "float61"}, UnknownNameError, "'float16|'float32'"),
        (TINY, {"pretrained": False, "mean": [1, 2]}, InputError, "a list of 3 numbers; saw"),
        (TINY, {"pretrained": False, "size": 0}, InputError, "a positive whole number or a list of 2"),
        (TINY, {"pretrained": False, "weights": "w.pth"}, InputError, "weights and pretrained=False"),
        (TINY, {"seed": 3}, InputError, "a seed, which decides the weights of an untrained network only"),
        (TINY, {"num_classes": 3}, InputError, "num_classes, which only a file of weights or"),
        (TINY, {"pretrained": False, "shorter": 20}, InputError, "the centre crop"),
        ("timm/botnet50ts_256", {}, UnavailableError, "no published weights"),
    ],
)
def test_what_cannot_be_built_is_refused_with_the_next_step(name, parameters, error, message):
    with pytest.raises(error, match=message) as caught:
        model(name, **parameters)
    assert caught.value.hint


@pytest.mark.parametrize("classes", [0, 7])
@pytest.mark.parametrize("name", [TINY, "torchvision/resnet18", "torchvision/googlenet"])
def test_the_classifier_can_be_left_out_or_made_anew(name, classes):
    found = without_weights(name, pretrained=False, num_classes=classes)
    assert found.default_layers == (("penultimate",) if classes else ("output",))
    if classes:
        assert found.shapes["output"] == (7,)
        assert (
            found.shapes["penultimate"]
            == without_weights(name, pretrained=False, num_classes=0).shapes["output"]
        )


def test_layers_and_card_of_any_network_need_no_weights():
    shapes = layer_shapes("timm/vit_giant_patch14_dinov2.lvd142m")
    assert shapes["blocks.39"] == (1370, 1536)
    assert shapes["output"] == (1536,)
    card = without_weights("timm/vit_base_patch16_clip_224.laion2b_ft_in12k_in1k").card
    assert (card.family, card.training_data) == ("vit", "laion2b, in12k, in1k")
    # Dosovitskiy et al. (2021) build ViT-B/16 of 12 blocks of width 768: embedding, blocks, norm, classifier.
    embedding = 768 * 16 * 16 * 3 + 768 + 768 + 197 * 768
    block = 4 * (768 * 768 + 768) + 2 * 768 * 3072 + 3072 + 768 + 4 * 768
    card = without_weights("timm/vit_base_patch16_224.augreg_in21k_ft_in1k").card
    assert card.n_parameters == embedding + 12 * block + 2 * 768 + 768 * 1000 + 1000
    found = without_weights({"model_name": "resnet50", "source": "torchvision", "model_parameters": None})
    assert found.card.n_parameters == 25_557_032  # torchvision's own num_params of resnet50
    with pytest.raises(UnavailableError, match="without weights"):
        found.respond([], ["output"])


@pytest.mark.parametrize(
    ("name", "size"), [("regnet_x_400mf", 224), ("vit_h_14", 518), ("inception_v3", 299), ("maxvit_t", 224)]
)
def test_torchvisions_odd_ones_have_their_shapes_too(name, size):
    found = without_weights(f"torchvision/{name}")
    assert found.card.input_size == (size, size)
    assert found.shapes["output"] == (1000,)
    assert found.default_layers == ("penultimate",)


def test_the_names_of_thingsvision_that_can_be_built_are_built():
    from timm.models import is_model_pretrained

    for source, names in (("ssl", SSL), ("custom", CUSTOM)):
        for name, alias in names.items():
            if alias.architecture.startswith("timm/") and alias.published:
                assert is_model_pretrained(alias.architecture.removeprefix("timm/")), name
            elif not alias.architecture:
                with pytest.raises(UnavailableError, match=f"{source}/{name} is unavailable because"):
                    model(f"{source}/{name}")
    assert without_weights("ssl/mae-vit-base-p16").shapes["output"] == (768,)
    assert without_weights("custom/clip", variant="RN50").name == "custom/clip(variant=RN50)"
    assert next(iter(VARIANTS["clip"])) == "ViT-B/32"


def test_self_supervised_resnets_take_a_file_and_say_so(tmp_path):
    import torchvision

    with pytest.raises(UnavailableError, match="ssl/simclr-rn50 is unavailable because") as caught:
        model("ssl/simclr-rn50")
    assert caught.value.hint.startswith("Give its weights=PATH, or take timm/resnet50")
    net = torchvision.models.resnet50(weights=None)
    net.fc = nn.Identity()
    trunk = {f"_feature_blocks.{name}": tensor for name, tensor in net.state_dict().items()}
    nested = {"classy_state_dict": {"base_model": {"model": {"trunk": trunk, "heads": {}}}}}
    torch.save(nested, tmp_path / "vissl.torch")
    found = model("ssl/simclr-rn50", weights=tmp_path / "vissl.torch", size=64)
    assert found.shapes["output"] == (2048,)
    assert found.default_layers == ("output",)


@pytest.mark.parametrize("source", ["timm", "torchvision", "checkpoint", "ssl", "custom"])
def test_sources_of_networks_import_no_code_and_list_nothing(source):
    assert not SOURCES[source].imports_code
    assert SOURCES[source].names() == ()
