"""Comparisons between RDMs. Each is a dot product of two embedded pair vectors.

Writing ``compare(x, y) = <embed(x), embed(y)>`` makes all pairs of many RDMs one matrix product,
the noise ceiling a mean of embeddings, and a permutation a reordering of one embedding.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from repalign.errors import DegenerateError, ShapeError
from repalign.maths.checks import Floats, as_pairs, is_constant

Truths = NDArray[np.bool_]


def embed_pearson(x: Floats) -> Floats:
    """Centre and scale to unit length, so that dot products are Pearson's r.

    Args:
        x: Pair values, (..., n_pairs).

    Raises:
        DegenerateError: An RDM is constant.
    """
    x = as_pairs(x)
    return _unit(x - x.mean(axis=-1, keepdims=True), is_constant(x, axis=-1))


def embed_spearman(x: Floats) -> Floats:
    """Pearson's embedding of mid-ranks, so that dot products are Spearman's rho.

    Args:
        x: Pair values, (..., n_pairs).

    Raises:
        DegenerateError: An RDM is constant.
    """
    x = as_pairs(x)
    ranks = rankdata(x, axis=-1)
    return _unit(ranks - (x.shape[-1] + 1) / 2, is_constant(x, axis=-1))


def embed_rho_a(x: Floats) -> Floats:
    """Centred mid-ranks times sqrt(12 / (P^3 - P)), so that dot products are rho-a.

    rho-a = 12 sum(r1 r2) / (P^3 - P) is Spearman's rho expected under random breaking of ties
    (Schuett et al. 2023, eLife 12:e82566); it does not favour models with ties.

    Args:
        x: Pair values, (..., n_pairs).
    """
    x = as_pairs(x)
    pairs = x.shape[-1]
    return (rankdata(x, axis=-1) - (pairs + 1) / 2) * np.sqrt(12.0 / (float(pairs) ** 3 - pairs))


def embed_cosine(x: Floats) -> Floats:
    """Scale to unit length, so that dot products are cosines.

    Args:
        x: Pair values, (..., n_pairs).

    Raises:
        DegenerateError: An RDM is all zero.
    """
    x = as_pairs(x)
    return _unit(x, np.asarray(~x.any(axis=-1)))


EMBEDDINGS: dict[str, Callable[[Floats], Floats]] = {
    "pearson": embed_pearson,
    "spearman": embed_spearman,
    "rho-a": embed_rho_a,
    "cosine": embed_cosine,
}
RANK_BASED = frozenset({"spearman", "rho-a"})


def compare(x: Floats, y: Floats, comparison: str) -> Floats:
    """Compare RDMs.

    Args:
        x: Pair values of shape (n_pairs,) or (k, n_pairs).
        y: Pair values of shape (n_pairs,) or (m, n_pairs), the same pairs in the same order.
        comparison: One of :data:`EMBEDDINGS`.

    Returns:
        Similarities in -1..1 (cosine of non-negative RDMs 0..1): scalar array, (k,), (m,) or (k, m).

    Raises:
        ShapeError: The numbers of pairs differ.
        DegenerateError: NaN, or a constant RDM (for cosine, one of zeros; for rho-a a constant RDM is
            all ties and scores 0).
    """
    if x.shape[-1] != y.shape[-1]:
        raise ShapeError(f"the RDMs have {x.shape[-1]} and {y.shape[-1]} pairs; both need the same stimuli")
    embed = EMBEDDINGS[comparison]
    return np.asarray(embed(x) @ embed(y).T)


def _unit(x: Floats, degenerate: Truths) -> Floats:
    if degenerate.any():
        raise DegenerateError(
            "an RDM is constant: all its pairs have the same dissimilarity",
            hint="Nothing can be ranked or correlated there; is the model blind to these stimuli?",
        )
    x = x / np.abs(x).max(axis=-1, keepdims=True)
    return x / np.sqrt((x * x).sum(axis=-1, keepdims=True))
