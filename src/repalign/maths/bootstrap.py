"""Bootstrap of stimuli for RDMs: every model with every subject in every draw."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from repalign.errors import TooFewError
from repalign.maths.ceiling import rdm_ceiling
from repalign.maths.checks import Floats
from repalign.maths.comparison import compare
from repalign.maths.pooling import below_ceiling
from repalign.maths.resampling import Covariances, covariance, pair_covariance, with_number
from repalign.maths.uncertainty import Bound, Over, Uncertainty, chosen
from repalign.maths.weighted import weighted

_BLOCK_ENTRIES = 2_000_000


def stimulus_counts(n: int, draws: int, generator: np.random.Generator) -> Floats:
    """How often each of n stimuli occurs in each bootstrap draw.

    Args:
        n: Number of stimuli.
        draws: Number of draws.
        generator: Draws the stimuli.

    Returns:
        (draws, n), whole numbers from 0; rows sum to n.
    """
    return generator.multinomial(n, np.full(n, 1.0 / n), size=draws).astype(np.float64)


def pair_weights(counts: Floats) -> Floats:
    """How often each pair of different stimuli occurs, (n (n-1) / 2, draws), from (draws, n)."""
    i, j = np.triu_indices(counts.shape[1], 1)
    by_stimulus = np.ascontiguousarray(counts.T)
    return by_stimulus[i] * by_stimulus[j]


@dataclass(frozen=True)
class Bootstrapped:
    """Scores on all stimuli and in bootstrap draws of them.

    Args:
        scores: Every model with every subject, (n_models, n_subjects).
        between: Every subject with every subject, (n_subjects, n_subjects).
        drawn: The scores in each draw, (n_draws, n_models, n_subjects); draws that leave an RDM constant
            are NaN.
        drawn_between: ``between`` in each draw, (n_draws, n_subjects, n_subjects).
        counts: How often each stimulus was drawn, (n_draws, n_stimuli).
        ceiling: Lower and upper noise ceiling on all stimuli; None with one subject.
        higher_is_closer: Always; distances are not bootstrapped.
    """

    scores: Floats
    between: Floats
    drawn: Floats
    drawn_between: Floats
    counts: Floats
    ceiling: tuple[float, float] | None
    higher_is_closer: bool = True

    @cached_property
    def covariances(self) -> Covariances:
        """Of the models' mean scores, over what could have been drawn instead."""
        kept = with_number(self.drawn)
        return Covariances.of(self.scores, self.drawn[kept], self.counts.shape[1], self.counts[kept])

    def uncertainty(self, weights: Floats, over: Over | None = None) -> Uncertainty:
        """Uncertainty of a weighted sum of the models' mean scores.

        Args:
            weights: Of each model, (n_models,): one 1 for a model's score, 1 and -1 for a difference.
            over: What else could have been drawn; by default subjects and stimuli, stimuli with one subject.
        """
        return self.covariances.uncertainty(weights, chosen(over, self.scores.shape[1], self.counts.shape[1]))

    def ceiling_uncertainties(
        self, bound: Bound, over: Over | None, generator: np.random.Generator
    ) -> list[Uncertainty]:
        """Uncertainty of each model's score minus the ceiling of the same draw.

        A draw's ceiling leaves out a subject with all copies. It pools fewer people than there are, and
        so varies more than the ceiling does: where noise is strong the variance errs on the wide side.
        Ranks are not ranked again after pooling, as they are for the ceiling itself.

        Args:
            bound: Which ceiling.
            over: As in :meth:`uncertainty`.
            generator: Draws the subjects.

        Raises:
            TooFewError: Fewer than 4 subjects, of whom too many draws hold one alone.
        """
        r, n = self.scores.shape[1], self.counts.shape[1]
        over = chosen(over, r, n)
        if r < 4:
            raise TooFewError(
                f"{r} subjects: too few to draw ceilings from; at least 4 are needed",
                hint="Report the ceiling without comparing with it.",
            )
        people = stimulus_counts(r, len(self.counts), generator)
        subjects = below_ceiling(self.scores[None], self.between[None], people, bound)
        stimuli = below_ceiling(self.drawn, self.drawn_between, np.ones((1, r)), bound)
        both = below_ceiling(self.drawn, self.drawn_between, people, bound)
        kept = with_number(np.stack([subjects, stimuli, both], axis=1))
        both, subjects, stimuli = both[kept], subjects[kept], stimuli[kept]
        of_pairs = pair_covariance(stimuli, self.counts[kept])
        found = Covariances(covariance(both), covariance(subjects), covariance(stimuli), of_pairs, (r, n))
        return [found.uncertainty(weights, over) for weights in np.eye(len(self.scores))]


def bootstrap_models(
    models: Floats, subjects: Floats, comparison: str, draws: int, generator: np.random.Generator
) -> Bootstrapped:
    """Compare every model with every subject on all stimuli and in bootstrap draws of them.

    Args:
        models: Pair values, (n_models, n_pairs).
        subjects: Pair values of the same pairs, (n_subjects, n_pairs).
        comparison: "cosine", "pearson", "spearman" or "rho-a".
        draws: How many draws.
        generator: Draws the stimuli.

    Raises:
        ShapeError: The numbers of pairs differ.
        DegenerateError: An RDM is constant or not finite.
        UnsuitableError: The comparison has no weighted form.
    """
    scores, between = compare(models, subjects, comparison), compare(subjects, subjects, comparison)
    counts = stimulus_counts(n_stimuli(models), draws, generator)
    drawn = drawn_similarities(models, subjects, comparison, counts)
    ceiling = rdm_ceiling(subjects, comparison) if len(subjects) > 1 else None
    own, others = drawn[:, : len(models)], drawn[:, len(models) :]
    return Bootstrapped(scores, between, own, others, counts, ceiling)


def drawn_similarities(models: Floats, subjects: Floats, comparison: str, counts: Floats) -> Floats:
    """Similarity of every model and every subject to every subject in draws of stimuli.

    Args:
        models: Pair values, (n_models, n_pairs).
        subjects: Pair values, (n_subjects, n_pairs).
        comparison: "cosine", "pearson", "spearman" or "rho-a".
        counts: How often each stimulus occurs in each draw, (draws, n_stimuli).

    Returns:
        (draws, n_models + n_subjects, n_subjects); NaN where a draw leaves an RDM constant.
    """
    similarities = weighted(models, subjects, comparison)
    out = np.empty((len(counts), len(models) + len(subjects), len(subjects)))
    step = max(1, _BLOCK_ENTRIES // models.shape[1])
    for start in range(0, len(counts), step):
        out[start : start + step] = similarities(pair_weights(counts[start : start + step]))
    return out


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
    counts = stimulus_counts(n_stimuli(model), draws, generator)
    return drawn_similarities(model[None], subjects, comparison, counts)[:, 0]


def n_stimuli(pairs: Floats) -> int:
    """Number of stimuli with this many pairs on the last axis."""
    return round((1 + (1 + 8 * pairs.shape[-1]) ** 0.5) / 2)
