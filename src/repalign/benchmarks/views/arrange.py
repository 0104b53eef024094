"""In which order the rows of an RDM are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from repalign.benchmarks.benchmark import Benchmark
from repalign.maths import Floats

_GROUPING = ("category", "class", "label")  # columns that say of what kind a stimulus is


def arrange(
    ids: Sequence[str], bench: Benchmark, pairs: Floats, whose: str
) -> tuple[list[int], list[str], str]:
    """Stimuli by their category where there are any, else so that alike ones are neighbours.

    Args:
        ids: The stimuli.
        bench: Whose stimuli they are; its data set's own order is kept within a category.
        pairs: Dissimilarities by which they are clustered otherwise, condensed.
        whose: Name of the RDM.

    Returns:
        Positions in ``ids``, the category of each in this order (or none), and in words by what.
    """
    everything = bench.shown()
    place = {name: i for i, name in enumerate(everything.ids)}
    for column in _GROUPING:
        if column in everything.columns:
            kinds = everything.column(column)
            of = {name: kinds[place[name]].item() for name in ids}
            if 1 < len(set(of.values())) <= len(ids) // 2:
                return (*_by_group(ids, of, place), column)
    clustered = f"hierarchical clustering (average linkage, optimal leaf order) of {whose}"
    return _leaves(pairs), [], clustered


def _by_group(
    ids: Sequence[str], group_of: dict[str, Any], place: dict[str, int]
) -> tuple[list[int], list[str]]:
    own_order = sorted(range(len(ids)), key=lambda i: place[ids[i]])
    groups = list(dict.fromkeys(group_of[ids[i]] for i in own_order))
    if not isinstance(groups[0], str):
        groups.sort()  # numbers have an order of their own
    order = sorted(own_order, key=lambda i: groups.index(group_of[ids[i]]))  # stable within a group
    return order, [str(group_of[ids[i]]) for i in order]


def _leaves(pairs: Floats) -> list[int]:
    from scipy.cluster.hierarchy import leaves_list, linkage

    # Distances below 0 (cross-validated ones) mean none to the clustering, as 0 does.
    return leaves_list(linkage(np.maximum(pairs, 0.0), "average", optimal_ordering=True)).tolist()
