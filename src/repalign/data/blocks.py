"""Columns that lie in several arrays (a file for each layer), taken together without copying them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data.digests import digest_rows
from repalign.errors import ShapeError

_ROWS_AT_ONCE = 256


class ColumnBlocks:
    """A matrix (row, column) whose columns lie side by side in several arrays of equally many rows.

    It is what an Assembly of many layers holds when the layers are memory-mapped files: selecting one
    block gives that array itself; only :meth:`__array__` puts all of them into memory.

    Args:
        blocks: Arrays of shape (n_rows, n_columns_of_block) and one dtype.

    Raises:
        ShapeError: The blocks differ in rows or dtype, or there is none.
    """

    ndim = 2

    def __init__(self, blocks: Sequence[NDArray[Any]]) -> None:
        shapes = [b.shape for b in blocks]
        if not blocks or len({s[0] for s in shapes}) != 1 or len({b.dtype for b in blocks}) != 1:
            raise ShapeError(
                f"blocks of columns need equally many rows and one dtype; saw {shapes}",
                hint="Extract all layers from the same stimuli with the same dtype.",
            )
        self.blocks = tuple(blocks)
        self._edges = np.cumsum([0, *(s[1] for s in shapes)])

    @property
    def shape(self) -> tuple[int, int]:
        """(n_rows, n_columns)."""
        return len(self.blocks[0]), int(self._edges[-1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of all blocks."""
        return self.blocks[0].dtype

    @property
    def nbytes(self) -> int:
        """Bytes of all blocks together."""
        return sum(b.nbytes for b in self.blocks)

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """All columns in memory."""
        return np.concatenate(self.blocks, axis=1).astype(dtype or self.dtype, copy=False)

    def rows(self, index: NDArray[np.intp]) -> ColumnBlocks:
        """The rows at these positions, in this order, block by block."""
        return ColumnBlocks([np.asarray(b[index]) for b in self.blocks])

    def columns(self, index: slice | NDArray[np.intp]) -> NDArray[Any]:
        """Some columns; exactly one block comes back as it is, without a copy."""
        if isinstance(index, slice):
            for block, low, high in zip(self.blocks, self._edges, self._edges[1:], strict=False):
                if (index.start, index.stop) == (low, high):
                    return block
        return np.asarray(self)[:, index]

    def digest(self) -> str:
        """Content digest: the same as of the matrix in one piece."""
        return digest_rows(self.dtype, self.shape, self.chunks())

    def chunks(self) -> Iterator[NDArray[Any]]:
        """Rows of all columns, some at a time, so that memory stays bounded."""
        for start in range(0, len(self), _ROWS_AT_ONCE):
            yield np.concatenate([b[start : start + _ROWS_AT_ONCE] for b in self.blocks], axis=1)
