"""Shared neighbours."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from repalign.errors import InputError
from repalign.maths.neighbours import cknna, knn_jaccard, knn_rank_similarity, mutual_knn, second_order_cosine
from repalign.metrics.catalogue.family import Family
from repalign.metrics.measure import Measure
from repalign.metrics.rows import Rows

_BLIND = frozenset({"permutation", "orthogonal", "scaling"})
_HUH = "Huh et al. 2024, ICML"


def _checked(k: int) -> int:
    if k < 1:
        raise InputError(f"k is {k}; a stimulus has at least 1 neighbour", hint="Try k = 10.")
    return k


def mutual(k: int) -> Rows:
    """Share of common neighbours."""
    return Rows(
        id=f"mutual-knn-k{_checked(k)}",
        formula=f"mean |N_X and N_Y| / {k}, N the {k} nearest by cosine; chance {k}/(n-1)",
        range=(0.0, 1.0),
        invariances=_BLIND,
        min_stimuli=max(3, k + 1),
        source=_HUH,
        function=partial(mutual_knn, k=k),
    )


def jaccard(k: int) -> Rows:
    """Jaccard similarity of neighbours."""
    return Rows(
        id=f"knn-jaccard-k{_checked(k)}",
        formula=f"mean |N_X and N_Y| / |N_X or N_Y|, N the {k} nearest by cosine",
        range=(0.0, 1.0),
        invariances=_BLIND,
        min_stimuli=max(3, k + 1),
        source="Klabunde et al. 2025, ICLR (ReSi); Wang et al. 2020",
        function=partial(knn_jaccard, k=k),
    )


def ranked(k: int) -> Rows:
    """Agreement in the ranks of common neighbours."""
    return Rows(
        id=f"knn-rank-similarity-k{_checked(k)}",
        formula=f"mean of sum 2/((1+|r_X-r_Y|)(r_X+r_Y)) over common {k} nearest by cosine, over sum 1/m",
        range=(0.0, 1.0),
        invariances=_BLIND,
        min_stimuli=max(3, k + 1),
        source="Wang et al. 2020; Klabunde et al. 2025, ICLR (ReSi)",
        function=partial(knn_rank_similarity, k=k),
    )


def restricted_cka(k: int) -> Rows:
    """CKA over common neighbours."""
    return Rows(
        id=f"cknna-k{_checked(k)}",
        formula=f"HSIC_1 over cosines of pairs {k} nearest on both sides, over the roots of each side's own",
        range=(None, None),
        invariances=_BLIND,
        min_stimuli=max(4, k + 1),
        source=_HUH,
        function=partial(cknna, k=k),
    )


def _second_order(k: int, what: str, distances: bool) -> Rows:
    return Rows(
        id=f"second-order-cosine-{what}-k{_checked(k)}",
        formula=f"mean cosine between vectors of {what} to the {k} nearest by cosine on either side",
        range=(-1.0, 1.0) if not distances else (0.0, 1.0),
        invariances=_BLIND,
        min_stimuli=max(3, k + 1),
        source="Hamilton, Leskovec & Jurafsky 2016, EMNLP"
        + ("; Klabunde et al. 2025 (ReSi)" if distances else ""),
        function=partial(second_order_cosine, k=k, distances=distances),
    )


def second_order(k: int) -> Rows:
    """Second-order cosine of cosines."""
    return _second_order(k, "cosines", False)


def second_order_distances(k: int) -> Rows:
    """Second-order cosine of cosine distances."""
    return _second_order(k, "distances", True)


_BUILD: dict[str, Callable[..., Measure]] = {
    "mutual-knn-k{k}": mutual,
    "cknna-k{k}": restricted_cka,
    "knn-jaccard-k{k}": jaccard,
    "knn-rank-similarity-k{k}": ranked,
    "second-order-cosine-cosines-k{k}": second_order,
    "second-order-cosine-distances-k{k}": second_order_distances,
}
MEMBERS: tuple[Measure, ...] = tuple(build(k=10) for build in _BUILD.values())
FAMILIES: tuple[Family, ...] = tuple(
    Family(template, {"k": int}, build) for template, build in _BUILD.items()
)
ALIASES: dict[str, str] = {
    "jaccard_similarity": "knn-jaccard-k10",
    "rank_similarity": "knn-rank-similarity-k10",
    "second_order_cosine_similarity": "second-order-cosine-distances-k10",
}
