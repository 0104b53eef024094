"""What is timed: ours, a peer as installed, and, where there is one, the bare formula as the floor."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata, spearmanr

from repalign import maths
from repalign.seeds import rng

Run = Callable[[], object]


@dataclass(frozen=True)
class Case:
    """One task: the same inputs for everybody.

    Args:
        task: What is computed, with sizes.
        ours: repalign.
        peer: The peer.
        peer_name: Which.
        agree: Largest difference allowed between our and the peer's numbers.
        floor: The bare arithmetic, if it is known.
    """

    task: str
    ours: Run
    peer: Run
    peer_name: str
    agree: float
    floor: Run | None = None


def cases() -> list[Case]:
    """All cases, with inputs made from seeds."""
    return [_rdm(), _rho_a(), _bootstrap(), _mantel(), _debiased()]


def _rdm() -> Case:
    import rsatoolbox

    X = rng(0, "bench", "rdm").normal(size=(1000, 10000))
    data = rsatoolbox.data.Dataset(X)

    def peer() -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return rsatoolbox.rdm.calc_rdm(data, method="correlation").dissimilarities[0]

    def floor() -> np.ndarray:
        Z = X - X.mean(axis=1, keepdims=True)
        Z /= np.linalg.norm(Z, axis=1, keepdims=True)
        return 1 - (Z @ Z.T)[np.triu_indices(1000, 1)]

    return Case(
        "correlation RDM, 1000 x 10000", lambda: maths.correlation(X), peer, "rsatoolbox", 1e-9, floor
    )


def _rho_a() -> Case:
    import rsatoolbox

    generator = rng(0, "bench", "rho-a")
    models, people = generator.normal(size=(100, 4186)), generator.normal(size=(20, 4186))
    theirs = [rsatoolbox.rdm.RDMs(side) for side in (models, people)]
    return Case(
        "rho-a, 100 x 20 RDMs of 92 stimuli",
        lambda: maths.compare(models, people, "rho-a"),
        lambda: rsatoolbox.rdm.compare(*theirs, method="rho-a"),
        "rsatoolbox",
        1e-9,
    )


def _bootstrap() -> Case:
    generator = rng(0, "bench", "bootstrap")
    model = generator.normal(size=4186)
    people = model + 2 * generator.normal(size=(4, 4186))
    rows, columns = np.triu_indices(92, 1)

    def loop() -> np.ndarray:
        counts = maths.stimulus_counts(92, 300, rng(1, "draws")).astype(int)
        squares = []
        for side in (model, *people):
            square = np.zeros((92, 92))
            square[rows, columns] = square[columns, rows] = side
            squares.append(square)
        out = np.empty((300, 4))
        for d, count in enumerate(counts):
            drawn = np.repeat(np.arange(92), count)
            keep = drawn[rows] != drawn[columns]
            pairs = [s[np.ix_(drawn, drawn)][rows, columns][keep] for s in squares]
            ranks = [rankdata(p) for p in pairs]
            out[d] = [np.corrcoef(ranks[0], r)[0, 1] for r in ranks[1:]]
        return out

    return Case(
        "bootstrap of Spearman, 92 stimuli x 4 subjects, 300 draws",
        lambda: maths.bootstrap_rdms(model, people, "spearman", 300, rng(1, "draws")),
        loop,
        "loop with scipy.stats.rankdata",
        1e-9,
    )


def _mantel() -> Case:
    generator = rng(0, "bench", "mantel")
    model = generator.normal(size=4186)
    people = 0.02 * model + generator.normal(size=(4, 4186))
    rows, columns = np.triu_indices(92, 1)

    def loop() -> float:
        square = np.zeros((92, 92))
        square[rows, columns] = square[columns, rows] = model
        generator = rng(1, "permutations")
        observed = np.mean([spearmanr(model, p).statistic for p in people])
        reached = 0
        for _ in range(100):
            order = generator.permutation(92)
            permuted = square[np.ix_(order, order)][rows, columns]
            reached += np.mean([spearmanr(permuted, p).statistic for p in people]) >= observed - 1e-12
        return (1 + reached) / 101

    return Case(
        "Mantel test of Spearman, 92 stimuli x 4 subjects, 100 permutations",
        lambda: maths.mantel(model, people, "spearman", 100, rng(1, "permutations")),
        loop,
        "loop with scipy.stats.spearmanr",
        1e-12,
    )


def _debiased() -> Case:
    generator = rng(0, "bench", "cka")
    X, Y = generator.normal(size=(3000, 512)), generator.normal(size=(3000, 256))

    def textbook() -> float:
        K, L = X @ X.T, Y @ Y.T
        return _hsic_1(K, L) / np.sqrt(_hsic_1(K, K) * _hsic_1(L, L))

    def floor() -> float:
        return sum(float(((A.T @ B) ** 2).sum()) for A, B in ((X, Y), (X, X), (Y, Y)))

    return Case(
        "debiased linear CKA, 3000 x 512 and 3000 x 256",
        lambda: maths.linear_cka_debiased(X, Y),
        textbook,
        "formula on n x n kernels",
        1e-9,
        floor,
    )


def _hsic_1(K: np.ndarray, L: np.ndarray) -> float:
    n = len(K)
    K, L = K - np.diag(np.diag(K)), L - np.diag(np.diag(L))
    total = K.sum() * L.sum() / ((n - 1) * (n - 2))
    return float((np.sum(K * L) + total - 2 / (n - 2) * (K.sum(0) @ L.sum(0))) / (n * (n - 3)))
