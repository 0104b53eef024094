"""Measures that compare distributions of responses over repetitions: stochastic shape distances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from repalign.data import Assembly, Responses
from repalign.errors import UnsuitableError
from repalign.maths import Floats
from repalign.metrics.measure import Measure, naming, unsuitable


@dataclass(frozen=True, kw_only=True)
class Trials(Measure):
    """A function of two sets of trials of the same stimuli.

    Args:
        function: (n_repetitions, n_stimuli, p), (m_repetitions, n_stimuli, q) to a number.
    """

    sample: ClassVar[str] = "trials"

    function: Callable[[Floats, Floats], float]

    @property
    def needs(self) -> str:
        """Means over repetitions do not hold what it needs."""
        return "responses with repetitions (Assembly, leading='repetition') on both sides"

    def scores(self, model: Responses, target: Responses, *, seed: int = 0) -> Floats:
        """The function of both sides' trials, (1,).

        Raises:
            UnsuitableError: A side has no repetitions.
        """
        X, Y = self._trials(model, "model"), self._trials(target, "target")
        with naming(model.ids, f"{model.name} against {target.name}"):
            return np.array([self.function(X, Y)])

    def _trials(self, responses: Responses, side: str) -> Floats:
        if not isinstance(responses, Assembly):
            raise unsuitable(self, side, responses.name, responses)
        if responses.leading != "repetition":
            shown = (
                f"a leading {responses.leading} axis"
                if responses.leading
                else "one response to each stimulus"
            )
            raise UnsuitableError(
                f"{self.id} needs {self.needs}; the {side} {responses.name!r} has {shown}",
                hint="Use a Procrustes distance, or give the trials: Assembly(..., leading='repetition').",
            )
        return np.asarray(responses.array(), dtype=np.float64)
