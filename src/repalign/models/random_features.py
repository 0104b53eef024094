"""A random network: two convolutions with drawn weights, what architecture alone gives."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from repalign.models.pixels import pooled
from repalign.seeds import rng

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

# Per layer: side of the kernel, channels in, channels out. Both step by two pixels.
CONVOLUTIONS = {"conv1": (5, 3, 32), "conv2": (3, 32, 64)}
LAYERS = tuple(CONVOLUTIONS)
N_WEIGHTS = sum(side * side * c_in * c_out for side, c_in, c_out in CONVOLUTIONS.values())


@lru_cache(maxsize=8)
def weights(seed: int, layer: str) -> Floats:
    """Weights of one layer, drawn from N(0, 2 / fan-in): He et al. (2015), ICCV, eq. 10.

    Args:
        seed: The model's seed.
        layer: ``conv1`` or ``conv2``.

    Returns:
        Shape (channels_in * side * side, channels_out), read-only.
    """
    side, c_in, c_out = CONVOLUTIONS[layer]
    fan_in = c_in * side * side
    drawn = rng(seed, "random-features", layer).normal(0, np.sqrt(2 / fan_in), (fan_in, c_out))
    drawn.flags.writeable = False
    return drawn


def convolved(maps: Floats, kernel: Floats, side: int) -> Floats:
    """Cross-correlation with step 2 and the border repeated outwards.

    Args:
        maps: Shape (height, width, channels_in).
        kernel: From :func:`weights`.
        side: Of the kernel, odd.

    Returns:
        Shape (ceil(height / 2), ceil(width / 2), channels_out).
    """
    half = side // 2
    padded = np.pad(maps, ((half, half), (half, half), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(0, 1))[::2, ::2]
    return windows.reshape(*windows.shape[:2], -1) @ kernel


def random_features(image: Pixels, layers: Sequence[str], *, seed: int, grid: int) -> dict[str, Floats]:
    """Rectified responses of the random network, averaged over the cells of a grid.

    Args:
        image: ``uint8`` of shape (height, width, 3); scaled to -1..1 first.
        layers: Out of ``conv1``, ``conv2``.
        seed: Decides the weights.
        grid: Cells along either side.

    Returns:
        Per layer, shape (channels * grid * grid,), channel slowest, then rows of the grid; not
        negative.
    """
    maps = image / 127.5 - 1
    found: dict[str, Floats] = {}
    for layer, (side, _, _) in CONVOLUTIONS.items():
        maps = np.maximum(convolved(maps, weights(seed, layer), side), 0)
        if layer in layers:
            found[layer] = pooled(np.moveaxis(maps, -1, 0), grid).ravel()
    return found
