"""Bootstrap replicates of RDMs built pair by pair, and RDMs to build them from."""

from __future__ import annotations

import numpy as np

from repalign.seeds import rng


def replicate(values: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """The pairs of the drawn stimuli, in full; a stimulus beside itself makes no pair."""
    n = round((1 + (1 + 8 * len(values)) ** 0.5) / 2)
    square = np.zeros((n, n))
    square[np.triu_indices(n, 1)] = values
    square += square.T
    i, j = np.triu_indices(len(drawn), 1)
    keep = drawn[i] != drawn[j]
    return square[drawn[i][keep], drawn[j][keep]]


def rdm(n: int, tied: bool, *words: str | int) -> np.ndarray:
    generator = rng(30, *words)
    size = n * (n - 1) // 2
    return generator.integers(1, 5, size=size).astype(float) if tied else generator.gamma(2.0, size=size)
