"""How much resampling to do."""

from __future__ import annotations

from dataclasses import dataclass

from repalign.benchmarks.design import Over


@dataclass(frozen=True)
class Effort:
    """How much resampling to do, over what, and from which seed.

    Args:
        draws: Bootstrap draws; 0 for no interval.
        permutations: For the p-value; 0 for none.
        seed: The study's seed.
        over: What the interval is to generalise to: ``auto``, ``both``, ``subjects`` or ``stimuli``.
    """

    draws: int = 1000
    permutations: int = 1000
    seed: int = 0
    over: Over = "auto"
