"""Covariance of the noise over units, estimated from residuals, and whitening by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.errors import DegenerateError, ShapeError, TooFewError, UnknownNameError
from repalign.maths.checks import Floats

#: Towards what a covariance is shrunk: the identity times the mean variance, its own diagonal, nothing.
SHRINKAGES = ("eye", "diagonal", "full")


@dataclass(frozen=True)
class Noise:
    """A noise covariance S = D (floor I + V diag(extra) V^T) D, with D = diag(scale).

    V has as many axes as there are residuals or units, whichever are fewer: no (n_units, n_units) matrix.

    Args:
        scale: (n_units,).
        floor: Variance in the directions that no axis covers.
        axes: V, orthonormal columns, (n_units, n_axes).
        extra: Variance beyond the floor along each axis, (n_axes,).
        shrinkage: Weight of the target, 0..1.
    """

    scale: Floats
    floor: float
    axes: Floats
    extra: Floats
    shrinkage: float

    def covariance(self) -> Floats:
        """S, (n_units, n_units)."""
        return self._power(1.0, np.diag(self.scale)) * self.scale

    def precision(self) -> Floats:
        """S^-1, (n_units, n_units)."""
        return self._power(-1.0, np.diag(1.0 / self.scale)) / self.scale

    def whiten(self, X: Floats) -> Floats:
        """Responses Z with Z Z^T = X S^-1 X^T; units are on the last axis."""
        return self._power(-0.5, X / self.scale)

    def _power(self, exponent: float, X: Floats) -> Floats:
        inside = X @ self.axes
        out = (inside * (self.floor + self.extra) ** exponent) @ self.axes.T
        if self.axes.shape[1] < self.axes.shape[0]:
            out += (X - inside @ self.axes.T) * self.floor**exponent
        return out


def repetition_residuals(observations: Floats, stimulus: NDArray[Any]) -> tuple[Floats, int]:
    """What is left of each observation after subtracting the mean of its stimulus.

    Args:
        observations: (n_observations, n_units), finite.
        stimulus: Which stimulus each observation is of, (n_observations,). Stimuli observed once say
            nothing about noise and are left out.

    Returns:
        Residuals, (n_repeated, n_units), and their degrees of freedom: observations minus stimuli.

    Raises:
        TooFewError: No stimulus was observed twice.
    """
    _, which, counts = np.unique(stimulus, return_inverse=True, return_counts=True)
    kept = counts[which] > 1
    if not kept.any():
        raise TooFewError(
            "no stimulus was measured twice: no noise to estimate", hint="Give all repetitions."
        )
    _, which = np.unique(which[kept], return_inverse=True)
    rows = np.asarray(observations[kept], dtype=np.float64)
    n = int(which.max()) + 1
    sums = np.zeros((n, rows.shape[1]))
    np.add.at(sums, which, rows)
    return rows - (sums / np.bincount(which)[:, None])[which], len(rows) - n


def estimate_noise(residuals: Floats, shrinkage: str = "eye", dof: int | None = None) -> Noise:
    """Estimate the noise covariance from residuals, shrunk so that it can be inverted.

    The unbiased estimate C = R^T R / dof is mixed with a target T: S = (1 - w) C + w T. ``"eye"``: T is
    the identity times the mean variance (Ledoit & Wolf 2004); ``"diagonal"``: T is the diagonal of C
    (Schaefer & Strimmer 2005); ``"full"``: w = 0. The weight w is the estimated variance of C's entries
    over their squared distance from T, at most 1. That variance falls with ``dof``, not with n_residuals:
    the residuals of a stimulus sum to zero, and those of two repetitions are one observation.

    Args:
        residuals: Around zero, (n_residuals, n_units): of repetitions (:func:`repetition_residuals`) or
            of a fitted model.
        shrinkage: One of :data:`SHRINKAGES`.
        dof: Degrees of freedom; None for n_residuals.

    Returns:
        The covariance, its inverse and whitening by it.

    Raises:
        UnknownNameError: No such shrinkage.
        ShapeError: Not two axes.
        TooFewError: ``dof`` below 1.
        DegenerateError: NaN; residuals all zero; or a covariance without an inverse.
    """
    R = _as_residuals(residuals)
    dof = len(R) if dof is None else dof
    if shrinkage not in SHRINKAGES:
        raise UnknownNameError.among("shrinkage", shrinkage, SHRINKAGES)
    if dof < 1:
        raise TooFewError(f"the residuals have {dof} degrees of freedom", hint="Give more repetitions.")
    variances = np.einsum("ij,ij->j", R, R) / dof
    scale = _scale(variances, shrinkage)
    # Rows of Z have covariance one times the correlations (diagonal) or the mean variance taken out.
    Z = R / scale * np.sqrt(len(R) / dof)
    values, axes = _axes(Z)
    weight = 0.0 if shrinkage == "full" else _weight(Z, values, dof, shrinkage)
    if weight < 1e-12 and len(values) < R.shape[1]:
        raise DegenerateError(
            f"the noise covariance of {R.shape[1]} units has rank {len(values)} and no inverse",
            hint="Give more repetitions than units, or shrink: shrinkage='eye'.",
        )
    return Noise(scale, weight, axes, (1.0 - weight) * values, weight)


def precision_root(precision: NDArray[Any], n_units: int) -> Floats:
    """The Cholesky factor L of a precision, L L^T = S^-1, so that x L is whitened, (n_units, n_units).

    Raises:
        ShapeError: The precision does not fit the units.
        DegenerateError: The precision is no symmetric, positive definite matrix.
    """
    P = np.asarray(precision, dtype=np.float64)
    if P.shape != (n_units, n_units):
        raise ShapeError(
            f"the precision has shape {P.shape}; there are {n_units} units",
            hint="Give the inverse of the noise covariance, one row and one column per unit.",
        )
    asymmetry = np.abs(P - P.T).max()
    try:
        if not asymmetry <= 1e-8 * np.abs(P).max():  # NaN compares as not
            raise np.linalg.LinAlgError
        return np.asarray(np.linalg.cholesky((P + P.T) / 2), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise DegenerateError(
            "the precision is not symmetric and positive definite",
            hint="Estimate the noise covariance with shrinkage (estimate_noise) and take its precision.",
        ) from None


def _as_residuals(residuals: Floats) -> Floats:
    R = np.asarray(residuals, dtype=np.float64)
    if R.ndim != 2 or 0 in R.shape:
        raise ShapeError(
            f"residuals have shape {R.shape}, not (residual, unit)", hint="One observation a row."
        )
    if not np.isfinite(R).all():
        raise DegenerateError("the residuals are NaN or infinite", hint="Leave those observations out.")
    if not R.any():
        raise DegenerateError(
            "all residuals are zero: the repetitions are identical",
            hint="Responses without noise need no repetitions: average them.",
        )
    return R


def _scale(variances: Floats, shrinkage: str) -> Floats:
    if shrinkage != "diagonal":
        return np.full(len(variances), np.sqrt(variances.mean()))
    silent = np.flatnonzero(variances == 0)
    if len(silent):
        raise DegenerateError(
            f"{len(silent)} of {len(variances)} units have no noise (unit {silent[0]} first)",
            hint="Leave those units out, or use shrinkage='eye'.",
        )
    return np.sqrt(variances)


def _axes(Z: Floats) -> tuple[Floats, Floats]:
    """Positive eigenvalues and eigenvectors of Z^T Z / n, through the smaller Gram matrix."""
    n, p = Z.shape
    values, vectors = np.linalg.eigh((Z.T @ Z if p <= n else Z @ Z.T) / n)
    kept = values > 1e-12 * values[-1]
    values, vectors = values[kept], vectors[:, kept]
    return values, vectors if p <= n else (Z.T @ vectors) / np.sqrt(n * values)


def _weight(Z: Floats, values: Floats, dof: int, shrinkage: str) -> float:
    """Variance of the entries of C = Z^T Z / n over their squared distance from the target, at most 1."""
    squares = Z * Z
    fourth, own = (squares.sum(axis=1) ** 2).mean(), (values**2).sum()
    distance = own - Z.shape[1]  # the target is the identity, whose entries sum to C's trace
    if shrinkage == "diagonal":  # its variance has no part in it
        fourth, own = fourth - (squares**2).sum(axis=1).mean(), distance
    variance = (fourth - own) / dof
    return float(min(1.0, max(0.0, variance / distance))) if distance > 0 else 1.0
