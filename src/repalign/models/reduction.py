"""Fewer units than a layer has: named reductions, part of what the result is called and keyed by."""

from __future__ import annotations

import re
from typing import Any, Protocol

from numpy.typing import NDArray

from repalign.errors import InputError
from repalign.models.reduction_pca import PCA
from repalign.models.reduction_srp import SparseProjection

_FORMS = re.compile(r"(srp)[:-](\d+)(?:-seed(\d+))?|(pca)[:-](\d+)")


class Reduction(Protocol):
    """From all units of a layer to few."""

    @property
    def name(self) -> str:
        """With every parameter, e.g. ``"srp-4096-seed0"``."""
        ...

    @property
    def by_batch(self) -> bool:
        """Whether each stimulus is reduced on its own, or all are needed first."""
        ...

    @property
    def n_components(self) -> int:
        """Units that are left; a layer that has no more than these stays as it is."""
        ...

    def matrix_bytes(self, n_stimuli: int, n_units: int) -> int:
        """Memory that it needs for a layer, beside the responses."""
        ...

    def __call__(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Reduce responses of shape (n_stimuli, n_units) to (n_stimuli, n_components)."""
        ...


def reduction_named(named: str | Reduction | None) -> Reduction | None:
    """The reduction meant.

    Args:
        named: ``"srp:4096"`` (sparse random projection, seed 0), ``"srp-4096-seed1"``, ``"pca:100"``, a
            reduction, or None.

    Raises:
        InputError: Not of that form, or no component.
    """
    if named is None or not isinstance(named, str):
        return named
    form = _FORMS.fullmatch(named)
    if form is None or int(form[2] or form[5]) < 1:
        raise InputError(
            f"there is no reduction {named!r}",
            hint="Known: 'srp:K' (sparse random projection to K units; 'srp-K-seed1' for another seed), "
            "'pca:K' (K principal components).",
        )
    if form[1]:
        return SparseProjection(int(form[2]), int(form[3] or 0))
    return PCA(int(form[5]))


def label(layer: str, n_units: int, reduction: Reduction | None) -> str:
    """What a layer is called afterwards: ``layer4(srp-4096-seed0)``, or itself where nothing was reduced."""
    if reduction is None or n_units <= reduction.n_components:
        return layer
    return f"{layer}({reduction.name})"


def kept_units(n_units: int, reduction: Reduction | None) -> int:
    """Units of a layer after the reduction."""
    return n_units if reduction is None else min(n_units, reduction.n_components)
