"""Responses as matrices, one for each subject."""

from __future__ import annotations

import numpy as np

from repalign.data import Assembly, Responses
from repalign.maths import Floats
from repalign.metrics.measure import Measure, unsuitable


def matrices(measure: Measure, responses: Responses, side: str) -> list[Floats]:
    """One (n_stimuli, n_units) matrix per subject; repetitions are averaged.

    Raises:
        UnsuitableError: The side is no Assembly.
    """
    if not isinstance(responses, Assembly):
        raise unsuitable(measure, side, responses.name, responses)
    if responses.leading == "subject":
        return [np.asarray(each, dtype=np.float64) for each in responses.array()]
    return [np.asarray(responses.mean().array(), dtype=np.float64)]
