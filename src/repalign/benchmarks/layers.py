"""Which layers are scored, and how one is chosen without looking at what the score sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from repalign.benchmarks.join import Joined, take
from repalign.data import Assembly, Responses
from repalign.errors import TooFewError, UnknownNameError
from repalign.metrics import Measure
from repalign.seeds import rng

DEFAULT, ALL, CHOOSE = RULES = ("default", "all", "choose")
MIN_TO_CHOOSE = 20
# Per layer, how to have it joined with the target: a network's layers do not fit into memory together.
Sides = Mapping[str, Callable[[], Joined]]


@dataclass(frozen=True)
class Chosen:
    """A layer and the stimuli left to score it on."""

    layer: str
    model: Responses
    target: Responses
    note: str


def split_layers(model: Responses, layers: str | Sequence[str] = ALL) -> dict[str, Responses]:
    """The model's layers by name; what has no layers comes back whole under the empty name.

    Args:
        model: Responses.
        layers: Names, or one of :data:`RULES`, for each of which all that is here comes back.

    Raises:
        UnknownNameError: A named layer is not there.
    """
    if not isinstance(model, Assembly):
        return {"": model}
    found: dict[str, Responses] = dict(model.split("layer"))
    if isinstance(layers, str):
        return found
    for name in layers:
        if name not in found:
            raise UnknownNameError.among(f"layer of {model.name}", name, [n for n in found if n])
    return {name: found[name] for name in layers}


def choose_layer(measure: Measure, joined: Sides, seed: int) -> Chosen:
    """Choose the layer that scores best on a random half of the stimuli; the other half is for the score.

    Choosing and scoring on the same stimuli rewards a model for having many layers.

    Args:
        measure: The measure to choose by.
        joined: Each layer, joined with the target when it is its turn.
        seed: Draws the halves.

    Raises:
        TooFewError: Fewer than 20 stimuli.
    """
    n = next(iter(joined.values()))().n_stimuli
    if n < MIN_TO_CHOOSE:
        raise TooFewError(
            f"{n} stimuli are too few to choose a layer on one half and score it on the other",
            hint=f"Use at least {MIN_TO_CHOOSE} stimuli, or name the layer.",
        )
    order = rng(seed, "layer", "halves").permutation(n)
    selection, scored = np.sort(order[: n // 2]), np.sort(order[n // 2 :])
    sign = 1.0 if measure.higher_is_closer else -1.0

    def merit(side: Joined) -> float:
        scores = measure.scores(take(side.model, selection), take(side.target, selection), seed=seed)
        return sign * float(scores.mean())

    best = max(joined, key=lambda name: merit(joined[name]()))
    side = joined[best]()
    note = f"layer chosen out of {len(joined)} on {len(selection)} other stimuli"
    return Chosen(best, take(side.model, scored), take(side.target, scored), note)
