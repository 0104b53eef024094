"""What a sweep will take: epochs, seconds, disk; by what an epoch was measured to cost."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from repalign.training.perturbations import PERTURBATIONS
from repalign.training.sweep import Planned, epochs_to_train

_FROZEN = ConfigDict(extra="forbid", frozen=True)


class Cost(BaseModel):
    """What an epoch was measured to cost, for estimates.

    Args:
        seconds: Of an epoch of one run, with its evaluation.
        images: More seconds of an epoch whose images are perturbed.
        megabytes: Of one kept state.
        measured: On which machine, with how many runs side by side.
        prepare: Seconds before the first run: decoding, the frozen part of the network.
    """

    model_config = _FROZEN

    seconds: float = Field(gt=0)
    images: float = Field(default=0.0, ge=0)
    megabytes: float = Field(default=1.0, ge=0)
    measured: str = ""
    prepare: float = Field(default=0.0, ge=0)


class Estimate(BaseModel):
    """What a study will take.

    Args:
        runs: How many.
        epochs: That are trained, early stopping aside.
        alone: That would be, if no run began where another left off.
        seconds: Of one run after the other; None where nobody has measured.
        megabytes: Of kept states.
    """

    model_config = _FROZEN

    runs: int
    epochs: int
    alone: int
    seconds: float | None
    megabytes: float | None


def estimate(stages: Sequence[Sequence[Planned]], known: Cost | None) -> Estimate:
    """What the runs of a sweep will take.

    Args:
        stages: From :func:`repalign.training.expand`, or what of them is left.
        known: Of an epoch; None where nobody has measured.
    """
    planned = [each for stage in stages for each in stage]
    epochs, alone = epochs_to_train(stages)
    if known is None:
        return Estimate(runs=len(planned), epochs=epochs, alone=alone, seconds=None, megabytes=None)
    seconds = known.prepare + sum(seconds_of(each, known) for each in planned)
    kept = sum(len(each.keep) + 1 for each in planned)  # and the last state of each
    return Estimate(
        runs=len(planned), epochs=epochs, alone=alone, seconds=seconds, megabytes=kept * known.megabytes
    )


def seconds_of(planned: Planned, cost: Cost) -> float:
    """What one run will take, in seconds."""
    window = planned.spec.perturbation
    dear = 0
    if window is not None and PERTURBATIONS[window.kind].images is not None:
        begun = planned.start[1] if planned.start else 0
        dear = max(0, window.last - max(begun, window.first - 1))
    return planned.epochs * cost.seconds + dear * cost.images
