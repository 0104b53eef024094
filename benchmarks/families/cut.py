"""CLIP-HBA at ViT-L/14 shape through the exact cut, beside the full network. It needs torch and 8 GB.

Random weights: the time does not depend on them. Reading the kept rows from disk counts; decoding
images counts for neither side. Alone: ``python -m benchmarks cut``; it takes about a quarter of an hour.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from benchmarks.case import Case

TRAINED, EVALUATED, PROMPTS = 64, 32, 66


@dataclass(frozen=True, eq=False)
class Setting:
    """The model, its cut, what was kept of its images, and the images themselves."""

    model: object
    cut: object
    kept: object
    images: object
    targets: object


def cases() -> list[Case]:
    """A step of training and an evaluation; the network is made when a case first runs."""
    return [
        Case(
            task=f"training step of CLIP-HBA, ViT-L/14, {TRAINED} images, {PROMPTS} prompts",
            ours=partial(_step, through_cut=True),
            peer=partial(_step, through_cut=False),
            peer_name="the full forward, backward to the first adapter",
            agree=2e-5,
            floor=partial(_products, TRAINED, backward=True),
            at_least=12,
            floor_name="block 22's products of all tokens, forward and backward",
            repeats=2,
        ),
        Case(
            task=f"evaluation of CLIP-HBA, ViT-L/14, {EVALUATED} images, prompts known: outputs",
            ours=partial(_evaluation, through_cut=True),
            peer=partial(_evaluation, through_cut=False),
            peer_name="the full forward",
            agree=2e-5,
            floor=partial(_products, EVALUATED, backward=False),
            at_least=24,
            floor_name="block 22's products of all tokens",
            repeats=3,
        ),
    ]


@cache
def _setting() -> Setting:
    import torch

    from repalign.models.clip_hba import VIT_L_14, clip_hba, plain_clip
    from repalign.models.cut import CutClipHba, Shown

    generator = torch.Generator().manual_seed(0)
    prompts = [f"prompt {i}" for i in range(PROMPTS)]
    model = clip_hba(plain_clip(VIT_L_14), prompts, seed=0, tokenize=_tokens)
    images = torch.randn((TRAINED, 3, VIT_L_14.image, VIT_L_14.image), generator=generator)
    targets = 100 * torch.rand((TRAINED, PROMPTS), generator=generator)
    folder = Path(tempfile.mkdtemp(prefix="repalign-bench-cut-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    cut = CutClipHba(model)
    kept = cut.keep(Shown.of_array([str(i) for i in range(TRAINED)], images.numpy()), folder)
    return Setting(model, cut, kept, images, targets)


def _tokens(prompts: list[str]) -> object:
    """Made up: 5 words between the start and the end of text."""
    import torch

    words = torch.randint(1, 49_000, (len(prompts), 5), generator=torch.Generator().manual_seed(1))
    tokens = torch.zeros((len(prompts), 77), dtype=torch.int64)
    tokens[:, 0], tokens[:, 1:6], tokens[:, 6] = 49_406, words, 49_407
    return tokens


def _step(*, through_cut: bool) -> np.ndarray:
    """Outputs and gradients, each over its largest number."""
    import torch

    from repalign.models.adapters import trainable

    here = _setting()
    outputs = here.cut(here.kept.rows(range(TRAINED))) if through_cut else here.model(here.images)
    loss = torch.nn.functional.mse_loss(outputs, here.targets)
    gradients = torch.autograd.grad(loss, list(trainable(here.model).values()))
    return np.concatenate([_unit(outputs), *map(_unit, gradients)])


def _evaluation(*, through_cut: bool) -> np.ndarray:
    import torch

    from repalign.models.clip_hba.model import scaled_cosines

    here, prompts = _setting(), _prompts()
    with torch.no_grad():
        if through_cut:
            return _unit(here.cut(here.kept.rows(range(EVALUATED)), prompts))
        clip = here.model.clip
        return _unit(scaled_cosines(clip.vision.run(here.images[:EVALUATED]), prompts, clip.logit_scale))


@cache
def _prompts() -> object:
    return _setting().cut.text_features().detach()


def _unit(values: object) -> np.ndarray:
    flat = values.detach().flatten()
    return (flat / flat.abs().max()).numpy()


@cache
def _matrices() -> tuple[object, ...]:
    import torch

    generator = torch.Generator().manual_seed(2)
    width = 1024
    shapes = (TRAINED * 257, width), (TRAINED * 257, 4 * width), (width, width), (width, 4 * width)
    return tuple(torch.randn(shape, generator=generator) for shape in shapes)


def _products(n: int, *, backward: bool) -> None:
    """Output projection and MLP of block 22; backward also through the MLP and to the projection's weight."""
    import torch

    tokens, wide, square, up = _matrices()
    tokens, wide = tokens[: n * 257], wide[: n * 257]
    with torch.no_grad():
        _ = tokens @ square, tokens @ up, wide @ up.T
        if backward:
            _ = tokens @ up, wide @ up.T, tokens.T @ tokens
