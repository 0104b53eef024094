"""Many tests at once, and the claim that two things are the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from repalign.errors import DegenerateError, InputError
from repalign.maths.checks import Floats
from repalign.maths.uncertainty import Uncertainty


def holm(p: ArrayLike) -> Floats:
    """p-values adjusted by Holm's step-down method (Holm 1979): controls the family-wise error rate.

    Args:
        p: p-values of one family of tests, (n_tests,), 0..1.

    Returns:
        Adjusted p-values in the order given, (n_tests,); reject those at or below the level. Valid under
        any dependence between the tests.

    Raises:
        DegenerateError: NaN or outside 0..1; ``rows`` names the tests.
    """
    given = _p_values(p)
    order = np.argsort(given, kind="stable")
    stepped = given[order] * np.arange(len(given), 0, -1)
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return adjusted


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """p-values adjusted by Benjamini & Hochberg (1995): controls the false discovery rate.

    Args:
        p: p-values of one family of tests, (n_tests,), 0..1.

    Returns:
        Adjusted p-values in the order given, (n_tests,). Valid for independent or positively dependent
        tests, such as scores of many models on the same stimuli.

    Raises:
        DegenerateError: NaN or outside 0..1; ``rows`` names the tests.
    """
    given = _p_values(p)
    n = len(given)
    order = np.argsort(given, kind="stable")
    stepped = given[order] * (n / np.arange(1, n + 1))
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(np.minimum.accumulate(stepped[::-1])[::-1], 1.0)
    return adjusted


#: Corrections for the number of tests, by the name that options take.
CORRECTIONS = {"holm": holm, "bh": benjamini_hochberg}


def equivalence_p(difference: float, variance: float, freedom: float, margin: float) -> float:
    """p-value of two one-sided tests that a difference lies within a margin (Schuirmann 1987, TOST).

    A difference that is not significant is no evidence for equality; this is.

    Args:
        difference: The estimated difference.
        variance: Of the estimate, above 0.
        freedom: Degrees of freedom of Student's t.
        margin: Differences smaller than this count as none; in units of the difference, above 0.

    Returns:
        The larger of the two one-sided p-values, 0..1: small where ``-margin < difference < margin`` is
        sure. Equivalent at level a if and only if the 1 - 2a interval lies within the margin.

    Raises:
        InputError: The margin is not positive.
        DegenerateError: The variance is not positive.
    """
    if not margin > 0:
        raise InputError(
            f"the margin of equivalence is {margin}",
            hint="Name the smallest difference that matters, above 0.",
        )
    if not variance > 0:
        raise DegenerateError(f"the variance is {variance}: nothing can be tested", hint="Use more stimuli.")
    # The nearer margin decides: max of both p-values.
    return Uncertainty(variance, freedom).p_above(margin - abs(difference))


def _p_values(p: ArrayLike) -> Floats:
    given = np.asarray(p, dtype=np.float64).reshape(-1)
    bad = ~((given >= 0) & (given <= 1))
    if bad.any():
        rows = np.flatnonzero(bad).tolist()
        raise DegenerateError(
            f"{len(rows)} of {given.size} p-values are NaN or outside 0..1 (position {rows[0]} first)",
            hint="Correct only tests that were made; leave the others out.",
            rows=rows,
        )
    return given
