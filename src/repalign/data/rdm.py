"""RDM: dissimilarities between stimuli, in scipy's condensed form, with stimulus ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data.digests import digest_array, digest_bytes, digest_labels, digest_strings
from repalign.data.files import read_noun, write_arrays
from repalign.data.ids import check_ids, positions
from repalign.errors import IdentityError, ShapeError, UnknownNameError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RDM:
    """One representational dissimilarity matrix, or several of the same stimuli (one per subject).

    Args:
        values: The upper triangle, row-major (pairs 01, 02, ..., 12, ...): shape (n_pairs,), or
            (n_rdms, n_pairs) for several.
        ids: Stimulus ids, n of them with n (n - 1) / 2 = n_pairs; None for a bare matrix.
        labels: For several: name (``subject``, ``session`` ...) to labels of shape (n_rdms,).
        dissimilarity: How the values were made, e.g. ``"correlation"`` or ``"as published"``.
        name: Whose RDM it is.

    Raises:
        ShapeError: The number of pairs fits no number of stimuli, or not the ids.
    """

    values: Floats
    ids: tuple[str, ...] | None = None
    labels: Mapping[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])
    dissimilarity: str = "as given"
    name: str = "rdm"

    def __post_init__(self) -> None:
        values = np.asarray(self.values, dtype=np.float64)
        n = n_from_pairs(values.shape[-1]) if values.ndim in (1, 2) else None
        if n is None:
            raise ShapeError(
                f"{self.name}: an RDM has n(n-1)/2 pairs: (pairs,) or (rdms, pairs); saw {values.shape}",
                hint="For a square matrix use RDM.from_square(matrix, ids=...).",
            )
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "labels", {k: np.asarray(v) for k, v in self.labels.items()})
        if self.ids is not None:
            object.__setattr__(self, "ids", check_ids(self.ids))
            if len(self.ids) != n:
                raise ShapeError(
                    f"{self.name}: {len(self.ids)} ids for an RDM of {n} stimuli",
                    hint="Give one id per stimulus.",
                )
        stack = values.shape[0] if values.ndim == 2 else 0
        if any(len(v) != stack for v in self.labels.values()):
            raise ShapeError(
                f"{self.name}: labels need one entry for each of {stack} RDMs",
                hint="A single RDM, shape (pairs,), has none; stack it as (1, pairs) to label it.",
            )

    @classmethod
    def from_square(cls, square: NDArray[Any], ids: Sequence[str] | None = None, **rest: Any) -> RDM:
        """Build from one (n, n) or several (k, n, n) square matrices.

        Raises:
            ShapeError: Not square, not symmetric (to 1e-8 of the largest entry), or the diagonal
                is not zero.
        """
        stacked = np.asarray(square, dtype=np.float64)
        if stacked.ndim not in (2, 3) or stacked.shape[-1] != stacked.shape[-2]:
            raise ShapeError(
                f"a square RDM is (n, n) or (k, n, n); saw {stacked.shape}",
                hint="For the upper triangle use RDM(values, ids=...).",
            )
        # A NaN compares as neither larger nor smaller, so the rules are put as what must hold.
        scale = 1e-8 * float(np.abs(stacked[np.isfinite(stacked)]).max(initial=0.0))
        if not np.allclose(stacked, np.swapaxes(stacked, -1, -2), rtol=0.0, atol=scale, equal_nan=True):
            raise ShapeError("the matrix is not symmetric", hint="Is it a similarity or a confusion matrix?")
        if not np.all(np.abs(np.diagonal(stacked, axis1=-2, axis2=-1)) <= scale):
            raise ShapeError(
                "the diagonal is not zero",
                hint="A dissimilarity of a stimulus with itself is 0: is it 1 - s?",
            )
        rows, columns = np.triu_indices(stacked.shape[-1], 1)
        return cls(stacked[..., rows, columns], None if ids is None else tuple(ids), **rest)

    def __repr__(self) -> str:
        many = f", n_rdms={self.n_rdms}" if self.values.ndim == 2 else ""
        return f"RDM({self.name!r}{many}, n_stimuli={self.n_stimuli}, {self.dissimilarity})"

    @property
    def n_stimuli(self) -> int:
        """The number of stimuli."""
        return n_from_pairs(self.values.shape[-1]) or 0

    @property
    def n_rdms(self) -> int:
        """How many matrices there are."""
        return int(self.values.shape[0]) if self.values.ndim == 2 else 1

    @cached_property
    def digest(self) -> str:
        """Content digest over values, ids, labels and the kind of dissimilarity."""
        return digest_bytes(
            b"rdm",
            digest_array(self.values).encode(),
            digest_strings(self.ids or ()).encode(),
            digest_labels(self.labels).encode(),
            self.dissimilarity.encode(),
        )

    def square(self) -> Floats:
        """The full matrix: (n, n), or (n_rdms, n, n)."""
        return to_square(self.values)

    def require_ids(self) -> tuple[str, ...]:
        """The stimulus ids.

        Raises:
            IdentityError: The RDM is bare.
        """
        if self.ids is None:
            raise IdentityError(f"{self.name} has no stimulus ids", hint="Give them: RDM(values, ids=...).")
        return self.ids

    def select(self, ids: Sequence[str]) -> RDM:
        """The RDM of these stimuli, in this order.

        Raises:
            IdentityError: Some ids are not here, or there are none.
        """
        rows = positions(self.require_ids(), ids)
        return replace(self, values=take_stimuli(self.values, rows), ids=tuple(ids))

    def mean(self, over: str | None = None) -> RDM:
        """Average the stack, all of it or within equal values of the other labels.

        Args:
            over: The label that is averaged away, e.g. ``"session"``; the remaining labels stay.
                None averages everything.

        Raises:
            UnknownNameError: There are labels, but none of this name.
        """
        if self.values.ndim == 1:
            return self
        if over is not None and self.labels and over not in self.labels:
            raise UnknownNameError.among("label", over, self.labels)
        others = {k: v for k, v in self.labels.items() if k != over}
        if over is None or not others:
            return replace(self, values=self.values.mean(axis=0), labels={})
        return self._grouped(others)

    def mean_within(self, label: str) -> RDM:
        """Average the RDMs that share a value of ``label``, e.g. the sessions of each subject.

        Raises:
            UnknownNameError: There is no such label.
        """
        if label not in self.labels:
            raise UnknownNameError.among("label", label, self.labels)
        return self._grouped({label: self.labels[label]})

    def _grouped(self, kept: Mapping[str, NDArray[Any]]) -> RDM:
        groups = [tuple(str(v[i]) for v in kept.values()) for i in range(self.n_rdms)]
        firsts = {g: groups.index(g) for g in groups}
        members = {g: [i for i, h in enumerate(groups) if h == g] for g in firsts}
        values = np.stack([self.values[members[g]].mean(axis=0) for g in firsts])
        rows = np.array(list(firsts.values()))
        return replace(self, values=values, labels={k: v[rows] for k, v in kept.items()})

    def save(self, path: Path | str) -> Path:
        """Write to ``.npz`` without pickle; :meth:`load` gives an equal RDM.

        Raises:
            StorageError: The file cannot be written.
        """
        header = {"noun": "rdm", "name": self.name, "ids": self.ids, "dissimilarity": self.dissimilarity}
        labels = {f"label:{name}": values for name, values in self.labels.items()}
        write_arrays(Path(path), {"values": self.values, **labels}, header)
        return Path(path)

    @classmethod
    def load(cls, path: Path | str) -> RDM:
        """Read what :meth:`save` wrote.

        Raises:
            FileError: Missing, damaged, or not an RDM.
        """
        arrays, header = read_noun(Path(path), "rdm", ("values",), ("ids", "dissimilarity", "name"))
        labels = {k.removeprefix("label:"): v for k, v in arrays.items() if k.startswith("label:")}
        ids = header["ids"]
        return cls(
            arrays["values"],
            None if ids is None else tuple(ids),
            labels,
            header["dissimilarity"],
            header["name"],
        )


def n_from_pairs(pairs: int) -> int | None:
    """The n with n (n - 1) / 2 = pairs, or None where there is none."""
    n = round((1 + (1 + 8 * pairs) ** 0.5) / 2)
    return n if pairs > 0 and n * (n - 1) // 2 == pairs else None


def to_square(condensed: Floats) -> Floats:
    """Full symmetric matrices with zero diagonal: (..., n_pairs) to (..., n, n)."""
    n = n_from_pairs(condensed.shape[-1]) or 0
    rows, columns = np.triu_indices(n, 1)
    square = np.zeros((*condensed.shape[:-1], n, n))
    square[..., rows, columns] = condensed
    square[..., columns, rows] = condensed
    return square


def take_stimuli(condensed: Floats, rows: NDArray[np.intp]) -> Floats:
    """The condensed form after reordering or subsetting stimuli: (..., n_pairs) to (..., m_pairs)."""
    n = n_from_pairs(condensed.shape[-1]) or 0
    i, j = np.triu_indices(len(rows), 1)
    low, high = np.minimum(rows[i], rows[j]), np.maximum(rows[i], rows[j])
    return condensed[..., low * n - low * (low + 1) // 2 + high - low - 1]
