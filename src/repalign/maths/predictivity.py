"""Scores of held-out predictions, per unit and over units."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from repalign.errors import DegenerateError, InputError, ShapeError
from repalign.maths.checks import Floats, is_constant
from repalign.maths.penalties import Folds


def fold_correlations(Y: Floats, predictions: Floats, folds: Folds, weights: Floats | None = None) -> Floats:
    """Pearson's r between held-out responses and predictions, within folds, averaged over folds.

    Within folds, because predictions of different folds have different offsets: pooled over folds,
    a model without any relation would get a negative r.

    Args:
        Y: Responses, (n_stimuli, q).
        predictions: Held-out predictions, (n_stimuli, q).
        folds: Fold of each stimulus, (n_stimuli,).
        weights: How often each stimulus counts (bootstrap), (n_stimuli,); once each by default.

    Returns:
        r per unit, -1..1, (q,). A prediction that is constant within a fold explains nothing there: r = 0.
        With weights, a fold in which a unit's drawn responses are constant is left out of its average,
        which is NaN where no fold remains.

    Raises:
        DegenerateError: Without weights: a unit's responses are constant within a fold.
    """
    return _over_folds(_correlation, Y, predictions, folds, weights)


def fold_r2(Y: Floats, predictions: Floats, folds: Folds, weights: Floats | None = None) -> Floats:
    """Explained variance 1 - SS(Y - predictions) / SS(Y - mean) within held-out folds, averaged over folds.

    The mean is that of the held-out responses (as scikit-learn has it), so a prediction by the mean of
    the fit part gets slightly less than 0. There is no lower bound, and nothing is clipped.

    Args:
        Y: Responses, (n_stimuli, q).
        predictions: Held-out predictions, (n_stimuli, q).
        folds: Fold of each stimulus, (n_stimuli,).
        weights: How often each stimulus counts (bootstrap), (n_stimuli,); once each by default.

    Returns:
        R^2 per unit, at most 1, (q,). With weights, a fold in which a unit's drawn responses are constant
        is left out of its average, which is NaN where no fold remains.

    Raises:
        DegenerateError: Without weights: a unit's responses are constant within a fold.
    """
    return _over_folds(_explained, Y, predictions, folds, weights)


#: Scores per unit by name: (responses, predictions, folds, weights) to (q,).
SCORES: dict[str, Callable[[Floats, Floats, Folds, Floats | None], Floats]] = {
    "pearson": fold_correlations,
    "r2": fold_r2,
}


def _over_folds(
    score: Callable[[Floats, Floats, Floats], Floats],
    Y: Floats,
    predictions: Floats,
    folds: Folds,
    weights: Floats | None,
) -> Floats:
    counts = np.ones(len(folds)) if weights is None else weights
    total, used = np.zeros(Y.shape[1]), np.zeros(Y.shape[1])
    for fold in np.unique(folds):
        held = (folds == fold) & (counts > 0)
        if not held.any():
            continue
        y, w = Y[held], counts[held]
        still = is_constant(y, axis=0)
        if weights is None and still.any():
            raise _constant_in_fold(still, int(fold))
        total += np.where(still, 0.0, score(y, predictions[held], w))
        used += ~still
    return np.where(used > 0, total / np.maximum(used, 1), np.nan)


def _correlation(y: Floats, predicted: Floats, w: Floats) -> Floats:
    return w @ (_weighted_unit(y, w) * _weighted_unit(predicted, w))


def _explained(y: Floats, predicted: Floats, w: Floats) -> Floats:
    still = is_constant(y, axis=0)
    total = w @ (y - w @ y / w.sum()) ** 2
    return 1.0 - w @ (y - predicted) ** 2 / np.where(still, 1.0, total)


def _weighted_unit(side: Floats, w: Floats) -> Floats:
    # What is left of a constant column is rounding, and must not be correlated with anything.
    still = is_constant(side, axis=0)
    centred = np.where(still, 0.0, side - w @ side / w.sum())
    scaled = centred / np.where(still, 1.0, np.abs(centred).max(axis=0))
    return scaled / np.sqrt(np.where(still, 1.0, np.einsum("i,ij,ij->j", w, scaled, scaled)))


def _constant_in_fold(still: NDArray[np.bool_], fold: int) -> DegenerateError:
    units = np.flatnonzero(still)
    return DegenerateError(
        f"{len(units)} of {len(still)} measured units are constant in fold {fold} (first: {units[0]})",
        hint="A constant has no correlation: leave those units out, or use more stimuli.",
    )


def normalised_median(scores: Floats, ceilings: Floats, order: str) -> float:
    """Median score over units in proportion to what the noise lets be reached, by a named rule.

    The two orders differ, and published numbers use either.

    Args:
        scores: Score of each unit, (q,).
        ceilings: Noise ceiling of each unit, above 0, (q,).
        order: ``"median-of-ratios"``: each unit's score by its own ceiling, then the median;
            ``"ratio-of-medians"``: the median score by the median ceiling.

    Returns:
        The normalised score. It exceeds 1 where scores exceed ceilings; nothing is clipped.

    Raises:
        ShapeError: Scores and ceilings differ in length.
        DegenerateError: A score is not finite, or a ceiling is not above 0.
        InputError: No such order.
    """
    if scores.shape != ceilings.shape or scores.ndim != 1 or not len(scores):
        raise ShapeError(
            f"{scores.shape} scores and {ceilings.shape} ceilings", hint="Give one of each for every unit."
        )
    wrong = int((~(np.isfinite(ceilings) & (ceilings > 0) & np.isfinite(scores))).sum())
    if wrong:
        raise DegenerateError(
            f"{wrong} of {len(scores)} units have no score or no ceiling above 0",
            hint="Leave out units that are not reliable, and say how many.",
        )
    if order == "median-of-ratios":
        return float(np.median(scores / ceilings))
    if order == "ratio-of-medians":
        return float(np.median(scores) / np.median(ceilings))
    raise InputError(f"no order {order!r}", hint="Known: 'median-of-ratios', 'ratio-of-medians'.")
