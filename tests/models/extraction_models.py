"""A model whose every batch is counted, and stimuli for it; imported by tests and by what they start."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from repalign.data import StimulusSet

PIXELS = np.random.default_rng(5).integers(0, 256, (50, 12, 10, 3), dtype=np.uint8)
STIMULI = StimulusSet.from_arrays([f"s{i:02d}" for i in range(50)], images=PIXELS, name="fifty")
WEIGHTS = np.random.default_rng(6).normal(size=(3, 40)).astype(np.float32)


@dataclass
class Counting:
    """Responses of two layers to the mean colour; ``shown`` holds the size of every batch it saw."""

    seconds: float = 0.0
    by_batch: float = 0.0  # added, times the size of the batch: what a network's last bits may do
    digest: str = "counting"
    name: str = "builtin/counting"
    modality: str = "image"
    one_size: bool = True
    layers: tuple[str, ...] = ("wide", "narrow")
    parameters: dict[str, Any] = field(default_factory=dict)
    card: Any = None
    shown: list[int] = field(default_factory=list)
    prepared: list[int] = field(default_factory=list)

    @property
    def default_layers(self):
        return self.layers

    def prepare(self, stimulus):
        self.prepared.append(1)
        return stimulus.astype(np.float32).mean(axis=(0, 1))

    def respond(self, batch: Sequence[Any], layers: Sequence[str]):
        self.shown.append(len(batch))
        time.sleep(self.seconds)
        rows = np.stack([row @ WEIGHTS for row in batch]) + np.float32(self.by_batch * len(batch))
        return {layer: rows if layer == "wide" else rows[:, :7] * 2 for layer in layers}


def contents(folder):
    """Every file below a folder, by name."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
