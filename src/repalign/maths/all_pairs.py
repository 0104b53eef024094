"""All pairs of many models on one stimulus set, as matrix products.

RSA and linear CKA are inner products of vectors over the pairs of stimuli, so M models make an (M, P)
stack whose product with itself holds every comparison. Ranks are taken once for each model.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from repalign.errors import DegenerateError, ShapeError, TooFewError, UnknownNameError
from repalign.maths.arrays import Array, float64, host, inner, is_tensor, singular_values
from repalign.maths.blocks import Blocks
from repalign.maths.checks import Floats, is_constant
from repalign.maths.comparison import RANK_BASED
from repalign.maths.dissimilarity import DISSIMILARITIES
from repalign.maths.kernels import compact, rounding, unit_variation
from repalign.maths.shape import angle
from repalign.maths.stacks import pair_vector, rank_products, stacked_products

#: Bytes that :func:`all_pairs` may hold beside the responses, unless told otherwise.
MEMORY = 2e9
# Below this squared distance between unit shapes, one minus a cosine has lost digits.
_NEAR = 2e-4

_RSA = {
    f"rsa-{within}-{between}": (within, between)
    for within in ("correlation", "cosine", "squared-euclidean", "euclidean")
    for between in ("pearson", "cosine", "spearman", "rho-a")
}
_CKA = {"cka-linear-biased": 2, "cka-linear-debiased": 4}
_PROCRUSTES = "procrustes-angular-distance"
#: Ids of the measures that :func:`all_pairs` knows.
ALL_PAIRS: tuple[str, ...] = (*_RSA, *_CKA, _PROCRUSTES)

_CONSTANT = "RDM is constant: all its pairs have the same dissimilarity"
_NO_HSIC = "own HSIC estimate is not positive, so that debiased CKA is undefined"


def all_pairs(models: Sequence[Array], measure: str, *, memory: float = MEMORY) -> Floats:
    """Compare each of M models with each other.

    Takes the arithmetic of one kernel or RDM for each model (for ranks one sort of it) and of one product
    of the (M, n_pairs) stack with itself. Where the stack is larger than ``memory`` it is made and
    multiplied a block of stimuli at a time; ranks, which cannot be, are made for groups of models.
    Procrustes takes one singular value decomposition for each pair of models.

    Args:
        models: Responses of each to the same stimuli, (n_stimuli, n_units of that model); all numpy arrays,
            or all torch tensors on one device.
        measure: One of :data:`ALL_PAIRS`.
        memory: Bytes that may be held beside the responses.

    Returns:
        (M, M), symmetric: the numbers of the function of two models, to 1e-10; from float32 tensors, whose
        products of responses are float32, to 1e-5 (ranks 1e-4; Procrustes 1e-3 where models nearly agree).

    Raises:
        UnknownNameError: No such measure.
        TooFewError: No models, or fewer than 3 stimuli (CKA: 2, debiased 4).
        ShapeError: The numbers of stimuli differ.
        DegenerateError: A model has NaN, a constant pattern or a constant RDM.
    """
    if measure not in ALL_PAIRS:
        raise UnknownNameError.among("measure of all pairs of models", measure, ALL_PAIRS)
    _same_stimuli(models)
    if measure == _PROCRUSTES:
        return _angles(models, memory)
    if measure in _CKA:
        return _aligned(models, _CKA[measure], memory)
    within, between = _RSA[measure]
    if between in RANK_BASED:
        return _ranked(models, within, between, memory)
    return _compared(models, within, between, memory)


def _same_stimuli(models: Sequence[Array]) -> None:
    if not models:
        raise TooFewError("there are no models to compare", hint="Give the responses of at least one.")
    for i, model in enumerate(models):
        if len(model) != len(models[0]):
            raise ShapeError(
                f"model 0 has {len(models[0])} stimuli and model {i} has {len(model)}; all share them",
                hint="Join them by stimulus id first.",
            )


def _sides(models: Sequence[Array], kind: str, *, at_least: int, ties: bool = False) -> list[Blocks]:
    return [Blocks(X, kind, f"model {i}", at_least=at_least, ties=ties) for i, X in enumerate(models)]


def _compared(models: Sequence[Array], within: str, between: str, memory: float) -> Floats:
    sides = _sides(models, within, at_least=3)
    products, sums, ends = stacked_products(sides, memory, centre=between == "pearson")
    if between == "cosine":
        return _cosines(products, products.diagonal() <= 0, _CONSTANT)
    pairs = len(sides[0]) * (len(sides[0]) - 1) / 2
    return _cosines(products - np.outer(sums, sums) / pairs, is_constant(ends, axis=0), _CONSTANT)


def _ranked(models: Sequence[Array], within: str, between: str, memory: float) -> Floats:
    sides = _sides(models, within, at_least=3, ties=True)

    def pairs(i: int) -> Array:
        # The function of one model, where there is one: the same ties, to the last bit.
        return pair_vector(sides[i]) if is_tensor(models[i]) else DISSIMILARITIES[within](models[i])

    products, n = rank_products(len(models), pairs, memory), len(sides[0])
    if between == "rho-a":
        count = n * (n - 1) / 2
        return products * (12.0 / (count**3 - count))
    return _cosines(products, products.diagonal() <= 0, _CONSTANT)


def _aligned(models: Sequence[Array], at_least: int, memory: float) -> Floats:
    sides = _sides(models, "product", at_least=at_least)
    products = stacked_products(sides, memory, centre=False).products
    n, diagonals = len(sides[0]), np.stack([host(side.norms) for side in sides])
    on_diagonal = diagonals @ diagonals.T
    whole = 2.0 * products + on_diagonal
    if at_least == _CKA["cka-linear-biased"]:
        return _cosines(whole, whole.diagonal() <= 0, _NO_HSIC)
    # HSIC_1: rows of a centred kernel sum to zero, and without the diagonal to minus its entry.
    totals = diagonals.sum(axis=1)
    left = 2.0 * products - 2.0 / (n - 2) * on_diagonal + np.outer(totals, totals) / ((n - 1) * (n - 2))
    noise = max(map(rounding, models))
    return _cosines(left, left.diagonal() <= noise * whole.diagonal(), _NO_HSIC)


def _cosines(products: Floats, undefined: NDArray[np.bool_], why: str) -> Floats:
    """Inner products over the lengths of the vectors."""
    if undefined.any():
        raise DegenerateError(
            f"model {int(undefined.argmax())}: the {why}",
            hint="Nothing can be compared there; is the model blind to these stimuli, or are they too few?",
        )
    lengths = np.sqrt(products.diagonal())
    return products / np.outer(lengths, lengths)


def _angles(models: Sequence[Array], memory: float) -> Floats:
    angles = np.zeros((len(models), len(models)))
    n = len(models[0])
    held = sum(8 * n * min(n, model.shape[1]) for model in models) <= memory
    shapes = [_shape(X, f"model {i}") for i, X in enumerate(models)] if held else []
    for i in range(len(models)):
        x = shapes[i] if held else _shape(models[i], f"model {i}")
        for j in range(i + 1, len(models)):
            y = shapes[j] if held else _shape(models[j], f"model {j}")
            angles[i, j] = angles[j, i] = _angle(x, y)
    return angles


def _shape(X: Array, name: str) -> Array:
    varied = compact(unit_variation(X, name))
    return varied / inner(varied, varied) ** 0.5


def _angle(x: Array, y: Array) -> float:
    if is_tensor(x):
        squared = 2.0 - 2.0 * float(singular_values(float64(x.T @ y)).sum())
        if squared > _NEAR:
            return float(np.arccos(1.0 - squared / 2.0))
    return angle(host(x), host(y))
