"""Optimal transport between two sets of equal weights, solved exactly."""

from __future__ import annotations

from math import lcm
from typing import Any, cast

import numpy as np
from scipy.optimize import linear_sum_assignment, linprog
from scipy.sparse import coo_array

from repalign.errors import DegenerateError
from repalign.maths.checks import Floats

# Up to this many copies of units, transport is a linear assignment between copies; beyond it, a
# linear programme with one variable per pair of units.
_MOST_COPIES = 2000


def best_transport(gain: Floats) -> float:
    """The largest sum of T * gain over T >= 0 with row sums 1/p and column sums 1/q.

    Args:
        gain: What one unit of mass gains between each pair of units, (p, q).

    Returns:
        Mean gain of the best plan, between the smallest and the largest entry of ``gain``.

    Raises:
        DegenerateError: The linear programme that finds the plan was not solved.
    """
    p, q = gain.shape
    copies = lcm(p, q)
    if copies > _MOST_COPIES and p != q:
        return _transport_by_programme(gain)
    # Mass in equal parts of 1/copies: an optimal plan moves whole parts (Birkhoff's theorem).
    rows, columns = linear_sum_assignment(
        np.repeat(np.repeat(gain, copies // p, axis=0), copies // q, axis=1), maximize=True
    )
    return float(gain[rows // (copies // p), columns // (copies // q)].mean())


def _transport_by_programme(gain: Floats) -> float:
    p, q = gain.shape
    every = np.arange(p * q, dtype=np.intp)
    rows = np.concatenate([every // q, p + every % q])
    marginals = coo_array(cast(Any, (np.ones(2 * p * q), (rows, np.tile(every, 2)))), shape=(p + q, p * q))
    # In whole numbers, row sums q and column sums p: plans of the simplex method are exact.
    sums = np.repeat([float(q), float(p)], [p, q])
    solved = cast(
        Any, linprog(-gain.ravel(), A_eq=cast(Any, marginals.tocsr()), b_eq=sums, method="highs-ds")
    )
    if solved.status != 0:
        raise DegenerateError(
            f"the transport programme was not solved: {solved.message}", hint="Use fewer units."
        )
    return float(-solved.fun) / (p * q)
