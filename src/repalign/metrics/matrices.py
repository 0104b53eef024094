"""Responses as matrices, one for each subject."""

from __future__ import annotations

import numpy as np

from repalign.data import Assembly, Responses
from repalign.errors import DegenerateError, UnsuitableError
from repalign.maths import Floats, is_constant
from repalign.metrics.measure import Measure, unsuitable


def matrices(measure: Measure, responses: Responses, side: str) -> list[Floats]:
    """One (n_stimuli, n_units) matrix per subject; repetitions are averaged.

    Args:
        measure: For whom; it is named in errors.
        responses: One side.
        side: ``"model"`` or ``"target"``; a model is one subject.

    Returns:
        Float64, in the order of the subjects; one matrix where there is no axis of subjects.

    Raises:
        UnsuitableError: The side is no Assembly, or the model holds several subjects.
        DegenerateError: The same response to every stimulus.
    """
    if not isinstance(responses, Assembly):
        raise unsuitable(measure, side, responses.name, responses)
    several = responses.leading == "subject"
    found = responses.array() if several else responses.mean().array()[None]
    check_single(side, responses.name, len(found))
    return [varying(np.asarray(each, dtype=np.float64), responses.name) for each in found]


def check_single(side: str, name: str, n_subjects: int) -> None:
    """Refuse a model of several subjects, of which one would be taken in silence.

    Raises:
        UnsuitableError: There are several.
    """
    if side == "model" and n_subjects > 1:
        raise UnsuitableError(
            f"the model {name!r} holds responses of {n_subjects} subjects; one is compared at a time",
            hint="Average them (responses.mean()), select one, or make them the target.",
        )


def varying(X: Floats, name: str) -> Floats:
    """Responses (..., n_stimuli, n_units) that tell some stimuli apart.

    Raises:
        DegenerateError: The same response to every stimulus.
    """
    if X.shape[-2] > 1 and is_constant(X, axis=-2).all():
        raise DegenerateError(
            f"{name} gives the same response to every stimulus",
            hint="Nothing can be compared there; is the layer before any input, or the model blind to these?",
        )
    return X
