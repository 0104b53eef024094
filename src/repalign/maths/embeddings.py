"""Comparisons between RDMs that are dot products of two embedded pair vectors.

Writing ``compare(x, y) = <embed(x), embed(y)>`` makes all pairs of many RDMs one matrix product,
the noise ceiling a mean of embeddings, and a permutation a reordering of one embedding.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from repalign.errors import DegenerateError
from repalign.maths.checks import Floats, as_pairs, is_constant
from repalign.maths.ranks import midranks


def embed_pearson(x: Floats) -> Floats:
    """Centre and scale to unit length, so that dot products are Pearson's r.

    Args:
        x: Pair values, (..., n_pairs).

    Raises:
        DegenerateError: An RDM is constant.
    """
    x = as_pairs(x)
    refuse_constant(is_constant(x, axis=-1))
    return unit_length(x - x.mean(axis=-1, keepdims=True))


def embed_spearman(x: Floats) -> Floats:
    """Pearson's embedding of mid-ranks, so that dot products are Spearman's rho.

    Args:
        x: Pair values, (..., n_pairs).

    Raises:
        DegenerateError: An RDM is constant.
    """
    x = as_pairs(x)
    refuse_constant(is_constant(x, axis=-1))
    return unit_length(_centred_ranks(x))


def embed_rho_a(x: Floats) -> Floats:
    """Centred mid-ranks times sqrt(12 / (P^3 - P)), so that dot products are rho-a.

    rho-a = 12 sum(r1 r2) / (P^3 - P) is Spearman's rho expected under random breaking of ties
    (Schuett et al. 2023, eLife 12:e82566); it does not favour models with ties. A constant RDM is all
    ties: any order of its pairs is as likely as the reverse, the expectation is 0, and 0 is the score.

    Args:
        x: Pair values, (..., n_pairs).
    """
    x = as_pairs(x)
    pairs = float(x.shape[-1])
    ranks = _centred_ranks(x)
    ranks *= np.sqrt(12.0 / (pairs**3 - pairs))
    return ranks


def embed_cosine(x: Floats) -> Floats:
    """Scale to unit length, so that dot products are cosines.

    Args:
        x: Pair values, (..., n_pairs).

    Raises:
        DegenerateError: An RDM is all zero.
    """
    x = as_pairs(x)
    refuse_constant(np.asarray(~x.any(axis=-1)))
    return unit_length(x.copy())


#: Embeddings by the comparison that their dot products are: RDMs (..., n_pairs) to the same shape.
EMBEDDINGS: dict[str, Callable[[Floats], Floats]] = {
    "pearson": embed_pearson,
    "spearman": embed_spearman,
    "rho-a": embed_rho_a,
    "cosine": embed_cosine,
}
RANK_BASED = frozenset({"spearman", "rho-a"})


def unit_length(x: Floats) -> Floats:
    """Scale the last axis to unit length, in place; the largest entry is taken out before squaring."""
    x /= np.maximum(x.max(axis=-1, keepdims=True), -x.min(axis=-1, keepdims=True))
    x /= np.sqrt(np.einsum("...i,...i->...", x, x))[..., None]
    return x


def refuse_constant(constant: NDArray[np.bool_]) -> None:
    """Refuse RDMs that are marked as constant.

    Raises:
        DegenerateError: One is.
    """
    if constant.any():
        raise DegenerateError(
            "an RDM is constant: all its pairs have the same dissimilarity",
            hint="Nothing can be ranked or correlated there; is the model blind to these stimuli?",
        )


def _centred_ranks(x: Floats) -> Floats:
    ranks = midranks(x)
    ranks -= (x.shape[-1] + 1) / 2
    return ranks
