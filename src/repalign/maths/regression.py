"""Linear predictivity: held-out predictions of measured units from model units, and their scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from repalign.errors import InputError, ShapeError, TooFewError
from repalign.maths.checks import Floats, as_patterns, same_rows
from repalign.maths.penalties import ALPHAS, Folds
from repalign.maths.pls import pls
from repalign.maths.predictivity import SCORES, fold_correlations
from repalign.maths.ridge import ols, ridge_cv, ridge_fixed, ridge_gcv


@dataclass(frozen=True)
class Method:
    """A regression: what one fit part says about new stimuli.

    Args:
        predict: (X (n, p), Y (n, q), X_new (m, p), folds (n,)) to predictions (m, q). The folds are those
            of the fit part, for methods that choose a parameter by cross-validation within it.
        joint: Whether units of Y are fitted together, so that what is predicted for one depends on which
            others are there.
    """

    predict: Callable[[Floats, Floats, Floats, Folds], Floats]
    joint: bool = False


def by_ridge_gcv(alphas: Floats = ALPHAS) -> Method:
    """Ridge regression, a penalty per unit by generalised cross-validation.

    Args:
        alphas: Penalties to choose from, (n_penalties,), above 0, on the scale of the sum of squares of
            standardised units.

    Returns:
        The regression, for :func:`held_out_predictions`.
    """
    return Method(partial(_alone, ridge_gcv, alphas))


def by_ridge_cv(alphas: Floats = ALPHAS) -> Method:
    """Ridge regression, a penalty per unit by cross-validation over the folds of the fit part.

    Args:
        alphas: Penalties to choose from, (n_penalties,), above 0, on the scale of the sum of squares of
            standardised units.

    Returns:
        The regression, for :func:`held_out_predictions` with at least 3 folds.
    """
    return Method(partial(ridge_cv, alphas=alphas))


def by_ridge(penalty: float) -> Method:
    """Ridge regression on standardised units with one penalty.

    Args:
        penalty: Above 0, on the scale of the sum of squares of a standardised unit, which is the number
            of stimuli of the fit part.

    Returns:
        The regression, for :func:`held_out_predictions`.
    """
    return Method(partial(_alone, ridge_fixed, penalty))


def by_ols() -> Method:
    """Ordinary least squares.

    Returns:
        The regression, for :func:`held_out_predictions`; as many units as stimuli are refused there.
    """
    return Method(_least_squares)


def by_pls(n_components: int) -> Method:
    """Partial least squares on centred units, not divided by their spread.

    Args:
        n_components: 1..min(n - 1, p) for n stimuli of the fit part and p units.

    Returns:
        The regression, for :func:`held_out_predictions`; units of the target are fitted together.
    """
    return Method(partial(_alone, pls, n_components), joint=True)


# Functions of the module, not of a call, so that a method can be sent to another process.
def _alone(
    predict: Callable[[Floats, Floats, Floats, Any], Floats],
    parameter: Any,
    X: Floats,
    Y: Floats,
    X_new: Floats,
    folds: Folds,
) -> Floats:
    return predict(X, Y, X_new, parameter)


def _least_squares(X: Floats, Y: Floats, X_new: Floats, folds: Folds) -> Floats:
    return ols(X, Y, X_new)


def assign_folds(n: int, n_folds: int, generator: np.random.Generator) -> Folds:
    """Assign n stimuli to folds of equal size (to one), at random.

    Args:
        n: Number of stimuli, at least 5 for each fold.
        n_folds: Number of folds.
        generator: Draws the order.

    Returns:
        Fold of each stimulus, 0..n_folds - 1, (n,).

    Raises:
        TooFewError: Fewer than 5 stimuli in a fold; a correlation within it would mean nothing.
    """
    if n < 5 * n_folds:
        raise TooFewError(
            f"{n} stimuli are too few for {n_folds} folds: a fold needs at least 5",
            hint=f"Use at least {5 * n_folds} stimuli, or an RSA or CKA measure.",
        )
    return generator.permutation(np.arange(n) % n_folds)


def held_out_predictions(X: Floats, Ys: Sequence[Floats], folds: Folds, method: Method) -> list[Floats]:
    """Predict each stimulus's responses from a regression that has not seen it.

    Nothing of the held-out fold enters scaling, penalty or weights. Several subjects with one model share
    its decomposition.

    Args:
        X: Predictors, (n_stimuli, p).
        Ys: Responses of each subject, (n_stimuli, q_s).
        folds: Fold of each stimulus, (n_stimuli,).
        method: The regression.

    Returns:
        Held-out predictions of each subject, (n_stimuli, q_s).

    Raises:
        ShapeError: Sides or folds differ in their number of stimuli.
        InputError: One fold: nothing would be left to fit.
    """
    predictors = as_patterns(X, "X")
    responses = [as_patterns(Y, "Y") for Y in Ys]
    for each in responses:
        same_rows(predictors, each)
    _check_folds(folds, len(predictors))
    if not method.joint and len(responses) > 1:
        together = _held_out(predictors, np.hstack(responses), folds, method)
        ends = np.cumsum([each.shape[1] for each in responses]).tolist()
        return [together[:, end - Y.shape[1] : end] for end, Y in zip(ends, responses, strict=True)]
    return [_held_out(predictors, each, folds, method) for each in responses]


def _held_out(X: Floats, Y: Floats, folds: Folds, method: Method) -> Floats:
    predictions = np.empty_like(Y)
    for fold in np.unique(folds):
        held = folds == fold
        predictions[held] = method.predict(X[~held], Y[~held], X[held], folds[~held])
    return predictions


def _check_folds(folds: Folds, n: int) -> None:
    if folds.shape != (n,):
        raise ShapeError(f"folds have shape {folds.shape} for {n} stimuli", hint="One fold per stimulus.")
    if len(np.unique(folds)) < 2:
        raise InputError("there is one fold: nothing is left to fit", hint="Use at least 2 folds.")


def ridge_predictions(X: Floats, Y: Floats, folds: Folds, alphas: Floats = ALPHAS) -> Floats:
    """Held-out predictions of one subject by ridge regression with generalised cross-validation.

    Args:
        X: Predictors, (n_stimuli, p).
        Y: Responses to predict, (n_stimuli, q).
        folds: Fold of each stimulus, (n_stimuli,).
        alphas: Penalties to choose from, on the scale of the sum of squares of standardised units.

    Returns:
        Held-out predictions, (n_stimuli, q).
    """
    return held_out_predictions(X, [Y], folds, by_ridge_gcv(alphas))[0]


def held_out_scores(
    X: Floats, Ys: Sequence[Floats], folds: Folds, method: Method, score: str = "pearson"
) -> list[Floats]:
    """Score of every unit of every subject in held-out folds: :data:`SCORES` of the predictions.

    Args:
        X: Predictors, (n_stimuli, p).
        Ys: Responses of each subject, (n_stimuli, q_s).
        folds: Fold of each stimulus, (n_stimuli,).
        method: The regression, e.g. ``by_ridge_gcv()``.
        score: ``"pearson"`` or ``"r2"``.

    Returns:
        For each subject (q_s,).
    """
    predictions = held_out_predictions(X, Ys, folds, method)
    return [SCORES[score](Y, P, folds, None) for Y, P in zip(Ys, predictions, strict=True)]


__all__ = [
    "Method",
    "assign_folds",
    "by_ols",
    "by_pls",
    "by_ridge",
    "by_ridge_cv",
    "by_ridge_gcv",
    "fold_correlations",
    "held_out_predictions",
    "held_out_scores",
    "ridge_predictions",
]
