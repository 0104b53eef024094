"""Procrustes shape distances, from inner products and singular values only."""

from __future__ import annotations

import numpy as np

from repalign.maths.arrays import float64, host, inner, is_tensor, singular_values
from repalign.maths.checks import Floats, as_patterns, same_rows
from repalign.maths.kernels import compact, unit_variation

# Below this share of |x|^2 + |y|^2 the squared gap has lost digits and is taken from residuals.
_NEAR = 1e-4
# Relative error of a nuclear norm up to which the eigenvalues of M'M are taken for its singular values.
_NUCLEAR_ERROR = 1e-12
_EPSILON = float(np.finfo(np.float64).eps)


def procrustes_angular_distance(X: Floats, Y: Floats) -> float:
    """Angle between two representations after the best rotation (Williams et al. 2021).

    arccos( |Xc' Yc|_* / (|Xc|_F |Yc|_F) ), with Xc, Yc centred over stimuli and |.|_* the nuclear norm:
    the Riemannian shape distance (Kendall 1984). A metric, invariant to rotation, reflection,
    translation and isotropic scaling. Small angles keep their digits: they are taken from the residual
    after rotation, not as the arccos of nearly one.

    Args:
        X: Responses, (n_stimuli, p), an array or a torch tensor.
        Y: Responses to the same stimuli, (n_stimuli, q), of the same kind; p and q may differ.

    Returns:
        Angle in radians, 0..pi/2; absolute error about 1e-14 (float32 tensors: 1e-5, or 1e-3 near 0).

    Raises:
        DegenerateError: One side does not vary over stimuli.
    """
    return angle(*_shapes(X, Y))


def procrustes_similarity(X: Floats, Y: Floats) -> float:
    """Cosine of the angle between two representations after the best rotation.

    |Xc' Yc|_* / (|Xc|_F |Yc|_F), also known as normalised Bures similarity: with K = Xc Xc', L = Yc Yc' it
    is tr((K^.5 L K^.5)^.5) / sqrt(tr K tr L) (Harvey et al. 2024).

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        Similarity, 0..1.

    Raises:
        DegenerateError: One side does not vary over stimuli.
    """
    return 1.0 - squared_gap(*_shapes(X, Y)) / 2.0


def procrustes_chord_distance(X: Floats, Y: Floats) -> float:
    """Euclidean distance after the best rotation of two representations of unit size.

    sqrt(2 - 2 |Xc' Yc|_* / (|Xc|_F |Yc|_F)) = 2 sin(angle / 2): a metric.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        Distance, 0..sqrt(2).

    Raises:
        DegenerateError: One side does not vary over stimuli.
    """
    return float(np.sqrt(squared_gap(*_shapes(X, Y))))


def procrustes_ding_distance(X: Floats, Y: Floats) -> float:
    """2 - 2 |Xc' Yc|_*, both sides centred and of unit Frobenius norm (Ding, Denain & Steinhardt 2021).

    The square of :func:`procrustes_chord_distance`, therefore no metric.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        Squared distance, 0..2.

    Raises:
        DegenerateError: One side does not vary over stimuli.
    """
    return squared_gap(*_shapes(X, Y))


def procrustes_size_and_shape_distance(X: Floats, Y: Floats) -> float:
    """Euclidean distance between centred responses after the best rotation (Williams et al. 2021).

    sqrt(|Xc|^2 + |Yc|^2 - 2 |Xc' Yc|_*) = min over orthogonal Q of |Xc - Yc Q|_F, the narrower side padded
    with silent units; equal to the Bures distance between Xc Xc' and Yc Yc'. Size counts: a metric,
    invariant to rotation and translation, not to scaling.

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).

    Returns:
        Distance, 0..inf, in units of the responses.

    Raises:
        DegenerateError: One side does not vary over stimuli.
    """
    x, y, scale = centred_to_one_scale(X, Y)
    return scale * float(np.sqrt(squared_gap(x, y)))


def angle(x: Floats, y: Floats) -> float:
    """Angle after the best rotation of two matrices (n, p), (n, q) of unit Frobenius norm, 0..pi/2."""
    squared = squared_gap(x, y)
    if squared < 2.0 * _NEAR:
        return 2.0 * float(np.arcsin(np.sqrt(squared) / 2.0))
    return float(np.arccos(1.0 - squared / 2.0))


def squared_gap(x: Floats, y: Floats) -> float:
    """Squared |x - y Q|_F at the best orthogonal Q, the narrower of (n, p), (n, q) padded with zeros.

    Near zero |x|^2 + |y|^2 - 2 |x'y|_* cancels; there both sides are rotated and subtracted.
    """
    a, b = compact(x), compact(y)
    product = a.T @ b
    size = inner(a, a) + inner(b, b)
    squared = size - 2.0 * nuclear_norm(product)
    if squared > _NEAR * size:
        return squared
    a, b, product = host(a), host(b), host(product)
    left, _, right = np.linalg.svd(product)
    a, b = a @ left, b @ right.T
    shared = min(a.shape[1], b.shape[1])
    pieces = (a[:, :shared] - b[:, :shared], a[:, shared:], b[:, shared:])
    return float(sum(np.einsum("ij,ij->", each, each) for each in pieces))


def nuclear_norm(M: Floats) -> float:
    """Sum of the singular values of a matrix.

    The eigenvalues of M'M cost a third, but the square root of a small one keeps few digits: with
    s_1 the largest singular value, s_i is off by eps s_1^2 / s_i, at most by sqrt(eps) s_1. Where these
    errors could sum to more than the tolerance, the singular values are computed themselves.

    Args:
        M: Any matrix, (p, q), finite; a torch tensor is worked on where it lies.

    Returns:
        0 upwards, in units of M; relative error at most about 1e-12.
    """
    if is_tensor(M):
        return float(singular_values(float64(M)).sum())
    narrow = M if M.shape[0] >= M.shape[1] else M.T
    largest = float(np.abs(narrow).max())
    if largest == 0.0:
        return 0.0
    scaled = narrow / largest
    roots = np.sqrt(np.maximum(np.linalg.eigvalsh(scaled.T @ scaled), 0.0))
    floor = np.sqrt(_EPSILON) * roots[-1]
    error = float((floor**2 / np.maximum(roots, floor)).sum())
    if error <= _NUCLEAR_ERROR * float(roots.sum()):
        return largest * float(roots.sum())
    return largest * float(np.linalg.svd(scaled, compute_uv=False).sum())


def centred_to_one_scale(X: Floats, Y: Floats) -> tuple[Floats, Floats, float]:
    """Both sides centred over stimuli and divided by one number, their largest entry; and that number.

    Raises:
        DegenerateError: One side does not vary over stimuli.
        ShapeError: The numbers of stimuli differ.
    """
    x, y = unit_variation(X, "X"), unit_variation(Y, "Y")
    same_rows(x, y)
    size_x, size_y = (variation_size(each, unit) for each, unit in ((X, x), (Y, y)))
    scale = max(size_x, size_y)
    return x * (size_x / scale), y * (size_y / scale), scale


def variation_size(X: Floats, varied: Floats) -> float:
    """The largest entry of the centred responses, by which :func:`unit_variation` divided them."""
    row, column = np.unravel_index(int(np.abs(varied).argmax()), varied.shape)
    values = as_patterns(X)[:, column]
    return float(abs(values[row] - values.mean()))


def _shapes(X: Floats, Y: Floats) -> tuple[Floats, Floats]:
    x, y = (unit_size(unit_variation(side, name)) for side, name in ((X, "X"), (Y, "Y")))
    same_rows(x, y)
    return x, y


def unit_size(varied: Floats) -> Floats:
    """The matrix divided by its Frobenius norm."""
    return varied / inner(varied, varied) ** 0.5
