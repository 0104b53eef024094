"""A study that takes a second: digits, a handful of stimuli, three epochs."""

from __future__ import annotations

from pathlib import Path

TEXT = """
kind = "training"
title = "A tiny study"
seeds = [0, 1]

[problem]
target = "digits/classes"
train = 64
validation = 20

[problem.network]
model = "architecture/toy-cnn"
adapters = ["fc"]
dora = { rank = 2, alpha = 2.0 }
readout = "softmax"

[[problem.probes]]
benchmark = "digits/held-out"
subset = 12
measures = ["rsa-correlation-spearman"]

[run]
epochs = 3
batch_size = 32

[run.optimiser]
rate = 1e-2

[[windows]]
figure = "types"
kinds = ["target_noise", "blank_image"]
starts = [1, 2]
follow = 0

[[windows]]
kinds = ["target_noise"]
starts = [1]
lengths = [1, 2]

[cost]
seconds = 2.0
images = 1.0
megabytes = 0.5
prepare = 3
measured = "a clock"
"""


def write_study(path: Path | str = "tiny.toml", **replaced: str) -> Path:
    """Write the study, with some texts replaced."""
    text = TEXT
    for old, new in replaced.values():
        assert old in text, old
        text = text.replace(old, new)
    Path(path).write_text(text)
    return Path(path)
