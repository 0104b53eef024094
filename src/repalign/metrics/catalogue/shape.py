"""Shape distances: Procrustes and partial whitening."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import pi, sqrt

from repalign.errors import InputError
from repalign.maths.aligned import aligned_cosine
from repalign.maths.checks import Floats
from repalign.maths.shape import (
    procrustes_angular_distance,
    procrustes_chord_distance,
    procrustes_ding_distance,
    procrustes_similarity,
    procrustes_size_and_shape_distance,
)
from repalign.maths.whitening import shape_whitening_angular_distance
from repalign.metrics.catalogue.family import Family
from repalign.metrics.measure import Measure
from repalign.metrics.rows import Rows

_MOVES = frozenset({"permutation", "orthogonal", "translation"})
_SHAPE = _MOVES | {"scaling"}
_LINEAR = _SHAPE | {"linear", "affine"}
_WILLIAMS = "Williams et al. 2021, NeurIPS"


def squared(distance: Callable[[Floats, Floats], float]) -> Callable[[Floats, Floats], float]:
    """The square of a distance, as a function of its own."""
    return lambda X, Y: distance(X, Y) ** 2


def whitened(alpha: float) -> Rows:
    """Angular distance after partial whitening.

    Raises:
        InputError: alpha is out of range.
    """
    if not 0.0 <= alpha <= 1.0:
        raise InputError(f"alpha is {alpha:g}; partial whitening needs 0 <= alpha <= 1", hint="Try 0.5.")
    blind = {0.0: _LINEAR, 1.0: _SHAPE}.get(alpha, _MOVES)
    return Rows(
        id=f"shape-whitening{alpha:g}-angular-distance",
        formula=f"Procrustes angle after Xc ({alpha:g} I + {1 - alpha:g} (Xc'Xc)^-.5), Y likewise; radians",
        range=(0.0, pi / 2),
        higher_is_closer=False,
        is_metric=True,
        invariances=blind,
        source=f"{_WILLIAMS}, partial whitening",
        function=partial(shape_whitening_angular_distance, alpha=alpha),
    )


MEMBERS: tuple[Measure, ...] = (
    Rows(
        id="procrustes-angular-distance",
        formula="arccos( |Xc'Yc|_* / (|Xc| |Yc|) ), radians",
        range=(0.0, pi / 2),
        higher_is_closer=False,
        is_metric=True,
        invariances=_SHAPE,
        source=f"{_WILLIAMS}; Kendall 1984",
        function=procrustes_angular_distance,
    ),
    Rows(
        id="procrustes-similarity",
        formula="|Xc'Yc|_* / (|Xc| |Yc|), the normalised Bures similarity of the centred linear kernels",
        range=(0.0, 1.0),
        invariances=_SHAPE,
        source="Harvey et al. 2024, UniReps; Tang et al. 2020",
        function=procrustes_similarity,
    ),
    Rows(
        id="procrustes-chord-distance",
        formula="sqrt(2 - 2 |Xc'Yc|_* / (|Xc| |Yc|))",
        range=(0.0, sqrt(2)),
        higher_is_closer=False,
        is_metric=True,
        invariances=_SHAPE,
        source=_WILLIAMS,
        function=procrustes_chord_distance,
    ),
    Rows(
        id="procrustes-ding-distance",
        formula="2 - 2 |Xc'Yc|_* / (|Xc| |Yc|), the square of the chord: no metric",
        range=(0.0, 2.0),
        higher_is_closer=False,
        invariances=_SHAPE,
        source="Ding, Denain & Steinhardt 2021, NeurIPS",
        function=procrustes_ding_distance,
    ),
    Rows(
        id="procrustes-size-and-shape-distance",
        formula="sqrt(|Xc|^2 + |Yc|^2 - 2 |Xc'Yc|_*), the Bures distance of the centred linear kernels",
        range=(0.0, None),
        higher_is_closer=False,
        is_metric=True,
        invariances=_MOVES,
        source=_WILLIAMS,
        function=procrustes_size_and_shape_distance,
    ),
    Rows(
        id="procrustes-size-and-shape-squared-distance",
        formula="|Xc|^2 + |Yc|^2 - 2 |Xc'Yc|_*: no metric",
        range=(0.0, None),
        higher_is_closer=False,
        invariances=_MOVES,
        source=_WILLIAMS,
        function=squared(procrustes_size_and_shape_distance),
    ),
    whitened(0.0),
    whitened(0.5),
    Rows(
        id="procrustes-aligned-cosine-centred",
        formula="mean cosine between centred patterns after the best rotation",
        range=(-1.0, 1.0),
        invariances=_SHAPE,
        source="Klabunde et al. 2023, survey",
        function=partial(aligned_cosine, centred=True),
    ),
    Rows(
        id="procrustes-aligned-cosine-uncentred",
        formula="mean cosine between patterns after the best rotation, not centred",
        range=(-1.0, 1.0),
        invariances=_SHAPE - {"translation"},
        source="Klabunde et al. 2023, survey",
        function=partial(aligned_cosine, centred=False),
    ),
)
FAMILIES: tuple[Family, ...] = (
    Family("shape-whitening{alpha}-angular-distance", {"alpha": float}, whitened),
)
ALIASES: dict[str, str] = {
    f"{name}-{golden}": ours
    for name in ("procrustes", "nbs")
    for golden, ours in {
        "score": "procrustes-similarity",
        "distance=angular": "procrustes-angular-distance",
        "distance=euclidean": "procrustes-size-and-shape-distance",
        "distance=squared_euclidean": "procrustes-size-and-shape-squared-distance",
    }.items()
} | {
    "aligned_cossim": "procrustes-aligned-cosine-centred",
    "aligned_cosine_similarity": "procrustes-aligned-cosine-uncentred",
    "bures_distance": "procrustes-size-and-shape-distance",
    "orthogonal_angular_shape_metric_centered": "procrustes-angular-distance",
    "orthogonal_procrustes_centered_and_normalized": "procrustes-chord-distance",
}
