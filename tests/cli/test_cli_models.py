"""repalign models list, show, layers, catalog: in words within 80 columns, and as JSON."""

from __future__ import annotations

import sys

import pytest
from text_for_tests import widest

from repalign.models import model, model_names

torch = pytest.importorskip("torch")


def test_listing_says_how_networks_are_named(run):
    ran = run("models", "list")
    assert widest(ran.out) <= 80
    for name in (*model_names(), "timm/NAME.TAG", "checkpoint/NAME", "repalign models catalog"):
        assert name in ran.out
    assert run("models", "list", "--json").json["models"] == list(model_names())


def test_listing_needs_no_torch(start):
    before = (
        "import sys\n"
        "class Refusing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        assert name.split('.')[0] not in ('torch', 'torchvision', 'timm'), name\n"
        "sys.meta_path.insert(0, Refusing())"
    )
    ran = start("models", "list", before=before)
    out, err = ran.communicate(timeout=60)
    assert (ran.returncode, err) == (0, "")
    assert "builtin/gabor" in out


@pytest.mark.parametrize(
    "name", ["timm/test_vit.r160_in1k", "torchvision/alexnet", "checkpoint/cifar-resnet20"]
)
def test_a_network_is_shown_without_its_weights(run, name):
    text, shown = run("models", "show", name), run("models", "show", name, "--json").json
    assert text.code == 0
    assert widest(text.out) <= 80
    assert shown["name"].startswith(name)
    assert shown["digest"] == "known when its weights are loaded"
    assert shown["layers"][-2:] == ["penultimate", "output"]
    assert f"repalign models layers {name}" in " ".join(text.out.split())


def test_a_builtin_model_is_shown_with_its_digest(run):
    assert run("models", "show", "builtin/rgb", "--json").json["digest"] == model("builtin/rgb").digest


def test_layers_are_listed_with_shapes(run):
    text, listed = (
        run("models", "layers", "timm/test_resnet"),
        run("models", "layers", "timm/test_resnet", "--json").json,
    )
    assert widest(text.out) <= 80
    assert listed["default"] == ["penultimate"]
    assert listed["layers"]["output"] == [1000]
    for layer, shape in listed["layers"].items():
        line = next(line for line in text.out.splitlines() if line.split()[:1] == [layer])
        assert " x ".join(map(str, shape)) in line
    assert run("models", "layers", "builtin/random", "--json").json["layers"] == {
        "conv1": [2048],
        "conv2": [4096],
    }


def test_the_catalogue_is_filtered_and_frozen(run, place):
    filters = ("--family", "test", "--trained-on", "in1k", "--size", 160, "--search", "r160 vit")
    text = run("models", "catalog", *filters, "--freeze", "r.json")
    assert text.code == 0
    assert widest(text.out) <= 80
    listed = run("models", "catalog", *filters, "--freeze", "s.json", "--json").json
    assert {m["family"] for m in listed["models"]} == {"test"}
    for entry in listed["models"]:
        assert entry["name"] in text.out
    assert listed["sha256"] in text.out
    assert (place / "r.json").read_bytes() == (place / "s.json").read_bytes()


def test_one_per_family_is_counted(run):
    ran = run("models", "catalog", "--one-per-family")
    assert widest(ran.out) <= 80
    n = len(run("models", "catalog", "--one-per-family", "--json").json["models"])
    assert f"{n} models of {n} families" in ran.out


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (("show", "timm/resnt18"), "timm/resnet18"),
        (("layers", "tim/resnet18"), "'timm'"),
        (("catalog", "--family", "resnett"), "'resnet'"),
        (("catalog", "--trained-on", "in1kk"), "'in1k'"),
    ],
)
def test_misspelt_names_get_the_nearest(run, arguments, nearest):
    ran = run("models", *arguments, "--json")
    assert ran.code == 1
    assert nearest in ran.error()["hint"]
    assert run("models", *arguments).err.startswith("error: ")


def test_without_torch_the_catalogue_says_what_to_install(run, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "timm", None)
    assert run("models", "catalog", "--json").error()["hint"] == "pip install 'repalign[models]'"
