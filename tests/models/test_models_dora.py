"""DoRA: the formula, its variants, where it may go, that it acts, and its file."""

from __future__ import annotations

import json
import math
from copy import deepcopy

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file, save_file  # noqa: E402
from torch import nn  # noqa: E402

from repalign.errors import (  # noqa: E402
    FileError,
    InputError,
    ShapeError,
    UnavailableError,
    UnknownNameError,
    UnsuitableError,
)
from repalign.models.adapters import (  # noqa: E402
    Dora,
    DoraSettings,
    attach,
    attached,
    backbone_digest,
    check_gradients,
    export_adapters,
    gradient_norms,
    import_adapters,
    merge,
    trainable,
)
from repalign.models.adapters.dora import PAPER  # noqa: E402
from repalign.models.torch_state import state_digest  # noqa: E402

torch.set_num_threads(1)


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def dora(weight, **settings):
    return Dora(weight, DoraSettings(**settings), torch.Generator().manual_seed(1))


def oracle(weight, adapter):
    """The spec's formula in numpy's float64, row by row."""
    s = adapter.settings
    w = weight.double().numpy().reshape(len(weight), -1)
    m, a, b = (getattr(adapter, part).detach().double().numpy() for part in ("magnitude", "A", "B"))
    delta = (b @ a) * s.alpha / s.rank
    rows = []
    for i, row in enumerate(w):
        v = (row / np.linalg.norm(row) if s.base == "unit" else row) + delta.T[i]
        rows.append(m[i] * v / (np.linalg.norm(v) + 1e-8))
    return np.array(rows).reshape(weight.shape)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attn = nn.MultiheadAttention(32, 4, batch_first=True)

    def forward(self, x):
        return self.attn(x, x, x, need_weights=False)[0]


def layer(**how):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True, **how).eval()


def convolutions():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 6, 3, groups=2), nn.Flatten()
        ).eval()


@pytest.mark.parametrize("base", ["unit", "weight"])
@pytest.mark.parametrize("start", ["kaiming", "zero-b"])
@pytest.mark.parametrize("shape", [(24, 40), (12, 5, 3, 3)])
def test_the_weight_is_the_formula(shape, start, base):
    weight = drawn(*shape)
    adapter = dora(weight, rank=4, start=start, base=base)
    with torch.no_grad():
        adapter.magnitude.mul_(torch.linspace(0.5, 2, len(weight)))
    found = adapter(weight).detach().numpy()
    np.testing.assert_allclose(found, oracle(weight, adapter), rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("base", ["unit", "weight"])
@pytest.mark.parametrize("shape", [(1024, 1024), (64, 32, 3, 3)])
def test_without_an_update_the_weight_is_the_frozen_one(shape, base):
    weight = drawn(*shape)
    found = dora(weight, start="zero-b", base=base)(weight).detach()
    assert float(((found - weight).flatten(1).norm(dim=1) / weight.flatten(1).norm(dim=1)).max()) < 1e-6


def test_rows_have_the_lengths_m_at_full_shape():
    weight = drawn(1024, 1024)
    adapter = dora(weight)
    with torch.no_grad():
        adapter.magnitude.copy_(drawn(1024, seed=2).abs() + 0.1)
    lengths = adapter(weight).double().norm(dim=1)
    torch.testing.assert_close(lengths, adapter.magnitude.double(), rtol=1e-6, atol=0)


def test_the_start_turns_rows_of_a_square_weight_by_nine_and_a_half_degrees():
    weight = drawn(1024, 1024)
    turned = dora(weight)(weight).detach()
    degrees = torch.nn.functional.cosine_similarity(turned, weight).acos().rad2deg()
    # The update's elements have variance r (1/3out) (1/3r) / 4, so a row of 1024 has length 1/6.
    assert float(degrees.mean()) == pytest.approx(math.degrees(math.atan(1 / 6)), abs=0.1)


def test_a_row_of_zeros_stays_one():
    weight = drawn(4, 8)
    weight[1] = 0
    found = dora(weight, rank=2)(weight)
    assert torch.isfinite(found).all()
    assert not found[1].any()


def test_a_detached_norm_changes_the_gradients_and_nothing_else():
    weight = drawn(8, 8)
    there, off = (dora(weight, rank=2, norm=norm) for norm in ("attached", "detached"))
    a, b = there(weight), off(weight)
    assert torch.equal(a, b)
    direction = drawn(8, 8, seed=5)
    full = torch.autograd.grad((a * direction).sum(), [there.magnitude, there.A])
    part = torch.autograd.grad((b * direction).sum(), [off.magnitude, off.A])
    torch.testing.assert_close(full[0], part[0])
    # Along a row of V the length cannot grow, so only the attached gradient is at right angles to it.
    assert not torch.allclose(full[1], part[1], rtol=1e-2)


def test_gradients_are_those_of_finite_differences():
    weight = drawn(5, 7).double()
    adapter = dora(weight, rank=2)
    direction = drawn(5, 7, seed=3).double()

    def value(magnitude, a, b):
        state = {"magnitude": magnitude, "A": a, "B": b}
        return (torch.func.functional_call(adapter, state, (weight,)) * direction).sum()

    given = [p.detach().clone().requires_grad_() for p in adapter.parameters()]
    assert torch.autograd.gradcheck(value, given)


@pytest.mark.parametrize(
    ("change", "kind"),
    [({"rank": 0}, InputError), ({"alpha": 0.0}, InputError), ({"start": "zero"}, UnknownNameError)],
)
def test_impossible_settings_are_refused(change, kind):
    with pytest.raises(kind):
        DoraSettings(**change)


def test_all_but_adapters_is_frozen_and_the_digest_is_that_of_the_backbone():
    net = convolutions()
    before = state_digest(net)
    assert attach(net, ["0", "3"], DoraSettings(rank=2), seed=0) == ("0", "3")
    assert set(trainable(net)) == {
        f"{n}.parametrizations.weight.0.{part}" for n in "03" for part in ("magnitude", "A", "B")
    }
    assert sum(p.numel() for p in trainable(net).values()) == 8 + 2 * (8 + 27) + 6 + 2 * (6 + 36)
    assert backbone_digest(net) == before
    with torch.no_grad():
        net[0].bias.add_(1)
    assert backbone_digest(net) != before


def test_a_seed_and_a_name_decide_an_adapter():
    nets = [convolutions() for _ in range(4)]
    attach(nets[0], ["0", "3"], seed=0)
    attach(nets[1], "3", seed=0)
    attach(nets[2], "3", seed=1)
    state = torch.get_rng_state()
    attach(nets[3], ["3", "0"], seed=0)
    assert torch.equal(state, torch.get_rng_state())
    starts = [attached(net)["3"].A for net in nets]
    assert torch.equal(starts[0], starts[1])
    assert torch.equal(starts[0], starts[3])
    assert not torch.equal(starts[0], starts[2])
    assert not torch.equal(starts[0], attached(nets[0])["0"].A[:, :6])


def test_adapters_can_be_added_one_after_the_other():
    net = convolutions()
    attach(net, "0", seed=0)
    attach(net, "3", seed=0)
    assert len(trainable(net)) == 6


def test_names_that_cannot_be_adapted_say_why():
    with pytest.raises(UnknownNameError, match=r"(?s)no module that can be adapted.*'self_attn\.out_proj'"):
        attach(layer(), "self_attn.out_prj", seed=0)
    with pytest.raises(UnknownNameError):
        attach(layer(), "norm*", seed=0)
    with pytest.raises(UnsuitableError, match=r"(?s)no weight of its own.*'self_attn\.out_proj'"):
        attach(layer(), "self_attn", seed=0)
    with pytest.raises(UnsuitableError, match="no linear map"):
        attach(layer(), "norm1", seed=0)
    net = convolutions()
    attach(net, "0", seed=0)
    with pytest.raises(InputError, match="already"):
        attach(net, "0", seed=0)


def test_a_weight_that_two_modules_share_is_refused():
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    net[1].weight = net[0].weight
    with pytest.raises(UnsuitableError, match="'1'"):
        attach(net, "0", seed=0)


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("mode", ["train", "eval", "eval without gradients"])
def test_fused_attention_uses_the_adapted_weight(mode, norm_first):
    """Torch's fused layers read out_proj.weight without calling out_proj: the oracle has plain weights."""
    net = layer(norm_first=norm_first)
    plain = deepcopy(net)
    attach(net, ["self_attn.out_proj", "linear1"], DoraSettings(rank=4), seed=0)
    weights = {
        name: oracle(plain.get_submodule(name).weight.detach(), a) for name, a in attached(net).items()
    }
    with torch.no_grad():
        for name, weight in weights.items():
            plain.get_submodule(name).weight.copy_(torch.from_numpy(weight))
    x = drawn(3, 5, 32)
    for one in (net, plain):
        one.train(mode == "train")
    with torch.set_grad_enabled(mode != "eval without gradients"):
        assert not torch.allclose(net(x), layer(norm_first=norm_first)(x), atol=1e-3)
        torch.testing.assert_close(net(x), plain(x), rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("settings", [DoraSettings(rank=4), PAPER], ids=["hba", "paper"])
def test_every_adapter_gets_a_gradient(settings, training):
    for net, x in (
        (layer(), drawn(3, 5, 32)),
        (convolutions(), drawn(3, 3, 9, 9)),
        (Attention(), drawn(2, 5, 32)),
    ):
        names = attach(net, "*", settings, seed=0)
        net.train(training)
        norms = check_gradients(net, lambda net=net, x=x: net(x))
        assert set(norms) == set(names)
        assert all(norms.values())


class LikePeft(nn.Module):
    """What peft puts in place of a linear map: an update in forward, and the old weight when asked for it."""

    def __init__(self, base):
        super().__init__()
        self.base_layer = base
        self.lora_A = nn.Linear(32, 4, bias=False)
        self.lora_B = nn.Linear(4, 32, bias=False)

    weight = property(lambda self: self.base_layer.weight)
    bias = property(lambda self: self.base_layer.bias)

    def forward(self, x):
        return self.base_layer(x) + self.lora_B(self.lora_A(x))


@pytest.mark.parametrize("training", [True, False])
def test_an_adapter_that_does_nothing_is_caught(training):
    net = Attention().requires_grad_(False)
    net.attn.out_proj = LikePeft(net.attn.out_proj)
    net.train(training)
    x = drawn(2, 5, 32)
    assert set(gradient_norms(net, lambda: net(x)).values()) == {None}
    with pytest.raises(InputError, match=r"2 of 2 trained parts have no effect.*lora_A"):
        check_gradients(net, lambda: net(x))
    # Called as a module it does act: the check is about what is used, not about whose it is.
    assert all(check_gradients(net, lambda: net.attn.out_proj(x)).values())


def test_an_adapter_behind_a_cut_gradient_is_caught():
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    attach(net, "*", DoraSettings(rank=2), seed=0)
    x = drawn(3, 4)
    with pytest.raises(InputError, match=r"1 of 2 .*: 0\n"):
        check_gradients(net, lambda: net[1](net[0](x).detach()))
    with pytest.raises(InputError, match="nothing of this network is trained"):
        check_gradients(convolutions().requires_grad_(False), lambda: x)


def test_merging_gives_a_plain_network_with_the_same_output():
    net, x = layer(), drawn(3, 5, 32)
    names = set(net.state_dict())
    attach(net, "*", DoraSettings(rank=4), seed=0)
    with torch.no_grad():
        before = net(x)
        assert torch.equal(merge(net)(x), before)
    assert set(net.state_dict()) == names
    assert not attached(net)
    assert not trainable(net)


def test_a_file_brings_adapters_back_and_its_bytes_are_repeatable(tmp_path):
    net, x = layer(), drawn(3, 5, 32)
    attach(net, ["self_attn.out_proj"], DoraSettings(rank=4, alpha=3), seed=0)
    attach(net, ["linear1"], PAPER, seed=0)
    export_adapters(net, tmp_path / "a.safetensors")
    export_adapters(net, tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    fresh, other = layer(), layer()
    assert import_adapters(fresh, tmp_path / "a.safetensors") == ("self_attn.out_proj", "linear1")
    assert attached(fresh)["linear1"].settings == PAPER
    assert torch.equal(net(x), fresh(x))
    attach(other, ["self_attn.out_proj"], DoraSettings(rank=4, alpha=3), seed=9)
    attach(other, ["linear1"], PAPER, seed=9)
    assert not torch.equal(net(x), other(x))
    import_adapters(other, tmp_path / "a.safetensors")
    assert torch.equal(net(x), other(x))


def test_a_file_for_another_backbone_or_other_adapters_is_refused(tmp_path):
    net, path = layer(), tmp_path / "a.safetensors"
    with pytest.raises(InputError, match="no adapters"):
        export_adapters(net, path)
    attach(net, "linear1", DoraSettings(rank=4), seed=0)
    export_adapters(net, path)
    changed = layer()
    with torch.no_grad():
        changed.norm1.weight[0] += 1
    with pytest.raises(UnavailableError, match="adapts the backbone"):
        import_adapters(changed, path)
    assert not attached(changed)
    other = layer()
    attach(other, "linear2", DoraSettings(rank=4), seed=0)
    with pytest.raises(InputError, match="linear2"):
        import_adapters(other, path)


def test_a_damaged_file_is_refused(tmp_path):
    net, path = layer(), tmp_path / "a.safetensors"
    attach(net, "linear1", DoraSettings(rank=4), seed=0)
    export_adapters(net, path)
    (tmp_path / "short.safetensors").write_bytes(path.read_bytes()[:-8])
    save_file({"x": drawn(2)}, tmp_path / "plain.safetensors")
    for name in ("short", "plain"):
        with pytest.raises(FileError):
            import_adapters(layer(), tmp_path / f"{name}.safetensors")
    tensors = load_file(path)
    header = {"format": "repalign-adapters/1", "backbone": backbone_digest(net), "adapters": {}}
    header["adapters"]["linear1"] = {**DoraSettings(rank=4).as_dict(), "rank": "4"}
    save_file(tensors, tmp_path / "typed.safetensors", {"repalign": json.dumps(header)})
    with pytest.raises(FileError, match="of each adapter"):
        import_adapters(layer(), tmp_path / "typed.safetensors")
    header["adapters"]["linear1"]["rank"] = 5
    save_file(tensors, tmp_path / "ranked.safetensors", {"repalign": json.dumps(header)})
    with pytest.raises(ShapeError, match="linear1"):
        import_adapters(layer(), tmp_path / "ranked.safetensors")
