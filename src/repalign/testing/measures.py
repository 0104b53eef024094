"""The check-suite of measures: everything a measure declares about itself, proved or refuted."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from repalign.data import Assembly, Choices, Responses
from repalign.errors import RepalignError
from repalign.maths import Floats
from repalign.metrics import INVARIANCES, Encoding, Measure, ReweightedRSA
from repalign.seeds import rng
from repalign.testing.sides import N_STIMULI, made_up, of_the_kind, sides

_TOLERANCE = 1e-9


def check_measure(measure: Measure) -> list[str]:
    """Check a measure against its own declaration, on made-up responses.

    Symmetry, range, the value for equal sides, the triangle inequality where it claims to be a metric,
    independence of the order of stimuli, refusal of NaN; and each invariance both ways: what is claimed
    holds, and what is not claimed is broken by a counterexample.

    Args:
        measure: A registered measure, or one of your own.

    Returns:
        What is wrong, in words; empty when all is well.

    Example:
        >>> from repalign.metrics import MEASURES
        >>> from repalign.testing import check_measure
        >>> check_measure(MEASURES["cka-linear-debiased"])
        []
    """
    laws: tuple[Callable[[Measure], list[str]], ...] = (
        _identity,
        _range,
        _symmetry,
        _triangle,
        _stimulus_order,
        _invariances,
        _refuses_nan,
    )
    return [f"{measure.id}: {fault}" for law in laws for fault in law(measure)]


def _value(measure: Measure, a: Responses, b: Responses) -> float:
    return float(measure.scores(a, b).mean())


def _identity(measure: Measure) -> list[str]:
    expected = measure.equal_sides
    if expected is None:
        if not measure.symmetric:
            return []
        expected = 1.0 if measure.higher_is_closer else 0.0
    if math.isnan(expected):
        return []
    one, other = sides(measure)
    value = _value(measure, one, one)
    # An angle near zero is the arccos of nearly one: it keeps half of the digits.
    tolerance = _TOLERANCE if measure.higher_is_closer else 1e-7
    if abs(value - expected) >= tolerance:
        return [f"equal sides give {value}, not {expected}"]
    sign = 1.0 if measure.higher_is_closer else -1.0
    differing = _value(measure, one, other)
    if sign * (value - differing) < -tolerance:
        return [f"equal sides give {value}, which is further than the {differing} of differing ones"]
    return []


def _range(measure: Measure) -> list[str]:
    low, high = measure.range
    values = [_value(measure, *sides(measure, seed)) for seed in range(5)]
    out = [
        v for v in values if (low is not None and v < low - 1e-12) or (high is not None and v > high + 1e-12)
    ]
    return [f"{out[0]} lies outside the declared range {measure.range}"] if out else []


def _symmetry(measure: Measure) -> list[str]:
    if not measure.symmetric:
        return []
    a, b = sides(measure)
    difference = abs(_value(measure, a, b) - _value(measure, b, a))
    return [f"exchanging the sides changes it by {difference}"] if difference > _TOLERANCE else []


def _triangle(measure: Measure) -> list[str]:
    if not measure.is_metric:
        return []
    if not measure.symmetric or measure.higher_is_closer:
        return ["it claims to be a metric and not to be a symmetric distance"]
    for seed in range(20):
        generator = rng(seed, "check", "triangle")
        x, y, z = (generator.normal(size=(8, 3)) for _ in range(3))
        # Random points are nearly equidistant; only one between the others finds a squared distance out.
        points = (x, (x + z) / 2 if seed % 2 else y, z)
        a, b, c = (of_the_kind(measure, each, generator) for each in points)
        if _value(measure, a, c) > _value(measure, a, b) + _value(measure, b, c) + _TOLERANCE:
            return ["it claims to be a metric and breaks the triangle inequality"]
    return []


def _stimulus_order(measure: Measure) -> list[str]:
    if isinstance(measure, Encoding | ReweightedRSA):
        return []  # measures that draw folds depend on the order; benchmarks make it canonical
    a, b = sides(measure)
    if isinstance(a, Choices) or isinstance(b, Choices):
        return []  # trials carry their ids
    ids = [a.require_ids()[i] for i in rng(1, "check", "order").permutation(N_STIMULI)]
    difference = abs(_value(measure, a, b) - _value(measure, a.select(ids), b.select(ids)))
    return (
        [f"permuting the stimuli of both sides changes it by {difference}"] if difference > _TOLERANCE else []
    )


def _invariances(measure: Measure) -> list[str]:
    a, b = sides(measure)
    if not isinstance(a, Assembly):
        return []
    before = _value(measure, a, b)
    faults: list[str] = []
    for name in INVARIANCES:
        difference = _difference(measure, made_up(changes(name, np.asarray(a.values))), b, before)
        holds = difference < 1e-7
        if holds != (name in measure.invariances):
            claim = "claims" if name in measure.invariances else "does not claim"
            faults.append(f"it {claim} invariance to {name}, and the change is {difference:.2g}")
    return faults


def _difference(measure: Measure, changed: Responses, other: Responses, before: float) -> float:
    try:
        return abs(_value(measure, changed, other) - before)
    except RepalignError:
        return math.inf  # e.g. a rotation makes rates negative: no number is not the same number


def changes(name: str, x: Floats) -> Floats:
    """Responses after a change of their units of the named kind.

    Args:
        name: One of :data:`repalign.metrics.INVARIANCES`.
        x: (..., n_stimuli, n_units).
    """
    generator = rng(0, "check", "change", name)
    p = x.shape[-1]
    linear = generator.normal(size=(p, p)) + 2 * np.eye(p)
    changed: dict[str, Callable[[], Floats]] = {
        "permutation": lambda: x[..., generator.permutation(p)],
        "orthogonal": lambda: x @ np.linalg.qr(linear)[0],
        "scaling": lambda: 3.7 * x,
        "translation": lambda: x + 5 * generator.normal(size=p),
        "linear": lambda: x @ linear,
        "affine": lambda: x @ linear + generator.normal(size=p),
    }
    return changed[name]()


def _refuses_nan(measure: Measure) -> list[str]:
    a, b = sides(measure)
    if not isinstance(a, Assembly):
        return []
    values = np.array(a.values)
    values[..., 3, 1] = np.nan
    try:
        value = _value(measure, made_up(values), b)
    except RepalignError as error:
        return (
            []
            if "s003" in error.message
            else [f"its refusal of NaN does not name the stimulus: {error.message}"]
        )
    return [f"NaN responses give {value} instead of an error"]
