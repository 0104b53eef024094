"""Comparisons of RDMs in bootstrap replicates, without building or sorting any of them.

A replicate that draws stimulus i ``c_i`` times contains the pair (i, j) ``c_i c_j`` times; pairs of a
stimulus with itself are dropped. A multiset of pairs is a vector of weights. Cosine and Pearson are
ratios of weighted moments, so all draws are one matrix product of weights with products of RDMs;
mid-ranks follow from one sort of the full RDM and a cumulative sum of weights. The results equal those
of the explicit replicate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repalign.errors import UnsuitableError
from repalign.maths.checks import Floats

Weighted = Callable[[Floats], Floats]
_FLOOR = 1e-12  # of a sum of squares: what is below is rounding
_CACHED = 400_000


@dataclass(frozen=True)
class Sorted:
    """One RDM's pairs sorted once: the order, where groups of ties start, and each pair's group."""

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
        return cls(order, starts, group)

    def midranks(self, weights: Floats) -> Floats:
        """Mid-ranks less one half within each replicate, for weights (n_pairs, n_draws); same shape.

        Their weighted mean is half the sum of the weights.
        """
        # Draws are on the last axis, so that gathering copies rows and the sum runs over all at once.
        own = weights.take(self.order, axis=0)
        if len(self.starts) < len(self.order):
            own = np.add.reduceat(own, self.starts, axis=0)
        upto = np.cumsum(own, axis=0)
        own *= 0.5
        upto -= own
        return upto.take(self.group, axis=0)


def weighted(models: Floats, subjects: Floats, comparison: str) -> Weighted:
    """Similarity of every model and every subject to every subject in bootstrap replicates.

    Args:
        models: Pair values, (n_models, n_pairs).
        subjects: Pair values, (n_subjects, n_pairs).
        comparison: One of :data:`WEIGHTED`.

    Returns:
        A function of pair weights (n_pairs, n_draws), how often each pair occurs, that returns
        (n_draws, n_models + n_subjects, n_subjects); NaN where an RDM is constant in a draw (for cosine
        zero, for rho-a fewer than 2 pairs).

    Raises:
        UnsuitableError: The comparison is no product of embeddings; use the jackknife.
    """
    if comparison not in WEIGHTED:
        raise UnsuitableError(
            f"{comparison!r} has no weighted form; {', '.join(sorted(WEIGHTED))} have",
            hint="Its uncertainty comes from the two-way jackknife.",
        )
    return WEIGHTED[comparison](np.concatenate([models, subjects]), len(models))


def _cosine(rdms: Floats, n_models: int) -> Weighted:
    x = rdms / _largest(rdms)

    def similarities(weights: Floats) -> Floats:
        length = np.sqrt(weights.T @ (x * x).T)
        return _ratio(_products(x, n_models, weights), length, n_models)

    return similarities


def _pearson(rdms: Floats, n_models: int) -> Weighted:
    # Moments about the median: no far outlier can hide the variation of the rest.
    x = rdms - np.median(rdms, axis=1, keepdims=True)
    x = x / _largest(x)

    def similarities(weights: Floats) -> Floats:
        total = _total(weights)
        mean = (weights.T @ x.T) / total[:, None]
        square = (weights.T @ (x * x).T) / total[:, None]
        variance = square - mean**2
        length = np.sqrt(np.where(variance > _FLOOR * square, variance, np.nan))
        joint = _products(x, n_models, weights) / total[:, None, None]
        return _ratio(joint - mean[:, :, None] * mean[:, None, n_models:], length, n_models)

    return similarities


def _spearman(rdms: Floats, n_models: int) -> Weighted:
    joint = _rank_products(rdms, n_models)

    def similarities(weights: Floats) -> Floats:
        cross, squares = joint(weights)
        third = _total(weights) ** 3 / 4
        variance = squares - third[:, None]
        length = np.sqrt(np.where(variance > _FLOOR * squares, variance, np.nan))
        return _ratio(cross - third[:, None, None], length, n_models)

    return similarities


def _rho_a(rdms: Floats, n_models: int) -> Weighted:
    joint = _rank_products(rdms, n_models)

    def similarities(weights: Floats) -> Floats:
        total = _total(weights)
        cross = joint(weights)[0] - (total**3 / 4)[:, None, None]
        return cross * (12.0 / (total**3 - total))[:, None, None]

    return similarities


WEIGHTED: dict[str, Callable[[Floats, int], Weighted]] = {
    "pearson": _pearson,
    "spearman": _spearman,
    "rho-a": _rho_a,
    "cosine": _cosine,
}


def _products(x: Floats, n_models: int, weights: Floats) -> Floats:
    """Weighted sums of products of every RDM with every subject's, (n_draws, n_rdms, n_subjects)."""
    subjects, by_draw = x[n_models:], np.ascontiguousarray(weights.T)
    out = np.empty((weights.shape[1], len(x), len(subjects)))
    for k, each in enumerate(x):
        first = max(0, k - n_models)  # subjects with subjects: one triangle
        out[:, k, first:] = by_draw @ (each * subjects[first:]).T
        out[:, n_models + first :, first] = (
            out[:, k, first:] if k >= n_models else out[:, n_models + first :, first]
        )
    return out


def _rank_products(rdms: Floats, n_models: int) -> Callable[[Floats], tuple[Floats, Floats]]:
    """Weighted sums of products of mid-ranks less one half, and of their squares."""
    sides = [Sorted.of(each) for each in rdms]
    step = max(1, _CACHED // rdms.size)

    def block(weights: Floats) -> tuple[Floats, Floats]:
        ranks = np.empty((weights.shape[1], *rdms.shape))
        for k, side in enumerate(sides):
            ranks[:, k] = side.midranks(weights).T
        by_draw = weights.T[:, None]
        cross = ranks @ (ranks[:, n_models:] * by_draw).transpose(0, 2, 1)
        return cross, np.einsum("dkp,dkp,dp->dk", ranks, ranks, weights.T)

    def joint(weights: Floats) -> tuple[Floats, Floats]:
        starts = range(0, weights.shape[1], step)
        parts = [block(np.ascontiguousarray(weights[:, s : s + step])) for s in starts]
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    return joint


def _ratio(products: Floats, length: Floats, n_models: int) -> Floats:
    length = np.where(length > 0, length, np.nan)
    return products / length[:, :, None] / length[:, None, n_models:]


def _total(weights: Floats) -> Floats:
    total = weights.sum(axis=0)
    return np.where(total > 1, total, np.nan)


def _largest(x: Floats) -> Floats:
    largest = np.abs(x).max(axis=1, keepdims=True)
    return np.where(largest > 0, largest, 1.0)
