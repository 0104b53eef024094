"""Procrustes shape distances."""

from __future__ import annotations

import numpy as np

from repalign.maths.checks import Floats, same_rows
from repalign.maths.kernels import compact, unit_variation


def procrustes_angular_distance(X: Floats, Y: Floats) -> float:
    """Angle between two representations after the best rotation (Williams et al. 2021).

    arccos( |Xc' Yc|_* / (|Xc|_F |Yc|_F) ), with Xc, Yc centred over stimuli and |.|_* the nuclear norm:
    the Riemannian shape distance (Kendall 1984). A metric, invariant to rotation, reflection,
    translation and isotropic scaling.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q); p and q may differ.

    Returns:
        Angle in radians, 0..pi/2.

    Raises:
        DegenerateError: One side does not vary over stimuli.
    """
    x, y = (_unit_shape(side, name) for side, name in ((X, "X"), (Y, "Y")))
    same_rows(x, y)
    nuclear = float(np.linalg.svd(compact(x).T @ compact(y), compute_uv=False).sum())
    # Rounding can leave 1 + 1e-16, outside the domain of arccos.
    return float(np.arccos(min(nuclear, 1.0)))


def _unit_shape(X: Floats, name: str) -> Floats:
    varied = unit_variation(X, name)
    return varied / np.sqrt(np.einsum("ij,ij->", varied, varied))
