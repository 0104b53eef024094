"""Representational similarity analysis: dissimilarities within, a comparison between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from repalign.data import RDM, Assembly, Responses
from repalign.maths import DISSIMILARITIES, Floats, compare
from repalign.metrics.measure import Measure, naming, unsuitable


@dataclass(frozen=True, kw_only=True)
class RSA(Measure):
    """Compare RDMs.

    Args:
        dissimilarity: Within each side, where the side gives responses; a side that comes as an RDM
            is taken as it is.
        comparison: Between the two RDMs.
    """

    dissimilarity: str
    comparison: str

    @property
    def needs(self) -> str:
        """Either noun will do."""
        return "responses (Assembly) or an RDM on both sides"

    def pairs(self, responses: Responses, side: str = "model") -> Floats:
        """One row of pair values per subject, (n_subjects, n_pairs); one row where there are none.

        Raises:
            UnsuitableError: The responses are choices.
            DegenerateError: A pattern has no dissimilarity; its stimulus is named.
        """
        if isinstance(responses, RDM):
            return np.atleast_2d(responses.values)
        if not isinstance(responses, Assembly):
            raise unsuitable(self, side, responses.name, responses)
        stacked = responses.array() if responses.leading else responses.array()[None]
        if responses.leading == "repetition":
            stacked = stacked.mean(axis=0, keepdims=True)
        with naming(responses.ids, responses.name):
            return np.stack([DISSIMILARITIES[self.dissimilarity](each) for each in stacked])

    def scores(self, model: Responses, target: Responses, *, seed: int = 0) -> Floats:
        """Similarity of the model's RDM to each subject's, (n_subjects,)."""
        with naming(None, f"{model.name} against {target.name}"):
            return compare(self.pairs(model)[0], self.pairs(target, "target"), self.comparison)
