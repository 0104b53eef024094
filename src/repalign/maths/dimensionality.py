"""Dimensionality of one representation, linear and intrinsic."""

from __future__ import annotations

from typing import cast

import numpy as np

from repalign.errors import DegenerateError, InputError
from repalign.maths.checks import Floats, as_patterns
from repalign.maths.kernels import compact, unit_variation
from repalign.maths.shape import variation_size

_BLOCK_ENTRIES = 2_000_000


def participation_ratio(X: Floats) -> float:
    """Effective number of principal components, (sum l)^2 / sum l^2 over eigenvalues l of the covariance.

    Gao et al. 2017. Bounded by the number of stimuli less one and by the number of units; few stimuli make it
    smaller.

    Args:
        X: Responses, (n_stimuli, n_units).

    Returns:
        1..min(n_stimuli - 1, n_units).

    Raises:
        DegenerateError: The responses do not vary over stimuli.
    """
    varied = unit_variation(X, "X")
    product = varied.T @ varied if varied.shape[1] <= len(varied) else varied @ varied.T
    return float(np.trace(product)) ** 2 / float(np.einsum("ij,ij->", product, product))


def eigenspectrum(X: Floats) -> Floats:
    """Eigenvalues of the covariance over stimuli, largest first.

    Args:
        X: Responses, (n_stimuli, n_units).

    Returns:
        Variances along the principal components, divided by n_stimuli - 1, (min(n_stimuli - 1, n_units),);
        their sum is the summed variance of the units.

    Raises:
        DegenerateError: The responses do not vary over stimuli.
    """
    varied = unit_variation(X, "X")
    sizes = _sizes(varied)[: len(varied) - 1]
    return (sizes * variation_size(X, varied)) ** 2 / (len(varied) - 1)


def components_for_variance(X: Floats, share: float) -> int:
    """The least number of principal components that hold this share of the variance.

    Args:
        X: Responses, (n_stimuli, n_units).
        share: 0 < share <= 1.

    Returns:
        1..min(n_stimuli - 1, n_units).

    Raises:
        InputError: The share is out of range.
        DegenerateError: The responses do not vary over stimuli.
    """
    if not 0.0 < share <= 1.0:
        raise InputError(f"the share of variance is {share}; it lies in 0 < share <= 1", hint="Try 0.9.")
    sizes = _sizes(unit_variation(X, "X"))
    sums = (sizes * sizes).cumsum()
    return int(np.count_nonzero(sums < share * sums[-1])) + 1


def two_nn(X: Floats, discarded: float = 0.1) -> float:
    """Intrinsic dimension from the distances to the two nearest neighbours (Facco et al. 2017).

    With m_i the distance of stimulus i to its second neighbour over that to its first, m follows a
    Pareto law whose exponent is the dimension: the slope through the origin of -log(1 - F(m)) on log m, F the
    empirical distribution. The largest ratios are left out of the fit.

    Args:
        X: Responses, (n_stimuli, n_units).
        discarded: Share of the largest ratios left out, 0 <= discarded < 1. Facco et al. leave out a tenth.

    Returns:
        Dimension, above 0.

    Raises:
        InputError: The share is out of range.
        TooFewError: Fewer than 10 stimuli.
        DegenerateError: Two stimuli have the same pattern (``rows`` names them), or all ratios are 1.
    """
    if not 0.0 <= discarded < 1.0:
        raise InputError(f"the share left out is {discarded}; it lies in 0 <= share < 1", hint="Try 0.1.")
    nearest = _two_nearest(as_patterns(X, at_least=10))
    doubled = np.flatnonzero(nearest[:, 0] == 0).tolist()
    if doubled:
        raise DegenerateError(
            f"{len(doubled)} stimuli have the pattern of another one (row {doubled[0]} first)",
            hint="Leave copies out: a neighbour at distance zero has no ratio.",
            rows=doubled,
        )
    n = len(nearest)
    ratios = np.sort(np.log(nearest[:, 1] / nearest[:, 0]))
    kept = min(max(int(np.floor(n * (1.0 - discarded))), 1), n - 1)  # at the last F is 1 and its log infinite
    x, y = ratios[:kept], -np.log1p(-np.arange(1, kept + 1) / n)
    if x[-1] <= 1e-12:
        raise DegenerateError(
            "the two nearest neighbours of every stimulus are equally far: no dimension",
            hint="Are the stimuli on a grid or at the corners of a simplex?",
        )
    return float(x @ y / (x @ x))


def _sizes(varied: Floats) -> Floats:
    return cast(Floats, np.linalg.svd(compact(varied), compute_uv=False))


def _two_nearest(patterns: Floats) -> Floats:
    """Distances to the first and second neighbour, (n_stimuli, 2), some stimuli at a time."""
    scaled = patterns / (np.abs(patterns).max() or 1.0)
    scaled = scaled - scaled.mean(axis=0)
    norms = np.einsum("ij,ij->i", scaled, scaled)
    n = len(scaled)
    out = np.empty((n, 2))
    step = max(1, _BLOCK_ENTRIES // n)
    for start in range(0, n, step):
        rows = np.arange(start, min(start + step, n))
        squared = norms[rows, None] + norms - 2.0 * (scaled[rows] @ scaled.T)
        squared[np.arange(len(rows)), rows] = np.inf
        # The product only finds candidates; what it cancels in near pairs, the difference keeps.
        candidates = np.argpartition(squared, min(4, n - 2), axis=1)[:, :5]
        difference = scaled[rows][:, None] - scaled[candidates]
        exact = np.sort(np.einsum("ijk,ijk->ij", difference, difference), axis=1)
        out[rows] = np.sqrt(exact[:, :2])
    return out
