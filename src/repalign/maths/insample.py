"""Regressions scored on the stimuli they were fitted to: how flexible a fit is as much as how true."""

from __future__ import annotations

import numpy as np

from repalign.errors import DegenerateError
from repalign.maths.checks import Floats, as_patterns, is_constant, same_rows
from repalign.maths.penalties import check_penalties
from repalign.maths.ridge import ols
from repalign.maths.spectrum import spectrum


def ols_insample_r2(X: Floats, Y: Floats) -> float:
    """Variance of all units of Y that a least-squares regression on X takes up, on the same stimuli.

    1 - SS(Y - fit) / SS(Y - mean), both sums over stimuli and units, so units of large variance count
    more. By chance it is p / (n - 1), which is near 1 where units are nearly as many as stimuli.

    Args:
        X: (n_stimuli, p), p < n_stimuli.
        Y: (n_stimuli, q).

    Returns:
        0..1.

    Raises:
        TooFewError: As many units in X as stimuli.
        DegenerateError: All units of Y are constant; NaN.
    """
    predictors, responses = as_patterns(X, "X"), as_patterns(Y, "Y")
    same_rows(predictors, responses)
    if is_constant(responses, axis=0).all():
        raise DegenerateError("all units of Y are constant", hint="There is no variance to explain.")
    residual = responses - ols(predictors, responses, predictors)
    return 1.0 - float((residual**2).sum() / ((responses - responses.mean(axis=0)) ** 2).sum())


def reverse_ols_insample_r2(X: Floats, Y: Floats) -> float:
    """:func:`ols_insample_r2` of the model's units on the measured ones."""
    return ols_insample_r2(Y, X)


def uncentred_ridge_insample_r2(X: Floats, Y: Floats, penalty: float) -> float:
    """Mean over units of R^2, on the same stimuli, of a ridge regression on raw units without intercept.

    The fit is neither centred nor scaled, R^2 is taken about the mean of each unit of Y, so it depends
    on the origin and the units of measurement of both sides, and may be negative.

    Args:
        X: (n_stimuli, p).
        Y: (n_stimuli, q).
        penalty: Above 0.

    Returns:
        At most 1.

    Raises:
        DegenerateError: A unit of Y is constant; NaN.
    """
    predictors, responses = as_patterns(X, "X"), as_patterns(Y, "Y")
    same_rows(predictors, responses)
    still = np.flatnonzero(is_constant(responses, axis=0))
    if len(still):
        raise DegenerateError(
            f"{len(still)} of {responses.shape[1]} units of Y are constant (first: {still[0]})",
            hint="There is no variance to explain: leave those units out.",
        )
    lowest = float(check_penalties(np.array([penalty]))[0])
    residual = responses - spectrum(predictors, responses, predictors, lowest).predict(lowest)
    total = ((responses - responses.mean(axis=0)) ** 2).sum(axis=0)
    return float((1.0 - (residual**2).sum(axis=0) / total).mean())
