"""Laws of the catalogue and of frozen registries."""

from __future__ import annotations

import json

import pytest
from torch_for_tests import STIMULI

from repalign.errors import FileError, UnknownNameError, VerificationError
from repalign.models import freeze, load_registry, model
from repalign.models.catalog import catalog, family_of, objective_of, training_sets_of

TINY = ("timm/test_vit.r160_in1k", "timm/test_resnet.r160_in1k", "timm/test_convnext.r160_in1k")


@pytest.mark.parametrize(
    ("name", "family", "sets", "objective"),
    [
        ("resnet18.a1_in1k", "resnet", ("in1k",), "classification"),
        (
            "convnext_base.clip_laion2b_augreg_ft_in12k_in1k",
            "convnext",
            ("laion2b", "in12k", "in1k"),
            "classification",
        ),
        ("vit_base_patch16_clip_224.openai", "vit", ("wit400m",), "contrastive image-text"),
        ("vit_base_patch16_224.mae", "vit", ("in1k",), "masked images"),
        ("vit_small_patch14_dinov2.lvd142m", "vit", ("lvd142m",), "self-distillation"),
        ("vit_base_patch16_224.dino", "vit", ("in1k",), "self-distillation"),
        ("samvit_base_patch16.sa1b", "samvit", ("sa1b",), "segmentation"),
        ("tf_efficientnet_b7.ns_jft_in1k", "tf", ("jft", "in1k"), "classification"),
        ("resnet50.fb_swsl_ig1b_ft_in1k", "resnet", ("ig1b", "in1k"), "classification"),
        ("efficientnetv2_s.in21k_ft_in1k", "efficientnetv", ("in21k", "in1k"), "classification"),
    ],
)
def test_names_say_family_training_sets_in_order_and_objective(name, family, sets, objective):
    architecture, _, tag = name.partition(".")
    assert family_of(architecture) == family
    assert training_sets_of(architecture, tag) == sets
    assert objective_of(architecture, tag, 1000 if objective == "classification" else 0) == objective


def test_the_catalogue_is_timms_list_of_published_weights():
    import timm

    entries = catalog()
    assert [e.name for e in entries] == [f"timm/{n}" for n in sorted(timm.list_models(pretrained=True))]
    assert len(entries) > 1500
    told = sum(bool(e.training_sets) for e in entries) / len(entries)
    assert told > 0.9  # of nearly all the tag names a training set


def test_filters_hold_all_at_once():
    entries = catalog(family="vit", trained_on="laion2b", size=224, search="clip large")
    assert entries
    for entry in entries:
        assert entry.family == "vit"
        assert "laion2b" in entry.training_sets
        assert entry.input_size == (224, 224)
        assert "clip" in entry.name
        assert "large" in entry.name
    assert catalog(search="no such words") == ()


@pytest.mark.parametrize(
    ("filters", "message"),
    [({"family": "resnett"}, "'resnet"), ({"trained_on": "in1kk"}, "'in1k'")],
)
def test_a_misspelt_filter_names_the_nearest(filters, message):
    with pytest.raises(UnknownNameError, match=message):
        catalog(**filters)


def test_one_per_family_is_the_first_name_of_every_family():
    everything, chosen = catalog(), catalog(one_per_family=True)
    assert {e.family for e in chosen} == {e.family for e in everything}
    assert len({e.family for e in chosen}) == len(chosen)
    for entry in chosen:
        assert entry.name == min(e.name for e in everything if e.family == entry.family)
    assert len(chosen) > 130  # 141 with the timm of the 2026 hackathon


def test_a_frozen_registry_says_all_that_is_needed_and_is_read_back(tmp_path):
    path = tmp_path / "registry.json"
    seen = []
    frozen = freeze(path, TINY, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert load_registry(path) == frozen
    assert [m.name for m in frozen.models] == sorted(TINY)
    import timm

    net = timm.create_model("test_resnet")
    assert json.loads(path.read_text())["models"][1] == {
        "model_name": "test_resnet.r160_in1k",
        "source": "timm",
        "weights": "r160_in1k",
        "layer": "penultimate",
        "embedding": "pool",
        "input_size": list(net.default_cfg["input_size"][1:]),
        "preprocess": {
            "mean": list(net.default_cfg["mean"]),
            "std": list(net.default_cfg["std"]),
            "resize": int(160 / net.default_cfg["crop_pct"]),
            "crop": list(net.default_cfg["input_size"][1:]),
        },
        "output_dim": net.num_features,
    }


def test_what_a_registry_says_is_what_the_model_does(tmp_path):
    for entry in freeze(tmp_path / "r.json", TINY).models:
        built = model(f"timm/{entry.model_name.partition('.')[0]}", pretrained=False)
        image = built.prepare(STIMULI.pixels(0))
        assert image.shape == (3, *entry.input_size)
        assert built.respond([image], [entry.layer])[entry.layer].shape == (1, entry.output_dim)


def test_the_order_of_names_does_not_matter_and_the_content_does(tmp_path):
    first = freeze(tmp_path / "a.json", TINY)
    assert freeze(tmp_path / "b.json", [*TINY[::-1], TINY[0]]) == first
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert freeze(tmp_path / "c.json", TINY[:2]).sha256 != first.sha256


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda c: c["models"].pop(), VerificationError, "its models have the sha256"),
        (lambda c: c["models"][0].update(layer="other"), VerificationError, "its models have the sha256"),
        (lambda c: c["models"][0].pop("layer"), FileError, "has exactly model_name, source"),
        (lambda c: c["models"][0].update(embedding="sum"), FileError, "has exactly model_name, source"),
        (lambda c: c.pop("models"), FileError, "is no model registry"),
        (lambda c: c.update(format="x"), FileError, "is no model registry"),
    ],
)
def test_a_registry_that_was_changed_is_refused(tmp_path, change, error, message):
    path = tmp_path / "registry.json"
    freeze(path, TINY[:2])
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(error, match=message):
        load_registry(path)
