"""How much resampling to do."""

from __future__ import annotations

from dataclasses import dataclass

from repalign.benchmarks.design import OVER, Over
from repalign.errors import InputError


@dataclass(frozen=True)
class Effort:
    """How much resampling to do, over what, and from which seed.

    Args:
        draws: Bootstrap draws, at least 2; 0 for no interval.
        permutations: For the p-value; 0 for none.
        seed: The study's seed.
        over: What the interval is to generalise to: ``auto``, ``both``, ``subjects`` or ``stimuli``.

    Raises:
        InputError: One draw, which has no spread; less than none; or ``over`` is none of these.
    """

    draws: int = 1000
    permutations: int = 1000
    seed: int = 0
    over: Over = "auto"

    def __post_init__(self) -> None:
        """Refuse what nothing can be drawn from."""
        if self.draws < 0 or self.draws == 1:
            raise InputError(f"{self.draws} draws give no interval", hint="Use 1000, or 0 for no interval.")
        if self.permutations < 0:
            raise InputError(f"{self.permutations} permutations", hint="Use 1000, or 0 for no p.")
        if self.over not in OVER:
            raise InputError(f"over={self.over!r} is not known", hint=f"One of: {', '.join(OVER)}.")
