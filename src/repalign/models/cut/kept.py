"""What a cut kept, read from disk a batch at a time."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from repalign.data import positions
from repalign.errors import FileError, InputError, VerificationError
from repalign.models.cut.protocol import Cut
from repalign.models.store import VALUES, read_entry


class Kept:
    """The first half of a cut for a set of stimuli, on disk; only the rows asked for are read.

    Args:
        folders: A finished entry of the store per part, as made by :func:`repalign.models.cut.keep_on_disk`.
        cut: The network's cut.

    Raises:
        FileError: An entry is missing or damaged.
        VerificationError: It was made by another cut: other weights, or another place.
    """

    def __init__(self, folders: Mapping[str, Path], cut: Cut) -> None:
        self._files = {name: _Rows(folder) for name, folder in folders.items()}
        for name, file in self._files.items():
            found = str(file.recipe.get("model_digest"))
            if found != cut.digest or file.recipe.get("layer") != name:
                raise VerificationError(
                    f"{folders[name]} was kept by a cut of digest {found[:12]}..., part "
                    f"{file.recipe.get('layer')!r}; this one is {cut.digest[:12]}..., part {name!r}",
                    hint="The backbone, its frozen weights or the trained layers differ: make the cut again "
                    "with keep_on_disk().",
                )
        self.ids: tuple[str, ...] = tuple(next(iter(self._files.values())).recipe["ids"])

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        """Bytes on disk, without headers."""
        return len(self) * sum(file.row_bytes for file in self._files.values())

    def rows(self, where: Sequence[int]) -> dict[str, Tensor]:
        """Some stimuli, in the order asked for; one may be asked for many times.

        Args:
            where: Positions.

        Returns:
            Per part, a tensor of shape (n, ...) that shares nothing with the disk.

        Raises:
            InputError: There is no such position.
            FileError: A file is truncated.
        """
        wanted = [int(i) for i in where]
        beyond = [i for i in wanted if not 0 <= i < len(self)]
        if beyond:
            raise InputError(f"position {beyond[0]} of {len(self)} stimuli", hint="Positions begin at 0.")
        return {name: file.read(wanted) for name, file in self._files.items()}

    def of_ids(self, ids: Sequence[str]) -> dict[str, Tensor]:
        """As :meth:`rows`, by stimulus id.

        Raises:
            IdentityError: An id is not among those kept.
        """
        return self.rows([int(i) for i in positions(self.ids, ids)])


class _Rows:
    """One ``values.npy``: read, not mapped, since pages of a map would count as this process's memory."""

    def __init__(self, folder: Path) -> None:
        values, self.recipe = read_entry(folder)
        self._path = folder / VALUES
        self._offset: int = getattr(values, "offset")  # noqa: B009
        self._dtype, self._shape = values.dtype, tuple(int(n) for n in self.recipe["shape"])
        self._units = int(values.shape[1])
        self.row_bytes = self._units * values.dtype.itemsize

    def read(self, wanted: Sequence[int]) -> Tensor:
        # In torch's own memory, which is aligned: bits may depend on where an array lies.
        found = torch.empty((len(wanted), *self._shape), dtype=_torch_dtype(self._dtype))
        left = found.numpy().reshape(len(wanted), self._units).view(np.uint8)
        with self._path.open("rb", buffering=0) as file:
            for start, stop in _runs(wanted):
                file.seek(self._offset + wanted[start] * self.row_bytes)
                self._fill(file, left[start:stop].reshape(-1).data)
        return found

    def _fill(self, file: io.FileIO, into: memoryview) -> None:
        while len(into):
            got = file.readinto(into)
            if not got:
                raise FileError(
                    f"kept by a cut: {self._path} ends too early",
                    hint="Delete its folder and make the cut again.",
                )
            into = into[got:]


def _runs(wanted: Sequence[int]) -> list[tuple[int, int]]:
    """Where neighbours on disk are asked for one after the other, they are read at once."""
    breaks = [i for i in range(1, len(wanted)) if wanted[i] != wanted[i - 1] + 1]
    return list(zip([0, *breaks], [*breaks, len(wanted)], strict=True)) if wanted else []


def _torch_dtype(dtype: np.dtype[Any]) -> torch.dtype:
    return torch.from_numpy(np.empty(0, dtype=dtype)).dtype
