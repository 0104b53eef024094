"""Comparison of RDMs that are too large to hold: one or two passes over blocks of pairs, or none at all.

70,000 stimuli have 2.4 thousand million pairs. Dissimilarities that are a product of few features of the
two stimuli (correlation, cosine, squared Euclidean) need not even be made for Pearson and cosine: their
sums over pairs follow from products of the features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from repalign.errors import UnknownNameError
from repalign.maths.arrays import Array, host, like, namespace, row_inner
from repalign.maths.blocks import Blocks, meetings, stimulus_sums
from repalign.maths.checks import Floats, same_rows
from repalign.maths.comparison import RANK_BASED, embed_cosine, embed_pearson
from repalign.maths.histograms import Histogram
from repalign.maths.pairs import row_blocks

#: Comparisons that the blocked form knows.
COMPARISONS = ("pearson", "cosine", "spearman", "rho-a")
#: Dissimilarities that it knows.
DISSIMILARITIES = ("correlation", "cosine", "squared-euclidean", "euclidean")
# Below this share of the sum of squares the variation of an RDM is rounding.
_CONSTANT = 1e-13


@dataclass(frozen=True)
class LargeRSA:
    """Similarity of two RDMs, and what leaving out stimuli makes of it.

    Args:
        value: The similarity, -1..1.
        left_out: The similarity without each stimulus in turn, (n_stimuli,), exact; None for comparisons
            of ranks, which change for all pairs when a stimulus goes.
        error: How far ``value`` can be from that of the exact ranks; 0 where there are no ranks.
    """

    value: float
    left_out: Floats | None
    error: float


def large_rsa(
    X: Array,
    Y: Array,
    dissimilarity: str = "correlation",
    comparison: str = "pearson",
    *,
    bins: int = 2**22,
    step: int | None = None,
) -> LargeRSA:
    """Compare the RDMs of two sets of responses without holding either.

    Memory: the responses, a few blocks of ``step`` x ``step`` pairs, and for ranks two tables of
    ``bins``. Pearson and cosine take one pass, or for dissimilarities other than ``euclidean`` only products
    of units where 3 (p + q) <= n. Ranks take two passes: the first counts dissimilarities in bins between 0
    and the largest possible, the second adds up products of mid-ranks, values in one bin counting as
    tied.

    Args:
        X: Responses, (n_stimuli, p), an array or a tensor of any float dtype.
        Y: Responses to the same stimuli, (n_stimuli, q), of the same kind and on the same device.
        dissimilarity: One of :data:`DISSIMILARITIES`.
        comparison: One of :data:`COMPARISONS`.
        bins: For ranks: more bins, smaller ``error``.
        step: Stimuli in a block.

    Returns:
        For float64 and numpy within 1e-10 of comparing the RDMs themselves (ranks: within ``error``); for
        float32 tensors within 1e-5.

    Raises:
        UnknownNameError: No such dissimilarity or comparison.
        TooFewError: Fewer than 4 stimuli.
        DegenerateError: NaN, a constant pattern, or a constant RDM.
    """
    for what, name, known in (
        ("dissimilarity", dissimilarity, DISSIMILARITIES),
        ("comparison", comparison, COMPARISONS),
    ):
        if name not in known:
            raise UnknownNameError.among(f"blocked {what}", name, known)
    same_rows(X, Y)
    ties = comparison in RANK_BASED
    x, y = (Blocks(side, dissimilarity, name, at_least=4, ties=ties) for side, name in ((X, "X"), (Y, "Y")))
    if ties:
        return _by_ranks(x, y, comparison, bins, step)
    few_units = 3 * (x.rows.width + y.rows.width) <= len(x)
    sums = (
        _feature_sums(x, y) if few_units and dissimilarity != "euclidean" else stimulus_sums(x, y, step=step)
    )
    total, n = sums.sum(axis=1) / 2, len(x)
    value = float(_similarity(total, n, comparison))
    return LargeRSA(value, _similarity(total[:, None] - sums, n - 1, comparison), 0.0)


def _similarity(sums: Floats, n: int, comparison: str) -> Floats:
    """Pearson's r or the cosine from sums of a, b, a^2, b^2, a b over the pairs of n stimuli, (5, ...)."""
    a, b, aa, bb, ab = sums
    if comparison == "cosine":
        if min(aa.min(), bb.min()) <= 0:
            embed_cosine(np.zeros(3))
        return ab / np.sqrt(aa * bb)
    pairs = n * (n - 1) / 2
    varied_a, varied_b = aa - a * a / pairs, bb - b * b / pairs
    if (varied_a <= _CONSTANT * aa).any() or (varied_b <= _CONSTANT * bb).any():
        embed_pearson(np.zeros(3))
    return (ab - a * b / pairs) / np.sqrt(varied_a * varied_b)


def _feature_sums(x: Blocks, y: Blocks) -> Floats:
    """What :func:`stimulus_sums` gives, from d_ij = l_i . r_j of both sides.

    The sum over j of d_ij e_ij is l_i (sum_j r_j s_j') m_i for e_ij = m_i . s_j; pairs of a stimulus with
    itself add nothing, because d_ii = 0.
    """
    xp = namespace(x.rows.X)
    p: int = 0
    products: Array = 0.0
    total: Array = 0.0
    blocks = list(row_blocks(len(x), x.rows.width + y.rows.width))
    for rows in blocks:
        right = [side.factors(rows)[1] for side in (x, y)]
        p, both = right[0].shape[1], xp.concatenate(right, 1)
        products, total = products + both.T @ both, total + both.sum(0)
    sums: list[Array] = []
    for rows in blocks:
        a, b = x.factors(rows)[0], y.factors(rows)[0]
        from_a = a @ products[:p]
        parts = (
            a @ total[:p],
            b @ total[p:],
            row_inner(from_a[:, :p], a),
            row_inner(b @ products[p:, p:], b),
            row_inner(from_a[:, p:], b),
        )
        sums.append(xp.stack(parts))
    return host(xp.concatenate(sums, 1))


def _by_ranks(x: Blocks, y: Blocks, comparison: str, bins: int, step: int | None) -> LargeRSA:
    counts = Histogram(x.largest, bins), Histogram(y.largest, bins)
    for met in meetings(x, y, step):
        for count, values in zip(counts, (met.first, met.second), strict=True):
            count.add(met.pairs(values))
    ranks = [count.centred_ranks() for count in counts]
    tables = [like(each, x.rows.X) for each in ranks]
    cross = 0.0
    for met in meetings(x, y, step):
        a, b = (
            table[count.places(met.pairs(values))]
            for table, count, values in zip(tables, counts, (met.first, met.second), strict=True)
        )
        cross += float(a @ b)
    pairs = counts[0].total
    most = (pairs**3 - pairs) / 12
    squares = [float(count.counts @ each**2) for count, each in zip(counts, ranks, strict=True)]
    if comparison == "spearman" and min(squares) <= 0:
        embed_pearson(np.zeros(3))
    size = most if comparison == "rho-a" else squares[0] ** 0.5 * squares[1] ** 0.5
    lost = [min(count.lost(), 1.0) for count in counts]
    return LargeRSA(cross / size, None, float(np.arcsin(lost).sum() + lost[0] * lost[1]))
