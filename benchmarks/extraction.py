"""Extraction beside a bare loop that writes the same bytes: decode, resize, network, three layers to disk.

Alone: ``python -m benchmarks.extraction``. It needs torch.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from repalign.data import Assembly, StimulusSet
from repalign.models import extract
from repalign.models.preprocessing import Preprocessing
from repalign.seeds import rng

if TYPE_CHECKING:
    from torch import nn

N_IMAGES, SIDE, BATCH, REPEATS, WARM_REPEATS = 1000, 224, 64, 3, 5
LAYERS = ("layer1", "layer3", "layer4")
PREPROCESSING = Preprocessing(
    size=(SIDE, SIDE), shorter=256, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
)


def network() -> nn.Sequential:
    """As large as ResNet-18 (11.2 million weights, the same convolutions), with random weights."""
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self, inside: int, outside: int, stride: int) -> None:
            super().__init__()
            self.first = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
            self.second = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
            self.norms = nn.ModuleList([nn.BatchNorm2d(outside), nn.BatchNorm2d(outside)])
            self.skip = (
                nn.Identity() if inside == outside else nn.Conv2d(inside, outside, 1, stride, bias=False)
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            inner = torch.relu(self.norms[0](self.first(x)))
            return torch.relu(self.norms[1](self.second(inner)) + self.skip(x))

    torch.manual_seed(0)
    stem = nn.Sequential(
        nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
    )
    stages: OrderedDict[str, nn.Module] = OrderedDict(stem=stem)
    inside = 64
    for number, outside in enumerate((64, 128, 256, 512), 1):
        stride = 1 if number == 1 else 2
        stages[f"layer{number}"] = nn.Sequential(Block(inside, outside, stride), Block(outside, outside, 1))
        inside = outside
    return nn.Sequential(stages).eval()


@dataclass
class Plain:
    """The network as a model of repalign's, with nothing of our own around its forward pass.

    The torch source does more (any layer, any size of batch, the same bits); this isolates extraction.
    """

    net: nn.Sequential
    name: str = "benchmark/resnet18-sized"
    digest: str = "benchmark"
    modality: str = "image"
    one_size: bool = False
    layers: tuple[str, ...] = LAYERS
    default_layers: tuple[str, ...] = LAYERS
    parameters: Mapping[str, Any] = field(default_factory=dict)
    card: Any = None

    def prepare(self, stimulus: np.ndarray) -> np.ndarray:
        """Resize, crop, normalise."""
        return PREPROCESSING(stimulus)

    def respond(self, batch: Sequence[np.ndarray], layers: Sequence[str]) -> dict[str, np.ndarray]:
        """One forward pass."""
        import torch

        found: dict[str, np.ndarray] = {}
        with torch.inference_mode():
            x = torch.from_numpy(np.stack(batch))
            for name, stage in self.net.named_children():
                x = stage(x)
                if name in layers:
                    found[name] = x.flatten(1).numpy()
        return found


def jpegs(folder: Path) -> list[Path]:
    """Smooth random images, as large on disk as photographs of this size."""
    paths: list[Path] = []
    for i in range(N_IMAGES):
        coarse = rng(0, "bench", "jpeg", i).integers(0, 256, (28, 28, 3), dtype=np.uint8)
        paths.append(folder / f"{i:04d}.jpg")
        Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(paths[-1], quality=90)
    return paths


def bare(model: Plain, paths: Sequence[Path], out: Path) -> None:
    """What a careful user would write: open files, a loop over batches, no checks, nothing kept safe."""
    out.mkdir()
    files = {layer: (out / layer).open("wb") for layer in LAYERS}
    for start in range(0, len(paths), BATCH):
        batch = [
            model.prepare(np.asarray(Image.open(path).convert("RGB")))
            for path in paths[start : start + BATCH]
        ]
        for layer, rows in model.respond(batch, LAYERS).items():
            files[layer].write(rows.data)
    for file in files.values():
        file.close()


@dataclass
class Times:
    """Seconds of each way, repeat by repeat."""

    bare: list[float] = field(default_factory=list)
    cold: dict[int, list[float]] = field(default_factory=dict)
    warm: list[float] = field(default_factory=list)


def timed(run: Callable[[], Any]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def check_same(found: Assembly, out: Path) -> None:
    """Refuse to compare loops that write different numbers."""
    for layer in LAYERS:
        ours, theirs = found.layer(layer).values, np.fromfile(out / layer, dtype="<f4")
        if not np.array_equal(np.asarray(ours).ravel(), theirs):
            raise SystemExit(f"{layer}: ours and the bare loop differ")


def measured(folder: Path) -> Times:
    """Interleaved repeats of the bare loop and of extraction with 0 and 2 loader threads, then warm calls."""
    paths = jpegs(folder)
    model, times = Plain(network()), Times()

    def ours(workers: int) -> Assembly:
        # A new set each time: digesting its files is part of what is timed.
        stimuli = StimulusSet.from_folder(folder, pattern="*.jpg")
        return extract(model, stimuli, batch_size=BATCH, workers=workers, store=folder / "store")

    for repeat in range(REPEATS + 1):
        seen = times if repeat else Times()  # the first is not counted
        seen.bare.append(timed(lambda: bare(model, paths, folder / "bare")))
        for workers in (0, 2):
            seen.cold.setdefault(workers, []).append(timed(partial(ours, workers)))
            seen.warm += [timed(partial(ours, workers)) for _ in range(WARM_REPEATS)]
            check_same(ours(workers), folder / "bare")
            shutil.rmtree(folder / "store")
        shutil.rmtree(folder / "bare")
    return times


def lines() -> list[str]:
    """The section of the table."""
    try:
        import torch
    except ImportError:
        return ["Extraction was not measured: torch is not installed.", ""]
    with tempfile.TemporaryDirectory() as folder:
        times = measured(Path(folder))
    loop, warm = statistics.median(times.bare), statistics.median(times.warm)
    rows = [
        f"| {workers} loader threads | {statistics.median(seconds):.2f} | "
        f"{statistics.median(seconds) / loop:.2f} | {statistics.median(seconds) / warm:.0f} |"
        for workers, seconds in times.cold.items()
    ]
    return [
        f"Extraction of {N_IMAGES} JPEGs of {SIDE} pixels, a network as large as ResNet-18, three layers "
        f"written to disk (1.1 GB), torch {torch.__version__} with {torch.get_num_threads()} threads. The "
        "bare loop decodes, prepares, shows and writes the same bytes, without checks or safety. Medians of "
        f"{REPEATS} interleaved repeats.",
        "",
        "| | seconds | times the bare loop | times a second call |",
        "|---|---|---|---|",
        f"| bare loop | {loop:.2f} | 1.00 | - |",
        *rows,
        f"| a second call | {warm:.3f} | {warm / loop:.4f} | 1 |",
        "",
    ]


if __name__ == "__main__":
    print("\n".join(lines()))
