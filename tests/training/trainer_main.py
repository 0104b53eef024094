"""A run in a process of its own, for tests that kill it."""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
from problems import build, part

from repalign.training.problem import Problem
from repalign.training.run_spec import RunSpec
from repalign.training.trainer import train


def without_batch_norm(seed: int) -> torch.nn.Module:
    """Statistics of a batch would differ between one process and two, and so would dropout."""
    whole = build(seed)
    return torch.nn.Sequential(whole[0], whole[2], whole[3], whole[5])


if __name__ == "__main__":
    torch.set_num_threads(1)
    asked = RunSpec(problem={"made": "up"}, epochs=12, batch_size=16, patience=None)
    train(
        Problem({"made": "up"}, without_batch_norm, part(400, 1), part(21, 2)),
        asked,
        sys.argv[1],
        keep=(0, 4),
    )
