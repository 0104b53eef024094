"""Ranks and medians of more values than can be held, from counts in narrow bins."""

from __future__ import annotations

import numpy as np

from repalign.maths.arrays import Array, host, namespace, whole
from repalign.maths.checks import Floats


class Histogram:
    """Counts of values from 0 to ``largest`` in bins of equal width.

    Args:
        largest: Upper end; what rounding leaves above it counts as in the last bin.
        bins: How many.
    """

    def __init__(self, largest: float, bins: int) -> None:
        self.largest = largest
        self.counts: Floats = np.zeros(bins)

    @property
    def total(self) -> float:
        """How many values were counted."""
        return float(self.counts.sum())

    def places(self, values: Array) -> Array:
        """The bin of each value, of the shape of ``values``."""
        bins = len(self.counts)
        return namespace(values).clip(whole(values * (bins / self.largest)), 0, bins - 1)

    def add(self, values: Array) -> None:
        """Count values, (n,)."""
        xp, places = namespace(values), self.places(values)
        if len(values) > len(self.counts) // 16:
            self.counts += host(xp.bincount(places, minlength=len(self.counts)))
            return
        # Few values: going through all bins would take longer than sorting the values.
        found, counted = xp.unique(places, return_counts=True)
        self.counts[host(found).astype(np.intp)] += host(counted)

    def median(self) -> float:
        """The median, to half the width of a bin."""
        upto = np.cumsum(self.counts)
        # Of an even number of values the mean of the two in the middle.
        middle = np.searchsorted(upto, [(self.total - 1) // 2, self.total // 2], side="right")
        return float((middle + 0.5).mean()) * self.largest / len(self.counts)

    def centred_ranks(self) -> Floats:
        """Per bin the mid-rank of its values less the mean rank, (bins,): values in one bin count as tied."""
        return np.cumsum(self.counts) - (self.counts - 1) / 2 - (self.total + 1) / 2

    def lost(self) -> float:
        """Bound on what calling the values of a bin tied takes from the length of the rank vector, 0..1.

        The mean rank of a bin is the projection of its values' ranks, so the two vectors differ by the sine
        of an angle; it is largest if no values in a bin are equal.
        """
        lost, total = float((self.counts**3 - self.counts).sum()), self.total
        return (lost / (total**3 - total)) ** 0.5
