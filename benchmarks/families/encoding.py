"""Ridge and partial least squares against himalaya and scikit-learn."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import RidgeCV

from benchmarks.case import Case
from repalign.maths.checks import Floats
from repalign.maths.penalties import ridge_errors
from repalign.maths.pls import pls
from repalign.maths.ridge import ridge_gcv
from repalign.maths.spectrum import spectrum
from repalign.seeds import rng

ALPHAS = np.logspace(-1, 6, 20)
FOLDS = 5


def cases() -> list[Case]:
    """Gaussian units, of which a fifth carry what is predicted; numbers are predictions or errors."""
    large = _sides(2000, 4096, 5000)
    middle = _sides(1000, 2000, 500)
    return [
        Case(
            task="ridge, 5-fold penalty per unit, 2000 x 4096 to 5000 units, 20 penalties",
            ours=partial(_k_fold, *large),
            peer=partial(_himalaya, *large),
            peer_name="himalaya",
            agree=1e-7,
            floor=partial(_products, *large),
            at_least=1.0,
            floor_name="the products of all penalties",
            repeats=3,
        ),
        Case(
            task="ridge, penalty per unit by GCV, 2000 x 4096 to 5000 units, 20 penalties",
            ours=partial(_gcv, *large),
            peer=partial(_sklearn_loo, *large),
            peer_name="scikit-learn",
            agree=0.01,
            at_least=4.0,
            repeats=1,
        ),
        Case(
            task="PLS, 25 components, 1000 x 2000 to 500 units",
            ours=partial(_pls, *middle),
            peer=partial(_sklearn_pls, *middle),
            peer_name="scikit-learn",
            agree=0.1,
            repeats=3,
        ),
    ]


def _sides(n: int, p: int, q: int) -> tuple[Floats, Floats, Floats]:
    """Fit part and 100 new stimuli, standardised and centred as every peer would have them."""
    generator = rng(0, "benchmark", "encoding", n, p, q)
    X = generator.normal(size=(n + 100, p))
    carrying = p // 20
    Y = X[:, :carrying] @ generator.normal(size=(carrying, q)) / carrying**0.5
    Y += generator.normal(size=Y.shape)
    mean, spread = X[:n].mean(axis=0), X[:n].std(axis=0)
    return (X[:n] - mean) / spread, Y[:n] - Y[:n].mean(axis=0), (X[n:] - mean) / spread


def _k_fold(X: Floats, Y: Floats, X_new: Floats) -> Floats:
    kernel = X @ X.T
    folds = np.arange(len(X)) * FOLDS // len(X)
    errors = ridge_errors(X, Y, folds, ALPHAS, kernel)
    best = ALPHAS[errors.argmin(axis=0)]
    return np.vstack([errors.min(axis=0), spectrum(X, Y, X_new, float(ALPHAS.min())).predict(best)])


def _himalaya(X: Floats, Y: Floats, X_new: Floats) -> Floats:
    """Its numpy backend, in the form it recommends where units outnumber stimuli; torch is not faster."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from himalaya.kernel_ridge import solve_kernel_ridge_cv_eigenvalues
    _, dual, scores, offset = solve_kernel_ridge_cv_eigenvalues(
        X @ X.T, Y, ALPHAS, cv=FOLDS, fit_intercept=True, n_targets_batch=1000, n_alphas_batch=5
    )
    return np.vstack([-np.atleast_2d(scores), (X_new @ X.T) @ dual + offset])


def _products(X: Floats, Y: Floats, X_new: Floats) -> None:
    """Predictions of each penalty from a resolution that is known already."""
    n = len(X)
    held = n // FOLDS
    resolution = X[:held] @ X[held:].T
    for _ in range(FOLDS * len(ALPHAS)):
        resolution @ Y[held:]


def _gcv(X: Floats, Y: Floats, X_new: Floats) -> Floats:
    return np.array([ridge_gcv(X, Y, X_new, ALPHAS).std(axis=0).mean()])


def _sklearn_loo(X: Floats, Y: Floats, X_new: Floats) -> Floats:
    """It minimises the leave-one-out error, whose rotation-invariant form generalised cross-validation is."""
    model = RidgeCV(alphas=ALPHAS, alpha_per_target=True, fit_intercept=True).fit(X, Y)
    return np.array([model.predict(X_new).std(axis=0).mean()])


def _pls(X: Floats, Y: Floats, X_new: Floats) -> Floats:
    return pls(X, Y, X_new, 25)


def _sklearn_pls(X: Floats, Y: Floats, X_new: Floats) -> Floats:
    """At its own tolerance, which leaves its components some per cent from converged."""
    return PLSRegression(25, scale=False).fit(X, Y).predict(X_new)
