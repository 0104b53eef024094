"""Multidimensional scaling: points in a plane whose distances are as near to given ones as can be."""

from __future__ import annotations

import numpy as np

from repalign.errors import ShapeError
from repalign.maths.checks import Floats

_ROUNDS, _GAIN = 1000, 1e-10


def classical_mds(distances: Floats, dimensions: int = 2) -> Floats:
    """Coordinates from the leading eigenvectors of the doubly centred squared distances.

    Args:
        distances: (n, n), symmetric, zero on the diagonal.
        dimensions: How many.

    Returns:
        (n, dimensions), centred, principal axes first. Distances of points in so many dimensions are
        reproduced exactly.

    Raises:
        ShapeError: Not square.

    References:
        Torgerson 1952, Psychometrika 17.
    """
    squared = _square(distances) ** 2
    centred = squared - squared.mean(axis=0) - squared.mean(axis=1)[:, None] + squared.mean()
    values, vectors = np.linalg.eigh(-0.5 * centred)
    leading = np.argsort(values)[::-1][:dimensions]
    found = np.zeros((len(squared), dimensions))
    found[:, : len(leading)] = vectors[:, leading] * np.sqrt(np.maximum(values[leading], 0.0))
    return found


def metric_mds(distances: Floats, dimensions: int = 2) -> tuple[Floats, float]:
    """Coordinates that minimise the sum of squared differences between distances, and the stress left.

    From :func:`classical_mds`, by the Guttman transform, which never raises the stress; then turned onto
    the principal axes, each signed so that its largest coordinate in size is positive.

    Args:
        distances: (n, n), symmetric, zero on the diagonal, not negative.
        dimensions: How many.

    Returns:
        (n, dimensions) in units of the distances, centred, and Kruskal's stress-1, 0 (exact) upwards: the
        root of the sum of squared differences over the sum of squared distances of the points.

    Raises:
        ShapeError: Not square.

    References:
        De Leeuw 1977 (SMACOF); Kruskal 1964, Psychometrika 29, equation 1.
    """
    wanted = _square(distances)
    points = classical_mds(wanted, dimensions)
    between = _between(points)
    loss = float(((between - wanted) ** 2).sum())
    for _ in range(_ROUNDS):
        ratio = np.divide(wanted, between, out=np.zeros_like(wanted), where=between > 0)
        # Guttman's transform: every point to the mean of where the others would have it.
        points = (ratio.sum(axis=1)[:, None] * points - ratio @ points) / len(points)
        between = _between(points)
        before, loss = loss, float(((between - wanted) ** 2).sum())
        if before - loss <= _GAIN * before:
            break
    spread = float((between**2).sum())
    return _turned(points), float(np.sqrt(loss / spread)) if spread > 0 else 0.0


def _turned(points: Floats) -> Floats:
    centred = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    turned = np.zeros_like(centred)
    turned[:, : len(axes)] = centred @ axes.T
    largest = np.abs(turned).argmax(axis=0)
    signs = np.sign(turned[largest, np.arange(turned.shape[1])])
    return turned * np.where(signs == 0, 1.0, signs)


def _between(points: Floats) -> Floats:
    difference = points[:, None, :] - points[None, :, :]
    return np.sqrt((difference**2).sum(axis=-1))


def _square(distances: Floats) -> Floats:
    found = np.asarray(distances, dtype=np.float64)
    if found.ndim != 2 or found.shape[0] != found.shape[1]:
        raise ShapeError(
            f"distances between n things are (n, n); saw {found.shape}",
            hint="scipy.spatial.distance.squareform makes a square of the condensed form.",
        )
    return found
