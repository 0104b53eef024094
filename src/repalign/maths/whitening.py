"""Between Procrustes and canonical correlations: shapes after partial whitening."""

from __future__ import annotations

import numpy as np

from repalign.errors import InputError, TooFewError
from repalign.maths.checks import Floats, same_rows
from repalign.maths.kernels import unit_variation
from repalign.maths.shape import angle, unit_size, variation_size


def shape_whitening_angular_distance(X: Floats, Y: Floats, alpha: float) -> float:
    """Angle after partial whitening and the best rotation (Williams et al. 2021).

    Each side becomes Xc (alpha I + (1 - alpha) (Xc' Xc)^(-1/2)). At alpha = 1 this is the Procrustes angle
    (:func:`repalign.maths.shape.procrustes_angular_distance`); at 0, full whitening, it depends on the
    canonical correlations alone and is blind to invertible linear maps. Between the two it depends on the
    size of the responses, because the two terms have different units.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).
        alpha: 0..1.

    Returns:
        Angle in radians, 0..pi/2.

    Raises:
        InputError: alpha is out of range.
        TooFewError: alpha is 0 and a side has as many units as stimuli: after whitening all look alike.
        DegenerateError: One side does not vary over stimuli.
    """
    if not 0.0 <= alpha <= 1.0:
        raise InputError(
            f"alpha is {alpha}; partial whitening needs 0 <= alpha <= 1", hint="Try alpha = 0.5."
        )
    sides = (_partly_white(X, "X", alpha), _partly_white(Y, "Y", alpha))
    same_rows(*sides)
    return angle(*sides)


def _partly_white(X: Floats, name: str, alpha: float) -> Floats:
    varied = unit_variation(X, name)
    if alpha == 0.0 and varied.shape[1] >= len(varied):
        raise TooFewError(
            f"{name} has {varied.shape[1]} units and {len(varied)} stimuli; "
            "whitened, all such responses look alike",
            hint="Use fewer units (a reduction), more stimuli, or alpha above 0.",
        )
    if alpha == 1.0:
        return unit_size(varied)
    left, sizes, _ = np.linalg.svd(varied, full_matrices=False)
    kept = sizes > np.finfo(np.float64).eps * max(varied.shape) * sizes[0]
    # Whitening adds a constant to every singular value, so here the size of the responses counts.
    scale = variation_size(X, varied)
    return unit_size(left[:, kept] * (alpha * sizes[kept] * scale + (1.0 - alpha)))
