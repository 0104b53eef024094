"""Jackknife of RDMs: every model with every subject, without each stimulus in turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repalign.errors import TooFewError, UnsuitableError
from repalign.maths.bootstrap import n_stimuli
from repalign.maths.ceiling import rdm_ceiling
from repalign.maths.checks import Floats
from repalign.maths.comparison import compare, find_comparison
from repalign.maths.jackknife import from_jackknife, jackknife, leave_one_out_variance
from repalign.maths.resampling import without_each
from repalign.maths.uncertainty import Bound, Over, Uncertainty, chosen, of_subjects


@dataclass(frozen=True)
class Jackknifed:
    """Scores on all stimuli and with each stimulus, or group of stimuli, left out.

    Args:
        scores: Every model with every subject, (n_models, n_subjects).
        left_out: The scores with each group left out, (n_groups, n_models, n_subjects).
        n_stimuli: How many stimuli there are.
        ceiling: Lower and upper noise ceiling on all stimuli; None if not asked for.
        without_stimulus: The ceilings with each group left out, (n_groups, 2); None if not asked for.
        without_subject: The ceilings with each subject left out, (n_subjects, 2); None if not asked for.
        higher_is_closer: False where scores are distances.
    """

    scores: Floats
    left_out: Floats
    n_stimuli: int
    ceiling: tuple[float, float] | None = None
    without_stimulus: Floats | None = None
    without_subject: Floats | None = None
    higher_is_closer: bool = True

    def uncertainty(self, weights: Floats, over: Over | None = None) -> Uncertainty:
        """Uncertainty of a weighted sum of the models' mean scores.

        Args:
            weights: Of each model, (n_models,).
            over: What else could have been drawn; by default subjects and stimuli, stimuli with one subject.
        """
        scores, left_out = weights @ self.scores, np.einsum("m,gmr->gr", weights, self.left_out)
        over = chosen(over, len(scores), self.n_stimuli)
        if over == "subjects":
            return of_subjects(scores)
        if over == "both":
            return from_jackknife(scores, left_out, self.n_stimuli)
        # The mean over fixed subjects is one score.
        alone = left_out.mean(axis=1, keepdims=True)
        return from_jackknife(scores.mean(keepdims=True), alone, self.n_stimuli)

    def ceiling_uncertainties(
        self, bound: Bound, over: Over | None, generator: np.random.Generator
    ) -> list[Uncertainty]:
        """Uncertainty of each model's score minus the ceiling.

        The sum of both one-factor variances, with min(R, G) - 1 degrees of freedom. It counts the
        interaction twice and errs on the wide side: the interaction in a ceiling, which rises with the number
        of subjects, is too uncertain to be subtracted (12 subjects x 20 stimuli would cover .89).

        Args:
            bound: Which ceiling.
            over: As in :meth:`uncertainty`.
            generator: Not used: nothing is drawn.

        Raises:
            UnsuitableError: Ceilings were not asked for.
        """
        over = chosen(over, self.scores.shape[1], self.n_stimuli)
        if self.without_stimulus is None or self.without_subject is None:
            raise UnsuitableError(
                "no ceilings were computed with stimuli left out", hint="Ask for ceilings=True."
            )
        which = int(bound == "upper")
        stimuli = self.left_out.mean(axis=2) - self.without_stimulus[:, which, None]
        subjects = without_each(self.scores).T - self.without_subject[:, which, None]
        return [_summed(*each, over) for each in zip(stimuli.T, subjects.T, strict=True)]


def jackknife_models(
    models: Floats,
    subjects: Floats,
    comparison: str,
    generator: np.random.Generator,
    *,
    groups: int = 200,
    ceilings: bool = False,
) -> Jackknifed:
    """Compare every model's RDM with every subject's on all stimuli and with each left out.

    For comparisons that need all pairs of a number of different stimuli (whitened, Bures, Riemannian)
    or have no weighted form (Kendall's tau); it serves the others as well.

    Args:
        models: Pair values, (n_models, n_pairs).
        subjects: Pair values of the same pairs, (n_subjects, n_pairs).
        comparison: A comparison of RDMs.
        generator: Assigns stimuli to groups.
        groups: At most this many groups of stimuli.
        ceilings: Whether to compute noise ceilings as well.

    Raises:
        TooFewError: Ceilings of fewer than 3 subjects.
    """
    n, n_subjects = n_stimuli(models), len(subjects)
    if ceilings and n_subjects < 3:
        raise TooFewError(
            f"{n_subjects} subjects: no ceiling with one left out; at least 3 are needed",
            hint="Report the ceiling without comparing with it.",
        )
    place = np.zeros((n, n), dtype=np.intp)
    rows, columns = np.triu_indices(n, 1)
    place[rows, columns] = np.arange(len(rows))
    kept: list[NDArray[np.intp]] = []

    def at(stimuli: NDArray[np.intp]) -> Floats:
        i, j = np.triu_indices(len(stimuli), 1)
        kept.append(place[stimuli[i], stimuli[j]])
        return compare(models[:, kept[-1]], subjects[:, kept[-1]], comparison)

    scores = at(np.arange(n))
    left_out, _ = jackknife(at, n, generator, groups)
    closer = find_comparison(comparison).higher_is_closer
    if not ceilings:
        return Jackknifed(scores, left_out, n, higher_is_closer=closer)
    whole = rdm_ceiling(subjects, comparison)
    groups_out = np.array([rdm_ceiling(subjects[:, pairs], comparison) for pairs in kept[1:]])
    one_out = np.array([rdm_ceiling(np.delete(subjects, r, 0), comparison) for r in range(n_subjects)])
    return Jackknifed(scores, left_out, n, whole, groups_out, one_out, closer)


def _summed(without_stimulus: Floats, without_subject: Floats, over: Over) -> Uncertainty:
    parts = {"stimuli": without_stimulus, "subjects": without_subject}
    left_out = list(parts.values()) if over == "both" else [parts[over]]
    variance = sum(leave_one_out_variance(each) for each in left_out)
    return Uncertainty(variance, min(len(each) for each in left_out) - 1)
