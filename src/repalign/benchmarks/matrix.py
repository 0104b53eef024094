"""Every model with every other, without inference: one matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from typing import Any

import numpy as np

from repalign.benchmarks.join import common_ids, join
from repalign.benchmarks.layers import split_layers
from repalign.benchmarks.score import check_enough
from repalign.data import RDM, Assembly, Choices, Responses
from repalign.errors import TooFewError
from repalign.maths import ALL_PAIRS, Floats, all_pairs
from repalign.metrics import Measure
from repalign.metrics import measure as named_measure
from repalign.metrics.measure import naming


@dataclass(frozen=True, eq=False)
class SimilarityMatrix:
    """What :func:`compare_all` found.

    Args:
        measure: Its id.
        names: Of the models, with the layer where there are several.
        values: (n_models, n_models); row i is model i as the first side. Where the measure is not
            symmetric the matrix is not.
        n: Number of stimuli.
        joined: ``"id"`` or ``"position"``.
    """

    measure: str
    names: tuple[str, ...]
    values: Floats
    n: int
    joined: str


def compare_all(
    models: Sequence[Any],
    measure: str | Measure = "cka-linear-debiased",
    *,
    seed: int = 0,
    memory: float = 2e9,
) -> SimilarityMatrix:
    """One measure between all pairs of models, as matrix products where the measure allows it.

    RSA (correlation, cosine, Euclidean; Pearson, cosine, Spearman, rho-a), linear CKA and angular
    Procrustes prepare each model once and compare all pairs together; other measures take pair by pair.

    Args:
        models: Assemblies, RDMs or Choices, or bare arrays (stimulus, unit); an Assembly's layers
            count as models.
        measure: A measure or its id.
        seed: For measures that split stimuli at random.
        memory: Bytes that prepared models may take; beyond, they are prepared again block by block.

    Returns:
        The matrix, its names, and whether stimuli were joined by id or by position.

    Raises:
        TooFewError: Fewer than two models.
        IdentityError: Stimulus ids differ, or only some models have ids.

    Example:
        >>> import numpy as np, repalign as ra
        >>> X = np.random.default_rng(0).normal(size=(50, 8))
        >>> found = ra.compare_all([X, X[:, :4], X[:, 4:]], "cka-linear-biased")
        >>> found.values.shape, bool(found.values[0, 0] > 0.999)
        ((3, 3), True)
    """
    found = named_measure(measure)
    names, sides = _sides(models)
    if len(sides) < 2:
        raise TooFewError(f"{len(sides)} model cannot be compared with another", hint="Name at least two.")
    first = join(sides[0], sides[1])
    check_enough(found, first.n_stimuli)
    for other in sides[2:]:
        common_ids(sides[0], other)
    if first.ids is not None:
        sides = [side.select(first.ids) for side in sides]
    return SimilarityMatrix(found.id, names, _values(found, sides, seed, memory), first.n_stimuli, first.how)


def _sides(models: Sequence[Any]) -> tuple[tuple[str, ...], list[Responses]]:
    names: list[str] = []
    sides: list[Responses] = []
    for number, given in enumerate(models):
        known = isinstance(given, Assembly | RDM | Choices)
        side = given if known else Assembly(np.asarray(given), name=f"model {number}")
        parts = split_layers(side)
        names += [f"{side.name} {layer}".strip() if len(parts) > 1 else side.name for layer in parts]
        sides += parts.values()
    return tuple(names), sides


def _values(found: Measure, sides: list[Responses], seed: int, memory: float) -> Floats:
    plain = [side for side in sides if isinstance(side, Assembly) and side.leading is None]
    if found.id in ALL_PAIRS and len(plain) == len(sides):
        with naming(sides[0].ids, "models in the order given, from 0"):
            return all_pairs([np.asarray(side.array()) for side in plain], found.id, memory=memory)
    out = np.empty((len(sides), len(sides)))
    each = range(len(sides))
    wanted = combinations_with_replacement(each, 2) if found.symmetric else product(each, each)
    for i, j in wanted:
        out[i, j] = found.scores(sides[i], sides[j], seed=seed).mean()
        if found.symmetric:
            out[j, i] = out[i, j]
    return out
