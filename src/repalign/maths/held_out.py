"""How sure a cross-validated regression score is: a jackknife of held-out scores, and a test with refits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from repalign.errors import DegenerateError, ShapeError
from repalign.maths.checks import Floats
from repalign.maths.penalties import Folds
from repalign.maths.predictivity import SCORES
from repalign.maths.regression import Method, held_out_scores
from repalign.maths.uncertainty import Uncertainty, satterthwaite

_BATCH_ENTRIES = 4_000_000


class Summary(Protocol):
    """Units to one number: ``np.median`` or ``np.mean``."""

    def __call__(self, a: Floats, /, axis: int | None = None) -> Any:
        """Along an axis, or of all."""
        ...


def held_out_draws(
    responses: Sequence[Floats],
    predictions: Sequence[Floats],
    folds: Folds,
    *,
    score: str = "pearson",
    summary: Summary = np.median,
    draws: int,
    generator: np.random.Generator,
) -> Floats:
    """Scores of subjects as they might have been with other held-out stimuli, the fits held fixed.

    Each draw moves every unit's score along its :func:`unit_influences` by standard normal multipliers,
    one for each stimulus, the same for all units and subjects, so that what they share stays shared. A
    jackknife of the summary itself would not do: the median does not move smoothly with its units, and
    its jackknife variance is several times too large (Efron 1982, ch. 3).

    Args:
        responses: Of each subject, (n_stimuli, q_s).
        predictions: Held out, of each subject, (n_stimuli, q_s).
        folds: Fold of each stimulus, (n_stimuli,).
        score: ``"pearson"`` or ``"r2"``.
        summary: Over a subject's units.
        draws: How many.
        generator: Draws the multipliers; give two models that are compared equal generators.

    Returns:
        (draws, n_subjects), for :func:`from_multipliers`. They are linear in the model: the draws of a
        difference are the difference of the draws.

    Raises:
        DegenerateError: A unit is constant in a fold without one of its stimuli.
    """
    Y, predicted = np.hstack(responses), np.hstack(predictions)
    scores = SCORES[score](Y, predicted, folds, None)
    moves = unit_influences(Y, predicted, folds, score, generator=generator)
    multipliers = generator.standard_normal((draws, len(moves)))
    ends = np.cumsum([each.shape[1] for each in responses])[:-1]
    out = np.empty((draws, len(responses)))
    step = max(1, _BATCH_ENTRIES // Y.shape[1])
    for start in range(0, draws, step):
        part = slice(start, start + step)
        units = np.split(scores + multipliers[part] @ moves, ends, axis=1)
        out[part] = np.stack([summary(each, axis=1) for each in units], axis=1)
    return out


def unit_influences(
    Y: Floats,
    predictions: Floats,
    folds: Folds,
    score: str = "pearson",
    *,
    generator: np.random.Generator,
    groups: int = 200,
) -> Floats:
    """What each held-out stimulus does to the score of each unit, scaled to a standard error.

    Folds are strata, because the score is the mean of scores within folds: in a fold of m stimuli (or
    groups of stimuli) the jackknife variance is (m-1)/m sum (r(-i) - mean)^2. The fits are held fixed.
    That the variance of a cross-validated score is that of its held-out parts with given fits is the
    central limit theorem of Bayle, Bayle, Janson & Mackey (2020, NeurIPS) for stable learners, of which
    ridge regression is one; refitting without the stimulus as well counts it twice.

    Args:
        Y: Responses, (n_stimuli, q).
        predictions: Held-out predictions, (n_stimuli, q).
        folds: Fold of each stimulus, (n_stimuli,).
        score: ``"pearson"`` or ``"r2"``.
        generator: Assigns stimuli to groups where there are more than ``groups`` of them.
        groups: About as many groups of stimuli at most, over all folds.

    Returns:
        (n_groups, q); the sum of squares over groups is the jackknife variance of each unit's score.

    Raises:
        DegenerateError: A unit is constant in a fold without one of its stimuli.
    """
    names = np.unique(folds)
    in_each = max(2, groups // len(names))
    parts: list[Floats] = []
    for fold in names:
        held = np.flatnonzero(folds == fold)
        m = min(len(held), in_each)
        member = generator.permutation(np.arange(len(held)) % m)
        without = np.stack([_score(score, Y, predictions, held[member != g]) for g in range(m)])
        if np.isnan(without).any():
            units = np.flatnonzero(np.isnan(without).any(axis=0))
            raise DegenerateError(
                f"{len(units)} of {Y.shape[1]} measured units are constant in fold {fold} but for one "
                f"stimulus (first: {units[0]})",
                hint="They carry no interval: leave those units out, or use more stimuli.",
            )
        parts.append(np.sqrt((m - 1) / m) / len(names) * (without - without.mean(axis=0)))
    return np.concatenate(parts)


def _score(score: str, Y: Floats, predictions: Floats, rows: Folds) -> Floats:
    one_fold = np.zeros(len(rows), dtype=np.intp)
    return SCORES[score](Y[rows], predictions[rows], one_fold, np.ones(len(rows)))


def from_multipliers(scores: Floats, drawn: Floats, n_stimuli: int) -> Uncertainty:
    """Uncertainty of the mean over subjects from multiplier draws.

    V = V_subjects + V_stimuli - V_interaction of the two-way random-effects model, not below either of
    the first two, each of which contains the interaction: as for
    :func:`repalign.maths.jackknife.two_way_jackknife`, with Satterthwaite's degrees of freedom.

    Args:
        scores: Score of each subject, (n_subjects,).
        drawn: From :func:`held_out_draws`, (draws, n_subjects).
        n_stimuli: How many stimuli there are.

    Returns:
        Over subjects and stimuli; over stimuli only where there is one subject.

    Raises:
        ShapeError: The numbers of subjects differ.
    """
    if drawn.ndim != 2 or drawn.shape[1:] != scores.shape:
        raise ShapeError(
            f"scores {scores.shape} and drawn {drawn.shape} have different subjects",
            hint="drawn is (draw, subject), from held_out_draws().",
        )
    n_subjects, means = len(scores), drawn.mean(axis=1)
    stimuli = float(means.var(ddof=1))
    if n_subjects == 1:
        return Uncertainty(stimuli, n_stimuli - 1)
    subjects = float(scores.var(ddof=1)) / n_subjects
    own = drawn - means[:, None]
    shared = float(own.var(axis=0, ddof=1).sum()) / (n_subjects * (n_subjects - 1))
    variance = max(stimuli + subjects - shared, stimuli, subjects)
    return Uncertainty(
        variance, satterthwaite(variance, (subjects, n_subjects - 1), (stimuli, n_stimuli - 1))
    )


def predictivity_p(
    X: Floats,
    Ys: Sequence[Floats],
    folds: Folds,
    method: Method,
    *,
    score: str = "pearson",
    summary: Summary = np.median,
    permutations: int,
    generator: np.random.Generator,
) -> float:
    """One-sided p of the mean over subjects of a held-out score, by permuting stimuli and fitting anew.

    Every permutation moves all measured responses of a stimulus together, in all subjects, and repeats
    the whole cross-validation, the choice of penalties included. Permuting held-out responses with the
    fits held fixed would be cheaper and wrong: two folds predict each other through the same products of
    their stimuli, so scores of folds are correlated under the null, and that test rejects too often. The
    decomposition of X serves all permutations.

    Args:
        X: Predictors, (n_stimuli, p).
        Ys: Responses of each subject, (n_stimuli, q_s).
        folds: Fold of each stimulus, (n_stimuli,).
        method: The regression, e.g. ``by_ridge_gcv()``.
        score: ``"pearson"`` or ``"r2"``.
        summary: Over a subject's units.
        permutations: How many.
        generator: Draws them.

    Returns:
        (1 + number of permutations at least as large) / (1 + permutations) (Phipson & Smyth 2010).

    Raises:
        DegenerateError: A unit is constant within a fold, as it is or permuted.
    """
    joined, ends = np.hstack(Ys), np.cumsum([Y.shape[1] for Y in Ys]).tolist()

    def means(orders: Sequence[Folds]) -> Floats:
        units = _permuted_scores(X, joined, ends, orders, folds, method, score)
        return np.mean([summary(each, axis=1) for each in np.split(units, ends[:-1], axis=1)], axis=0)

    observed = float(means([np.arange(len(X))])[0])
    # A permutation that leaves the score as it is must count, whatever the order of summation.
    threshold = observed - 1e-9 * max(1.0, abs(observed))
    step, reached = max(1, _BATCH_ENTRIES // joined.size), 0
    for start in range(0, permutations, step):
        orders = [generator.permutation(len(X)) for _ in range(min(step, permutations - start))]
        reached += int((means(orders) >= threshold).sum())
    return (1 + reached) / (1 + permutations)


def _permuted_scores(
    X: Floats,
    Y: Floats,
    ends: Sequence[int],
    orders: Sequence[Folds],
    folds: Folds,
    method: Method,
    score: str,
) -> Floats:
    """Score of every unit under every order of stimuli, (n_orders, q)."""
    if method.joint:  # what is predicted for a unit depends on the others: subjects are fitted apart
        parts = [np.split(Y[order], ends[:-1], axis=1) for order in orders]
        return np.stack([np.concatenate(held_out_scores(X, each, folds, method, score)) for each in parts])
    together = np.hstack([Y[order] for order in orders])
    return held_out_scores(X, [together], folds, method, score)[0].reshape(len(orders), -1)
