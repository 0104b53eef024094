"""Variances of mean scores from draws of stimuli: over subjects, over stimuli and over both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repalign.errors import DegenerateError, ShapeError
from repalign.maths.checks import Floats
from repalign.maths.uncertainty import Over, Uncertainty, dual_uncertainty


def pair_covariance(drawn: Floats, counts: Floats) -> Floats:
    """Covariance of drawn scores that is not linear in how often each stimulus was drawn.

    Args:
        drawn: Scores in each draw, (n_draws, k).
        counts: (n_draws, n_stimuli).

    Returns:
        (k, k), of the residuals of the regression; 0 where there are fewer than 3 draws a stimulus, too few
        to tell the parts apart (with many stimuli the part is negligible).
    """
    draws, n = counts.shape
    if draws < 3 * n:
        return np.zeros((drawn.shape[1],) * 2)
    design = counts - 1.0
    design[:, -1] = 1.0  # counts sum to n, so one column is redundant: the intercept stands there
    residuals = drawn - design @ np.linalg.solve(design.T @ design, design.T @ drawn)
    return residuals.T @ residuals / (draws - n)


@dataclass(frozen=True)
class Covariances:
    """Bootstrap covariances of k mean scores, (k, k) each, from which any weighted sum has its variance.

    Args:
        both: When subjects and stimuli are resampled.
        over_subjects: When subjects alone are; zeros with one subject.
        over_stimuli: When stimuli alone are.
        of_pairs: The part of ``over_stimuli`` that is not linear in the counts.
        shape: (n_subjects, n_stimuli).
    """

    both: Floats
    over_subjects: Floats
    over_stimuli: Floats
    of_pairs: Floats
    shape: tuple[int, int]

    @classmethod
    def of(cls, scores: Floats, drawn: Floats, n_stimuli: int, counts: Floats | None) -> Covariances:
        """From scores (k, n_subjects), drawn (n_draws, k, n_subjects); see :func:`from_draws`."""
        k, n_subjects = scores.shape
        means = drawn.mean(axis=2)
        own = scores - scores.mean(axis=1, keepdims=True)
        within = np.moveaxis(drawn - means[:, :, None], 1, 0).reshape(k, -1)
        over_stimuli = covariance(means)
        both = over_stimuli + within @ within.T / within.shape[1] / n_subjects
        of_pairs = np.zeros((k, k)) if counts is None else pair_covariance(means, counts)
        return cls(both, own @ own.T / n_subjects**2, over_stimuli, of_pairs, (n_subjects, n_stimuli))

    def uncertainty(self, weights: Floats, over: Over) -> Uncertainty:
        """Uncertainty of the sum with these weights, (k,)."""
        both, subjects, stimuli, pairs = (
            float(weights @ each @ weights)
            for each in (self.both, self.over_subjects, self.over_stimuli, self.of_pairs)
        )
        r, c = self.shape
        if over == "subjects":
            return Uncertainty(r / (r - 1) * subjects, r - 1)
        if over == "stimuli":
            return Uncertainty(c / (c - 1) * stimuli, c - 1)
        return dual_uncertainty(both, subjects, stimuli, self.shape, pairs)


def covariance(drawn: Floats) -> Floats:
    """Covariance over draws, divided by their number, (k, k) from (n_draws, k)."""
    centred = drawn - drawn.mean(axis=0)
    return centred.T @ centred / len(drawn)


def from_draws(scores: Floats, drawn: Floats, n_stimuli: int, counts: Floats | None = None) -> Uncertainty:
    """Uncertainty of the mean over subjects, from scores of each subject in each stimulus draw.

    Subjects need not be drawn: resampling R of them has a mean of variance var / R (the population
    formula), with all stimuli for Vr, and in each draw of stimuli for V2, which is Vp plus its mean.

    Args:
        scores: Score of each subject on all stimuli, (n_subjects,).
        drawn: Score of each subject in each draw of stimuli, (n_draws, n_subjects); draws without a
            number are NaN and left out.
        n_stimuli: How many stimuli there are.
        counts: How often each stimulus was drawn, (n_draws, n_stimuli), if scores are means over pairs of
            stimuli, as of RDMs; None if they are means over stimuli.

    Returns:
        Over subjects and stimuli; over stimuli only where there is one subject.

    Raises:
        ShapeError: The numbers of subjects differ.
        DegenerateError: More than a tenth of the draws gave no number.
    """
    if drawn.shape[1:] != scores.shape:
        raise ShapeError(f"scores {scores.shape} and drawn {drawn.shape} have different subjects")
    kept = with_number(drawn)
    counts = None if counts is None else counts[kept]
    found = Covariances.of(scores[None], drawn[kept][:, None], n_stimuli, counts)
    return found.uncertainty(np.ones(1), "both" if len(scores) > 1 else "stimuli")


def without_each(scores: Floats) -> Floats:
    """Mean over the last axis with each of its entries left out in turn, same shape.

    Args:
        scores: (..., n), n at least 2.
    """
    n = scores.shape[-1]
    return (scores.sum(axis=-1, keepdims=True) - scores) / (n - 1)


def with_number(drawn: Floats) -> NDArray[np.bool_]:
    """Which draws gave a number in every entry, (n_draws,).

    Raises:
        DegenerateError: More than a tenth gave none.
    """
    valid = np.asarray(np.isfinite(drawn.reshape(len(drawn), -1)).all(axis=1))
    lost = len(valid) - int(valid.sum())
    if lost > 0.1 * len(valid):
        raise DegenerateError(
            f"{lost} of {len(valid)} bootstrap draws have no score (a constant RDM)",
            hint="There are too few distinct values for an interval.",
        )
    return valid
