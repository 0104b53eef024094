"""Permutation tests: what could be exchanged if there were nothing to find.

``mantel`` permutes stimuli: the null is that a model's geometry is unrelated to the subjects'.
``sign_flip`` exchanges two models within each subject: the null is that subjects drawn from the same
population favour neither model, on these stimuli. No test here exchanges two models within each
stimulus: a pair belongs to two stimuli, so RDMs of exchanged stimuli are not defined, and permuting the
subjects' stimuli would test that neither model is related to them, not that both are equally so. For
differences that hold for other stimuli use ``differences.model_differences``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from repalign.errors import DegenerateError, ShapeError, TooFewError
from repalign.maths.bootstrap import n_stimuli
from repalign.maths.checks import Floats
from repalign.maths.comparison import EMBEDDINGS, compare, find_comparison

_EXACT = 12  # subjects; beyond, 2^R sign patterns are sampled
_ROUNDING = 1e-12


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
    n = n_stimuli(model)
    rows, columns = np.triu_indices(n, 1)
    if comparison in EMBEDDINGS:
        embed = EMBEDDINGS[comparison]
        embedded, target = _square(embed(model), n), _square(embed(subjects).mean(axis=0), n)

        def permuted(order: NDArray[np.intp]) -> float:
            # The target as a whole is twice its triangle.
            return float(np.vdot(embedded[order].take(order, axis=1), target)) / 2
    else:
        square, sign = _square(model, n), 1.0 if find_comparison(comparison).higher_is_closer else -1.0

        def permuted(order: NDArray[np.intp]) -> float:
            return sign * float(compare(square[order[rows], order[columns]], subjects, comparison).mean())

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
    threshold = observed - _ROUNDING * max(1.0, abs(observed))
    reached = sum(statistic(generator.permutation(n)) >= threshold for _ in range(permutations))
    return (1 + reached) / (1 + permutations)


def sign_flip(differences: Floats, permutations: int, generator: np.random.Generator) -> float:
    """Two-sided p-value of a mean difference between two models, exchanging them within each subject.

    The null: a subject's difference is as likely as its negative. It generalises to other subjects,
    with these stimuli. Exact for up to 12 subjects, where all 2^R patterns of signs are taken; the
    smallest p is then 2 / 2^R.

    Args:
        differences: Score of one model minus score of the other for each subject, (n_subjects,).
        permutations: How many patterns of signs are drawn, with more than 12 subjects.
        generator: Draws them.

    Returns:
        Share of patterns whose mean is at least as far from 0, the observed one included, in (0, 1].

    Raises:
        ShapeError: Not one axis.
        TooFewError: Fewer than 2 subjects.
        DegenerateError: A difference is not finite.
    """
    if differences.ndim != 1:
        raise ShapeError(f"differences have shape {differences.shape}; one number per subject is needed")
    n = len(differences)
    if n < 2:
        raise TooFewError(f"{n} subject: no signs to flip", hint="Test over stimuli instead.")
    if not np.isfinite(differences).all():
        raise DegenerateError("a subject's difference is NaN or infinite", hint="Leave that subject out.")
    threshold = abs(float(differences.sum())) - _ROUNDING * float(np.abs(differences).sum())
    if n <= _EXACT:
        bits = np.arange(2**n, dtype=np.int64)[:, None] // 2 ** np.arange(n, dtype=np.int64) % 2
        return float((np.abs(differences @ (1.0 - 2.0 * bits.T)) >= threshold).mean())
    signs = 1.0 - 2.0 * generator.integers(2, size=(permutations, n))
    reached = int((np.abs(signs @ differences) >= threshold).sum())
    return (1 + reached) / (1 + permutations)


def _square(pairs: Floats, n: int) -> Floats:
    square = np.zeros((n, n))
    rows, columns = np.triu_indices(n, 1)
    square[rows, columns] = square[columns, rows] = pairs
    return square
