"""Scores of several models with stimuli perturbed by multipliers, for sums and differences of them."""

from __future__ import annotations

from dataclasses import dataclass

from repalign.maths.checks import Floats
from repalign.maths.held_out import from_multipliers
from repalign.maths.uncertainty import Bound, Over, Uncertainty, chosen, of_subjects


@dataclass(frozen=True)
class Multiplied:
    """Cross-validated scores and what they might have been with other held-out stimuli.

    Args:
        scores: Every model with every subject, (n_models, n_subjects).
        drawn: From ``held_out_draws`` with equal generators, (n_draws, n_models, n_subjects).
        n_stimuli: How many there are.
        ceiling: None: no ceiling is drawn with the scores.
        higher_is_closer: Always.
    """

    scores: Floats
    drawn: Floats
    n_stimuli: int
    ceiling: None = None
    higher_is_closer: bool = True

    def uncertainty(self, weights: Floats, over: Over | None = None) -> Uncertainty:
        """Uncertainty of a weighted sum of the models' mean scores.

        Args:
            weights: Of each model, (n_models,): one 1 for a model's score, 1 and -1 for a difference.
            over: What else could have been drawn; by default subjects and stimuli, stimuli with one subject.

        Raises:
            TooFewError: Fewer than 10 stimuli, or one subject, to generalise from.
        """
        over = chosen(over, self.scores.shape[1], self.n_stimuli)
        scores, drawn = weights @ self.scores, weights @ self.drawn
        if over == "subjects":
            return of_subjects(scores)
        if over == "stimuli":  # the mean over fixed subjects is one score
            scores, drawn = scores.mean(keepdims=True), drawn.mean(axis=1, keepdims=True)
        return from_multipliers(scores, drawn, self.n_stimuli)

    def ceiling_uncertainties(self, bound: Bound, over: Over | None, generator: object) -> list[Uncertainty]:
        """None: there is no ceiling."""
        return []
