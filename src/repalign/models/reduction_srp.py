"""Very sparse random projection: Li, Hastie & Church (2006), KDD, section 2."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from repalign.seeds import rng

_COMPONENTS_AT_ONCE = 256


@dataclass(frozen=True)
class SparseProjection:
    """Random projection that keeps distances and dot products on average.

    Entries of the matrix are +-sqrt(s / k), each with probability 1 / (2 s), else 0, where s = sqrt(p)
    for p units and k components: eq. 2 of the paper with the s it recommends. Squared distances keep
    their expectation, and their relative error is about sqrt(2 / k).

    Args:
        n_components: k.
        seed: Of the matrix; it depends on seed, p and k only, so it is the same for every model.
    """

    n_components: int
    seed: int = 0
    _matrices: dict[int, Any] = field(default_factory=dict[int, Any], init=False, repr=False, compare=False)

    by_batch = True

    @property
    def name(self) -> str:
        """``srp-K-seedN``."""
        return f"srp-{self.n_components}-seed{self.seed}"

    def matrix_bytes(self, n_stimuli: int, n_units: int) -> int:
        """Expected bytes of the matrix: k sqrt(p) entries of 8 bytes, never k x p."""
        return 0 if n_units <= self.n_components else round(self.n_components * math.sqrt(n_units) * 8)

    def matrix(self, n_units: int) -> Any:
        """The matrix, sparse (CSR, ``float32``) of shape (n_components, n_units)."""
        if n_units not in self._matrices:
            starts = range(0, self.n_components, _COMPONENTS_AT_ONCE)
            blocks = [self._block(n_units, start) for start in starts]
            self._matrices[n_units] = sparse.vstack(blocks, format="csr")
        return self._matrices[n_units]

    def _block(self, n_units: int, start: int) -> Any:
        n_rows = min(_COMPONENTS_AT_ONCE, self.n_components - start)
        generator = rng(self.seed, "srp", n_units, self.n_components, start)
        s = math.sqrt(n_units)
        counts = generator.binomial(n_units, 1 / s, size=n_rows)
        columns = [
            np.sort(generator.choice(n_units, count, replace=False, shuffle=False)) for count in counts
        ]
        signs = generator.integers(0, 2, size=int(counts.sum())) * 2 - 1
        entries = (signs * math.sqrt(s / self.n_components)).astype(np.float32)
        edges = np.concatenate([[0], np.cumsum(counts)])
        indices = np.concatenate(columns).astype(np.int32)
        return sparse.csr_array((entries, indices, edges.astype(np.int32)), shape=(n_rows, n_units))

    def __call__(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Project.

        Args:
            rows: Shape (n, n_units).

        Returns:
            Shape (n, n_components); ``rows`` itself where it has no more units than that.
        """
        if rows.shape[1] <= self.n_components:
            return rows
        return np.ascontiguousarray((self.matrix(rows.shape[1]) @ rows.T).T)
