"""Riemannian distances between RDMs: how far apart their kernels lie among positive definite matrices."""

from __future__ import annotations

from typing import cast

import numpy as np
from scipy.optimize import minimize_scalar

from repalign.errors import DegenerateError, InputError
from repalign.maths.checks import Floats
from repalign.maths.geometry import kernels
from repalign.maths.whitened import precision_root

_SINGULAR = 1e-10  # of the largest eigenvalue: what is smaller cannot be told from zero
_LOG_RATIOS = np.linspace(-30.0, 30.0, 31)  # of noise to signal: from no noise to nothing else


def riemannian(x: Floats, y: Floats, *, shrinkage: float = 0.0) -> Floats:
    """Affine-invariant distance sqrt(sum log^2 lambda_i), lambda_i the eigenvalues of K1^-1 K2.

    Pennec, Fillard & Ayache 2006; Shahbazi et al. 2021. K = -1/2 H D H on the n - 1 dimensions of the
    vectors that sum to zero. A kernel of lower rank (fewer units than stimuli - 1) is infinitely far from
    every other and is refused; with shrinkage, K becomes (1 - s) K + s tr(K) / (n - 1) I.

    Args:
        x: Pair values taken as squared distances, (k, n_pairs).
        y: Pair values, (m, n_pairs).
        shrinkage: s, 0..1.

    Returns:
        (k, m), at least 0.

    Raises:
        DegenerateError: A kernel is singular or has negative eigenvalues.
        InputError: Shrinkage outside 0..1.
    """
    if not 0 <= shrinkage < 1:
        raise InputError(f"shrinkage is {shrinkage}", hint="It is a share: 0 <= shrinkage < 1.")
    first, second = (_definite(side, shrinkage) for side in (x, y))
    roots = [_inverse_root(each) for each in second]
    logs = [[np.log(np.linalg.eigvalsh(root @ each @ root.T)) for root in roots] for each in first]
    return np.array([[float(np.linalg.norm(each)) for each in row] for row in logs])


def riemannian_fitted(x: Floats, y: Floats, sigma_k: Floats | None = None) -> Floats:
    """Riemannian distance of y to the nearest mixture a K1 + b Sigma of x and noise (Shahbazi et al. 2021).

    The negative of rsatoolbox's ``neg_riem_dist``. The best scale has a closed form, the share of noise
    is searched. The model is x: only y need be of full rank, and exchanging them changes the value.

    Args:
        x: The models' pair values taken as squared distances, (k, n_pairs).
        y: The targets' pair values, (m, n_pairs).
        sigma_k: Covariance of the noise between stimuli, (n, n), or its diagonal, (n,); identity if absent.

    Returns:
        (k, m), at least 0.

    Raises:
        DegenerateError: A target's kernel is singular.
    """
    roots = [_inverse_root(each) for each in _definite(y, 0.0)]
    models = kernels(x)
    noise = _noise(len(models[0]) + 1, sigma_k)
    whitened = [(root, root @ noise @ root.T) for root in roots]
    return np.array([[_nearest(root @ each @ root.T, own) for root, own in whitened] for each in models])


def _nearest(model: Floats, noise: Floats) -> float:
    scale = float(np.trace(model) / np.trace(noise))

    def distance(log_ratio: float) -> float:
        share = 1 / (1 + np.exp(-log_ratio))
        values = np.linalg.eigvalsh((1 - share) * model + share * scale * noise)
        if values[0] <= 0:  # too little noise to make a model of low rank definite
            return np.inf
        logs = np.log(values)
        return float(np.linalg.norm(logs - logs.mean()))

    at = np.array([distance(each) for each in _LOG_RATIOS])
    best = float(_LOG_RATIOS[at.argmin()])
    step = float(_LOG_RATIOS[1] - _LOG_RATIOS[0])
    found = minimize_scalar(
        distance, bounds=(best - step, best + step), method="bounded", options={"xatol": 1e-9}
    )
    return min(float(found.fun), float(at.min()))


def _definite(x: Floats, shrinkage: float) -> list[Floats]:
    found = kernels(x)
    for kernel in found:
        trace = np.trace(kernel) / len(kernel)
        kernel *= 1 - shrinkage
        kernel.flat[:: len(kernel) + 1] += shrinkage * trace
        values = np.linalg.eigvalsh(kernel)
        if values[0] <= _SINGULAR * values[-1]:
            raise DegenerateError(
                f"an RDM's kernel is singular (eigenvalues from {values[0]:.3g} to {values[-1]:.3g}): it is "
                "infinitely far from every other",
                hint="It needs at least as many units as stimuli, less one; or use shrinkage.",
            )
    return found


def _inverse_root(kernel: Floats) -> Floats:
    return cast(Floats, np.linalg.inv(np.linalg.cholesky(kernel)))


def _noise(n: int, sigma_k: Floats | None) -> Floats:
    """The noise's covariance in the basis of the kernels."""
    if sigma_k is None:
        return np.eye(n - 1)
    root = np.linalg.inv(precision_root(sigma_k, n))
    sigma = root @ root.T
    # Distances of the noise make its kernel, as those of responses make theirs.
    own = np.diag(sigma)
    return kernels((own[:, None] + own - 2 * sigma)[np.triu_indices(n, 1)][None])[0]
