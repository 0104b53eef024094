"""Random generators keyed by words, so that no two uses share a stream and none is global."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def rng(seed: int, *words: str | int) -> np.random.Generator:
    """A generator for one purpose.

    Args:
        seed: The study's seed, a non-negative integer.
        words: What the stream is for, e.g. ``"bootstrap", "stimuli"``. Different words give
            independent streams; the same seed and words give the same draws on every machine.

    Returns:
        A ``numpy.random.Generator`` (PCG64) seeded by the sha256 of seed and words.

    Example:
        >>> from repalign.seeds import rng
        >>> bool(rng(0, "folds").integers(100) == rng(0, "folds").integers(100))
        True
    """
    import numpy as np

    key = json.dumps([int(seed), *words]).encode()
    return np.random.default_rng(int.from_bytes(hashlib.sha256(key).digest()))
