"""Principal components of all stimuli's responses, exact, without a second copy of the responses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.errors import TooFewError

Floats = NDArray[np.float64]
_BYTES_AT_ONCE = 1 << 26


@dataclass(frozen=True)
class PCA:
    """Scores on the first principal components of the stimuli's own responses.

    They are fitted to the stimuli that are then scored, which no held-out test must forget.

    Args:
        n_components: K.
    """

    n_components: int

    by_batch = False

    @property
    def name(self) -> str:
        """``pca-K``."""
        return f"pca-{self.n_components}"

    def matrix_bytes(self, n_stimuli: int, n_units: int) -> int:
        """Of the blocks that are read at a time and of the square matrix with its eigenvectors."""
        return 3 * _BYTES_AT_ONCE + 3 * 8 * min(n_stimuli, n_units) ** 2

    def __call__(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Fit and transform; Jolliffe (2002), Principal Component Analysis, section 3.5.

        The eigenvectors come from the Gram matrix (stimulus, stimulus) where stimuli are fewer than
        units, else from the covariance (unit, unit). The sign of each component is such that its
        largest score is positive.

        Args:
            rows: Shape (n, n_units); it may be a memory map, of which some columns or rows are read at
                a time.

        Returns:
            ``float64`` of shape (n, n_components); ``rows`` itself where it has no more units than that.

        Raises:
            TooFewError: n stimuli have n - 1 components at most.
        """
        n, p = rows.shape
        if p <= self.n_components:
            return rows
        if self.n_components > n - 1:
            raise TooFewError(
                f"{n} stimuli have {n - 1} principal components; {self.n_components} were asked for",
                hint="Ask for fewer, or use a random projection, e.g. 'srp:4096'.",
            )
        scores = self._from_gram(rows) if n < p else self._from_covariance(rows)
        largest = np.abs(scores).argmax(axis=0)
        return scores * np.where(scores[largest, range(self.n_components)] < 0, -1.0, 1.0)

    def _from_gram(self, rows: NDArray[Any]) -> Floats:
        gram = np.zeros((len(rows), len(rows)))
        for block in _columns(rows):
            gram += block @ block.T
        values, vectors = np.linalg.eigh(gram)
        first = np.argsort(values)[::-1][: self.n_components]
        return vectors[:, first] * np.sqrt(np.clip(values[first], 0, None))

    def _from_covariance(self, rows: NDArray[Any]) -> Floats:
        mean = np.zeros(rows.shape[1])
        for block in _rows(rows):
            mean += block.sum(axis=0) / len(rows)
        scatter = np.zeros((rows.shape[1], rows.shape[1]))
        for block in _rows(rows):
            scatter += (block - mean).T @ (block - mean)
        values, vectors = np.linalg.eigh(scatter)
        axes = vectors[:, np.argsort(values)[::-1][: self.n_components]]
        return np.concatenate([(block - mean) @ axes for block in _rows(rows)])


def _columns(rows: NDArray[Any]) -> Iterator[Floats]:
    """Centred columns, some at a time."""
    step = max(1, _BYTES_AT_ONCE // (8 * len(rows)))
    for start in range(0, rows.shape[1], step):
        block = np.asarray(rows[:, start : start + step], dtype=np.float64)
        yield block - block.mean(axis=0)


def _rows(rows: NDArray[Any]) -> Iterator[Floats]:
    step = max(1, _BYTES_AT_ONCE // (8 * rows.shape[1]))
    for start in range(0, len(rows), step):
        yield np.asarray(rows[start : start + step], dtype=np.float64)
