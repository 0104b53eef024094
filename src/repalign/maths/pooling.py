"""Noise ceilings of resampled subjects in closed form, from their similarities to one another alone."""

from __future__ import annotations

import numpy as np

from repalign.maths.checks import Floats
from repalign.maths.uncertainty import Bound


def pooled_ceiling(between: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Lower and upper ceiling of subjects drawn with replacement, from their similarities alone.

    The pool of embeddings e is sum(k e), so that its products with subjects and with itself are sums of
    similarities. Lower: each subject against the pool less all its copies; upper: against the pool of all.

    Args:
        between: Similarity of every subject with every subject, dot products of embeddings,
            (..., n_subjects, n_subjects).
        counts: How often each subject was drawn, (..., n_subjects).

    Returns:
        (lower, upper), each (...); lower is NaN where only one subject was drawn.
    """
    with_pool = (between @ counts[..., None])[..., 0]
    pool = (with_pool * counts).sum(axis=-1, keepdims=True)
    own = np.einsum("...rr->...r", between)
    others = pool - 2 * counts * with_pool + counts**2 * own
    alone = counts == counts.sum(axis=-1, keepdims=True)
    length = np.sqrt(np.where(alone, np.nan, others))
    with_others = (with_pool - counts * own) / length
    size = counts.sum(axis=-1)
    return (counts * with_others).sum(axis=-1) / size, np.sqrt(pool[..., 0]) / size


def below_ceiling(scores: Floats, between: Floats, counts: Floats, bound: Bound) -> Floats:
    """Mean scores of models minus the ceiling, both of subjects drawn ``counts`` times.

    Args:
        scores: (n_draws, n_models, n_subjects).
        between: See :func:`pooled_ceiling`, (n_draws, n_subjects, n_subjects).
        counts: (n_draws, n_subjects); each may have a first axis of 1.
        bound: Which ceiling.

    Returns:
        (n_draws, n_models).
    """
    means = (scores @ counts[..., None])[..., 0] / counts.sum(axis=-1, keepdims=True)
    return means - pooled_ceiling(between, counts)[int(bound == "upper")][:, None]
