"""Small networks with known answers, and the stimuli they are shown."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from repalign.data import StimulusSet  # noqa: E402
from repalign.models.torch_env import require  # noqa: E402

torch.set_num_threads(1)
require()

IMAGES = np.random.default_rng(5).integers(0, 256, (7, 40, 36, 3), dtype=np.uint8)
STIMULI = StimulusSet.from_arrays([f"s{i}" for i in range(7)], images=IMAGES, name="seven")


def blank(*shape):
    return np.zeros(shape, dtype=np.float32)


class Odd(nn.Module):
    """Everything a network's code may do that a reader of layers must survive."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3)
        self.relu = nn.ReLU(inplace=True)
        self.twice = nn.Conv2d(4, 4, 1)
        self.pair = Pair()
        self.never = nn.Linear(2, 2)
        self.mixes = Mixes()
        self.head = nn.Linear(4, 5)

    def forward(self, images):
        maps = self.relu(self.first(images))
        maps = self.twice(self.twice(maps))
        maps, _ = self.pair(maps)
        self.mixes(maps)
        return {"logits": self.head(maps.mean((2, 3))), "more": maps}


class Pair(nn.Module):
    def forward(self, maps):
        return 2 * maps, {"other": maps}


class Mixes(nn.Module):
    def forward(self, maps):
        return maps.flatten(0, 1)


class Tokens(nn.Module):
    """One class token and 4 tokens of width 3, as a transformer has them."""

    num_prefix_tokens = 1

    def __init__(self):
        super().__init__()
        self.block = nn.Identity()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, images):
        means = images.unfold(2, 4, 4).unfold(3, 4, 4).mean((4, 5)).flatten(2).transpose(1, 2)
        tokens = torch.cat([torch.full_like(means[:, :1], 9.0), means], dim=1)
        return self.block(tokens * self.scale)[:, 0]
