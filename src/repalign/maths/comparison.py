"""Comparisons between RDMs, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from repalign.errors import ShapeError, UnknownNameError
from repalign.maths.checks import Floats, as_pairs
from repalign.maths.embeddings import EMBEDDINGS, RANK_BASED, embed_cosine, embed_pearson
from repalign.maths.geometry import bures, bures_distance, bures_distance_squared, euclidean_between
from repalign.maths.kendall import tau_a, tau_b
from repalign.maths.ranks import midranks
from repalign.maths.riemannian import riemannian, riemannian_fitted
from repalign.maths.whitened import embed_whitened_cosine, embed_whitened_pearson, whitened_length

__all__ = ["COMPARISONS", "EMBEDDINGS", "RANK_BASED", "Comparison", "compare", "find_comparison"]

Transform = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Comparison:
    """How two RDMs are compared.

    Args:
        name: What it is called in the id of a measure.
        compare: (k, n_pairs), (m, n_pairs) to (k, m).
        normalise: What is done to each subject's RDM, (n_subjects, n_pairs), before subjects are pooled
            for the noise ceiling, so that none counts more than another where the comparison is blind
            to the difference.
        embed: (..., n_pairs) to (..., anything), where the comparison is the dot product of embeddings.
        rank_based: Whether only the order of the pairs matters.
        higher_is_closer: True for similarities, False for distances.
        whole: Whether it needs all pairs of a number of stimuli, not just any list of pairs.
    """

    name: str
    compare: Callable[[Floats, Floats], Floats]
    normalise: Transform
    embed: Transform | None = None
    rank_based: bool = False
    higher_is_closer: bool = True
    whole: bool = False


def compare(x: Floats, y: Floats, comparison: str) -> Floats:
    """Compare RDMs.

    Args:
        x: Pair values of shape (n_pairs,) or (k, n_pairs).
        y: Pair values of shape (n_pairs,) or (m, n_pairs), the same pairs in the same order.
        comparison: One of :data:`COMPARISONS`.

    Returns:
        Similarities, or distances where the comparison is one: scalar array, (k,), (m,) or (k, m).

    Raises:
        UnknownNameError: No such comparison.
        ShapeError: The numbers of pairs differ, or are not those of any number of stimuli.
        DegenerateError: NaN, or a constant RDM (for cosine and whitened cosine, one of zeros; for rho-a
            and tau-a a constant RDM is all ties and scores 0).
        UnsuitableError: For Bures, an RDM that is not one of squared Euclidean distances.
    """
    if x.shape[-1] != y.shape[-1]:
        raise ShapeError(f"the RDMs have {x.shape[-1]} and {y.shape[-1]} pairs; both need the same stimuli")
    table = find_comparison(comparison).compare(*(np.atleast_2d(as_pairs(side)) for side in (x, y)))
    return table.reshape(x.shape[:-1] + y.shape[:-1])


def find_comparison(name: str) -> Comparison:
    """The comparison with this name.

    Args:
        name: One of :data:`COMPARISONS`.

    Returns:
        The comparison.

    Raises:
        UnknownNameError: No such comparison; the nearest names are in the hint.
    """
    if name not in COMPARISONS:
        raise UnknownNameError.among("comparison between RDMs", name, COMPARISONS)
    return COMPARISONS[name]


def _embedded(name: str, embed: Transform, normalise: Transform, *, whole: bool = False) -> Comparison:
    def product(x: Floats, y: Floats) -> Floats:
        return embed(x) @ embed(y).T

    return Comparison(name, product, normalise, embed, rank_based=name in RANK_BASED, whole=whole)


def _white_cosine(x: Floats) -> Floats:
    return x / whitened_length(x)[..., None]


def _white_pearson(x: Floats) -> Floats:
    return _white_cosine(x - x.mean(axis=-1, keepdims=True))


def _unit_mean(x: Floats) -> Floats:
    """Kernels of equal trace."""
    return x / x.mean(axis=-1, keepdims=True)


def _as_it_is(x: Floats) -> Floats:
    return x


def _distance(name: str, function: Callable[[Floats, Floats], Floats], *, whole: bool = True) -> Comparison:
    # A distance is not blind to the size of an RDM, so neither is the mean of RDMs.
    return Comparison(name, function, _as_it_is, higher_is_closer=False, whole=whole)


#: All comparisons between RDMs.
COMPARISONS: dict[str, Comparison] = {
    each.name: each
    for each in (
        _embedded("pearson", EMBEDDINGS["pearson"], embed_pearson),
        _embedded("spearman", EMBEDDINGS["spearman"], midranks),
        _embedded("rho-a", EMBEDDINGS["rho-a"], midranks),
        _embedded("cosine", EMBEDDINGS["cosine"], embed_cosine),
        Comparison("tau-a", tau_a, midranks, rank_based=True),
        Comparison("tau-b", tau_b, midranks, rank_based=True),
        _embedded("whitened-cosine", embed_whitened_cosine, _white_cosine, whole=True),
        _embedded("whitened-pearson", embed_whitened_pearson, _white_pearson, whole=True),
        Comparison("bures", bures, _unit_mean, whole=True),
        Comparison("bures-clipped", partial(bures, clipped=True), _unit_mean, whole=True),
        _distance("bures-distance", bures_distance),
        _distance("bures-distance-squared", bures_distance_squared),
        _distance("bures-distance-squared-clipped", partial(bures_distance_squared, clipped=True)),
        _distance("riemannian", riemannian),
        _distance("riemannian-shrinkage0.1", partial(riemannian, shrinkage=0.1)),
        _distance("riemannian-fitted", riemannian_fitted),
        _distance("euclidean", euclidean_between, whole=False),
    )
}
