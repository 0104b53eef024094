"""Cosines between patterns after the best rotation."""

from __future__ import annotations

import numpy as np

from repalign.errors import DegenerateError
from repalign.maths.checks import Floats, as_patterns, same_rows


def aligned_cosine(X: Floats, Y: Floats, *, centred: bool) -> float:
    """Mean over stimuli of the cosine between patterns after the best rotation (Klabunde et al. 2023).

    The rotation is that of Procrustes. Directions that it leaves open, in which the sides have no
    covariance, add nothing to the product of two patterns.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).
        centred: Whether units are centred over stimuli first.

    Returns:
        -1..1.

    Raises:
        DegenerateError: A pattern is zero and has no direction; ``rows`` names it.
    """
    x, y = (_unit_scale(side, name, centred) for side, name in ((X, "X"), (Y, "Y")))
    same_rows(x, y)
    left, sizes, right = np.linalg.svd(x.T @ y, full_matrices=False)
    kept = sizes > np.finfo(np.float64).eps * max(len(left), right.shape[1]) * sizes[0]
    products = np.einsum("ij,ij->i", x @ left[:, kept], y @ right[kept].T)
    return float((products / (np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1))).mean())


def _unit_scale(X: Floats, name: str, centred: bool) -> Floats:
    patterns = as_patterns(X, name)
    moved = patterns - patterns.mean(axis=0) if centred else patterns
    largest = np.abs(moved).max(axis=1)
    zero = np.flatnonzero(largest <= 1e-14 * np.abs(patterns).max()).tolist()
    if zero:
        raise DegenerateError(
            f"{len(zero)} of {len(patterns)} patterns of {name} are zero (row {zero[0]} first); "
            "zero has no direction",
            hint="Leave those stimuli out, or use a Procrustes distance.",
            rows=zero,
        )
    return moved / largest.max()
