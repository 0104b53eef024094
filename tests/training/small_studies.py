"""Small studies of the user's own data and of digits, for tests of the problems that studies make."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from repalign.data import Assembly
from repalign.models.architectures import ARCHITECTURES
from repalign.training.problems import learned_target
from repalign.training.run_spec import Perturbation, RunSpec
from repalign.training.trainer import network_at, train

CNN = {"model": "architecture/toy-cnn", "adapters": ["conv2", "fc"], "dora": {"rank": 4, "alpha": 8.0}}
HELD_OUT = {"benchmark": "digits/held-out", "subset": 40, "measures": ["rsa-correlation-spearman"]}


def digits(*, network=None, **more):
    """96 digits, 32 for validation, 40 others probed."""
    net = {**CNN, "readout": "softmax", **(network or {})}
    return {
        "target": "digits/classes",
        "train": 96,
        "validation": 32,
        "network": net,
        "probes": [HELD_OUT],
        **more,
    }


def stored(folder: Path) -> dict[str, dict[str, str]]:
    """Where what is kept by a cut goes."""
    return {"store": {"folder": str(folder / "store")}}


def spec_of(problem, **how) -> RunSpec:
    fast = {"rate": 1e-2, **how.pop("optimiser", {})}
    basis = {"epochs": 3, "batch_size": 16, "patience": None, "optimiser": fast}
    return RunSpec(problem=dict(problem.spec), **{**basis, **how})


def trained(options, where, folder: Path, **how):
    """A problem, its run, and the network at the end."""
    problem = learned_target(options, where)
    spec = spec_of(problem, **how)
    run = train(problem, spec, folder)
    return problem, run, network_at(problem, spec, folder / "state.safetensors")


def photographs(folder: Path, n: int, *, side: int = 16, seed: int = 0, classes: int = 3) -> list[str]:
    """PNGs below a folder per class, ``kind-0/000.png`` ...; the ids of all. Kinds differ in colour."""
    draw, ids = np.random.default_rng(seed), []
    for i in range(n):
        kind = i % classes
        pixels = draw.integers(0, 128, (side, side, 3))
        pixels[..., kind % 3] += 100
        path = folder / f"kind-{kind}" / f"{i:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(path)
        ids.append(f"kind-{kind}/{i:03d}")
    return ids


def table(folder: Path, ids: list[str]) -> Path:
    """The same images as a table with their category."""
    rows = [f"{each},{each}.png,{each.partition('/')[0]}" for each in ids]
    (folder / "table.csv").write_text("\n".join(["id,image,category", *rows]) + "\n")
    return folder / "table.csv"


def embedding(path: Path, ids, width: int, *, seed: int = 0, scale: float = 1.0) -> Assembly:
    """Numbers by stimulus that depend on the kind and on the stimulus, as a file."""
    draw = np.random.default_rng(seed)
    kinds = sorted({each.partition("/")[0] for each in ids})
    centres = dict(zip(kinds, draw.normal(size=(len(kinds), width)), strict=True))
    values = np.array([centres[each.partition("/")[0]] for each in ids]) + 0.5 * draw.normal(
        size=(len(ids), width)
    )
    names = {"dimension": np.array([f"d{k}" for k in range(width)])}
    found = Assembly(scale * values, tuple(ids), names, name="mine")
    found.save(path)
    return found


def own(folder: Path, n: int = 48, width: int = 10, *, side: int = 16, seed: int = 0):
    """Images, a target ``mine/emb`` about all and ``mine/probe`` about every fourth, and where they lie."""
    ids = photographs(folder / "images", n, side=side, seed=seed)
    stimuli = str(table(folder / "images", ids))
    embedding(folder / "emb.npz", ids, width, seed=seed)
    embedding(folder / "probe.npz", ids[::4], width, seed=seed + 1)
    where = {
        "mine/emb": {"stimuli": stimuli, "target": str(folder / "emb.npz")},
        "mine/probe": {"stimuli": stimuli, "target": str(folder / "probe.npz")},
        **stored(folder),
    }
    return ids, where


def own_options(*, network=None, probe=None, **more):
    """What :func:`own` lays down, learned by a toy network and probed."""
    probed = {"benchmark": "mine/probe", "measures": ["rsa-correlation-spearman"], **(probe or {})}
    basis = {"target": "mine/emb", "validation": 8, "network": {**CNN, **(network or {})}, "probes": [probed]}
    return {**basis, **more}


def outputs_of(problem, module, part) -> np.ndarray:
    """What a network gives for all stimuli of a part."""
    module.eval()
    with torch.no_grad():
        return module(part.inputs(np.arange(len(part.ids)))).double().numpy()


def numbers(run) -> dict[tuple, float]:
    """Every value of a run by what it is about."""
    return {
        (s.epoch, s.target, s.region, s.layer, s.measure, s.subject): s.value
        for s in run.scores()
        if s.value is not None
    }


def plain_weights(module) -> dict[str, np.ndarray]:
    """Trained weights and buffers by their names in the network, whatever is wrapped around it."""
    found = {n: p for n, p in module.named_parameters() if p.requires_grad} | dict(module.named_buffers())
    kept = {n.replace("net.", ""): t.detach().double().numpy() for n, t in found.items()}
    return {n: t for n, t in kept.items() if not n.endswith("tokens")}


def learned_part(options, where):
    """The probe's stimuli as images, from a problem without a cut."""
    whole = {**options, "network": {**options["network"], "cut": False}}
    return learned_target(whole, where).probes[0].part


WINDOWS = {
    None: None,
    "image_noise": Perturbation(kind="image_noise", first=2, length=1, options={"sd": 0.5}),
    "blank_image": Perturbation(kind="blank_image", first=1, length=2),
    "image_noise_2025": Perturbation(kind="image_noise_2025", first=2, length=1),
}


def same_history(one, other, rel=2e-5):
    """Losses of two runs agree to a part of themselves."""
    for a, b in zip(one.state.history, other.state.history, strict=True):
        for name in ("train_loss", "validation_loss"):
            assert a[name] == (None if b[name] is None else pytest.approx(b[name], rel=rel)), (name, b)


RESNET = {"model": "checkpoint/cifar-resnet20", "adapters": ["layer3.2.conv2", "linear"], "dora": {"rank": 2}}


def checkpoint(path: Path, name: str = "cifar-resnet20", seed: int = 0) -> Path:
    """Weights as from training: batch statistics are not those of the images shown."""
    torch.manual_seed(seed)
    net = ARCHITECTURES[name].build()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    torch.save(net.state_dict(), path)
    return path
