"""Noise ceilings: how well the best possible model could do, given that subjects differ."""

from __future__ import annotations

import numpy as np

from repalign.errors import TooFewError
from repalign.maths.checks import Floats, as_pairs
from repalign.maths.choice import Truths, error_consistency
from repalign.maths.comparison import find_comparison


def rdm_ceiling(subjects: Floats, comparison: str) -> tuple[float, float]:
    """Lower and upper noise ceiling of RDMs (Nili et al. 2014).

    Pooling follows the comparison: ranks are averaged for rank measures, z-scores for Pearson, unit
    vectors for cosine, RDMs as they are for distances. Lower: each subject against the pool of the others;
    upper: against the pool of all. The pool is the best model for Pearson, cosine, their whitened forms
    and rho-a; for the others it is close to the best. The lower ceiling of a distance is the larger number.

    Args:
        subjects: One RDM per subject, (n_subjects, n_pairs).
        comparison: One of :data:`repalign.maths.comparison.COMPARISONS`.

    Returns:
        (lower, upper), means over subjects; they bound the mean over subjects of the best model.

    Raises:
        TooFewError: Fewer than 2 subjects.
        DegenerateError: A subject's RDM, or the pool of some, is constant.
    """
    if len(subjects) < 2:
        raise TooFewError("a noise ceiling needs at least 2 subjects", hint="Report the score without one.")
    how = find_comparison(comparison)
    subjects = as_pairs(subjects)
    # Sums of mid-ranks are exact, so that ties among pooled ranks stay ties.
    each = how.normalise(subjects)
    total = each.sum(axis=0)
    others = (total - each) / (len(subjects) - 1)
    if how.embed is None:
        upper = how.compare(total[None] / len(subjects), subjects).mean()
        alone = [how.compare(others[i : i + 1], subjects[i : i + 1]) for i in range(len(subjects))]
        return float(np.mean(alone)), float(upper)
    embedded = how.embed(subjects)
    upper = (embedded @ how.embed(total)).mean()
    return float(np.einsum("ij,ij->i", embedded, how.embed(others)).mean()), float(upper)


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
