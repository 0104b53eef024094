"""Banded ridge regression: several feature spaces, each with a penalty of its own for every unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from repalign.errors import InputError
from repalign.maths.checks import Floats, as_patterns, same_rows
from repalign.maths.penalties import ALPHAS, Folds, check_penalties, ridge_errors
from repalign.maths.spectrum import spectrum, standardised


class Banded(NamedTuple):
    """What banded ridge chose and predicts.

    Args:
        predictions: For new stimuli, (m, q).
        shares: Weight of each band for each unit, summing to 1, (n_bands, q).
        alphas: Penalty of each unit, (q,). The penalty of a band is alpha / share.
        errors: Mean squared error in held-out folds of the fit part with these, (q,).
    """

    predictions: Floats
    shares: Floats
    alphas: Floats
    errors: Floats


def sample_shares(n_bands: int, n_candidates: int, generator: np.random.Generator) -> Floats:
    """Points of the simplex: equal shares first, then Dirichlet draws of concentration 1 and .1 in turn.

    Concentration 1 covers the simplex evenly; .1 prefers its corners, where few bands count.

    Args:
        n_bands: At least 1.
        n_candidates: At least 1.
        generator: Draws the points after the first.

    Returns:
        (n_candidates, n_bands), rows sum to 1.

    Raises:
        InputError: No candidates or no bands.
    """
    if n_candidates < 1 or n_bands < 1:
        raise InputError(
            f"{n_candidates} candidates for {n_bands} bands", hint="Ask for at least one of each."
        )
    drawn = [generator.dirichlet(np.full(n_bands, (1.0, 0.1)[i % 2])) for i in range(n_candidates - 1)]
    return np.array([np.full(n_bands, 1.0 / n_bands), *drawn])


def banded_ridge(
    bands: Sequence[Floats],
    Y: Floats,
    bands_new: Sequence[Floats],
    folds: Folds,
    shares: Floats,
    alphas: Floats = ALPHAS,
) -> Banded:
    """Predict new stimuli from several feature spaces (bands), each with its own penalty.

    Units are standardised on the fit part, each band is multiplied by the root of its share, and the
    result is one ridge regression; for every unit of Y the shares and the penalty with the least squared
    error in folds of the fit part are taken (Nunez-Elizalde, Huth & Gallant 2019; random search as in
    Dupre la Tour et al. 2022).

    Args:
        bands: Predictors of the fit part, one (n, p_b) for each band.
        Y: Responses of the fit part, (n, q).
        bands_new: Predictors of new stimuli, one (m, p_b) for each band.
        folds: Fold of each stimulus of the fit part, (n,); at least two folds.
        shares: Candidates, (n_candidates, n_bands), rows non-negative, summing to 1:
            :func:`sample_shares`.
        alphas: Penalties to choose from, on the scale of the sum of squares of standardised units.

    Raises:
        ShapeError: A band has another number of stimuli than Y.
        InputError: Shares do not fit the bands.
        TooFewError: One fold only.
    """
    penalties, candidates = check_penalties(alphas), _check_shares(shares, len(bands))
    for band in bands:
        same_rows(band, Y)
    pairs = [standardised(X, X_new) for X, X_new in zip(bands, bands_new, strict=True)]
    Z, Z_new = (np.hstack([pair[side] for pair in pairs]) for side in (0, 1))
    members = np.repeat(np.arange(len(bands)), [X.shape[1] for X in bands])
    chosen, best, errors = _search(Z, Y, folds, candidates, members, penalties)
    offset = Y.mean(axis=0)
    predictions = np.empty((len(Z_new), Y.shape[1]))
    for candidate in np.unique(chosen):
        some = chosen == candidate
        roots = np.sqrt(candidates[candidate])[members]
        parts = spectrum(Z * roots, Y[:, some] - offset[some], Z_new * roots, float(penalties.min()))
        predictions[:, some] = parts.predict(best[some])
    return Banded(predictions + offset, candidates[chosen].T, best, errors)


def banded_predictions(
    bands: Sequence[Floats], Y: Floats, folds: Folds, shares: Floats, alphas: Floats = ALPHAS
) -> Banded:
    """Predict each stimulus by a banded ridge regression that has not seen it.

    Within the fit part of each fold, shares and penalties are chosen over the other folds.

    Args:
        bands: Predictors, one (n_stimuli, p_b) for each band.
        Y: Responses, (n_stimuli, q).
        folds: Fold of each stimulus, (n_stimuli,); at least three folds.
        shares: Candidates, (n_candidates, n_bands): :func:`sample_shares`.
        alphas: Penalties to choose from.

    Returns:
        Held-out predictions, (n_stimuli, q); shares and errors averaged over folds; alphas as their
        geometric mean.

    Raises:
        TooFewError: Fewer than three folds.
    """
    predictors = [as_patterns(X, f"band {b}") for b, X in enumerate(bands)]
    responses = as_patterns(Y, "Y")
    predictions = np.empty_like(responses)
    parts: list[Banded] = []
    for fold in np.unique(folds):
        held = folds == fold
        fit, new = [X[~held] for X in predictors], [X[held] for X in predictors]
        parts.append(banded_ridge(fit, responses[~held], new, folds[~held], shares, alphas))
        predictions[held] = parts[-1].predictions
    return Banded(
        predictions,
        np.mean([part.shares for part in parts], axis=0),
        np.exp(np.mean([np.log(part.alphas) for part in parts], axis=0)),
        np.mean([part.errors for part in parts], axis=0),
    )


def _search(
    Z: Floats, Y: Floats, folds: Folds, candidates: Floats, members: Folds, alphas: Floats
) -> tuple[Folds, Floats, Floats]:
    grams = _grams(Z, members, candidates.shape[1])
    q = Y.shape[1]
    chosen, best, least = np.zeros(q, dtype=np.intp), np.zeros(q), np.full(q, np.inf)
    for i, share in enumerate(candidates):
        roots = np.sqrt(share)[members]
        whole = np.tensordot(share, grams, 1) if grams.ndim == 3 else grams * np.outer(roots, roots)
        errors = ridge_errors(Z * roots, Y, folds, alphas, whole)
        better = errors.min(axis=0) < least
        chosen[better], least[better] = i, errors.min(axis=0)[better]
        best[better] = alphas[errors.argmin(axis=0)][better]
    return chosen, best, least


def _grams(Z: Floats, members: Folds, n_bands: int) -> Floats:
    """Z Z' of each band where units are many, (n_bands, n, n); else Z'Z, (p, p)."""
    if Z.shape[1] < len(Z):
        return Z.T @ Z
    return np.stack([Z[:, members == b] @ Z[:, members == b].T for b in range(n_bands)])


def _check_shares(shares: Floats, n_bands: int) -> Floats:
    candidates = np.asarray(shares, dtype=np.float64)
    fits = candidates.ndim == 2 and candidates.shape[1] == n_bands and len(candidates) > 0
    if not fits or (candidates < 0).any() or not np.allclose(candidates.sum(axis=1), 1.0):
        raise InputError(
            f"shares of shape {candidates.shape} for {n_bands} bands: rows are non-negative and sum to 1",
            hint="Draw them: sample_shares(n_bands, n_candidates, generator).",
        )
    return candidates
