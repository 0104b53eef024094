"""Assembly: responses of a model, a brain or people to stimuli, with labels on every axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from repalign.data.blocks import ColumnBlocks
from repalign.data.digests import digest_array, digest_bytes, digest_labels, digest_strings
from repalign.data.files import read_noun, write_arrays
from repalign.data.ids import check_ids, positions
from repalign.errors import IdentityError, ShapeError, UnknownNameError

LEADING_AXES = ("repetition", "subject")


@dataclass(frozen=True, eq=False)
class Assembly:
    """Responses: (stimulus, unit), or (repetition or subject, stimulus, unit).

    Args:
        values: Numbers of shape (n_stimuli, n_units) or (n_leading, n_stimuli, n_units); or columns that
            lie in several arrays (:class:`ColumnBlocks`), as extraction gives for many layers.
        ids: Stimulus ids along the stimulus axis; None for bare arrays, which have no identity.
        units: Labels of the unit axis: name (``layer``, ``region``, ``neuroid`` ...) to (n_units,).
        leading: What the leading axis is, ``"repetition"`` or ``"subject"``; None if there is none.
        labels: Labels along the leading axis, e.g. the subjects' names, shape (n_leading,).
        name: Who responded, e.g. ``"builtin/rgb"``.

    Raises:
        ShapeError: The axes do not fit the labels.
        IdentityError: Ids are doubled or not text.

    Example:
        >>> import numpy as np, repalign as ra
        >>> ra.Assembly(np.zeros((2, 3)), ids=("a", "b"), name="mine")
        Assembly('mine', n_stimuli=2, n_units=3)
    """

    values: NDArray[Any] | ColumnBlocks
    ids: tuple[str, ...] | None = None
    units: Mapping[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])
    leading: str | None = None
    labels: tuple[str, ...] = ()
    name: str = "array"

    def __post_init__(self) -> None:
        values = self.values if isinstance(self.values, ColumnBlocks) else np.asarray(self.values)
        expected = 2 if self.leading is None else 3
        if values.ndim != expected or values.dtype.kind not in "fiub":
            axes = "(stimulus, unit)" if expected == 2 else f"({self.leading}, stimulus, unit)"
            raise ShapeError(
                f"{self.name}: responses are numbers of shape {axes}; saw {values.dtype} {values.shape}",
                hint="Flatten each stimulus's responses into one row.",
            )
        object.__setattr__(self, "values", values)
        if self.ids is not None:
            object.__setattr__(self, "ids", check_ids(self.ids))
        object.__setattr__(self, "labels", tuple(self.labels))
        object.__setattr__(self, "units", {k: np.asarray(v) for k, v in self.units.items()})
        self._check_lengths(values)

    def _check_lengths(self, values: NDArray[Any] | ColumnBlocks) -> None:
        if self.leading is not None and self.leading not in LEADING_AXES:
            raise UnknownNameError.among("leading axis", self.leading, LEADING_AXES)
        if self.leading is None and len(self.labels):
            raise ShapeError(
                f"{self.name}: {len(self.labels)} labels without a leading axis",
                hint="Say what the leading axis is: leading='subject' or leading='repetition'.",
            )
        odd = [x for x in cast(tuple[object, ...], self.labels) if not isinstance(x, str)]
        if odd:
            raise IdentityError(
                f"{self.name}: labels are text; saw {odd[0]!r}", hint="Convert them: str(label)."
            )
        have = {"ids": None if self.ids is None else (len(self.ids), values.shape[-2])}
        have |= {f"units[{k!r}]": (len(v), values.shape[-1]) for k, v in self.units.items()}
        if self.leading is not None:
            have["labels"] = (len(self.labels), values.shape[0])
        for what, pair in have.items():
            if pair is not None and pair[0] != pair[1]:
                raise ShapeError(
                    f"{self.name}: {what} has {pair[0]} entries for an axis of length {pair[1]}",
                    hint="Give one label per entry of the axis.",
                )

    def __repr__(self) -> str:
        lead = f", n_{self.leading}s={len(self.labels)}" if self.leading else ""
        return f"Assembly({self.name!r}{lead}, n_stimuli={self.n_stimuli}, n_units={self.n_units})"

    @property
    def n_stimuli(self) -> int:
        """Length of the stimulus axis."""
        return int(self.values.shape[-2])

    @property
    def n_units(self) -> int:
        """Length of the unit axis."""
        return int(self.values.shape[-1])

    @cached_property
    def digest(self) -> str:
        """Content digest over values, ids and all labels; the name does not count."""
        return digest_bytes(
            b"assembly",
            (v.digest() if isinstance(v := self.values, ColumnBlocks) else digest_array(v)).encode(),
            digest_strings(self.ids or ()).encode(),
            digest_labels(self.units).encode(),
            digest_strings((self.leading or "", *self.labels)).encode(),
        )

    def array(self) -> NDArray[Any]:
        """The values as one array in memory, in one layout: the last bits of products depend on it."""
        return np.ascontiguousarray(self.values)

    def require_ids(self) -> tuple[str, ...]:
        """The stimulus ids.

        Raises:
            IdentityError: The assembly is a bare array.
        """
        if self.ids is None:
            raise IdentityError(
                f"{self.name} has no stimulus ids", hint="Give them: Assembly(values, ids=stimuli.ids)."
            )
        return self.ids

    def select(self, ids: Sequence[str]) -> Assembly:
        """The responses to these stimuli, in this order.

        Raises:
            IdentityError: Some ids are not here, or there are none.
        """
        if self.ids is not None and tuple(ids) == self.ids:
            return self  # a memory map stays one
        rows = positions(self.require_ids(), ids)
        v = self.values
        taken = v.rows(rows) if isinstance(v, ColumnBlocks) else v[..., rows, :]
        return replace(self, values=taken, ids=tuple(ids))

    def split(self, label: str = "layer") -> dict[str, Assembly]:
        """One assembly per value of a unit label, e.g. per layer, in order of first appearance.

        An assembly without that label comes back whole under the empty name.
        """
        if label not in self.units:
            return {"": self}
        labels = self.units[label]
        # By runs of equal labels: a network has millions of units and few layers.
        starts = [0, *(np.flatnonzero(labels[1:] != labels[:-1]) + 1).tolist()] if len(labels) else []
        runs: dict[str, list[slice]] = {}
        for low, high in zip(starts, [*starts[1:], len(labels)], strict=False):
            runs.setdefault(str(labels[low : low + 1].tolist()[0]), []).append(slice(low, high))
        return {name: self._units_in(slices) for name, slices in runs.items()}

    def _units_in(self, slices: Sequence[slice]) -> Assembly:
        index: slice | NDArray[np.intp] = slices[0]
        if len(slices) > 1:
            every = np.arange(self.n_units)
            index = np.concatenate([every[s] for s in slices])
        units = {k: v[index] for k, v in self.units.items()}
        v = self.values
        taken = v.columns(index) if isinstance(v, ColumnBlocks) else v[..., index]
        return replace(self, values=taken, units=units)

    def layer(self, name: str) -> Assembly:
        """The units of one layer.

        Raises:
            UnknownNameError: No such layer.
        """
        layers = self.split("layer")
        if name not in layers:
            raise UnknownNameError.among(f"layer of {self.name}", name, [n for n in layers if n])
        return layers[name]

    def mean(self) -> Assembly:
        """The mean over the leading axis."""
        if self.leading is None:
            return self
        return replace(self, values=self.array().mean(axis=0), leading=None, labels=())

    def save(self, path: Path | str) -> Path:
        """Write to ``.npz`` without pickle; :meth:`load` gives an equal assembly.

        Raises:
            StorageError: The file cannot be written.
        """
        header = {
            "noun": "assembly",
            "name": self.name,
            "ids": self.ids,
            "leading": self.leading,
            "labels": self.labels,
        }
        units = {f"unit:{name}": labels for name, labels in self.units.items()}
        write_arrays(Path(path), {"values": self.array(), **units}, header)
        return Path(path)

    @classmethod
    def load(cls, path: Path | str) -> Assembly:
        """Read what :meth:`save` wrote.

        Raises:
            FileError: Missing, damaged, or not an assembly.
        """
        arrays, header = read_noun(Path(path), "assembly", ("values",), ("ids", "leading", "labels", "name"))
        units = {k.removeprefix("unit:"): v for k, v in arrays.items() if k.startswith("unit:")}
        ids = header["ids"]
        return cls(
            arrays["values"],
            None if ids is None else tuple(ids),
            units,
            header["leading"],
            tuple(header["labels"]),
            header["name"],
        )
