"""Canonical correlations between two sets of responses, and what is made of them: CCA, SVCCA, PWCCA."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from repalign.errors import DegenerateError, InputError, TooFewError
from repalign.maths.checks import Floats, same_rows
from repalign.maths.kernels import unit_variation

# Canonical correlations, or variances of components, closer than this are equal up to rounding.
_EQUAL = 1e-10


def canonical_correlations(X: NDArray[Any], Y: NDArray[Any]) -> Floats:
    """Correlations between the canonical variates of two sets of responses (Hotelling 1936).

    The cosines of the angles between the subspaces that the centred units span, from QR and SVD (Bjorck &
    Golub 1973): covariances are neither formed nor inverted. Units are scaled to the same variance first,
    and units that depend on others linearly, up to rounding, count as none: constant and doubled units
    change nothing.

    Args:
        X: Responses, (n_stimuli, p), p < n_stimuli.
        Y: Responses to the same stimuli, (n_stimuli, q), q < n_stimuli.

    Returns:
        Correlations in 0..1, descending, as many as the smaller rank. Where the ranks sum to more than
        n_stimuli - 1, the excess are exactly 1 for any responses.

    Raises:
        TooFewError: As many units as stimuli, or independent units that span all n_stimuli - 1 dimensions:
            every correlation would be 1.
        DegenerateError: One side does not vary over stimuli.
    """
    x, y = (_unit_basis(side, name) for side, name in ((X, "X"), (Y, "Y")))
    same_rows(x, y)
    return _cosines(x, y)


def cca_mean(X: NDArray[Any], Y: NDArray[Any], power: int = 1) -> float:
    """Mean canonical correlation, or mean of their squares (R^2_CCA; Kornblith et al. 2019).

    Args:
        X: Responses, (n_stimuli, p), p < n_stimuli.
        Y: Responses to the same stimuli, (n_stimuli, q), q < n_stimuli.
        power: 1 or 2.

    Returns:
        Similarity in 0..1.

    Raises:
        TooFewError: As :func:`canonical_correlations`.
        DegenerateError: As :func:`canonical_correlations`.
    """
    return float((canonical_correlations(X, Y) ** power).mean())


def svcca(
    X: NDArray[Any],
    Y: NDArray[Any],
    *,
    variance: float | None = None,
    dimensions: int | None = None,
    power: int = 1,
) -> float:
    """Mean canonical correlation of the leading principal components (Raghu et al. 2017).

    Args:
        X: Responses, (n_stimuli, p).
        Y: Responses to the same stimuli, (n_stimuli, q).
        variance: Keep the fewest components of each side that carry this share of its variance, 0..1.
        dimensions: Or keep this many of each side.
        power: 1 for the mean correlation, 2 for the mean of its square.

    Returns:
        Similarity in 0..1: the mean over as many correlations as the side with fewer components has.

    Raises:
        InputError: Not one of ``variance`` and ``dimensions``, or out of range.
        TooFewError: Fewer components than asked for, or as many as stimuli allow: every correlation
            would be 1.
        DegenerateError: One side does not vary, or the cut falls between components of equal variance.
    """
    x, y = (
        leading_components(side, name, variance=variance, dimensions=dimensions)[0]
        for side, name in ((X, "X"), (Y, "Y"))
    )
    same_rows(x, y)
    return float((_cosines(x, y) ** power).mean())


def leading_components(
    X: NDArray[Any], name: str = "X", *, variance: float | None = None, dimensions: int | None = None
) -> tuple[Floats, float]:
    """Principal components scaled to unit length, and the share of variance that they carry.

    Args:
        X: Responses, (n_stimuli, p).
        name: Of the side, for messages.
        variance: As :func:`svcca`.
        dimensions: As :func:`svcca`.

    Returns:
        (n_stimuli, k) with orthonormal columns, and a number in 0..1.

    Raises:
        InputError: As :func:`svcca`.
        TooFewError: As :func:`svcca`.
        DegenerateError: As :func:`svcca`.
    """
    _check_cut(variance, dimensions)
    left, singular = _svd(unit_variation(X, name))
    carried = np.cumsum(singular**2) / np.square(singular).sum()
    # Where the share is reached exactly, rounding is not to decide.
    k = int((carried < variance - 1e-12).sum()) + 1 if variance is not None else dimensions or 0
    if k > len(singular):
        raise TooFewError(
            f"{name} has {len(singular)} components; {k} are asked for",
            hint="Ask for fewer, or for a share of the variance.",
        )
    if k < len(singular) and singular[k - 1] - singular[k] <= _EQUAL * singular[k - 1]:
        raise DegenerateError(
            f"{name}: components {k} and {k + 1} carry equal variance; which to keep is arbitrary",
            hint="Ask for another number of components.",
        )
    if k >= len(left) - 1:
        raise _filled(len(left), k, name, "components")
    return left[:, :k], float(carried[k - 1])


def pwcca(X: NDArray[Any], Y: NDArray[Any]) -> float:
    """Projection-weighted CCA (Morcos, Raghu & Bengio 2018): correlations weighted by what they explain of X.

    sum_i a_i rho_i / sum_i a_i with a_i = sum_j |<h_i, x_j>| over the centred units x_j of X and h_i the
    canonical variate of X of unit length. Not symmetric: the weights are of X.

    Equal correlations leave their variates free to rotate, and the weights with them. So no number exists
    where some are equal and not all are, above all where the ranks of X and Y sum to n_stimuli or more:
    then the correlations in excess are all 1.

    Args:
        X: Responses, (n_stimuli, p), p < n_stimuli; the weights are taken here.
        Y: Responses to the same stimuli, (n_stimuli, q), q < n_stimuli.

    Returns:
        Similarity in 0..1.

    Raises:
        TooFewError: As :func:`canonical_correlations`.
        DegenerateError: One side does not vary, or some correlations are equal up to rounding.
    """
    x, y = (_unit_basis(side, name) for side, name in ((X, "X"), (Y, "Y")))
    same_rows(x, y)
    left, rho, _ = np.linalg.svd(x.T @ y, full_matrices=False)
    rho = np.minimum(rho, 1.0)
    equal = -np.diff(rho) <= _EQUAL
    if equal.any() and not equal.all():
        among = int((np.append(equal, False) | np.append(False, equal)).sum())
        raise DegenerateError(
            f"PWCCA is undefined: {among} of {len(rho)} canonical correlations equal another, so that "
            f"their weights are arbitrary (ranks {x.shape[1]} and {y.shape[1]}, {len(x)} stimuli)",
            hint="Both sides together need fewer units than there are stimuli; or use cca-mean or svcca.",
        )
    weights = np.abs((x @ left).T @ unit_variation(X, "X")).sum(axis=1)
    return float(weights @ rho / weights.sum())


def _unit_basis(X: NDArray[Any], name: str) -> Floats:
    """An orthonormal basis of what the centred units span, (n_stimuli, rank)."""
    varied = unit_variation(X, name, at_least=3)
    n, p = varied.shape
    if p >= n:
        raise _filled(n, p, name, "units")
    norms = np.sqrt(np.einsum("ij,ij->j", varied, varied))
    left, _ = _svd(varied[:, norms > 0] / norms[norms > 0])
    if left.shape[1] >= n - 1:
        raise _filled(n, left.shape[1], name, "independent units")
    return left


def _svd(X: Floats) -> tuple[Floats, Floats]:
    """Left singular vectors and singular values above rounding; tall matrices by QR first, for speed."""
    if len(X) > X.shape[1]:
        q, r = np.linalg.qr(X)
        inner, singular, _ = np.linalg.svd(r, full_matrices=False)
        left = cast(Floats, q @ inner)
    else:
        left, singular, _ = np.linalg.svd(X, full_matrices=False)
    kept = singular > singular[0] * max(X.shape) * np.finfo(np.float64).eps
    return left[:, kept], singular[kept]


def _cosines(x: Floats, y: Floats) -> Floats:
    # The cosine of two unit vectors can come out as 1 + 1e-16.
    return np.minimum(np.linalg.svd(x.T @ y, compute_uv=False), 1.0)


def _check_cut(variance: float | None, dimensions: int | None) -> None:
    one = (variance is None) != (dimensions is None)
    if (
        not one
        or (variance is not None and not 0 < variance < 1)
        or (dimensions is not None and dimensions < 1)
    ):
        raise InputError(
            f"SVCCA needs one of a share of variance between 0 and 1 and a number of dimensions; got "
            f"variance={variance}, dimensions={dimensions}",
            hint="variance=0.99 is what the paper takes.",
        )


def _filled(n: int, rank: int, name: str, what: str) -> TooFewError:
    return TooFewError(
        f"{name} has {rank} {what} and {n} stimuli: every canonical correlation would be 1, "
        "whatever the responses",
        hint="CCA needs more stimuli than units, 5 times as many to mean much; or use svcca or cka.",
    )
