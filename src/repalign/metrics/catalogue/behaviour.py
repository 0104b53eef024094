"""Behaviour, trial by trial and summed up."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from repalign.data import Choices
from repalign.errors import InputError
from repalign.maths import LEVELS, Level, accuracy_closeness, value_delta
from repalign.metrics.behaviour import ErrorConsistency, OddOneOut
from repalign.metrics.catalogue.family import Family
from repalign.metrics.choices import ChoiceMeasure, CueConflict, accuracy, confusions, shape_share
from repalign.metrics.measure import Measure
from repalign.metrics.recognition import Recognition

_ROTATIONS = frozenset({"permutation", "orthogonal"})
_BRAIN_SCORE, _GEIRHOS = "Brain-Score (Schrimpf et al. 2018, bioRxiv 407007)", "Geirhos et al. 2019, ICLR"
_HEBART = "Hebart et al. 2020, Nat. Hum. Behav. 4:1173"
_LEVELS: dict[Level, str] = {
    "o1": "object against all others",
    "o2": "object against each other object",
    "i1": "image against all other objects",
    "i2": "image against each other object",
    "i1n": "image against all other objects, less the mean over images of the object",
    "i2n": "image against each other object, less the mean over images of the object",
}


def _odd_one_out(readout: str, formula: str) -> OddOneOut:
    return OddOneOut(
        id=f"odd-one-out-{readout}",
        formula=formula,
        range=(0.0, 1.0),
        symmetric=False,
        invariances=frozenset(
            {"permutation", "orthogonal"} | ({"scaling"} if readout == "dot-accuracy" else set())
        ),
        source=_HEBART,
        graded=readout == "dot-probability",
    )


def _recognition(level: Level) -> Recognition:
    return Recognition(
        id=f"recognition-{level}-pearson",
        formula=f"Pearson r of d' = z(hit rate) - z(false-alarm rate), cut to -5..5, by {_LEVELS[level]}",
        range=(-1.0, 1.0),
        source="Rajalingham et al. 2018, J. Neurosci. 38:7255",
        level=level,
    )


def _closeness(model: Choices, person: Choices) -> float:
    return accuracy_closeness(accuracy(model), accuracy(person))


def _difference(model: Choices, person: Choices) -> float:
    return abs(accuracy(model) - accuracy(person))


def _own(model: Choices, person: Choices) -> float:
    return accuracy(model)


def _delta(of: str, scale: float) -> ChoiceMeasure:
    """exp(-s |d|) of the accuracy or the shape bias."""
    if not 0 < scale < math.inf:
        raise InputError(
            f"the scale of a value delta is {scale:g}; it must be finite and above 0", hint="Use s1."
        )
    kind, summary = {"accuracy": (ChoiceMeasure, accuracy), "shape-bias": (CueConflict, shape_share)}[of]
    return kind(
        id=f"{of}-value-delta-s{scale:g}",
        formula=f"exp(-{scale:g} |a - b|) of the {of.replace('-', ' ')} of both sides",
        range=(0.0, 1.0),
        source=_BRAIN_SCORE + ("; Geirhos et al. 2019" if of == "shape-bias" else ""),
        function=partial(_compare_by, summary, scale),
    )


def _compare_by(summary: Callable[[Choices], float], scale: float, model: Choices, person: Choices) -> float:
    return value_delta(summary(model), summary(person), scale)


def _shape_difference(model: Choices, person: Choices) -> float:
    return abs(shape_share(model) - shape_share(person))


MEMBERS: tuple[Measure, ...] = (
    ErrorConsistency(
        id="error-consistency-kappa",
        formula="(c_obs - c_exp) / (1 - c_exp), c_exp = p q + (1-p)(1-q); the sign is kept",
        range=(-1.0, 1.0),
        source="Geirhos, Meding & Wichmann 2020, NeurIPS",
    ),
    _odd_one_out(
        "dot-accuracy",
        "share of triplets whose odd one is outside the pair of largest dot product; chance 1/3",
    ),
    _odd_one_out(
        "dot-probability", "mean softmax probability, over dot products of pairs, of the odd one chosen"
    ),
    ChoiceMeasure(
        id="accuracy",
        formula="share of trials in which the model is right; the target gives the correct responses only",
        range=(0.0, 1.0),
        symmetric=False,
        source="definition",
        function=_own,
    ),
    ChoiceMeasure(
        id="accuracy-difference",
        formula="|a - b| of the two accuracies",
        range=(0.0, 1.0),
        higher_is_closer=False,
        source="definition",
        function=_difference,
    ),
    ChoiceMeasure(
        id="accuracy-closeness",
        formula="1 - |a - b| / max(b, 1 - b), b the person's accuracy (Brain-Score's `accuracy distance`)",
        range=(0.0, 1.0),
        symmetric=False,
        equal_sides=1.0,
        source=_BRAIN_SCORE,
        function=_closeness,
    ),
    ChoiceMeasure(
        id="confusion-pearson",
        formula="Pearson r of the off-diagonal rates of the two confusion matrices",
        range=(-1.0, 1.0),
        source="definition",
        function=confusions,
    ),
    CueConflict(
        id="shape-bias-difference",
        formula="|a - b|, each the share of shape among decisions for shape or texture",
        range=(0.0, 1.0),
        higher_is_closer=False,
        source=_GEIRHOS,
        function=_shape_difference,
    ),
    _delta("accuracy", 1.0),
    _delta("shape-bias", 1.0),
    *(_recognition(level) for level in LEVELS),
)
FAMILIES: tuple[Family, ...] = (
    Family("accuracy-value-delta-s{scale}", {"scale": float}, partial(_delta, "accuracy")),
    Family("shape-bias-value-delta-s{scale}", {"scale": float}, partial(_delta, "shape-bias")),
)
ALIASES: dict[str, str] = {}
