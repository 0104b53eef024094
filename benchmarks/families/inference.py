"""Bootstrap and permutation: rsatoolbox as installed, and plain loops."""

from __future__ import annotations

import contextlib
import io
import warnings
from types import ModuleType
from typing import Any

import numpy as np
from scipy.stats import rankdata, spearmanr

from benchmarks.case import Case
from repalign.maths.bootstrap import bootstrap_models, bootstrap_rdms, stimulus_counts
from repalign.maths.checks import Floats
from repalign.maths.differences import ceiling_differences, model_differences, model_scores
from repalign.maths.permutation import mantel
from repalign.seeds import rng

_DRAWS, _PEER_DRAWS = 1000, 50


def cases() -> list[Case]:
    """All cases, with inputs made from seeds."""
    return [_dual("cosine", 40.0), _dual("rho-a", 60.0), _bootstrap(), _mantel()]


def _dual(comparison: str, at_least: float) -> Case:
    rsatoolbox = _rsatoolbox()
    generator = rng(0, "bench", "dual")
    n = 50
    size = n * (n - 1) // 2
    shared = generator.gamma(2.0, size=size)
    subjects = shared + generator.gamma(2.0, size=(12, size))
    models = np.stack([shared + k * generator.gamma(2.0, size=size) for k in range(1, 11)])
    named = [rsatoolbox.model.ModelFixed(str(k), rsatoolbox.rdm.RDMs(m[None])) for k, m in enumerate(models)]
    people = rsatoolbox.rdm.RDMs(subjects)

    def ours() -> Floats:
        boot = bootstrap_models(models, subjects, comparison, _DRAWS, rng(1, "stimuli"))
        model_differences(boot)
        ceiling_differences(boot, rng(1, "subjects"))
        return np.array([each.value for each in model_scores(boot)])

    def peer() -> Floats:
        # Draws cost it the same one by one, so that a part of them is timed; see ``scale``.
        with contextlib.redirect_stderr(io.StringIO()):
            rsatoolbox.inference.eval_dual_bootstrap(named, people, method=comparison, N=_PEER_DRAWS)
        return rsatoolbox.rdm.compare(rsatoolbox.rdm.RDMs(models), people, method=comparison).mean(axis=1)

    return Case(
        f"dual bootstrap, {comparison}, {_DRAWS} draws, {n} stimuli, 12 subjects, 10 models",
        ours,
        peer,
        "rsatoolbox",
        1e-9,
        at_least=at_least,
        scale=_DRAWS / _PEER_DRAWS,
        repeats=3,
    )


def _bootstrap() -> Case:
    generator = rng(0, "bench", "bootstrap")
    model = generator.normal(size=4186)
    people = model + 2 * generator.normal(size=(4, 4186))
    rows, columns = np.triu_indices(92, 1)

    def loop() -> Floats:
        counts = stimulus_counts(92, 300, rng(1, "draws")).astype(int)
        squares = [_square(side, 92) for side in (model, *people)]
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
        lambda: bootstrap_rdms(model, people, "spearman", 300, rng(1, "draws")),
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
        square, generator = _square(model, 92), rng(1, "permutations")
        observed = np.mean([spearmanr(model, p).statistic for p in people])
        reached = 0
        for _ in range(100):
            order = generator.permutation(92)
            permuted = square[np.ix_(order, order)][rows, columns]
            reached += np.mean([spearmanr(permuted, p).statistic for p in people]) >= observed - 1e-12
        return float((1 + reached) / 101)

    return Case(
        "Mantel test of Spearman, 92 stimuli x 4 subjects, 100 permutations",
        lambda: mantel(model, people, "spearman", 100, rng(1, "permutations")),
        loop,
        "loop with scipy.stats.spearmanr",
        1e-12,
    )


def _square(pairs: Floats, n: int) -> Floats:
    square = np.zeros((n, n))
    rows, columns = np.triu_indices(n, 1)
    square[rows, columns] = square[columns, rows] = pairs
    return square


def _rsatoolbox() -> ModuleType | Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import rsatoolbox
        import rsatoolbox.inference

        return rsatoolbox
