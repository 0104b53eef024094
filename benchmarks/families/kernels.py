"""CKA and canonical correlations against the formulas on n x n kernels and scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from sklearn.cross_decomposition import CCA
from sklearn.metrics.pairwise import rbf_kernel

from benchmarks.case import Case
from repalign.maths.cca import canonical_correlations
from repalign.maths.checks import Floats
from repalign.maths.kernels import linear_cka, linear_cka_debiased
from repalign.maths.radial import radial_cka
from repalign.seeds import rng

_SIGMA = 20.0
Hsic = Callable[[Floats, Floats], float]


def cases() -> list[Case]:
    """Inputs are Gaussian sides that share half of their variance."""
    large, middle, few = _sides(5000, 2048), _sides(5000, 512), _sides(2000, 20)
    return [
        Case(
            task="linear CKA, 5000 stimuli x 2048 units",
            ours=partial(linear_cka, *large),
            peer=partial(_linear_by_kernels, _hsic_0, *large),
            peer_name="formula on n x n kernels",
            agree=1e-10,
            floor=partial(_linear_by_features, *large),
            floor_name="X'Y, X'X, Y'Y and their squares",
            repeats=3,
        ),
        Case(
            task="debiased linear CKA, 5000 stimuli x 2048 units",
            ours=partial(linear_cka_debiased, *large),
            peer=partial(_linear_by_kernels, _hsic_1, *large),
            peer_name="formula on n x n kernels",
            agree=1e-10,
            floor=partial(_linear_by_features, *large),
            floor_name="X'Y, X'X, Y'Y and their squares",
            repeats=3,
        ),
        Case(
            task="debiased RBF CKA, 5000 stimuli x 512 units",
            ours=partial(radial_cka, *middle, "rbf", "debiased", sigma=_SIGMA),
            peer=partial(_rbf_by_scikit_learn, *middle),
            peer_name="formula on kernels of scikit-learn",
            agree=1e-10,
            floor=partial(_rbf_bare, *middle),
            floor_name="two products, two exponentials",
            repeats=3,
        ),
        Case(
            task="canonical correlations, 2000 stimuli x 20 units",
            ours=partial(canonical_correlations, *few),
            peer=partial(_cca_by_scikit_learn, *few),
            peer_name="scikit-learn",
            agree=1e-6,
            floor=partial(_cca_bare, *few),
            floor_name="two QR, one SVD",
            repeats=3,
        ),
    ]


def _sides(n: int, p: int) -> tuple[Floats, Floats]:
    generator = rng(0, "benchmark", "kernels", n, p)
    shared = generator.normal(size=(n, p))
    return shared + generator.normal(size=(n, p)), shared + generator.normal(size=(n, p))


def _linear_by_kernels(hsic: Hsic, X: Floats, Y: Floats) -> float:
    return _cka(hsic, X @ X.T, Y @ Y.T)


def _linear_by_features(X: Floats, Y: Floats) -> float:
    x, y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    over, own_x, own_y = (np.vdot(M, M) for M in (x.T @ y, x.T @ x, y.T @ y))
    return float(over / np.sqrt(own_x * own_y))


def _rbf_by_scikit_learn(X: Floats, Y: Floats) -> float:
    return _cka(_hsic_1, *(rbf_kernel(side, gamma=1 / (2 * _SIGMA**2)) for side in (X, Y)))


def _rbf_bare(X: Floats, Y: Floats) -> float:
    total = 0.0
    for side in (X, Y):
        norms = np.einsum("ij,ij->i", side, side)
        squared = norms[:, None] + norms - 2 * side @ side.T
        total += float(np.exp(squared / (-2 * _SIGMA**2)).sum())
    return total


def _cca_by_scikit_learn(X: Floats, Y: Floats) -> Floats:
    k = X.shape[1]
    scores = CCA(n_components=k, tol=1e-12, max_iter=100_000).fit_transform(X, Y)
    return np.sort([np.corrcoef(a, b)[0, 1] for a, b in zip(*(s.T for s in scores), strict=True)])[::-1]


def _cca_bare(X: Floats, Y: Floats) -> Floats:
    x, y = (np.linalg.qr(side - side.mean(axis=0))[0] for side in (X, Y))
    return np.linalg.svd(x.T @ y, compute_uv=False)


def _cka(hsic: Hsic, K: Floats, L: Floats) -> float:
    return hsic(K, L) / np.sqrt(hsic(K, K) * hsic(L, L))


def _hsic_0(K: Floats, L: Floats) -> float:
    return float(np.vdot(_centred(K), _centred(L)))


def _centred(K: Floats) -> Floats:
    mean = K.mean(axis=0)
    return K - mean - mean[:, None] + mean.mean()


def _hsic_1(K: Floats, L: Floats) -> float:
    n = len(K)
    K, L = K - np.diag(np.diag(K)), L - np.diag(np.diag(L))
    total = K.sum() * L.sum() / ((n - 1) * (n - 2))
    return float(np.vdot(K, L) + total - 2 / (n - 2) * (K.sum(axis=0) @ L.sum(axis=0)))
