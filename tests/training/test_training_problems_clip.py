"""CLIP-HBA as a study: a tiny CLIP of random weights learns numbers per prompt, through the cut and whole."""

from __future__ import annotations

import numpy as np
import pytest
import small_studies as small
import torch

from repalign.benchmarks import score
from repalign.data import Assembly, load_responses
from repalign.errors import InputError, ShapeError
from repalign.models.adapters import DoraSettings, attached, export_adapters, import_adapters
from repalign.models.clip_hba import ClipShape, clip_hba, plain_clip
from repalign.training.problem import innermost
from repalign.training.problems import learned_target, making


@pytest.fixture(autouse=True)
def made_anew():
    """Problems are remembered by their options and places; tests change what lies there."""
    making._made.cache_clear()


TINY = {"image": 28, "patch": 14, "vision": [32, 3, 4], "text": [32, 2, 4], "context": 12, "embed": 16}
PROMPTS = ["metallic", "food", "an animal", "colourful", "round"]


def clip_options(**network):
    net = {"model": "plain/tiny", "parameters": TINY, "dora": {"rank": 4}, **network}
    probe = {"benchmark": "mine/probe", "measures": ["rsa-correlation-spearman"]}
    return {"target": "mine/emb", "validation": 8, "network": net, "probes": [probe]}


def clip_where(tmp_path):
    ids, where = small.own(tmp_path, n=60, width=len(PROMPTS), side=28)
    small.embedding(tmp_path / "emb.npz", ids, len(PROMPTS), scale=10.0)
    (tmp_path / "prompts.txt").write_text("\n".join(PROMPTS) + "\n")
    return {**where, "network": {"prompts": str(tmp_path / "prompts.txt")}}


def test_clip_hba_learns_through_a_study_with_the_cut_as_without(tmp_path):
    where, ends = clip_where(tmp_path), {}
    for cut in (True, False):
        ends[cut] = small.trained(clip_options(cut=cut), where, tmp_path / str(cut), epochs=4)
    problem, run, net = ends[True]
    small.same_history(run, ends[False][1], rel=2e-4)
    losses = [row["train_loss"] for row in run.state.history[1:]]
    assert losses[-1] < 0.9 * losses[0]
    for part in (problem.train.source, problem.validation.source):
        one, other = (small.outputs_of(None, module, part) for module in (net, ends[False][2]))
        np.testing.assert_allclose(one, other, atol=1e-3 * np.abs(other).max())
    for what, value in small.numbers(ends[False][1]).items():
        assert small.numbers(run)[what] == pytest.approx(value, abs=2e-3), what


@pytest.mark.parametrize("window", ["image_noise", "blank_image"])
def test_perturbed_images_reach_clip_hba_behind_its_cut(tmp_path, window):
    where, runs = clip_where(tmp_path), {}
    for cut in (True, False, None):
        asked = small.WINDOWS[window] if cut is not None else None
        runs[cut] = small.trained(
            clip_options(cut=cut is not False), where, tmp_path / str(cut), epochs=2, perturbation=asked
        )[1]
    small.same_history(runs[True], runs[False], rel=2e-4)
    epoch = small.WINDOWS[window].first
    assert runs[True].state.history[epoch]["train_loss"] != pytest.approx(
        runs[None].state.history[epoch]["train_loss"], rel=1e-3
    )


@pytest.mark.parametrize("cut", [True, False])
def test_all_three_adapters_of_clip_hba_are_trained_and_nothing_else(tmp_path, cut):
    where = clip_where(tmp_path)
    problem = learned_target(clip_options(cut=cut), where)
    module = problem.build(0)
    outputs = module(problem.train.inputs(np.arange(8)))
    ((outputs - torch.from_numpy(problem.train.targets[:8])) ** 2).mean().backward()
    named = {n: p for n, p in module.named_parameters() if p.grad is not None and bool(p.grad.abs().sum())}
    modules = {n.split("net.")[-1].partition(".parametrizations")[0] for n in named}
    assert modules == {
        "visual.transformer.resblocks.1.attn.out_proj",
        "visual.transformer.resblocks.2.attn.out_proj",
        "transformer.resblocks.1.attn.out_proj",
    }
    assert all(p.requires_grad == (n in named) for n, p in module.named_parameters())
    assert sum(p.numel() for p in named.values()) == 3 * (32 + 2 * 4 * 32)


def test_adapters_of_a_run_are_exported_and_give_the_same_outputs_elsewhere(tmp_path):
    where = clip_where(tmp_path)
    problem, _, net = small.trained(clip_options(), where, tmp_path / "run", epochs=2)
    hba = innermost(net)
    export_adapters(hba.net, tmp_path / "adapters.safetensors")
    other = clip_hba(
        plain_clip(ClipShape(**TINY)),
        PROMPTS,
        seed=99,
        settings=DoraSettings(rank=4),
        tokenize=lambda texts: hba.tokens,
    )
    images = problem.validation.source
    before = small.outputs_of(None, other, images)
    assert set(import_adapters(other.net, tmp_path / "adapters.safetensors")) == set(attached(hba.net))
    np.testing.assert_array_equal(small.outputs_of(None, other, images), small.outputs_of(None, hba, images))
    assert not np.allclose(before, small.outputs_of(None, hba, images), atol=1e-2)


def test_clip_hba_needs_a_prompt_per_dimension(tmp_path):
    where = clip_where(tmp_path)
    (tmp_path / "prompts.txt").write_text("\n".join(PROMPTS[:4]))
    with pytest.raises(ShapeError, match=r"\(4,\) numbers per stimulus.*\(5,\)"):
        learned_target(clip_options(), where)
    with pytest.raises(InputError, match=r"network.*visio"):
        learned_target(clip_options(parameters={**TINY, "visio": 3}), where)


def test_layers_of_clip_hba_are_those_of_its_towers(tmp_path):
    """Its second half goes round the modules, so a layer's responses come from the whole network."""
    where = clip_where(tmp_path)
    layers = ["net.visual.transformer.resblocks.0", "net.visual.transformer.resblocks.2.mlp"]
    options = clip_options()
    options["probes"][0] |= {"layers": layers, "tokens": "cls"}
    problem, run, net = small.trained(options, where, tmp_path / "run", epochs=1)
    seen = {}
    hba = innermost(net)
    hooks = [
        hba.get_submodule(n).register_forward_hook(lambda _m, _g, out, n=n: seen.update({n: out[:, 0]}))
        for n in layers
    ]
    small.outputs_of(None, hba, problem.probes[0].part)
    for hook in hooks:
        hook.remove()
    target = load_responses(tmp_path / "probe.npz")
    for layer in layers:
        side = Assembly(seen[layer].double().numpy(), problem.probes[0].part.ids)
        (hand,) = score(side, target, "rsa-correlation-spearman", draws=0, permutations=0)
        (row,) = run.scores().where(layer=layer, epoch=1)
        assert row.value == pytest.approx(hand.value, abs=1e-6)
