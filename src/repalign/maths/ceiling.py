"""Noise ceilings: how well the best possible model could do, given that subjects differ."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from repalign.errors import TooFewError
from repalign.maths.checks import Floats
from repalign.maths.choice import Truths, error_consistency
from repalign.maths.comparison import EMBEDDINGS, RANK_BASED


def rdm_ceiling(subjects: Floats, comparison: str) -> tuple[float, float]:
    """Lower and upper noise ceiling of RDMs (Nili et al. 2014).

    Pooling follows the comparison: ranks are averaged for rank measures, z-scores for Pearson, unit
    vectors for cosine. Lower: each subject against the pool of the others; upper: against the pool of all.

    Args:
        subjects: One RDM per subject, (n_subjects, n_pairs).
        comparison: A comparison of RDMs.

    Returns:
        (lower, upper), means over subjects; they bound the mean over subjects of the best model.

    Raises:
        TooFewError: Fewer than 2 subjects.
    """
    if len(subjects) < 2:
        raise TooFewError("a noise ceiling needs at least 2 subjects", hint="Report the score without one.")
    embed = EMBEDDINGS[comparison]
    each = embed(subjects)
    # Ranks are pooled as they are: sums of half-integers are exact, so ties among pooled ranks stay ties.
    pooled = rankdata(subjects, axis=-1) if comparison in RANK_BASED else each
    total = pooled.sum(axis=0)
    upper = float((each @ embed(total)).mean())
    others = embed(total - pooled)
    return float(np.einsum("ij,ij->i", each, others).mean()), upper


def consistency_ceiling(subjects: Truths) -> float:
    """Mean error consistency over all pairs of subjects (Geirhos et al. 2020).

    This is also what a left-out subject scores on average, a lower ceiling; no upper one is defined.

    Args:
        subjects: Whether each was right on each stimulus, (n_subjects, n_stimuli).

    Returns:
        Mean kappa, -1..1.

    Raises:
        TooFewError: Fewer than 2 subjects.
        DegenerateError: A pair has no kappa.
    """
    if len(subjects) < 2:
        raise TooFewError("a noise ceiling needs at least 2 subjects", hint="Report the score without one.")
    pairs = [(i, j) for i in range(len(subjects)) for j in range(i)]
    return float(np.mean([error_consistency(subjects[i], subjects[j]) for i, j in pairs]))
