"""Problems of studies: what is learned and probed is what the study says, with a cut or without."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import small_studies as small
import torch
from PIL import Image

from repalign.benchmarks import Benchmark, benchmark, score, split_ceiling
from repalign.data import RDM, Assembly, load_responses
from repalign.errors import (
    UnsuitableError,
)
from repalign.metrics import measure as find_measure
from repalign.seeds import rng
from repalign.training.measuring import R2
from repalign.training.problems import learned_target, making, pictures, probing
from repalign.training.run_spec import Perturbation
from repalign.training.trainer import train


@pytest.fixture(autouse=True)
def made_anew():
    """Problems are remembered by their options and places; tests change what lies there."""
    making._made.cache_clear()


# --- behind the cut as without it


@pytest.mark.parametrize("window", small.WINDOWS)
def test_training_behind_the_cut_equals_training_the_whole(tmp_path, window):
    found = [
        small.trained(
            small.digits(network={"cut": cut}),
            small.stored(tmp_path),
            tmp_path / str(cut),
            perturbation=small.WINDOWS[window],
        )
        for cut in (True, False)
    ]
    (problem, behind, half), (_, whole, net) = found
    small.same_history(behind, whole)
    assert small.numbers(behind).keys() == small.numbers(whole).keys()
    for what, value in small.numbers(whole).items():
        assert small.numbers(behind)[what] == pytest.approx(value, abs=2e-5), what
    parts = [problem.validation.source, found[1][0].train]
    for part in parts:
        np.testing.assert_allclose(
            small.outputs_of(problem, half, part), small.outputs_of(problem, net, part), atol=1e-5
        )


@pytest.mark.parametrize("window", [None, "image_noise"])
def test_frozen_batch_statistics_stand_still_with_a_cut_and_without(tmp_path, window):
    """A residual network with batch normalisation: only adapters are trained, so nothing else may move."""
    _, where = small.own(tmp_path, side=32)
    where["network"] = {"weights": str(small.checkpoint(tmp_path / "w.th"))}
    before = torch.load(tmp_path / "w.th")
    ends = {}
    for cut in (True, False):
        options = small.own_options(network={**small.RESNET, "cut": cut})
        _, run, net = small.trained(
            options, where, tmp_path / str(cut), perturbation=small.WINDOWS[window], epochs=2
        )
        ends[cut] = run, small.plain_weights(net)
    small.same_history(ends[True][0], ends[False][0], rel=1e-4)
    for name, tensor in ends[True][1].items():
        np.testing.assert_allclose(tensor, ends[False][1][name], atol=1e-4, err_msg=name)
    for name in (n for n in before if "running" in n):
        assert np.array_equal(ends[False][1][name], before[name].double().numpy()), name
    assert ends[True][1].keys() == ends[False][1].keys()


def test_a_perturbation_of_images_arrives_behind_the_cut(tmp_path):
    """With weights that stand still the training losses are those of clean and of grey images, by hand."""
    still = {"kind": "sgd", "rate": 1e-20, "momentum": 0.0, "weight_decay": 0.0}
    window = Perturbation(kind="blank_image", first=2, length=1, options={"grey": 0.25})
    options, where = small.digits(probes=[]), small.stored(tmp_path)
    _, run, _ = small.trained(options, where, tmp_path / "run", optimiser=still, perturbation=window)
    whole = learned_target(small.digits(probes=[], network={"cut": False}), where)
    # The network of the run, from its seed, without a cut.
    net = whole.build(int(rng(0, "training", "weights").integers(2**31))).eval()
    images = torch.from_numpy(whole.train.images / np.float32(255))
    mean, sd = (torch.tensor(each)[:, None, None] for each in (whole.train.mean, whole.train.sd))
    losses = []
    for shown in (images, torch.full_like(images, 0.25)):
        with torch.no_grad():
            outputs = net(((shown - mean) / sd).float()).double().numpy()
        losses.append(float(((outputs - whole.train.targets) ** 2).mean()))
    found = [row["train_loss"] for row in run.state.history]
    assert found[1:] == pytest.approx([losses[0], losses[1], losses[0]], rel=1e-5)
    assert abs(losses[0] - losses[1]) > 1e-4
    clean = [row["validation_loss"] for row in run.state.history]
    assert len(set(clean)) == 1


def test_layers_before_the_cut_are_read_from_the_whole_network(tmp_path):
    """Behind a cut a constant layer is a stand-in: what a probe reads of it must come from the network."""
    layers = ["conv1", "pool1", "conv2", "penultimate", "output"]
    options = small.own_options(probe={"layers": layers})
    _, where = small.own(tmp_path)
    problem, run, net = small.trained(options, where, tmp_path / "run", epochs=1)
    seen = responses_by_hand(net.net, small.learned_part(options, where), layers)
    target = load_responses(tmp_path / "probe.npz")
    for layer in layers:
        wanted = score(seen[layer], target, "rsa-correlation-spearman", draws=0, permutations=0)
        (row,) = run.scores().where(target="mine/probe", layer=layer, epoch=1)
        assert row.value == pytest.approx(wanted[0].value, abs=1e-6), layer
    assert len(problem.probes) == 1


def responses_by_hand(net, part, layers) -> dict[str, Assembly]:
    """With hooks of our own; ``penultimate`` is what ``fc`` is given."""
    kept = {}
    hooks = [
        module.register_forward_hook(
            lambda _m, given, out, n=name: kept.update({n: out, f"{n}-in": given[0]})
        )
        for name, module in net.named_children()
    ]
    with torch.no_grad():
        kept["output"] = net.eval()(part.inputs(np.arange(len(part.ids))))
    for hook in hooks:
        hook.remove()
    kept["penultimate"] = kept.get("fc-in", kept.get("head-in"))
    return {name: Assembly(kept[name].double().flatten(1).numpy(), part.ids) for name in layers}


# --- images in memory and not


def test_images_decoded_anew_are_those_held(tmp_path, monkeypatch):
    _, where = small.own(tmp_path)
    parts = {}
    for held in (pictures.HELD, 0):
        monkeypatch.setattr(pictures, "HELD", held)
        making._made.cache_clear()
        problem = learned_target(small.own_options(network={"cut": False}), where)
        parts[bool(held)] = problem
    held, streamed = parts[True], parts[False]
    assert isinstance(streamed.train, pictures.Streamed)
    assert not isinstance(held.train, pictures.Streamed)
    rows = np.array([5, 0, 5, 27])
    window = Perturbation(kind="image_noise", first=1, length=1)
    for one, other in ((held.train, streamed.train), (held.probes[0].part, streamed.probes[0].part)):
        assert one.ids == other.ids
        which = rows[rows < len(one.ids)]
        assert torch.equal(one.inputs(which), other.inputs(which))
        assert other.inputs(which[:0]).shape == one.inputs(which[:0]).shape  # a process without a share
    assert np.array_equal(held.train.targets, streamed.train.targets)
    ends = [
        train(p, small.spec_of(p, epochs=1, perturbation=window), tmp_path / n)
        for n, p in (("h", held), ("s", streamed))
    ]
    assert ends[0].state.history == ends[1].state.history


def shown_anew(stimuli, preprocessing):
    part = pictures.pictures(stimuli, stimuli.ids, np.zeros(len(stimuli.ids)), preprocessing)
    return part.inputs(np.arange(len(stimuli.ids)))


def test_streamed_images_of_several_sizes_are_refused(tmp_path, monkeypatch):
    _, where = small.own(tmp_path, n=24)
    Image.new("RGB", (9, 9)).save(tmp_path / "images" / "kind-1" / "001.png")
    whole = replace(pictures.Preprocessing(), size=None)
    stimuli = benchmark("mine/emb", where["mine/emb"]).stimuli
    for held in (pictures.HELD, 0):
        monkeypatch.setattr(pictures, "HELD", held)
        with pytest.raises(UnsuitableError, match=r"comes out as \(3, 9, 9\).*\(3, 16, 16\)|\(3, 16, 16\)"):
            shown_anew(stimuli, whole)


# --- classes


def test_classes_are_the_folders_of_images_and_a_transformer_learns_them(tmp_path):
    """From scratch, by cross-entropy with smoothing; its class token is read as a hook reads it."""
    pytest.importorskip("timm")
    ids = small.photographs(tmp_path / "images", 48, side=32)
    small.embedding(tmp_path / "probe.npz", ids[::4], 6)
    where = {
        "mine": {"stimuli": str(tmp_path / "images")},
        "mine/probe": {"stimuli": str(tmp_path / "images"), "target": str(tmp_path / "probe.npz")},
    }
    network = {
        "model": "timm/test_vit",
        "train": "all",
        "parameters": {"pretrained": False, "num_classes": 3},
    }
    layers = ["blocks.1", "penultimate"]
    probe = {
        "benchmark": "mine/probe",
        "layers": layers,
        "tokens": "cls",
        "measures": ["rsa-correlation-spearman"],
    }
    options = {"labels": "mine/folder", "network": network, "validation": 9, "probes": [probe]}
    how = {"loss": "cross-entropy", "label_smoothing": 0.1, "epochs": 3, "optimiser": {"rate": 1e-3}}
    problem, run, net = small.trained(options, where, tmp_path / "run", **how)
    wanted = [int(each[len("kind-")]) for each in problem.train.ids]
    assert problem.train.targets.tolist() == wanted
    losses = [row["train_loss"] for row in run.state.history[1:]]
    assert losses[-1] < losses[0]
    right, smooth = by_hand(net, problem.validation, smoothing=0.1)
    assert run.state.history[-1]["validation|||accuracy"] == pytest.approx(right)
    assert run.state.history[-1]["validation_loss"] == pytest.approx(smooth, rel=1e-5)
    tokens = class_tokens(net, problem.probes[0].part)
    target = load_responses(tmp_path / "probe.npz")
    for layer in layers:
        seen = Assembly(tokens[layer], problem.probes[0].part.ids)
        hand = score(seen, target, "rsa-correlation-spearman", draws=0, permutations=0)
        (row,) = run.scores().where(layer=layer, epoch=3)
        assert row.value == pytest.approx(hand[0].value, abs=1e-5), layer


def by_hand(net, part, smoothing):
    outputs = small.outputs_of(None, net, part)
    logs = outputs - np.log(np.exp(outputs).sum(axis=1, keepdims=True))
    correct = np.take_along_axis(logs, part.targets[:, None], 1)[:, 0]
    loss = -((1 - smoothing) * correct + smoothing * logs.mean(axis=1)).mean()
    return float((outputs.argmax(axis=1) == part.targets).mean()), float(loss)


def class_tokens(net, part):
    kept = {}
    hooks = [
        net.blocks[1].register_forward_hook(lambda _m, _g, out: kept.update({"blocks.1": out[:, 0]})),
        net.head.register_forward_pre_hook(lambda _m, given: kept.update(penultimate=given[0])),
    ]
    small.outputs_of(None, net, part)
    for hook in hooks:
        hook.remove()
    return {name: tensor.double().numpy() for name, tensor in kept.items()}


# --- what is measured


def test_what_of_the_targets_is_learned_is_one_minus_ss_over_ss(tmp_path):
    _, where = small.own(tmp_path)
    options = small.own_options()
    problem, run, net = small.trained(options, where, tmp_path / "run", epochs=2)
    outputs = small.outputs_of(problem, net, problem.validation.source)
    emb = load_responses(tmp_path / "emb.npz").select(problem.validation.ids).array()
    wanted = 1 - ((emb - outputs) ** 2).sum(axis=0) / ((emb - emb.mean(axis=0)) ** 2).sum(axis=0)
    rows = {row.region: row.value for row in run.scores().where(measure=R2, epoch=2)}
    assert rows == {f"d{k}": pytest.approx(wanted[k], abs=1e-5) for k in range(10)}
    assert run.state.history[-1]["validation_loss"] == pytest.approx(((emb - outputs) ** 2).mean(), rel=1e-5)
    window = Perturbation(kind="target_noise", first=1, length=1)
    for name, changes, how in (
        ("disturbed", {}, {"perturbation": window}),
        ("unasked", {"dimensions": False}, {}),
    ):
        _, other, _ = small.trained({**options, **changes}, where, tmp_path / name, epochs=1, **how)
        assert not other.scores().where(measure=R2)


def test_rows_within_categories_are_scores_of_both_sides_centred_by_hand(tmp_path):
    _, where = small.own(tmp_path)
    options = small.own_options(probe={"within": "category"})
    problem, run, net = small.trained(options, where, tmp_path / "run", epochs=1)
    part = problem.probes[0].part
    sides = [
        small.outputs_of(problem, net, part),
        load_responses(tmp_path / "probe.npz").select(part.ids).array().copy(),
    ]
    kinds = np.array([each.partition("/")[0] for each in part.ids])
    for side in sides:
        for kind in set(kinds):
            side[kinds == kind] -= side[kinds == kind].mean(axis=0)
    model, target = (Assembly(side, part.ids) for side in sides)
    (hand,) = score(model, target, "rsa-correlation-spearman", draws=0, permutations=0)
    (row,) = run.scores().where(target="mine/probe-within", epoch=1)
    assert row.value == pytest.approx(hand.value, abs=1e-5)
    (plain,) = run.scores().where(target="mine/probe", epoch=1)
    assert plain.value != pytest.approx(row.value, abs=1e-3)
    assert "category-centred" in row.reason


def test_only_baselines_are_tested_and_only_at_the_epochs_asked_for(tmp_path):
    _, where = small.own(tmp_path)
    options = small.own_options(probe={"tested": [0, -1], "draws": 20, "permutations": 20})
    _, base, _ = small.trained(options, where, tmp_path / "base", epochs=3)
    assert {row.epoch for row in base.scores() if row.p is not None} == {0, 3}
    assert {row.epoch for row in base.scores() if row.ci_low is not None} == {0, 3}
    window = Perturbation(kind="target_noise", first=1, length=1)
    _, other, _ = small.trained(options, where, tmp_path / "other", epochs=3, perturbation=window)
    assert all(row.p is None and row.ci_low is None for row in other.scores())
    values = [
        {row.epoch: row.value for row in run.scores().where(target="mine/probe")} for run in (base, other)
    ]
    assert values[0][0] == values[1][0]


def test_the_ceiling_of_a_probe_is_that_of_splits_of_its_annotators(tmp_path, monkeypatch):
    _, where = small.own(tmp_path)
    truth = load_responses(tmp_path / "probe.npz")

    def halves(generator):
        noisy = [truth.array() + 0.3 * generator.normal(size=truth.array().shape) for _ in range(2)]
        return tuple(Assembly(each, truth.ids) for each in noisy)

    def known(name: str, options=None) -> Benchmark:
        return replace(benchmark(name, options), halves=halves)

    monkeypatch.setattr(probing, "benchmark", known)
    measure = "rsa-correlation-spearman"
    options = small.own_options(probe={"splits": 4, "seed": 3, "within": "category"})
    problem, run, _ = small.trained(options, where, tmp_path / "run", epochs=1)
    ids = problem.probes[0].part.ids

    def sorted_halves(generator):
        return tuple(each.select(ids) for each in halves(generator))

    lower, upper = split_ceiling(sorted_halves, find_measure(measure), splits=4, seed=3)
    rows = list(run.scores().where(target="mine/probe"))
    assert [(r.ceiling_lower, r.ceiling_upper) for r in rows] == [(lower, upper)] * 2
    assert 0 < lower < upper <= 1
    assert "4 splits" in rows[0].reason
    centred = run.scores().where(target="mine/probe-within")
    assert {r.ceiling_lower for r in centred} != {lower}
    assert all(r.ceiling_lower is not None for r in centred)


def test_regions_of_a_brain_are_scored_apart(tmp_path):
    """Two RDMs as own benchmarks: rows of each region, equal to score() on the network's outputs."""
    ids, where = small.own(tmp_path)
    draw = np.random.default_rng(4)
    for region in ("V1", "LO1"):
        RDM(draw.uniform(size=66), tuple(ids[::4])).save(tmp_path / f"{region}.npz")
        where[f"mine/{region}"] = {
            **where["mine/probe"],
            "target": str(tmp_path / f"{region}.npz"),
            "region": region,
        }
    options = small.own_options()
    options["probes"] = [{"benchmark": f"mine/{region}"} for region in ("V1", "LO1")]
    problem, run, net = small.trained(options, where, tmp_path / "run", epochs=1)
    part = learned_target({**options, "network": {**options["network"], "cut": False}}, where).probes[0].part
    model = Assembly(small.outputs_of(problem, net, part), part.ids)
    for region in ("V1", "LO1"):
        (hand,) = score(
            model, RDM.load(tmp_path / f"{region}.npz"), "rsa-correlation-spearman", draws=0, permutations=0
        )
        (row,) = run.scores().where(region=region, epoch=1)
        assert row.value == pytest.approx(hand.value, abs=1e-6)
        assert row.measure == "rsa-correlation-spearman"
        assert f"mine/{region}|{region}|output|rsa-correlation-spearman" in run.state.history[0]
