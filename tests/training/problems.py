"""A small problem with a known answer, for tests of the trainer; importable by processes that tests start."""

from __future__ import annotations

import numpy as np
import torch

from repalign.data import Score
from repalign.training.problem import Images, Probe, Problem


def build(seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3),
        torch.nn.BatchNorm2d(4),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Dropout(0.2),
        torch.nn.Linear(4 * 36, 5),
    )


def part(n: int, seed: int, labels: bool = False) -> Images:
    draw = np.random.default_rng(seed)
    pixels = draw.integers(0, 256, size=(n, 3, 8, 8), dtype=np.uint8)
    mixing = np.random.default_rng(99).normal(size=(192, 5))
    targets = (pixels.reshape(n, -1) / 255.0 - 0.5) @ mixing
    ids = tuple(f"s{seed}-{i:03d}" for i in range(n))
    return Images(ids, pixels, targets.argmax(axis=1) if labels else targets, (0.5,) * 3, (0.25,) * 3)


def spread(outputs, spec, epoch) -> list[Score]:
    value = float(np.asarray(outputs.array()).std())
    return [Score(model="run", target="made/up", measure="spread", value=value, n_stimuli=outputs.n_stimuli)]


def problem(labels: bool = False, probes: bool = True) -> Problem:
    validation = part(21, 2, labels)
    shown = (Probe("spread", validation, spread),) if probes else ()
    return Problem({"made": "up", "labels": labels}, build, part(50, 1, labels), validation, shown)


def made(spec, where) -> Problem:
    found = problem(spec["labels"], probes=spec.get("probes", True))
    return Problem(dict(spec), found.build, found.train, found.validation, found.probes)
