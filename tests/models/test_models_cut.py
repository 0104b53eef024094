"""The exact cut: what it gives is what the whole network gives; what it keeps is kept once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from copy import deepcopy

import numpy as np
import pytest
from clips_for_tests import LIBRARIES, PROMPTS, gradients, hba, images, tiny, tokenize, torch
from torch import nn

from repalign.data import StimulusSet
from repalign.errors import (
    DegenerateError,
    IdentityError,
    InputError,
    ShapeError,
    UnsuitableError,
    VerificationError,
)
from repalign.models.adapters import DoraSettings, attach, trainable
from repalign.models.clip_hba import clip_hba, describe
from repalign.models.cut import CutClipHba, Kept, PrefixCut, Shown, TowerCut, keep_on_disk
from repalign.models.preprocessing import Preprocessing

WHERE = [(2, 1), (1, 1), (3, 2), (1, 2), (0, 1), (2, 0)]  # adapted blocks of both towers
SMALL = DoraSettings(rank=4)


def close(a, b, within):
    return float((a - b).detach().abs().max()) <= within * float(b.detach().abs().max())


def same(model, cut, kept, x, within):
    """Outputs and gradients of the cut are those of the whole, to a fraction of the largest number."""
    outputs, halves = model(x), cut(kept)
    assert close(halves, outputs, within)
    pairs = zip(gradients(model, halves), gradients(model, outputs), strict=True)
    assert all(close(ours, whole, within) for ours, whole in pairs)
    with torch.no_grad():
        assert close(cut(kept), model(x), within)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("vision", "text"), WHERE)
@pytest.mark.parametrize("library", LIBRARIES)
def test_the_cut_equals_the_whole_to_float32_roundoff(library, vision, text, training):
    model, x = hba(library, vision, text).train(training), images(6)
    cut = CutClipHba(model)
    same(model, cut, cut.vision.keep(x), x, 2e-6)


@pytest.mark.parametrize("library", LIBRARIES)
def test_in_float64_the_cut_equals_the_whole_to_float64_roundoff(library):
    """No approximation hides below float32's."""
    model, x = hba(library).double(), images(6, dtype=torch.float64)
    cut = CutClipHba(model)
    same(model, cut, cut.vision.keep(x), x, 1e-13)


def test_after_training_through_the_cut_the_model_itself_gives_the_same():
    model, x = hba("plain"), images(8)
    whole = deepcopy(model)
    targets = 100 * torch.rand((8, len(PROMPTS)), generator=torch.Generator().manual_seed(1))
    cut = CutClipHba(model)
    kept, losses = cut.vision.keep(x), {}
    for net, run in ((model, lambda: cut(kept)), (whole, lambda: whole(x))):
        optimiser = torch.optim.AdamW(trainable(net).values(), lr=3e-3)
        for _ in range(10):
            loss = nn.functional.mse_loss(run(), targets)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        losses[net] = float(loss.detach())
    with torch.no_grad():
        assert close(model(x), cut(kept), 1e-6)
        assert close(model(x), whole(x), 1e-3)
    assert losses[model] == pytest.approx(losses[whole], rel=1e-4)


@pytest.mark.parametrize(
    ("library", "where"),
    [
        ("plain", "visual.transformer.resblocks.{}.ln_1.weight"),
        ("plain", "visual.transformer.resblocks.{}.attn.in_proj_weight"),
        ("transformers", "vision_model.encoder.layers.{}.self_attn.q_proj.weight"),
    ],
)
@pytest.mark.parametrize("block", [0, 1, 2])
def test_a_weight_before_the_context_moves_the_cut_to_the_input(library, where, block):
    net, x = tiny(library).requires_grad_(False), images(4)
    net.get_parameter(where.format(block)).requires_grad_(True)
    cut = TowerCut(net, "vision")
    assert cut.name == f"vision tower, block {block}, at its input"
    assert set(cut.parts) == {"input"}
    outputs, halves = describe(net).vision.run(x), cut.finish(cut.keep(x))
    assert close(halves, outputs, 2e-6)
    pairs = zip(gradients(net, halves), gradients(net, outputs), strict=True)
    assert all(close(ours, whole, 5e-6) for ours, whole in pairs)


def test_weights_that_are_trained_without_an_adapter_are_no_part_of_the_digest():
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)).requires_grad_(False)
    net[2].requires_grad_(True)
    x = torch.ones(2, 4)
    before = PrefixCut(net, x).digest
    with torch.no_grad():
        net[2].weight.add_(1)
    assert PrefixCut(net, x).digest == before
    with torch.no_grad():
        net[0].weight.add_(1)
    assert PrefixCut(net, x).digest != before


def test_a_trained_weight_before_the_blocks_leaves_nothing_to_cut():
    net = tiny("plain")
    attach(net, "visual.conv1", SMALL, seed=0)
    with pytest.raises(UnsuitableError, match=r"visual\.conv1.*is trained"):
        TowerCut(net, "vision")


def test_training_does_not_change_the_digest_and_all_that_matters_does():
    model = hba("plain")
    before = TowerCut(model.net, "vision").digest
    with torch.no_grad():
        for parameter in trainable(model).values():
            parameter.add_(0.1)
    assert TowerCut(model.net, "vision").digest == before
    assert TowerCut(hba("plain", seed=5).net, "vision").digest == before
    assert TowerCut(model.net, "text").digest != before
    assert TowerCut(hba("plain", vision=1).net, "vision").digest != before
    heads, act, weights = hba("plain"), hba("plain"), hba("plain")
    heads.net.visual.transformer.resblocks[0].attn.num_heads = 2
    act.net.visual.transformer.resblocks[0].mlp.gelu = nn.GELU()
    with torch.no_grad():
        weights.net.visual.conv1.weight[0] += 1
    assert len({before, *(TowerCut(m.net, "vision").digest for m in (heads, act, weights))}) == 4


def test_what_is_kept_on_disk_is_what_was_computed(tmp_path):
    model, x = hba("plain"), images(21)
    cut = CutClipHba(model, tmp_path)
    seen = []
    shown = Shown.of_array([f"s{i}" for i in range(21)], x.numpy())
    kept = cut.keep(shown, tmp_path, lambda done, n: seen.append((done, n)))
    assert seen == [(16, 21), (21, 21)]
    assert kept.nbytes == 21 * 2 * 5 * 32 * 4
    held = cut.vision.keep(x)
    for where in ([0, 1, 2], [20, 3, 4, 3], []):
        for name, rows in kept.rows(where).items():
            torch.testing.assert_close(rows, held[name][where], rtol=1e-6, atol=1e-6)
    assert all(torch.equal(a, kept.rows([7, 2])[n]) for n, a in kept.of_ids(["s7", "s2"]).items())
    assert close(cut.evaluate(kept, batch_size=4), model(x), 2e-6)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy")}
    again = CutClipHba(hba("plain", seed=9), tmp_path)  # another start on the same backbone
    again.keep(shown, tmp_path, lambda *_: pytest.fail("computed twice"))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy")} == files
    assert len(files) == 4  # input and context of images and of prompts


def test_positions_of_the_end_of_text_are_kept_where_they_are_needed(tmp_path):
    model = hba("plain", text=2)
    cut = CutClipHba(model, tmp_path)
    assert cut.text.parts == {"input": "float32", "context": "float32", "position": "int64"}
    with torch.no_grad():
        assert close(cut.text_features(), model.net.encode_text(tokenize(PROMPTS)), 2e-6)


def test_an_interrupted_cut_is_continued(tmp_path):
    model, x = hba("plain"), images(40)
    shown = Shown.of_array([str(i) for i in range(40)], x.numpy())
    calls = []

    def stopping(first, last):
        calls.append(first)
        if first == 32:
            raise KeyboardInterrupt
        return x.numpy()[first:last]

    cut = TowerCut(model.net, "vision")
    with pytest.raises(KeyboardInterrupt):
        keep_on_disk(cut, Shown(shown.ids, shown.digest, stopping), tmp_path)
    assert not list(tmp_path.glob("*/values.npy")) or all(
        ".partial" in str(p) for p in tmp_path.glob("*/*.npy")
    )
    calls.clear()
    kept = keep_on_disk(
        cut, Shown(shown.ids, shown.digest, lambda a, b: (calls.append(a), x.numpy()[a:b])[1]), tmp_path
    )
    assert calls == [0, 32]  # one stimulus for the shapes, then the last batch
    whole = keep_on_disk(cut, shown, tmp_path / "other")
    assert all(torch.equal(a, whole.rows(range(40))[n]) for n, a in kept.rows(range(40)).items())


def test_a_cut_of_another_backbone_is_refused(tmp_path):
    cut = TowerCut(hba("plain").net, "vision")
    keep_on_disk(cut, Shown.of_array(["a"], images(1).numpy()), tmp_path)
    folders = {
        json.loads((f / "recipe.json").read_text())["layer"]: f for f in tmp_path.iterdir() if f.is_dir()
    }
    assert len(Kept(folders, cut)) == 1
    other = hba("plain")
    with torch.no_grad():
        other.net.visual.conv1.weight[0] += 1
    with pytest.raises(VerificationError, match="kept by a cut of digest"):
        Kept(folders, TowerCut(other.net, "vision"))
    with pytest.raises(VerificationError, match="part 'context'"):
        Kept({"input": folders["context"]}, cut)


def test_rows_that_are_not_there_are_refused(tmp_path):
    kept = keep_on_disk(
        TowerCut(hba("plain").net, "vision"), Shown.of_array(["a", "b"], images(2).numpy()), tmp_path
    )
    for where in ([2], [-1]):
        with pytest.raises(InputError, match="of 2 stimuli"):
            kept.rows(where)
    with pytest.raises(IdentityError):
        kept.of_ids(["c"])
    with pytest.raises(ShapeError, match="1 ids for 2"):
        Shown.of_array(["a"], images(2).numpy())


def test_a_stimulus_without_numbers_is_named(tmp_path):
    x = images(3).numpy()
    x[1] = np.nan
    with pytest.raises(DegenerateError, match="'b' gives NaN"):
        keep_on_disk(TowerCut(hba("plain").net, "vision"), Shown.of_array(["a", "b", "c"], x), tmp_path)


def test_an_image_perturbation_arrives_through_the_cut(tmp_path):
    """Noise and blank images reach the outputs as they do without a cut, and clean ones are not touched."""
    model, x = hba("plain"), images(6)
    cut = CutClipHba(model)
    noisy = x + 0.5 * images(6, seed=9)
    ids = [f"s{i}" for i in range(6)]
    clean = cut.keep(Shown.of_array(ids, x.numpy()), tmp_path)
    perturbed = cut.keep(Shown.of_array(ids, noisy.numpy()), tmp_path)
    with torch.no_grad():
        assert close(cut(perturbed.rows(range(6))), model(noisy), 2e-6)
        assert not close(cut(perturbed.rows(range(6))), model(x), 1e-2)
        assert close(cut(clean.rows(range(6))), model(x), 2e-6)
        grey = torch.full_like(x, 0.5)
        blank = cut.keep(Shown.of_array(["blank"], grey[:1].numpy()), tmp_path)  # one entry for all
        assert close(cut(blank.rows([0] * 6)), model(grey), 2e-6)
    for a, b in zip(
        gradients(model, cut(perturbed.rows(range(6)))), gradients(model, model(noisy)), strict=True
    ):
        assert close(a, b, 2e-6)


def test_images_of_a_set_are_prepared_as_said(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 40, 30, 3), dtype=np.uint8)
    stimuli = StimulusSet.from_arrays([f"s{i}" for i in range(5)], images=pixels, name="five")
    one, other = Preprocessing(size=(28, 28)), Preprocessing(size=(28, 28), mean=(0.5, 0.5, 0.5))
    model = hba("plain")
    cut = CutClipHba(model)
    kept = cut.keep(Shown.of_stimuli(stimuli, one), tmp_path)
    x = torch.from_numpy(np.stack([one(p) for p in pixels]))
    with torch.no_grad():
        assert close(cut.evaluate(kept), model(x), 2e-6)
    assert Shown.of_stimuli(stimuli, one).digest != Shown.of_stimuli(stimuli, other).digest


READER = """
import resource, sys
from pathlib import Path
from repalign.models.cut.kept import Kept
class Cut: digest = "d"
kept = Kept({"input": Path(sys.argv[1])}, Cut)
kept.rows(range(8))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
total = sum(float(kept.rows(range(i, i + 8))["input"][:, 0].sum()) for i in range(0, len(kept), 8))
print(total, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_reading_batches_never_holds_the_whole(tmp_path):
    """256 rows of 1 MB: reading all in batches of 8 adds less than 64 MB to the process."""
    pytest.importorskip("resource")
    rows, width = 256, 1 << 18
    np.lib.format.open_memmap(tmp_path / "values.npy", "w+", np.float32, (rows, width))[:, 0] = np.arange(
        rows
    )
    recipe = {"n_stimuli": rows, "n_units": width, "shape": [width], "model_digest": "d", "layer": "input"}
    (tmp_path / "recipe.json").write_text(json.dumps({**recipe, "ids": [str(i) for i in range(rows)]}))
    run = subprocess.run(
        [sys.executable, "-c", READER, str(tmp_path)], capture_output=True, text=True, check=True
    )
    total, kilobytes = map(float, run.stdout.split())
    assert total == rows * (rows - 1) / 2
    assert kilobytes < 64_000


class Tail(nn.Module):
    """A residual network: shared activation, in-place writes, a branch past the adapted block."""

    def __init__(self, *, trick=None):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.act = nn.ReLU(inplace=True)
        self.one = nn.Conv2d(8, 8, 3, padding=1)
        self.two = nn.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Linear(8, 4)
        self.trick = trick

    def forward(self, x):
        a = self.act(self.norm(self.stem(x)))
        b = self.two(self.act(self.one(a)))
        if self.trick == "in place":
            a += b
            b = self.act(a) + a
        elif self.trick == "detached":
            b = b.detach() + self.one(b).detach() + a
            return {"logits": self.head(self.act(b).mean((2, 3)))}
        else:
            b = self.act(b + a)
        return {"logits": self.head(b.mean((2, 3)))}


def tail(where, **how):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Tail(**how).eval()
    attach(net, where, SMALL, seed=0)
    return net


PLACES = {"one": ("act",), "two": ("act", "act#1"), "head": ("act#2",)}


@pytest.mark.parametrize("where", PLACES)
def test_any_network_is_cut_at_what_the_rest_reads(where, tmp_path):
    net, x = tail(where), torch.randn((9, 3, 6, 6), generator=torch.Generator().manual_seed(1))
    cut = PrefixCut(net, x[:3])
    assert tuple(cut.parts) == PLACES[where]
    kept = keep_on_disk(cut, Shown.of_array([str(i) for i in range(9)], x.numpy()), tmp_path, batch_size=4)
    for rows in (cut.keep(x), kept.rows(range(9))):
        whole, halves = net(x)["logits"], cut.finish(rows)["logits"]
        assert close(halves, whole, 1e-6)
        assert all(
            close(a, b, 2e-6) for a, b in zip(gradients(net, halves), gradients(net, whole), strict=True)
        )


def test_what_the_network_writes_into_is_kept_unchanged():
    net, x = (
        tail("two", trick="in place"),
        torch.randn((4, 3, 6, 6), generator=torch.Generator().manual_seed(1)),
    )
    cut = PrefixCut(net, x)
    kept = cut.keep(x)
    before = {name: t.clone() for name, t in kept.items()}
    first, second = cut.finish(kept)["logits"], cut.finish(kept)["logits"]
    assert torch.equal(first, second)
    assert close(first, net(x)["logits"], 1e-6)
    assert all(torch.equal(t, before[name]) for name, t in kept.items())


def test_the_first_half_is_not_run_again():
    net, x = tail("head"), torch.ones(4, 3, 6, 6)
    cut = PrefixCut(net, x)
    kept = cut.keep(x)
    calls = []
    handles = [m.register_forward_hook(lambda *_, n=n: calls.append(n)) for n, m in net.named_children()]
    with torch.no_grad():
        for module in (net.stem, net.one, net.two):
            module.bias.fill_(float("nan"))  # whoever computes with these would show it
    assert torch.isfinite(cut.finish(kept)["logits"]).all()
    for handle in handles:
        handle.remove()
    assert "head" in calls


def test_code_that_hides_what_is_trained_is_refused():
    """A detached branch depends on what is trained though autograd does not say so."""
    net = tail(["two", "head"], trick="detached")
    x = torch.randn((3, 3, 6, 6), generator=torch.Generator().manual_seed(1))
    with pytest.raises(UnsuitableError, match="other outputs than whole"):
        PrefixCut(net, x)


def test_a_prefix_needs_something_constant_and_something_trained():
    x = torch.ones(3, 3, 6, 6)
    with pytest.raises(UnsuitableError, match="nothing of network is constant"):
        PrefixCut(tail("stem"), x)
    with pytest.raises(InputError, match="something that is trained"):
        PrefixCut(Tail().requires_grad_(False), x)
    idle = nn.Sequential(nn.Flatten(), nn.Linear(108, 4))
    idle.unused = nn.Linear(2, 2)
    idle.forward = lambda given: idle[1](idle[0](given))
    attach(idle, "unused", SMALL, seed=0)
    with pytest.raises(InputError, match="nothing that is trained has an effect"):
        PrefixCut(idle, x)


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_modes_are_as_they_were(mode):
    net = tail("two").train(mode == "train")
    net.norm.eval()
    modes = {name: module.training for name, module in net.named_modules()}
    PrefixCut(net, torch.ones(3, 3, 6, 6)).keep(torch.ones(2, 3, 6, 6))
    model = hba("plain").train(mode == "train")
    TowerCut(model.net, "vision").keep(images(2))
    assert {name: module.training for name, module in net.named_modules()} == modes
    assert model.net.visual.training == (mode == "train")


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("timm/resnet18", "layer4.1.conv2"),
        ("timm/vit_tiny_patch16_224", "blocks.11.attn.proj"),
        ("torchvision/vgg11", "classifier.3"),
    ],
)
def test_published_architectures_are_cut_as_they_are(name, where):
    from repalign.models import model as load

    net = load(name, pretrained=False).net
    attach(net, where, SMALL, seed=0)
    x = torch.randn((2, 3, 224, 224), generator=torch.Generator().manual_seed(1))
    cut = PrefixCut(net, x)
    whole, halves = net(x), cut.finish(cut.keep(x))
    assert close(halves, whole, 1e-6)
    assert all(close(a, b, 1e-5) for a, b in zip(gradients(net, halves), gradients(net, whole), strict=True))


@pytest.mark.slow
def test_at_full_shape_the_cut_is_as_much_cheaper_as_asked():
    """ViT-L/14, random weights, two cores: the tower of images by itself, so that few images do.

    Processor time, in turn: others on the machine change it least.
    """
    from repalign.models.clip_hba import VIT_L_14, plain_clip

    torch.set_num_threads(2)
    try:
        model = clip_hba(plain_clip(VIT_L_14), ["a", "b"], seed=0, tokenize=padded)
        x = torch.randn((8, 3, 224, 224), generator=torch.Generator().manual_seed(0))
        tower, cut = model.clip.vision, TowerCut(model.net, "vision")
        kept = cut.keep(x)
        parameters = [p for n, p in trainable(model.net).items() if n.startswith("visual.")]

        def step(run):
            return torch.autograd.grad(run().square().sum(), parameters)

        def look(run):
            with torch.no_grad():
                return [run()]

        for ask, what in ((12, step), (24, look)):
            ways = (lambda: cut.finish(kept), lambda: tower.run(x))
            found = [what(run) for run in ways]
            assert all(close(a, b, 1e-5) for a, b in zip(*found, strict=True))
            rounds = [[_seconds(what, run) for run in ways] for _ in range(3)]
            ours, whole = (min(times) for times in zip(*rounds, strict=True))
            assert whole / ours >= ask
    finally:
        torch.set_num_threads(1)


def padded(prompts):
    tokens = torch.zeros((len(prompts), 77), dtype=torch.int64)
    tokens[:, 0], tokens[:, 1], tokens[:, 2] = 49_406, torch.arange(1, 1 + len(prompts)), 49_407
    return tokens


def _seconds(what, run):
    started = time.process_time()
    what(run)
    return time.process_time() - started
