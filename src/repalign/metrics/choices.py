"""Measures that sum up choices: accuracy, shape bias, confusions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from repalign.data import Choices, Responses
from repalign.errors import DegenerateError, UnsuitableError
from repalign.maths import Floats, confusion_rates, confusion_similarity, shape_bias
from repalign.metrics.measure import Measure, naming, unsuitable

Labels = NDArray[np.str_]


@dataclass(frozen=True, kw_only=True)
class ChoiceMeasure(Measure):
    """A function of the choices of a model and of one person on the same stimuli.

    Args:
        function: The trials of the model and of one subject to a number.
    """

    sample: ClassVar[str] = "correctness"

    function: Callable[[Choices, Choices], float]

    @property
    def needs(self) -> str:
        """Trials with a correct response."""
        return "Choices with correct responses on both sides"

    def scores(self, model: Responses, target: Responses, *, seed: int = 0) -> Floats:
        """The function of the model's and each subject's choices, (n_subjects,).

        Raises:
            UnsuitableError: A side is no categorisation, or the model holds several subjects.
        """
        own, people = (trials(self, side, name) for side, name in ((model, "model"), (target, "target")))
        if len(own.subjects) != 1:
            raise UnsuitableError(
                f"the model {own.name!r} holds choices of {len(own.subjects)} subjects; "
                "one is compared at a time",
                hint="Select one: choices.of(subject).",
            )
        with naming(None, f"{model.name} against {target.name}"):
            return np.array([self.function(own, people.of(subject)) for subject in people.subjects])


@dataclass(frozen=True, kw_only=True)
class CueConflict(ChoiceMeasure):
    """A measure of decisions between shape (the correct response) and texture (the condition)."""

    sample: ClassVar[str] = "cue-conflict"

    @property
    def needs(self) -> str:
        """Where shape and texture are written."""
        return "Choices on both sides whose correct response is the shape and whose condition is the texture"


def trials(measure: Measure, responses: Responses, side: str) -> Choices:
    """The side as categorisation trials.

    Raises:
        UnsuitableError: It is something else.
    """
    if not isinstance(responses, Choices) or responses.is_triplets or responses.correct is None:
        raise unsuitable(measure, side, responses.name, responses)
    return responses


def accuracy(choices: Choices) -> float:
    """Share of trials with the correct response, 0..1."""
    assert choices.correct is not None
    return float((choices.response == choices.correct).mean())


def shape_share(choices: Choices) -> float:
    """Shape bias of choices whose correct response is the shape and whose condition is the texture.

    Trials in which shape and texture are the same category are left out, as by Geirhos et al. (2019).

    Raises:
        UnsuitableError: There is no condition.
        DegenerateError: No decision for shape or texture.
    """
    if choices.condition is None or choices.correct is None:
        raise UnsuitableError(
            f"{choices.name}: a shape bias needs the texture of each trial",
            hint="Give it as condition: Choices(correct=SHAPE, condition=TEXTURE).",
        )
    conflict = choices.correct != choices.condition
    if not conflict.any():
        raise DegenerateError(
            f"{choices.name}: no trial has a cue conflict", hint="Use cue-conflict stimuli."
        )
    said = choices.response[conflict]
    return shape_bias(said == choices.correct[conflict], said == choices.condition[conflict])


def confusions(a: Choices, b: Choices) -> float:
    """Similarity of the errors of two observers over the categories that either one named or was shown."""
    return confusion_similarity(*(_rates(side, _categories(a, b)) for side in (a, b)))


def _categories(*sides: Choices) -> Labels:
    return np.unique(np.concatenate([c for s in sides for c in (s.correct, s.response) if c is not None]))


def _rates(choices: Choices, categories: Labels) -> Floats:
    assert choices.correct is not None
    truth, said = (np.searchsorted(categories, side) for side in (choices.correct, choices.response))
    try:
        return confusion_rates(truth, said, len(categories))
    except DegenerateError as error:
        names = ", ".join(repr(str(categories[row])) for row in error.rows[:3])
        raise DegenerateError(f"{choices.name}: {error.message}: {names}", hint=error.hint) from error
