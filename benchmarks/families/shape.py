"""Procrustes, neighbours and matching against netrep's steps, scikit-learn and scipy."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.neighbors import NearestNeighbors

from benchmarks.case import Case
from repalign.maths.assignment import permutation_angular_distance
from repalign.maths.checks import Floats
from repalign.maths.neighbours import mutual_knn
from repalign.maths.shape import procrustes_angular_distance
from repalign.seeds import rng


def cases() -> list[Case]:
    """Inputs are Gaussian sides that share half of their variance."""
    large, middle = _sides(5000, 2048), _sides(5000, 256)
    return [
        Case(
            task="Procrustes angle, 5000 stimuli x 2048 units",
            ours=partial(procrustes_angular_distance, *large),
            peer=partial(_angle_by_full_svd, *large),
            peer_name="netrep's steps (all of the SVD, transform, angle)",
            agree=1e-10,
            floor=partial(_angle_by_values, *large),
            floor_at_most=1.1,
            floor_name="X'Y and its singular values",
            repeats=3,
        ),
        Case(
            task="mutual 10-nearest neighbours, 5000 stimuli x 256 units",
            ours=partial(mutual_knn, *middle, 10),
            peer=partial(_mutual_by_sklearn, *middle, 10),
            peer_name="scikit-learn",
            agree=1e-12,
            repeats=3,
        ),
        Case(
            task="permutation angle, 5000 stimuli x 256 units",
            ours=partial(permutation_angular_distance, *middle),
            peer=partial(_permutation_by_scipy, *middle),
            peer_name="scipy (bare formula)",
            agree=1e-10,
            repeats=3,
        ),
    ]


def _sides(n: int, p: int) -> tuple[Floats, Floats]:
    generator = rng(0, "benchmark", "shape", n, p)
    shared = generator.normal(size=(n, p))
    return shared + generator.normal(size=(n, p)), shared + generator.normal(size=(n, p))


def _angle_by_full_svd(X: Floats, Y: Floats) -> float:
    x, y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    left, _, right = np.linalg.svd(x.T @ y)
    whitening = np.eye(x.shape[1])
    return _angle(x @ (whitening @ left), y @ (whitening @ right.T))


def _angle_by_values(X: Floats, Y: Floats) -> float:
    x, y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    nuclear = np.linalg.svd(x.T @ y, compute_uv=False).sum()
    return float(np.arccos(nuclear / (np.linalg.norm(x) * np.linalg.norm(y))))


def _mutual_by_sklearn(X: Floats, Y: Floats, k: int) -> float:
    near = [
        NearestNeighbors(n_neighbors=k, metric="cosine").fit(side).kneighbors(return_distance=False)
        for side in (X, Y)
    ]
    return float(np.mean([len(np.intersect1d(a, b)) for a, b in zip(*near, strict=True)])) / k


def _permutation_by_scipy(X: Floats, Y: Floats) -> float:
    x, y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    rows, columns = linear_sum_assignment(x.T @ y, maximize=True)
    return _angle(x[:, rows], y[:, columns])


def _angle(x: Floats, y: Floats) -> float:
    return float(np.arccos(np.vdot(x, y) / (np.linalg.norm(x) * np.linalg.norm(y))))
