"""Comparisons between RDMs: rank correlations and whitened cosine, all models with all subjects."""

from __future__ import annotations

import numpy as np

from benchmarks.case import Case
from repalign import maths
from repalign.maths.embeddings import unit_length
from repalign.seeds import rng


def cases() -> list[Case]:
    """All cases, with inputs made from seeds."""
    return [
        _case("Spearman", "spearman", "spearman", (100, 20, 1000), at_least=1.4, floor=True, repeats=3),
        _case("rho-a", "rho-a", "rho-a", (100, 20, 92)),
        _case("Kendall tau-a", "tau-a", "tau-a", (8, 4, 1000), at_least=4.0, repeats=3),
        _case("Kendall tau-a of 20 levels", "tau-a", "tau-a", (8, 4, 1000), levels=20, repeats=3),
        _case("whitened cosine", "whitened-cosine", "cosine_cov", (20, 10, 500)),
    ]


def _case(
    what: str,
    name: str,
    theirs: str,
    sizes: tuple[int, int, int],
    *,
    at_least: float | None = None,
    floor: bool = False,
    repeats: int = 5,
    levels: int = 0,
) -> Case:
    import rsatoolbox

    n_models, n_subjects, n = sizes
    models, people = (
        rng(0, "bench", name, side, levels).gamma(3.0, size=(count, n * (n - 1) // 2))
        for side, count in (("models", n_models), ("people", n_subjects))
    )
    if levels:
        models = np.ceil(models * levels / models.max())
    sides = [rsatoolbox.rdm.RDMs(side) for side in (models, people)]

    def sorts() -> np.ndarray:
        """Sort each once, one product."""
        x, y = (unit_length(np.argsort(side, axis=1).astype(np.float64)) for side in (models, people))
        return x @ y.T

    return Case(
        f"{what}, {n_models} x {n_subjects} RDMs of {n} stimuli",
        lambda: maths.compare(models, people, name),
        lambda: rsatoolbox.rdm.compare(*sides, method=theirs),
        "rsatoolbox",
        1e-9,
        sorts if floor else None,
        at_least=at_least,
        floor_name="numpy's argsort of each row, one product" if floor else "",
        repeats=repeats,
    )
