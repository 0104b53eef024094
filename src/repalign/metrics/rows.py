"""Measures that compare two response matrices directly: CKA and Procrustes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from repalign.data import Responses
from repalign.maths import Floats
from repalign.metrics.matrices import matrices
from repalign.metrics.measure import Measure, naming


@dataclass(frozen=True, kw_only=True)
class Rows(Measure):
    """A function of two matrices with one row per stimulus.

    Args:
        function: (n_stimuli, p), (n_stimuli, q) to a number.
        paired: Whether it matters which stimulus is which; not so for differences of two descriptions.
    """

    function: Callable[[Floats, Floats], float]
    paired: bool = True

    @property
    def needs(self) -> str:
        """RDMs do not hold what it needs."""
        return "responses (Assembly) on both sides"

    def scores(self, model: Responses, target: Responses, *, seed: int = 0) -> Floats:
        """The function of the model's and each subject's responses, (n_subjects,)."""
        X = matrices(self, model, "model")[0]
        with naming(model.ids, f"{model.name} against {target.name}"):
            return np.array([self.function(X, Y) for Y in matrices(self, target, "target")])
