"""Jackknife over stimuli and subjects, for scores in which a stimulus drawn twice would agree with itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from repalign.errors import ShapeError, TooFewError
from repalign.maths.checks import Floats
from repalign.maths.resampling import without_each
from repalign.maths.spread import spread_freedom
from repalign.maths.uncertainty import Uncertainty, satterthwaite


def jackknife(
    statistic: Callable[[NDArray[np.intp]], Floats], n: int, generator: np.random.Generator, groups: int = 200
) -> tuple[Floats, int]:
    """Scores with one stimulus, or one of ``groups`` groups of stimuli, left out at a time.

    For measures in which a stimulus drawn twice would look like perfect agreement with itself, as in
    CKA and Procrustes, the jackknife (Efron & Stein 1981) stands in for the bootstrap.

    Args:
        statistic: Scores of each subject from the stimuli at these positions, (n_subjects,), or of any
            shape, such as (n_models, n_subjects).
        n: Number of stimuli.
        generator: Assigns stimuli to groups.
        groups: At most this many groups.

    Returns:
        Scores of each subject with each group left out, (n_groups, n_subjects), and their number.
    """
    n_groups = min(n, groups)
    member = generator.permutation(np.arange(n) % n_groups)
    left_out = [statistic(np.flatnonzero(member != g)) for g in range(n_groups)]
    return np.stack(left_out), n_groups


def from_jackknife(scores: Floats, left_out: Floats, n_stimuli: int) -> Uncertainty:
    """Uncertainty of the mean over subjects from jackknife scores.

    The mean over subjects without subject r and stimulus i follows from the scores, so that only
    stimuli need be left out; see :func:`two_way_jackknife`. With one subject: over stimuli alone.

    Args:
        scores: Score of each subject on all stimuli, (n_subjects,).
        left_out: From :func:`jackknife`, (n_groups, n_subjects).
        n_stimuli: How many stimuli there are.

    Raises:
        ShapeError: The numbers of subjects differ, or there are more groups than stimuli.
        TooFewError: Fewer than 2 groups.
    """
    if left_out.ndim != 2 or left_out.shape[1:] != scores.shape or len(left_out) > n_stimuli:
        raise ShapeError(
            f"scores {scores.shape} and left_out {left_out.shape} do not fit {n_stimuli} stimuli",
            hint="left_out is (group, subject), from jackknife().",
        )
    over_stimuli = left_out.mean(axis=1)
    if len(scores) == 1:
        return Uncertainty(leave_one_out_variance(over_stimuli), spread_freedom(over_stimuli))
    return two_way_jackknife(over_stimuli, without_each(scores), without_each(left_out))


def leave_one_out_variance(left_out: Floats) -> float:
    """(n-1)/n sum (theta_i - mean)^2 of a statistic with each of n units left out (Tukey 1958).

    Args:
        left_out: (n,).

    Raises:
        TooFewError: n below 2.
    """
    n = len(left_out)
    if n < 2:
        raise TooFewError(f"a jackknife of {n} unit has no variance", hint="Leave out at least 2 in turn.")
    return (n - 1) / n * float(((left_out - left_out.mean()) ** 2).sum())


def two_way_jackknife(without_stimulus: Floats, without_subject: Floats, without_both: Floats) -> Uncertainty:
    """Uncertainty over subjects and stimuli of any statistic of both, a noise ceiling for instance.

    V = V_stimuli + V_subjects - V_interaction. Each one-factor jackknife variance contains the
    interaction of subjects with stimuli once, so their sum contains it twice. It is
    (G-1)/G (R-1)/R sum of squared double-centred theta(-i, -r). For a mean of a complete subjects x
    stimuli table this is the unbiased variance of the grand mean of the two-way random-effects model.
    V is not below either one-factor variance. Degrees of freedom: :func:`satterthwaite`.

    Args:
        without_stimulus: The statistic with each stimulus (or group of stimuli) left out, (n_groups,).
        without_subject: With each subject left out, (n_subjects,).
        without_both: With one of each left out, (n_groups, n_subjects).

    Raises:
        ShapeError: The shapes do not belong together.
        TooFewError: Fewer than 2 subjects or groups.
    """
    shape = (len(without_stimulus), len(without_subject))
    if without_both.shape != shape:
        raise ShapeError(f"without_both has shape {without_both.shape}, not {shape}", hint="(group, subject)")
    stimuli, subjects = leave_one_out_variance(without_stimulus), leave_one_out_variance(without_subject)
    centred = without_both - without_both.mean(axis=0)
    centred = centred - centred.mean(axis=1, keepdims=True)
    g, r = shape
    shared = (g - 1) / g * (r - 1) / r * float((centred**2).sum())
    variance = max(stimuli + subjects - shared, stimuli, subjects)
    # Scores without a stimulus have heavy tails where single stimuli matter much; of subjects there are
    # too few to tell.
    freedom = spread_freedom(without_stimulus)
    return Uncertainty(variance, satterthwaite(variance, (subjects, r - 1), (stimuli, freedom)))
