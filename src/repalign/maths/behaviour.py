"""Behaviour summed up: accuracy, shape bias, confusions, and how far two such numbers lie apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from repalign.errors import DegenerateError, InputError, ShapeError
from repalign.maths.checks import Floats, is_constant

Labels = NDArray[np.intp]


def accuracy_closeness(model: float, person: float) -> float:
    """How close two accuracies are, as a share of the largest distance possible (Schrimpf et al. 2018).

    1 - |a - b| / max(b, 1 - b), with b the person's: 0 for a model as far away as any could be.

    Args:
        model: Accuracy a, 0..1.
        person: Accuracy b, 0..1.

    Returns:
        0..1, 1 where they are equal. Not symmetric.

    Raises:
        InputError: An accuracy outside 0..1.
    """
    for name, value in (("model", model), ("person", person)):
        if not 0 <= value <= 1:
            raise InputError(f"the {name}'s accuracy is {value}; accuracies lie in 0..1", hint="Divide by n.")
    return 1.0 - abs(model - person) / max(person, 1.0 - person)


def value_delta(a: float, b: float, scale: float = 1.0) -> float:
    """exp(-s |a - b|): closeness of two numbers of any kind, 1 where they are equal.

    Args:
        a: One number.
        b: The other.
        scale: s, above 0, in units of 1 / a.

    Returns:
        0..1.

    Raises:
        InputError: The scale is not positive.
    """
    if scale <= 0:
        raise InputError(f"the scale is {scale}; it must be above 0", hint="Use 1.")
    return float(np.exp(-scale * abs(a - b)))


def chance_corrected(accuracy: float, ceiling: float, chance: float = 1 / 3) -> float:
    """(accuracy - chance) / (ceiling - chance), the rule for the odd one out; nothing is clipped.

    Args:
        accuracy: Share of trials, 0..1.
        ceiling: What is reached by a perfect model, e.g. the agreement between people.
        chance: What guessing reaches, 1/3 for triplets.

    Returns:
        1 at the ceiling, 0 at chance, negative below.

    Raises:
        DegenerateError: The ceiling is not above chance.
    """
    if not ceiling > chance:
        raise DegenerateError(
            f"the ceiling is {ceiling:.4g} and chance {chance:.4g}: nothing can be scored between them",
            hint="People do not agree beyond chance on these trials; report the accuracy itself.",
        )
    return (accuracy - chance) / (ceiling - chance)


def shape_bias(shape: NDArray[np.bool_], texture: NDArray[np.bool_]) -> float:
    """Share of shape among the decisions for shape or texture (Geirhos et al. 2019).

    Args:
        shape: Whether the response was the category of the shape, (n_trials,).
        texture: Whether it was the category of the texture, (n_trials,). Trials with neither count for
            neither; trials in which shape and texture are the same category do not belong here.

    Returns:
        0 (texture only) .. 1 (shape only).

    Raises:
        ShapeError: The numbers of trials differ.
        DegenerateError: No decision for either; or a trial counts for both.
    """
    if shape.shape != texture.shape:
        raise ShapeError(f"shape has {shape.shape} trials and texture {texture.shape}", hint="Use the same.")
    both = np.flatnonzero(shape & texture)
    if len(both):
        raise DegenerateError(
            f"{len(both)} trials have the same category for shape and texture",
            hint="Leave out trials without a cue conflict.",
            rows=both.tolist(),
        )
    decided = int(shape.sum() + texture.sum())
    if decided == 0:
        raise DegenerateError(
            "no response named the shape or the texture: a shape bias does not exist",
            hint="Look at the accuracy first.",
        )
    return float(shape.sum() / decided)


def confusion_rates(truth: Labels, response: Labels, n_categories: int) -> Floats:
    """How often each category was called each other one.

    Args:
        truth: Correct category of each trial, 0..n_categories - 1, (n_trials,).
        response: The response, the same coding, (n_trials,).
        n_categories: How many there are.

    Returns:
        (n_categories, n_categories), rows (the truth) summing to 1.

    Raises:
        DegenerateError: A category was never shown; ``rows`` names it.
    """
    counts = np.zeros((n_categories, n_categories))
    np.add.at(counts, (truth, response), 1.0)
    shown = counts.sum(axis=1)
    if (shown == 0).any():
        absent = np.flatnonzero(shown == 0).tolist()
        raise DegenerateError(
            f"{len(absent)} of {n_categories} categories were never shown",
            hint="Leave them out of the responses too.",
            rows=absent,
        )
    return counts / shown[:, None]


def confusion_similarity(a: Floats, b: Floats) -> float:
    """Pearson's r of the errors of two confusion matrices, that is, off their diagonals.

    Args:
        a: Rates from :func:`confusion_rates`, (n_categories, n_categories).
        b: The same of the other side.

    Returns:
        -1..1. The diagonal is left out, because two accurate observers agree there whatever their errors.

    Raises:
        ShapeError: The sizes differ.
        DegenerateError: One side's errors are all equal (for example none).
    """
    if a.shape != b.shape or a.ndim != 2 or a.shape[0] != a.shape[1]:
        raise ShapeError(
            f"confusion matrices of shape {a.shape} and {b.shape}", hint="Use the same categories."
        )
    off = ~np.eye(len(a), dtype=bool)
    errors = [a[off], b[off]]
    if any(bool(is_constant(each, axis=0)) for each in errors):
        raise DegenerateError(
            "all confusions are equally frequent (or there are none): errors cannot be correlated",
            hint="Use harder stimuli or more trials.",
        )
    x, y = (each - each.mean() for each in errors)
    return float(x @ y / np.sqrt((x @ x) * (y @ y)))
