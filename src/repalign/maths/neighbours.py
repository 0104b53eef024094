"""Shared neighbours: which stimuli are close to which, on both sides, by the cosine of their patterns.

Where stimuli tie for the last places, each is a neighbour to a degree (:mod:`repalign.maths.nearest`).
Overlap of two degrees is their minimum, union their maximum: the usual counts where there are no ties,
and 1 for equal sides.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from repalign.errors import DegenerateError
from repalign.maths.checks import Floats, as_patterns
from repalign.maths.nearest import blocks, neighbour_ranks


def mutual_knn(X: Floats, Y: Floats, k: int) -> float:
    """Share of the k nearest neighbours that both sides have in common (Huh et al. 2024).

    Independent sides share k / (n - 1) by chance.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).
        k: Neighbours of each stimulus, 1 <= k < n_stimuli.

    Returns:
        Mean over stimuli of |N_X ∩ N_Y| / k, 0..1.

    Raises:
        TooFewError: k is not below the number of stimuli.
        DegenerateError: A pattern of zeros has no direction; ``rows`` names it.
    """
    shared = [np.minimum(*block.degrees).sum(axis=1) for block in blocks(X, Y, k)]
    return float(np.concatenate(shared).mean()) / k


def knn_jaccard(X: Floats, Y: Floats, k: int) -> float:
    """Jaccard similarity of the sets of k nearest neighbours (Klabunde et al. 2025).

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).
        k: Neighbours of each stimulus, 1 <= k < n_stimuli.

    Returns:
        Mean over stimuli of |N_X ∩ N_Y| / |N_X ∪ N_Y|, 0..1.

    Raises:
        TooFewError: k is not below the number of stimuli.
        DegenerateError: A pattern of zeros has no direction; ``rows`` names it.
    """
    each = [
        np.minimum(*block.degrees).sum(axis=1) / np.maximum(*block.degrees).sum(axis=1)
        for block in blocks(X, Y, k)
    ]
    return float(np.concatenate(each).mean())


def knn_rank_similarity(X: Floats, Y: Floats, k: int) -> float:
    """Agreement in the ranks of shared neighbours (Wang et al. 2020; Klabunde et al. 2025).

    For stimulus i, sum over shared neighbours j of 2 / ((1 + |r_X - r_Y|)(r_X + r_Y)), r the rank of j
    among the neighbours of i, divided by sum 1/m for m = 1 .. the number of shared neighbours; 0 where
    none is shared.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).
        k: Neighbours of each stimulus, 1 <= k < n_stimuli.

    Returns:
        Mean over stimuli, 0..1.

    Raises:
        TooFewError: k is not below the number of stimuli.
        DegenerateError: A pattern of zeros, or a stimulus whose k nearest tie: they have no ranks.
    """
    # Where nothing is shared the sum is zero, and any divisor will do.
    harmonic = np.concatenate([[1.0], np.cumsum(1.0 / np.arange(1, k + 1))])
    each: list[Floats] = []
    for block in blocks(X, Y, k):
        first, second = (neighbour_ranks(cosines, k, block.rows) for cosines in block.cosines)
        both = (first <= k) & (second <= k)
        stimulus, _ = np.nonzero(both)
        terms = 2.0 / ((1.0 + np.abs(first[both] - second[both])) * (first[both] + second[both]))
        each.append(np.bincount(stimulus, terms, len(both)) / harmonic[both.sum(axis=1)])
    return float(np.concatenate(each).mean())


def second_order_cosine(X: Floats, Y: Floats, k: int, *, distances: bool = False) -> float:
    """Cosine between the vectors of similarities to the neighbours on either side (Hamilton et al. 2016).

    For stimulus i the vectors hold its cosine to every stimulus among its k nearest neighbours in X or Y.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).
        k: Neighbours of each stimulus, 1 <= k < n_stimuli.
        distances: Take 1 - cosine in place of the cosine, as the ReSi benchmark does.

    Returns:
        Mean over stimuli, -1..1.

    Raises:
        TooFewError: k is not below the number of stimuli.
        DegenerateError: A pattern of zeros, or a stimulus all of whose neighbours have entry zero.
    """
    each: list[Floats] = []
    for block in blocks(X, Y, k):
        either = np.maximum(*block.degrees)
        # A stimulus has no part in its own vector; its cosine there is minus infinity.
        a, b = (np.where(either > 0, 1.0 - c if distances else c, 0.0) for c in block.cosines)
        cross, own_a, own_b = (np.einsum("ij,ij,ij->i", either, u, v) for u, v in ((a, b), (a, a), (b, b)))
        lost = block.rows[(own_a == 0) | (own_b == 0)].tolist()
        if lost:
            raise DegenerateError(
                f"all neighbours of {len(lost)} stimuli (row {lost[0]} first) have entry zero: no direction",
                hint="Are stimuli doubled? Leave copies out.",
                rows=lost,
            )
        each.append(cross / np.sqrt(own_a * own_b))
    return float(np.concatenate(each).mean())


def cknna(X: Floats, Y: Floats, k: int) -> float:
    """CKA restricted to shared neighbours, debiased (Huh et al. 2024).

    HSIC_a(X,Y) / sqrt(HSIC_a(X,X) HSIC_a(Y,Y)), where HSIC_a is the unbiased estimator of Song et al. 2012
    over cosines of which only those of pairs (i, j) are kept for which j is among the k nearest neighbours
    of i on both sides. At k = n - 1 it is debiased linear CKA of patterns of unit length.

    The selection is directed: i may have j for a neighbour and not the reverse. Row sums are taken on both
    sides, so exchanging them changes nothing.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).
        k: Neighbours of each stimulus, 1 <= k < n_stimuli.

    Returns:
        Similarity; about 0 for independent sides, 1 for equal ones.

    Raises:
        TooFewError: Fewer than 4 stimuli, or k is not below their number.
        DegenerateError: A pattern of zeros, or a side whose own HSIC is not positive.
    """
    n = len(as_patterns(X, "X", at_least=4))
    rows: list[NDArray[np.float64]] = []
    products = np.zeros(3)
    for block in blocks(X, Y, k):
        a, b = (np.where(np.isfinite(c), c, 0.0) for c in block.cosines)
        of_x, of_y = block.degrees
        shared = np.minimum(of_x, of_y)
        products += [
            float(np.einsum("ij,ij,ij->", m, u, v))
            for m, u, v in ((shared, a, b), (of_x, a, a), (of_y, b, b))
        ]
        rows.append(
            np.stack(
                [np.einsum("ij,ij->i", m, c) for m, c in ((shared, a), (shared, b), (of_x, a), (of_y, b))]
            )
        )
    sums = np.concatenate(rows, axis=1)
    pairs = ((sums[0], sums[1]), (sums[2], sums[2]), (sums[3], sums[3]))
    cross, own_x, own_y = (
        trace + u.sum() * v.sum() / ((n - 1) * (n - 2)) - 2.0 / (n - 2) * float(u @ v)
        for trace, (u, v) in zip(products, pairs, strict=True)
    )
    if own_x <= 0 or own_y <= 0:
        raise DegenerateError(
            "CKNNA is undefined: one side's own HSIC estimate over its neighbours is not positive",
            hint="Take a larger k, or more stimuli.",
        )
    return float(cross / np.sqrt(own_x * own_y))
