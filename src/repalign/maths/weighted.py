"""Embeddings of bootstrap replicates, without building or sorting any of them.

A replicate that draws stimulus i ``c_i`` times contains the pair (i, j) ``c_i c_j`` times; pairs of a
stimulus with itself are dropped. A multiset of pairs is a vector of weights, and its mid-ranks follow
from one sort of the full RDM and a cumulative sum. The results equal those of the explicit replicate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repalign.maths.checks import Floats


@dataclass(frozen=True)
class Sorted:
    """One RDM's pairs sorted once: the order, where groups of ties start, and each pair's group.

    The values are scaled to at most 1, which changes no comparison and keeps their squares finite.
    """

    values: Floats
    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    group: NDArray[np.intp]

    @classmethod
    def of(cls, values: Floats) -> Sorted:
        """Sort the pair values, (n_pairs,)."""
        order = np.argsort(values, kind="stable")
        ranked = values[order]
        starts = np.concatenate(([0], np.flatnonzero(ranked[1:] != ranked[:-1]) + 1))
        group = np.empty(len(values), dtype=np.intp)
        group[order] = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(values))))
        largest = np.abs(values).max()
        return cls(values / (largest if largest > 0 else 1.0), order, starts, group)

    def midranks(self, weights: Floats) -> Floats:
        """Mid-ranks within each replicate, (n_draws, n_pairs), for weights of that shape."""
        in_group = np.add.reduceat(weights[:, self.order], self.starts, axis=1)
        upto = np.cumsum(in_group, axis=1)
        return (upto - in_group / 2 + 0.5)[:, self.group]


def weighted_pearson(x: Sorted, weights: Floats) -> Floats:
    """Embedding whose dot products are Pearson's r of each replicate; NaN where it is constant.

    Args:
        x: The RDM.
        weights: How often each pair occurs, (n_draws, n_pairs).

    Returns:
        (n_draws, n_pairs).
    """
    total = _total(weights)
    mean = (weights @ x.values)[:, None] / total
    # The mean of equal values is off by rounding, which must not be correlated with anything.
    return _unit(np.sqrt(weights) * (x.values - mean), floor=1e-13 * np.sqrt(total))


def weighted_spearman(x: Sorted, weights: Floats) -> Floats:
    """Embedding whose dot products are Spearman's rho of each replicate; NaN where it is constant."""
    return _unit(np.sqrt(weights) * (x.midranks(weights) - (_total(weights) + 1) / 2))


def weighted_rho_a(x: Sorted, weights: Floats) -> Floats:
    """Embedding whose dot products are rho-a of each replicate; NaN where it has fewer than 2 pairs."""
    total = _total(weights)
    scale = np.sqrt(12.0 / (total**3 - total))
    return np.sqrt(weights) * (x.midranks(weights) - (total + 1) / 2) * scale


def weighted_cosine(x: Sorted, weights: Floats) -> Floats:
    """Embedding whose dot products are cosines of each replicate; NaN where it is all zero."""
    return _unit(np.sqrt(weights) * x.values)


WEIGHTED: dict[str, Callable[[Sorted, Floats], Floats]] = {
    "pearson": weighted_pearson,
    "spearman": weighted_spearman,
    "rho-a": weighted_rho_a,
    "cosine": weighted_cosine,
}


def _total(weights: Floats) -> Floats:
    total = weights.sum(axis=1, keepdims=True)
    return np.where(total > 1, total, np.nan)


def _unit(x: Floats, floor: Floats | float = 0.0) -> Floats:
    length = np.sqrt(np.einsum("ij,ij->i", x, x))[:, None]
    some = length > floor
    return np.where(some, x / np.where(some, length, 1.0), np.nan)
