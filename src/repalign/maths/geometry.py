"""Comparisons of RDMs as geometries: through the kernel K = -1/2 H D H of squared distances D.

Rows and columns of K sum to zero, so that K has rank n - 1 at most; here it is written in an orthonormal
basis of the vectors that sum to zero, as an (n - 1, n - 1) matrix with the same other eigenvalues.
"""

from __future__ import annotations

import numpy as np

from repalign.errors import DegenerateError, ShapeError, UnsuitableError
from repalign.maths.checks import Floats, as_pairs

# Dissimilarities keep 42 bits: an eigenvalue below this share of the largest is rounding, and its root,
# a millionth of the largest, would not look like it.
_ROUNDING = 1e-12
# A negative eigenvalue up to this share of the largest is what storing an RDM in float32 leaves.
_STORED = 1e-6


def n_stimuli(n_pairs: int) -> int:
    """How many stimuli have ``n_pairs`` pairs.

    Raises:
        ShapeError: ``n_pairs`` is not n (n - 1) / 2 for any n.
    """
    n = round((1 + (1 + 8 * n_pairs) ** 0.5) / 2)
    if n * (n - 1) // 2 != n_pairs:
        raise ShapeError(
            f"{n_pairs} pairs are not all pairs of any number of stimuli",
            hint="This comparison needs the whole RDM: n (n - 1) / 2 pairs, the upper triangle by rows.",
        )
    return n


def square(pairs: Floats) -> Floats:
    """The symmetric (n, n) matrix with zero diagonal of one RDM's pairs, (n_pairs,)."""
    n = n_stimuli(len(pairs))
    full = np.zeros((n, n))
    start = 0
    for i in range(n - 1):
        full[i, i + 1 :] = full[i + 1 :, i] = pairs[start : start + n - i - 1]
        start += n - i - 1
    return full


def kernels(x: Floats) -> list[Floats]:
    """Each RDM's kernel -1/2 H D H in a basis of the vectors that sum to zero, (n - 1, n - 1).

    Args:
        x: Pair values taken as squared distances, (k, n_pairs).
    """
    return [_kernel(each) for each in as_pairs(x)]


def bures(x: Floats, y: Floats, *, clipped: bool = False) -> Floats:
    """Bures similarity tr((K1^.5 K2 K1^.5)^.5) / sqrt(tr K1 tr K2) (Uhlmann 1976; Bhatia et al. 2019).

    For RDMs of squared Euclidean distances it is the cosine of the angular Procrustes distance
    (Williams et al. 2021; Harvey et al. 2024).

    Args:
        x: Pair values taken as squared distances, (k, n_pairs).
        y: Pair values, (m, n_pairs).
        clipped: Go on where a kernel has negative eigenvalues, as rsatoolbox does: those of K1 and of
            the product are set to zero and the traces are left as they are. Then the value depends on
            which side is first.

    Returns:
        (k, m), 0..1.

    Raises:
        UnsuitableError: A kernel has negative eigenvalues: its RDM is not one of squared distances.
        DegenerateError: A trace is not positive.
    """
    traces = np.sqrt(np.outer(_traces(x), _traces(y)))
    if clipped:
        return _clipped_fidelity(x, y) / traces
    first, second = _factors(x), _factors(y)
    return np.array([[_nuclear(a, b) for b in second] for a in first]) / traces


def bures_distance(x: Floats, y: Floats) -> Floats:
    """Bures distance sqrt(tr K1 + tr K2 - 2 tr((K1^.5 K2 K1^.5)^.5)): Procrustes' size-and-shape distance.

    Args:
        x: Pair values taken as squared distances, (k, n_pairs).
        y: Pair values, (m, n_pairs).

    Returns:
        (k, m), at least 0; in the units of the distances whose squares the RDM holds.

    Raises:
        UnsuitableError: A kernel has negative eigenvalues.
    """
    first, second = _factors(x), _factors(y)
    return np.array([[_apart(a, b) for b in second] for a in first])


def bures_distance_squared(x: Floats, y: Floats, *, clipped: bool = False) -> Floats:
    """The square of :func:`bures_distance`, which rsatoolbox calls ``bures_metric``; it is no metric.

    Args:
        x: Pair values taken as squared distances, (k, n_pairs).
        y: Pair values, (m, n_pairs).
        clipped: As in :func:`bures`; the value may then be negative.

    Returns:
        (k, m).
    """
    if not clipped:
        return bures_distance(x, y) ** 2
    return _traces(x)[:, None] + _traces(y) - 2 * _clipped_fidelity(x, y)


def euclidean_between(x: Floats, y: Floats) -> Floats:
    """Euclidean distance between the pairs of two RDMs, the RSM norm difference (Yin & Shen 2018).

    Each pair of stimuli counts once: the Frobenius norm of the difference of the square matrices is
    sqrt(2) times as large.

    Args:
        x: Pair values, (k, n_pairs).
        y: Pair values, (m, n_pairs).

    Returns:
        (k, m), at least 0, in the units of the dissimilarity.
    """
    first, second = as_pairs(x), as_pairs(y)
    return np.array([[float(np.linalg.norm(a - b)) for b in second] for a in first])


def _kernel(pairs: Floats) -> Floats:
    distances = square(pairs)
    n = len(distances)
    # The reflection that takes (1, ..., 1) / sqrt(n) to the first axis; the others are the basis.
    mirror = np.full(n, n**-0.5)
    mirror[0] += 1.0
    mirror *= (2.0 / (mirror @ mirror)) ** 0.5
    product = distances @ mirror
    shift = product - mirror * (mirror @ product) / 2
    distances -= np.outer(mirror, shift) + np.outer(shift, mirror)
    return -0.5 * distances[1:, 1:]


def _traces(x: Floats) -> Floats:
    traces = as_pairs(x).sum(axis=-1) / n_stimuli(x.shape[-1])
    if (traces <= 0).any():
        raise DegenerateError(
            "an RDM's dissimilarities do not sum to a positive number: it holds no geometry",
            hint="Is the model blind to these stimuli?",
        )
    return traces


def _factors(x: Floats) -> list[Floats]:
    """F of (n - 1, rank) for each RDM, with F F' its kernel."""
    _traces(x)
    return [_factor(kernel) for kernel in kernels(x)]


def _factor(kernel: Floats) -> Floats:
    values, vectors = np.linalg.eigh(kernel)
    if values[0] < -_STORED * values[-1]:
        raise UnsuitableError(
            f"an RDM is not one of squared Euclidean distances: its kernel's eigenvalues go from "
            f"{values[0]:.3g} to {values[-1]:.3g}",
            hint="Use squared Euclidean, correlation or cosine dissimilarities, or whitened cosine, "
            "which needs no such kernel.",
        )
    kept = values > _ROUNDING * values[-1]
    return vectors[:, kept] * np.sqrt(values[kept])


def _nuclear(first: Floats, second: Floats) -> float:
    return float(np.linalg.svd(first.T @ second, compute_uv=False).sum())


def _apart(first: Floats, second: Floats) -> float:
    """Norm of the difference after the best rotation: no cancellation where they are alike."""
    width = max(first.shape[1], second.shape[1])
    a, b = (np.pad(each, ((0, 0), (0, width - each.shape[1]))) for each in (first, second))
    left, _, right = np.linalg.svd(b.T @ a)
    return float(np.linalg.norm(a - b @ (left @ right)))


def _clipped_fidelity(x: Floats, y: Floats) -> Floats:
    roots: list[Floats] = []
    for kernel in kernels(x):
        values, vectors = np.linalg.eigh(kernel)
        roots.append((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)
    products = [[np.linalg.eigvalsh(root @ other @ root) for other in kernels(y)] for root in roots]
    return np.array([[np.sqrt(np.maximum(each, 0.0)).sum() for each in row] for row in products])
