"""Signatures of object recognition (Rajalingham et al. 2018) over choices and class probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from repalign.data import Assembly, Choices, Responses, positions
from repalign.errors import DegenerateError, IdentityError, UnsuitableError
from repalign.maths import Floats, Level, binary_hits, signature, signature_similarity, trial_hits
from repalign.metrics.choices import trials
from repalign.metrics.measure import Measure, naming, unsuitable

Labels = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Recognition(Measure):
    """Correlation of two patterns of sensitivity d', by object or by image.

    All trials of the target are pooled over subjects, as the paper does: one person sees too few.

    Args:
        level: One of ``o1``, ``o2``, ``i1``, ``i2``, ``i1n``, ``i2n``.
    """

    sample: ClassVar[str] = "recognition"

    level: Level

    @property
    def needs(self) -> str:
        """How distractors and object names are written."""
        return (
            "target: Choices with correct objects and the distractor as condition; model: the same, or class "
            "probabilities (Assembly whose units are labelled `choice`)"
        )

    def remarks(self, model: Responses, target: Responses) -> tuple[str, ...]:
        """That subjects are pooled."""
        return ("trials pooled over subjects: no ceiling, and not the mean over subjects",)

    def scores(self, model: Responses, target: Responses, *, seed: int = 0) -> Floats:
        """Pearson's r of the two signatures, (1,).

        Raises:
            UnsuitableError: A side lacks distractors, correct objects or labels of the units.
            IdentityError: An image has two correct objects, or an object is no unit of the model.
        """
        people = _offered(self, target, "target")
        ids = people.ids
        objects, truth = _truth(people)
        theirs = _hits(people, ids, objects, truth)
        if isinstance(model, Assembly):
            own = self._probabilities(model, ids, objects, truth)
        else:
            own = _hits(_offered(self, model, "model"), ids, objects, truth)
        with naming(None, f"{model.name} against {target.name}"):
            found = [signature(hits, truth, self.level) for hits in (own, theirs)]
            return np.array([signature_similarity(*found)])

    def _probabilities(
        self, model: Assembly, ids: tuple[str, ...], objects: list[str], truth: Labels
    ) -> Floats:
        if "choice" not in model.units:
            raise unsuitable(self, "model", model.name, model)
        columns = positions([str(u) for u in model.units["choice"]], objects, what="choices of the model")
        values = np.asarray(model.select(ids).mean().array(), dtype=np.float64)[:, columns]
        with naming(ids, model.name):
            return binary_hits(values, truth)


def _offered(measure: Measure, responses: Responses, side: str) -> Choices:
    found = trials(measure, responses, side)
    if found.condition is None:
        raise UnsuitableError(
            f"{measure.id}: the {side} {found.name!r} does not say which distractor was offered",
            hint="Give it as condition: Choices(correct=OBJECT, condition=DISTRACTOR).",
        )
    return found


def _truth(people: Choices) -> tuple[list[str], Labels]:
    """All objects, sorted, and which of them is in each image."""
    assert people.correct is not None
    assert people.condition is not None
    of = dict(zip(people.stimulus.tolist(), people.correct.tolist(), strict=True))
    differing = [
        s for s, c in zip(people.stimulus.tolist(), people.correct.tolist(), strict=True) if of[s] != c
    ]
    if differing:
        raise IdentityError(
            f"{people.name}: the stimulus {differing[0]!r} has two correct objects",
            hint="One object per image.",
        )
    objects = sorted(set(people.correct.tolist()) | set(people.condition.tolist()))
    if len(objects) < 3:
        raise DegenerateError(f"{people.name}: {len(objects)} objects", hint="A signature needs at least 3.")
    return objects, positions(objects, [of[s] for s in people.ids])


def _hits(choices: Choices, ids: tuple[str, ...], objects: list[str], truth: Labels) -> Floats:
    assert choices.condition is not None
    image = positions(ids, choices.stimulus.tolist())
    distractor = positions(objects, choices.condition.tolist(), what="objects")
    return trial_hits(image, distractor, choices.response == choices.correct, truth, len(objects))
