"""What a measure is: a name that states its whole recipe, and what may be said about it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from repalign.data import Choices, Responses
from repalign.errors import DegenerateError, UnsuitableError
from repalign.maths import Floats

#: Changes of one side's units to which a measure may be blind; :class:`Measure` says what each one is.
INVARIANCES = ("permutation", "orthogonal", "scaling", "translation", "linear", "affine")


@dataclass(frozen=True, kw_only=True)
class Measure(ABC):
    """A named comparison of two sides that hold the same stimuli in the same order.

    Args:
        id: States every parameter, e.g. ``"rsa-correlation-spearman"``.
        formula: The formula in one line.
        range: Lowest and highest possible value; None where there is no bound.
        higher_is_closer: True for similarities, False for distances.
        symmetric: Whether both sides may be exchanged.
        is_metric: Whether it is zero for equal sides and obeys the triangle inequality.
        invariances: To which changes of one side's units it is blind, out of :data:`INVARIANCES`:
            permutation of units, orthogonal maps, isotropic scaling, translation by a vector,
            invertible linear maps, affine maps.
        min_stimuli: Fewer are refused.
        source: Paper and equation.
        version: Rises when a score would change.
        equal_sides: The value for equal sides; None stands for 1 of a similarity and 0 of a distance,
            NaN for no such law.
        resamples: Whether it is fast enough to be computed a thousand times over, for interval and p.
        calibrated: Whether the coverage of its interval is known from simulation (docs/numbers.md).
    """

    #: Which made-up sides the check-suite gives it: see :mod:`repalign.testing.sides`.
    sample: ClassVar[str] = "responses"

    id: str
    formula: str
    range: tuple[float | None, float | None]
    higher_is_closer: bool = True
    symmetric: bool = True
    is_metric: bool = False
    invariances: frozenset[str] = frozenset()
    min_stimuli: int = 3
    source: str
    version: int = 1
    equal_sides: float | None = None
    resamples: bool = True
    calibrated: bool = False

    @property
    @abstractmethod
    def needs(self) -> str:
        """What both sides must be, in words."""

    @abstractmethod
    def scores(self, model: Responses, target: Responses, *, seed: int = 0) -> Floats:
        """Score of the model against each subject of the target.

        Args:
            model: The model's responses, one layer.
            target: The target's responses to the same stimuli in the same order.
            seed: For measures that split stimuli at random.

        Returns:
            (n_subjects,); one entry where the target has no subjects to tell apart.

        Raises:
            UnsuitableError: A side is not what the measure needs.
            DegenerateError: No number exists; the stimuli at fault are named.
        """

    def prepared(self, model: Responses, target: Responses) -> tuple[Responses, Responses]:
        """Both sides with what score, interval, p and ceiling would else each make anew; the same numbers."""
        return model, target

    def remarks(self, model: Responses, target: Responses) -> tuple[str, ...]:
        """What to keep in mind about a score of these two sides, for the row's reason; often nothing."""
        return ()

    def describe(self) -> dict[str, Any]:
        """The measure as the command line lists it."""
        return {
            "id": self.id,
            "formula": self.formula,
            "range": list(self.range),
            "direction": "higher is closer" if self.higher_is_closer else "lower is closer",
            "symmetric": self.symmetric,
            "metric": self.is_metric,
            "invariances": sorted(self.invariances),
            "needs": self.needs,
            "min_stimuli": self.min_stimuli,
            "source": self.source,
            "version": self.version,
        }


@contextmanager
def naming(ids: Sequence[str] | None, whose: str) -> Iterator[None]:
    """Turn the row numbers of a formula's refusal into stimulus ids and say whose responses they are."""
    try:
        yield
    except DegenerateError as error:
        named = ", ".join(repr(ids[r]) for r in error.rows[:3]) if ids and error.rows else ""
        more = ", ..." if len(error.rows) > 3 else ""
        where = f" (stimuli {named}{more})" if named else ""
        raise DegenerateError(f"{whose}: {error.message}{where}", hint=error.hint, rows=error.rows) from error


def kind_of(responses: Responses) -> str:
    """What responses are, in words, for messages."""
    return "choices" if isinstance(responses, Choices) else type(responses).__name__


def unsuitable(measure: Measure, side: str, name: str, responses: Responses) -> UnsuitableError:
    """The error for a side that is not what the measure needs."""
    return UnsuitableError(
        f"{measure.id} needs {measure.needs}; the {side} {name!r} is {kind_of(responses)}",
        hint="`repalign measures` lists what each measure needs.",
    )
