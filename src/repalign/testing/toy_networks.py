"""Small networks trained on the spot on scikit-learn's digits, in a second, the same bits every time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from repalign.data import replacing
from repalign.datasets import dataset
from repalign.models.architectures import ARCHITECTURES
from repalign.models.torch_env import require
from repalign.seeds import rng

TOYS = ("toy-cnn", "toy-mlp")
EPOCHS, BATCH, RATE = 12, 64, 3e-3


def toy_networks(folder: Path | str, seeds: Sequence[int] = (0, 1, 2)) -> list[dict[str, Any]]:
    """Train each toy architecture with each seed, on the digits that ``digits/held-out`` leaves.

    Weights that are there already are kept: the name of a file says architecture and seed.

    Args:
        folder: Where the weights go, as safetensors.
        seeds: One network of each architecture per seed; it decides weights and order of the batches.

    Returns:
        Triples that :func:`repalign.model` takes.

    Raises:
        UnavailableError: torch, safetensors or scikit-learn is not installed.
        StorageError: The folder cannot be written.
    """
    triples: list[dict[str, Any]] = []
    for name in TOYS:
        for seed in seeds:
            path = Path(folder) / f"{name}-seed{seed}.safetensors"
            if not path.exists():
                train_toy(name, seed, path)
            parameters = {"architecture": name, "weights": str(path)}
            found = {"model_name": path.stem, "source": "checkpoint", "model_parameters": parameters}
            triples.append(found)
    return triples


def train_toy(name: str, seed: int, path: Path) -> float:
    """Train one network and write its weights.

    Args:
        name: One of :data:`TOYS`.
        seed: Decides first weights and order of the batches.
        path: The safetensors file.

    Returns:
        Its accuracy on the held-out digits, 0..1.

    Raises:
        UnavailableError: torch, safetensors or scikit-learn is not installed.
        StorageError: The file cannot be written.
    """
    require("models")
    import torch
    from safetensors.torch import save_file

    images, labels, held = _digits()
    x, y = torch.from_numpy(images), torch.from_numpy(labels)
    # A fork leaves the caller's generators as they were; one thread gives the same bits everywhere.
    with torch.random.fork_rng(devices=[]), _one_thread(torch):
        torch.manual_seed(seed)
        network = ARCHITECTURES[name].build()
        optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
        for epoch in range(EPOCHS):
            order = rng(seed, "toy", name, "epoch", epoch).permutation(np.flatnonzero(~held))
            for start in range(0, len(order), BATCH):
                rows = torch.from_numpy(order[start : start + BATCH])
                optimiser.zero_grad()
                torch.nn.functional.cross_entropy(network(x[rows]), y[rows]).backward()
                optimiser.step()
        with torch.inference_mode():
            right = network(x[held]).argmax(dim=1) == y[held]
    with replacing(path) as temporary:
        save_file(network.state_dict(), temporary)
    return float(right.double().mean())


class _one_thread:  # noqa: N801  a context manager reads as a verb
    def __init__(self, torch: Any) -> None:
        self._torch, self._before = torch, torch.get_num_threads()

    def __enter__(self) -> None:
        self._torch.set_num_threads(1)

    def __exit__(self, *_: object) -> None:
        self._torch.set_num_threads(self._before)


def _digits() -> tuple[Any, Any, Any]:
    """Prepared images (n, 3, 8, 8), labels (n,), and which are held out (n,)."""
    digits = dataset("digits")
    stimuli = digits.stimuli
    prepare = ARCHITECTURES[TOYS[0]].preprocessing
    images = np.stack([prepare(stimuli.pixels(i)) for i in range(len(stimuli))])
    held = np.isin(stimuli.ids, digits.target("held-out").ids)
    return images, stimuli.column("label").astype(np.int64), held
