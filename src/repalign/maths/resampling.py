"""Bootstrap, jackknife and permutation: how sure a score is, and over what it generalises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

from repalign.errors import DegenerateError
from repalign.maths.checks import Floats
from repalign.maths.comparison import EMBEDDINGS
from repalign.maths.weighted import WEIGHTED, Sorted

MIN_STIMULI = 10  # fewer carry no interval
_BLOCK_ENTRIES = 2_000_000


@dataclass(frozen=True)
class Uncertainty:
    """A variance and its degrees of freedom."""

    variance: float
    freedom: int

    def interval(self, value: float, level: float = 0.95) -> tuple[float, float]:
        """Student-t interval around ``value``; it is not cut at the measure's range."""
        half = float(student_t.ppf(0.5 + level / 2, self.freedom)) * self.variance**0.5
        return value - half, value + half


def stimulus_counts(n: int, draws: int, generator: np.random.Generator) -> Floats:
    """How often each of n stimuli occurs in each bootstrap draw, (draws, n)."""
    return generator.multinomial(n, np.full(n, 1.0 / n), size=draws).astype(np.float64)


def pair_weights(counts: Floats) -> Floats:
    """How often each pair of different stimuli occurs, (draws, n (n-1) / 2), from (draws, n)."""
    i, j = np.triu_indices(counts.shape[1], 1)
    return counts[:, i] * counts[:, j]


def dual_variance(
    both: float, over_subjects: float, over_stimuli: float, n_subjects: int, n_stimuli: int
) -> float:
    """Variance over subjects and stimuli together (Schuett et al. 2023, eLife 12:e82566).

    V = R/(R-1) Vr + C/(C-1) Vp - RC/((R-1)(C-1)) (V2 - Vr - Vp), not below either corrected
    one-factor variance and not above V2.

    Args:
        both: V2, the variance when subjects and stimuli are resampled.
        over_subjects: Vr, when subjects alone are.
        over_stimuli: Vp, when stimuli alone are.
        n_subjects: R, at least 2.
        n_stimuli: C, at least 2.
    """
    r, c = n_subjects / (n_subjects - 1), n_stimuli / (n_stimuli - 1)
    corrected = r * over_subjects + c * over_stimuli - r * c * (both - over_subjects - over_stimuli)
    return min(max(corrected, r * over_subjects, c * over_stimuli), both)


def from_draws(scores: Floats, drawn: Floats, n_stimuli: int, generator: np.random.Generator) -> Uncertainty:
    """Uncertainty of the mean over subjects, from scores of each subject in each stimulus draw.

    Args:
        scores: Score of each subject on all stimuli, (n_subjects,).
        drawn: Score of each subject in each draw of stimuli, (n_draws, n_subjects); draws without a
            number are NaN and left out.
        n_stimuli: How many stimuli there are.
        generator: Draws the subjects.

    Returns:
        Over subjects and stimuli; over stimuli only where there is one subject.

    Raises:
        DegenerateError: More than a tenth of the draws gave no number.
    """
    valid = drawn[~np.isnan(drawn).any(axis=1)]
    if len(valid) < 0.9 * len(drawn):
        raise DegenerateError(
            f"{len(drawn) - len(valid)} of {len(drawn)} bootstrap draws have no score (a constant RDM)",
            hint="There are too few distinct values for an interval.",
        )
    n_subjects = len(scores)
    over_stimuli = float(valid.mean(axis=1).var())
    if n_subjects == 1:
        return Uncertainty(n_stimuli / (n_stimuli - 1) * over_stimuli, n_stimuli - 1)
    who = generator.integers(n_subjects, size=valid.shape)
    both = float(np.take_along_axis(valid, who, axis=1).mean(axis=1).var())
    # Resampling subjects alone needs no draws: its variance is known in closed form.
    over_subjects = float(scores.var()) / n_subjects
    variance = dual_variance(both, over_subjects, over_stimuli, n_subjects, n_stimuli)
    return Uncertainty(variance, min(n_subjects, n_stimuli) - 1)


def bootstrap_rdms(
    model: Floats, subjects: Floats, comparison: str, draws: int, generator: np.random.Generator
) -> Floats:
    """Similarity of a model's RDM to each subject's in bootstrap draws of stimuli.

    Args:
        model: Pair values, (n_pairs,).
        subjects: Pair values, (n_subjects, n_pairs).
        comparison: A comparison of RDMs.
        draws: How many draws.
        generator: Draws the stimuli.

    Returns:
        (draws, n_subjects); NaN where a draw leaves an RDM constant.
    """
    n = _n_stimuli(model)
    counts = stimulus_counts(n, draws, generator)
    sides = [Sorted.of(side) for side in (model, *subjects)]
    embed = WEIGHTED[comparison]
    out = np.empty((draws, len(subjects)))
    step = max(1, _BLOCK_ENTRIES // len(model))
    for start in range(0, draws, step):
        weights = pair_weights(counts[start : start + step])
        embedded = embed(sides[0], weights)
        for s, side in enumerate(sides[1:]):
            out[start : start + step, s] = np.einsum("ij,ij->i", embedded, embed(side, weights))
    return out


def mantel(
    model: Floats, subjects: Floats, comparison: str, permutations: int, generator: np.random.Generator
) -> float:
    """One-sided p-value of the mean similarity, by permuting stimuli (Mantel 1967).

    Rows and columns of the model's RDM are permuted together, so that pairs are never treated as
    independent. The null: the model's geometry is unrelated to which stimulus is which.

    Args:
        model: Pair values, (n_pairs,).
        subjects: Pair values, (n_subjects, n_pairs).
        comparison: A comparison of RDMs.
        permutations: How many.
        generator: Draws them.

    Returns:
        (1 + number of permutations at least as similar) / (1 + permutations), in (0, 1].
    """
    n = _n_stimuli(model)
    embed = EMBEDDINGS[comparison]
    rows, columns = np.triu_indices(n, 1)
    square = np.zeros((n, n))
    square[rows, columns] = square[columns, rows] = embed(model)
    target = np.zeros((n, n))
    target[rows, columns] = embed(subjects).mean(axis=0)

    def permuted(order: NDArray[np.intp]) -> float:
        return float(np.einsum("ij,ij->", square[np.ix_(order, order)], target))

    return permutation_p(permuted, n, permutations, generator)


def permutation_p(
    statistic: Callable[[NDArray[np.intp]], float], n: int, permutations: int, generator: np.random.Generator
) -> float:
    """One-sided p-value of ``statistic(identity)`` among permutations of n stimuli.

    Args:
        statistic: Gives the score when one side's stimuli are taken in this order; larger is more alike.
        n: Number of stimuli.
        permutations: How many.
        generator: Draws them.

    Returns:
        (1 + number of permutations at least as large) / (1 + permutations) (Phipson & Smyth 2010).
    """
    observed = statistic(np.arange(n))
    # A permutation that leaves the score as it is must count, whatever the order of summation.
    threshold = observed - 1e-12 * max(1.0, abs(observed))
    reached = sum(statistic(generator.permutation(n)) >= threshold for _ in range(permutations))
    return (1 + reached) / (1 + permutations)


def jackknife(
    statistic: Callable[[NDArray[np.intp]], Floats], n: int, generator: np.random.Generator, groups: int = 200
) -> tuple[Floats, int]:
    """Variance over stimuli by leaving out one stimulus, or one of ``groups`` groups, at a time.

    For measures in which a stimulus drawn twice would look like perfect agreement with itself, as in
    CKA and Procrustes, the jackknife (Efron & Stein 1981) stands in for the bootstrap.

    Args:
        statistic: Scores of each subject from the stimuli at these positions, (n_subjects,).
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

    Over stimuli (G-1)/G sum (theta_g - mean)^2; with several subjects the variance over subjects,
    corrected by R/(R-1), is added. The sum counts their interaction twice, so it errs on the wide side.

    Args:
        scores: Score of each subject on all stimuli, (n_subjects,).
        left_out: From :func:`jackknife`, (n_groups, n_subjects).
        n_stimuli: How many stimuli there are.
    """
    n_groups, n_subjects = left_out.shape
    means = left_out.mean(axis=1)
    over_stimuli = (n_groups - 1) / n_groups * float(((means - means.mean()) ** 2).sum())
    if n_subjects == 1:
        return Uncertainty(over_stimuli, n_groups - 1)
    over_subjects = float(scores.var(ddof=1)) / n_subjects
    return Uncertainty(over_stimuli + over_subjects, min(n_subjects, n_stimuli) - 1)


def _n_stimuli(pairs: Floats) -> int:
    return round((1 + (1 + 8 * len(pairs)) ** 0.5) / 2)
