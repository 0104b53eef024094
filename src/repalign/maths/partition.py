"""Variance partitioning: what two or three sets of predictors explain alone and together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from repalign.errors import InputError, ShapeError, TooFewError
from repalign.maths.checks import Floats, as_pairs
from repalign.maths.regression import ridge_predictions

Subset = frozenset[str]


def partition(explained: Mapping[Subset, float]) -> dict[Subset, float]:
    """Split explained variance into the parts of a Venn diagram (commonality analysis, Mood 1971).

    The part of a subset S is what all its members explain and no predictor outside S does, by
    inclusion and exclusion over the models of all subsets.

    Args:
        explained: R^2 of the model with each non-empty subset of the predictors, 2^k - 1 entries.

    Returns:
        A part for each non-empty subset; they sum to the R^2 of all predictors. Parts may be negative
        (suppression, or noise of cross-validation); nothing is cut off.

    Raises:
        InputError: A subset is missing, or there are not 2 or 3 predictors.
    """
    names = sorted(set[str]().union(*explained))
    if len(names) not in (2, 3):
        raise InputError(
            f"variance is split between 2 or 3 predictors; saw {len(names)}", hint="Combine some."
        )
    subsets = all_subsets(names)
    missing = [s for s in subsets if s not in explained]
    if missing:
        raise InputError(f"R^2 of {sorted(missing[0])} is missing", hint="Fit the model of every subset.")
    whole = frozenset(names)
    r2 = {**explained, frozenset[str](): 0.0}
    parts: dict[Subset, float] = {}
    for subset in subsets:
        # What subset and everything outside it explain, less what is explained without some of subset.
        outside = whole - subset
        signs = [
            (-1) ** (len(t) + 1) * r2[outside | t] for t in (frozenset[str](), *all_subsets(sorted(subset)))
        ]
        parts[subset] = float(sum(signs))
    return parts


def all_subsets(names: Sequence[str]) -> list[Subset]:
    """All non-empty subsets, small ones first."""
    return [frozenset(c) for size in range(1, len(names) + 1) for c in combinations(names, size)]


def encoding_partition(
    predictors: Mapping[str, Floats],
    Y: Floats,
    folds: NDArray[np.intp],
    predict: Callable[[Floats, Floats, NDArray[np.intp]], Floats] = ridge_predictions,
) -> dict[Subset, Floats]:
    """Cross-validated variance of each measured unit, split between sets of predictors.

    Args:
        predictors: Name to responses, (n_stimuli, p_name), the same stimuli; 2 or 3 of them.
        Y: Measured responses, (n_stimuli, q).
        folds: Fold of each stimulus, (n_stimuli,).
        predict: Gives held-out predictions (n_stimuli, q); ridge regression by default.

    Returns:
        For each non-empty subset its part of the held-out R^2, (q,); negative where held-out prediction
        is worse than the mean of the other folds.

    Raises:
        InputError: Not 2 or 3 predictors.
        ShapeError: They differ in their number of stimuli.
    """
    if len({len(X) for X in (*predictors.values(), Y)}) != 1:
        raise ShapeError(
            "predictors and responses differ in their number of stimuli", hint="Join them by id."
        )
    names = sorted(predictors)
    explained = {
        subset: _held_out_r2(
            Y, predict(np.concatenate([predictors[n] for n in sorted(subset)], axis=1), Y, folds), folds
        )
        for subset in all_subsets(names)
    }
    columns = [partition({s: float(r2[unit]) for s, r2 in explained.items()}) for unit in range(Y.shape[1])]
    return {subset: np.array([column[subset] for column in columns]) for subset in explained}


def rdm_partition(predictors: Mapping[str, Floats], target: Floats) -> dict[Subset, float]:
    """Variance of a target RDM, split between 2 or 3 predictor RDMs by least squares (Groen et al. 2018).

    Args:
        predictors: Name to pair values, (n_pairs,).
        target: Pair values, (n_pairs,).

    Returns:
        For each non-empty subset its part of R^2. Not cross-validated: with one weight per RDM and
        thousands of pairs the optimism is small, but it is there.

    Raises:
        InputError: Not 2 or 3 predictors.
        TooFewError: Fewer pairs than predictors + 2.
        DegenerateError: NaN.
    """
    y = as_pairs(target)
    sides = {name: as_pairs(x, name) for name, x in predictors.items()}
    if len(y) < len(sides) + 2:
        raise TooFewError(f"{len(y)} pairs for {len(sides)} predictors", hint="Add stimuli.")
    if any(x.shape != y.shape for x in sides.values()):
        raise ShapeError("the RDMs have different numbers of pairs", hint="Join them by id.")
    return partition({s: _r2([sides[n] for n in sorted(s)], y) for s in all_subsets(sorted(sides))})


def _r2(columns: Sequence[Floats], y: Floats) -> float:
    A = np.stack([np.ones_like(y), *columns], axis=1)
    fitted = A @ np.linalg.lstsq(A, y, rcond=None)[0]
    return 1.0 - float(((y - fitted) ** 2).sum() / ((y - y.mean()) ** 2).sum())


def _held_out_r2(Y: Floats, predictions: Floats, folds: NDArray[np.intp]) -> Floats:
    """1 - error / error of the mean of the other folds, both summed over folds."""
    baseline = np.empty_like(Y)
    for fold in np.unique(folds):
        baseline[folds == fold] = Y[folds != fold].mean(axis=0)
    return 1.0 - ((Y - predictions) ** 2).sum(axis=0) / ((Y - baseline) ** 2).sum(axis=0)
