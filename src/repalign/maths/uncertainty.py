"""Variances over subjects and stimuli put together, and intervals and p-values from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import t as student_t

from repalign.errors import TooFewError
from repalign.maths.checks import Floats

#: Fewer stimuli carry no interval over stimuli.
MIN_STIMULI = 10

Over = Literal["both", "subjects", "stimuli"]
#: Which of the two noise ceilings.
Bound = Literal["lower", "upper"]


@dataclass(frozen=True)
class Uncertainty:
    """A variance and its degrees of freedom, which need not be whole.

    Args:
        variance: Of the estimate, not negative, in squared units of it.
        freedom: Degrees of freedom of Student's t, above 0.
    """

    variance: float
    freedom: float

    def interval(self, value: float, level: float = 0.95) -> tuple[float, float]:
        """Student-t interval around ``value``; it is not cut at the measure's range."""
        half = float(student_t.ppf(0.5 + level / 2, self.freedom)) * math.sqrt(self.variance)
        return value - half, value + half

    def p(self, value: float) -> float:
        """Two-sided p of ``value`` against 0, in (0, 1]; 1 where value and variance are both 0."""
        return min(1.0, 2 * self.p_above(abs(value)))

    def p_above(self, value: float) -> float:
        """One-sided p of the null that the true value is at most 0; small when ``value`` is large."""
        if self.variance == 0:
            return 0.5 if value == 0 else _smallest(value < 0)
        return max(float(student_t.sf(value / math.sqrt(self.variance), self.freedom)), _smallest())

    def p_below(self, value: float) -> float:
        """One-sided p of the null that the true value is at least 0; small when ``value`` is negative."""
        return self.p_above(-value)


def dual_variance(
    both: float,
    over_subjects: float,
    over_stimuli: float,
    n_subjects: int,
    n_stimuli: int,
    of_pairs: float = 0.0,
) -> float:
    """Variance over subjects and stimuli together (Schuett et al. 2023, eLife 12:e82566).

    V = R/(R-1) Vr + C/(C-1) Vp - RC/((R-1)(C-1)) (V2 - Vr - Vp), not below either corrected
    one-factor variance and not above V2.

    A score of RDMs is a mean over pairs of stimuli. What belongs to a pair alone, and to neither of its
    stimuli, is counted three times by a bootstrap that draws stimuli: twice in the part that is linear
    in how often each is drawn, once in the rest, ``of_pairs``. V is not affected, because V2 contains
    the same excess; but Vp as a lower bound would be too large, and then V too. Given ``of_pairs``, the
    bound is Vp less twice that; 0 gives the published clip.

    Args:
        both: V2, the variance when subjects and stimuli are resampled.
        over_subjects: Vr, when subjects alone are.
        over_stimuli: Vp, when stimuli alone are.
        n_subjects: R, at least 2.
        n_stimuli: C, at least 2.
        of_pairs: The part of Vp that is not linear in the counts, from ``resampling.pair_covariance``.
    """
    r, c = n_subjects / (n_subjects - 1), n_stimuli / (n_stimuli - 1)
    corrected = r * over_subjects + c * over_stimuli - r * c * (both - over_subjects - over_stimuli)
    return min(max(corrected, r * over_subjects, c * (over_stimuli - 2 * of_pairs)), both)


def dual_uncertainty(
    both: float, over_subjects: float, over_stimuli: float, shape: tuple[int, int], of_pairs: float = 0.0
) -> Uncertainty:
    """The dual variance with Satterthwaite's degrees of freedom.

    Schuett et al. take min(R, C) - 1, as if the factor with fewer levels made up all of the variance.
    That is the least that :func:`satterthwaite` gives; where subjects and stimuli share the variance,
    it makes 95 % intervals cover 96 to 97 %.

    Args:
        both: V2, see :func:`dual_variance`.
        over_subjects: Vr.
        over_stimuli: Vp.
        shape: (n_subjects, n_stimuli).
        of_pairs: From ``resampling.pair_covariance``, or 0.
    """
    n_subjects, n_stimuli = shape
    variance = dual_variance(both, over_subjects, over_stimuli, n_subjects, n_stimuli, of_pairs)
    subjects = n_subjects / (n_subjects - 1) * over_subjects
    stimuli = n_stimuli / (n_stimuli - 1) * max(over_stimuli - 2 * of_pairs, 0.0)
    freedom = satterthwaite(variance, (subjects, n_subjects - 1), (stimuli, n_stimuli - 1))
    return Uncertainty(variance, freedom)


def satterthwaite(variance: float, *parts: tuple[float, float]) -> float:
    """Degrees of freedom of a variance put together from independent parts (Satterthwaite 1946).

    V^2 / sum(V_k^2 / nu_k), between the smallest of the nu_k and their sum.

    Args:
        variance: V.
        *parts: Each part's variance V_k and its degrees of freedom nu_k.
    """
    least, most = min(nu for _, nu in parts), sum(nu for _, nu in parts)
    spread = sum(part**2 / nu for part, nu in parts)
    return float(min(max(variance**2 / spread, least), most)) if spread > 0 else float(least)


def of_subjects(scores: Floats) -> Uncertainty:
    """Uncertainty of the mean over subjects if only they could have been others: var / R.

    Args:
        scores: Score of each subject, (n_subjects,).

    Raises:
        TooFewError: One subject.
    """
    n = len(scores)
    if n < 2:
        raise TooFewError("one subject says nothing about others", hint='Ask for over="stimuli".')
    return Uncertainty(float(scores.var(ddof=1)) / n, n - 1)


def chosen(over: Over | None, n_subjects: int, n_stimuli: int) -> Over:
    """What the uncertainty is over: as asked, or subjects and stimuli where there are several subjects.

    Raises:
        TooFewError: Subjects are asked for and there is one; or fewer than 10 stimuli to draw from.
    """
    over = over or ("both" if n_subjects > 1 else "stimuli")
    if over != "stimuli" and n_subjects < 2:
        raise TooFewError("one subject says nothing about others", hint='Ask for over="stimuli".')
    if over != "subjects" and n_stimuli < MIN_STIMULI:
        raise TooFewError(
            f"{n_stimuli} stimuli: no interval below {MIN_STIMULI}",
            hint='Add stimuli, or hold them fixed (over="subjects").',
        )
    return over


def _smallest(likely: bool = False) -> float:
    return 1.0 if likely else float(np.finfo(np.float64).tiny)
