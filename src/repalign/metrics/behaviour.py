"""Measures of behaviour: error consistency and the odd one out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from repalign.data import Assembly, Choices, Responses, positions
from repalign.errors import DegenerateError, UnsuitableError
from repalign.maths import (
    Floats,
    error_consistency,
    odd_one_out_credit,
    odd_one_out_probability,
    triplet_similarities,
)
from repalign.metrics.measure import Measure, naming, unsuitable


@dataclass(frozen=True, kw_only=True)
class ErrorConsistency(Measure):
    """Cohen's kappa of being right on the same stimuli."""

    sample: ClassVar[str] = "correctness"

    @property
    def needs(self) -> str:
        """Trials with a correct response."""
        return "Choices with correct responses on both sides"

    def correctness(self, responses: Responses, side: str) -> NDArray[np.bool_]:
        """Whether each subject was right on each stimulus, (n_subjects, n_stimuli), ids sorted.

        Raises:
            UnsuitableError: The side is no Choices.
        """
        if not isinstance(responses, Choices):
            raise unsuitable(self, side, responses.name, responses)
        return responses.correctness()

    def scores(self, model: Responses, target: Responses, *, seed: int = 0) -> Floats:
        """Kappa of the model with each subject, (n_subjects,)."""
        own = self.correctness(model, "model")
        if len(own) != 1:
            raise UnsuitableError(
                f"the model {model.name!r} holds choices of {len(own)} subjects; one is compared at a time",
                hint="Select one: choices.of(subject).",
            )
        with naming(None, f"{model.name} against {target.name}"):
            return np.array([error_consistency(own[0], each) for each in self.correctness(target, "target")])


@dataclass(frozen=True, kw_only=True)
class OddOneOut(Measure):
    """How often, or how surely, the model leaves out the stimulus that people left out.

    Args:
        graded: The probability a softmax gives to the choice, instead of 1 or 0.
    """

    sample: ClassVar[str] = "triplets"

    graded: bool = False

    @property
    def needs(self) -> str:
        """The model's dot products decide."""
        return "responses (Assembly) of the model and triplet Choices of the target"

    def scores(self, model: Responses, target: Responses, *, seed: int = 0) -> Floats:
        """Accuracy against each subject's choices, (n_subjects,)."""
        if not isinstance(model, Assembly):
            raise unsuitable(self, "model", model.name, model)
        if not isinstance(target, Choices) or not target.is_triplets:
            raise unsuitable(self, "target", target.name, target)
        ids, responses = model.require_ids(), np.asarray(model.mean().array(), dtype=np.float64)
        if not np.isfinite(responses).all():
            rows = np.flatnonzero(~np.isfinite(responses).all(axis=1)).tolist()
            with naming(ids, model.name):
                raise DegenerateError("NaN or infinite responses", hint="Find out why.", rows=rows)
        each = [target.of(subject) for subject in target.subjects]
        return np.array([self._accuracy(responses, ids, trials) for trials in each])

    def _accuracy(self, responses: Floats, ids: tuple[str, ...], trials: Choices) -> float:
        rows = positions(ids, trials.stimulus.ravel().tolist()).reshape(-1, 3)
        odd = (trials.stimulus == trials.response[:, None]).argmax(axis=1)
        similarities = triplet_similarities(responses, rows)
        if self.graded:
            return float(odd_one_out_probability(similarities)[np.arange(len(odd)), odd].mean())
        return float(odd_one_out_credit(similarities, odd).mean())
