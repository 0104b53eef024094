"""Made-up sides for the check-suite of measures, one pair for each kind of data a measure takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from repalign.data import Assembly, Choices, Responses
from repalign.errors import UnknownNameError
from repalign.maths import Floats
from repalign.metrics import Measure
from repalign.seeds import rng

N_STIMULI, N_UNITS, N_REPETITIONS = 40, 6, 20
Pair = tuple[Responses, Responses]


def sides(measure: Measure, seed: int = 0) -> Pair:
    """Two related sides of the kind that a measure needs, named by its ``sample``.

    Raises:
        UnknownNameError: There is no such kind.
    """
    if measure.sample not in SAMPLES:
        raise UnknownNameError.among("kind of made-up sides", measure.sample, SAMPLES)
    return SAMPLES[measure.sample](rng(seed, "check", "measure"))


def made_up(values: Floats, name: str = "made up") -> Assembly:
    """Responses (..., n_stimuli, n_units) with stimulus ids; three axes are repetitions first."""
    ids = tuple(f"s{i:03d}" for i in range(values.shape[-2]))
    if values.ndim == 2:
        return Assembly(values, ids, name=name)
    labels = tuple(f"repetition {i}" for i in range(len(values)))
    return Assembly(values, ids, leading="repetition", labels=labels, name=name)


def of_the_kind(measure: Measure, x: Floats, generator: np.random.Generator) -> Assembly:
    """The patterns ``x``, (n_stimuli, n_units), as the kind of responses that a measure needs."""
    trials = measure.sample.endswith("trials")
    noisy = x + generator.normal(size=(N_REPETITIONS, *x.shape)) if trials else x
    return made_up(np.exp(noisy / 2) if measure.sample.startswith("positive") else noisy)


def _patterns(generator: np.random.Generator) -> tuple[Floats, Floats]:
    x = generator.normal(size=(N_STIMULI, N_UNITS)) + generator.normal(size=N_UNITS)
    y = x[:, :4] @ generator.normal(size=(4, 5)) + generator.normal(size=(N_STIMULI, 5))
    return x, y


def _responses(generator: np.random.Generator) -> Pair:
    x, y = _patterns(generator)
    return made_up(x), made_up(y)


def _equal_units(generator: np.random.Generator) -> Pair:
    x, y = _patterns(generator)
    return made_up(x), made_up(np.concatenate([y, x[:, :1] + generator.normal(size=(N_STIMULI, 1))], axis=1))


def _many_units(generator: np.random.Generator) -> Pair:
    """More units than a reduction keeps, and a spectrum that falls."""
    spread = np.geomspace(1, 0.03, 30)
    x = generator.normal(size=(N_STIMULI, 30)) * spread @ generator.normal(size=(30, 30))
    y = (x + generator.normal(size=x.shape)) @ generator.normal(size=(30, 24)) * np.geomspace(1, 0.03, 24)
    return made_up(x + generator.normal(size=30)), made_up(y)


def _positive(generator: np.random.Generator) -> Pair:
    x, y = _patterns(generator)
    return made_up(np.exp(x / 2)), made_up(np.exp(y / 2))


def _trials(generator: np.random.Generator) -> Pair:
    x, y = _patterns(generator)
    noisy = [side + generator.normal(size=(N_REPETITIONS, *side.shape)) for side in (x, y)]
    return made_up(noisy[0]), made_up(noisy[1])


def _positive_trials(generator: np.random.Generator) -> Pair:
    x, y = _patterns(generator)
    noisy = [side + generator.normal(size=(N_REPETITIONS, *side.shape)) for side in (x, y)]
    return made_up(np.exp(noisy[0] / 2)), made_up(np.exp(noisy[1] / 2))


def _triplets(generator: np.random.Generator) -> Pair:
    x, _ = _patterns(generator)
    ids = np.array([f"s{i:03d}" for i in range(len(x))])
    shown = np.stack([generator.choice(len(x), 3, replace=False) for _ in range(200)])
    odd = generator.integers(3, size=len(shown))
    chosen = ids[shown[np.arange(len(shown)), odd]]
    return made_up(x), Choices(np.full(len(shown), "one"), ids[shown], chosen)


def _recognition(generator: np.random.Generator) -> Pair:
    return _against_distractors(generator), _against_distractors(generator)


def _against_distractors(generator: np.random.Generator) -> Choices:
    """Each of 12 images of 4 objects against each other object, 10 times, with rates of its own."""
    names = np.array(["bear", "car", "chair", "face"])
    image, other, _ = (axis.ravel() for axis in np.indices((12, 4, 10)))
    keep = image % 4 != other
    image, other = image[keep], other[keep]
    right = generator.random(len(image)) < generator.uniform(0.3, 0.95, size=(12, 4))[image, other]
    said = np.where(right, names[image % 4], names[other])
    ids = np.array([f"s{i:03d}" for i in range(12)])[image]
    return Choices(np.full(len(image), "one"), ids, said, names[image % 4], names[other])


def _cue_conflict(generator: np.random.Generator) -> Pair:
    return _cues(generator, 0.4), _cues(generator, 0.7)


def _cues(generator: np.random.Generator, share: float) -> Choices:
    names = np.array(["bear", "car", "chair", "face"])
    shape = np.arange(N_STIMULI) % 4
    texture = (shape + 1 + np.arange(N_STIMULI) // 4 % 3) % 4
    said = np.where(generator.random(N_STIMULI) < share, shape, texture)
    ids = np.array([f"s{i:03d}" for i in range(N_STIMULI)])
    return Choices(np.full(N_STIMULI, "one"), ids, names[said], names[shape], names[texture])


def _correctness(generator: np.random.Generator) -> Pair:
    """Errors of every kind, so that they can be correlated."""
    return _called(generator), _called(generator)


def _called(generator: np.random.Generator) -> Choices:
    names = np.array(["bear", "car", "chair", "face"])
    truth = np.arange(N_STIMULI) % 4
    said = np.where(generator.random(N_STIMULI) < 0.5, truth, generator.integers(4, size=N_STIMULI))
    ids = np.array([f"s{i:03d}" for i in range(N_STIMULI)])
    return Choices(np.full(N_STIMULI, "one"), ids, names[said], names[truth])


#: Kinds of made-up sides by the name that a measure's ``sample`` states.
SAMPLES: Mapping[str, Callable[[np.random.Generator], Pair]] = {
    "responses": _responses,
    "equal-units": _equal_units,
    "many-units": _many_units,
    "positive": _positive,
    "trials": _trials,
    "positive-trials": _positive_trials,
    "triplets": _triplets,
    "recognition": _recognition,
    "cue-conflict": _cue_conflict,
    "correctness": _correctness,
}
