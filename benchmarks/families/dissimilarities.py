"""Dissimilarities of many stimuli: correlation and crossnobis."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from benchmarks.case import Case
from repalign import maths
from repalign.maths.crossnobis import crossnobis
from repalign.seeds import rng

N_RUNS, N, N_UNITS = 4, 1000, 10_000


def cases() -> list[Case]:
    """All cases, with inputs made from seeds."""
    return [_correlation(), _crossnobis()]


def _quiet(run: Callable[[], np.ndarray]) -> Callable[[], np.ndarray]:
    def call() -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return run()

    return call


def _correlation() -> Case:
    import rsatoolbox

    X = rng(0, "bench", "rdm").normal(size=(N, N_UNITS))
    data = rsatoolbox.data.Dataset(X)

    def floor() -> np.ndarray:
        Z = X - X.mean(axis=1, keepdims=True)
        Z /= np.linalg.norm(Z, axis=1, keepdims=True)
        return 1 - (Z @ Z.T)[np.triu_indices(N, 1)]

    return Case(
        f"correlation RDM, {N} x {N_UNITS}",
        lambda: maths.correlation(X),
        _quiet(lambda: rsatoolbox.rdm.calc_rdm(data, method="correlation").dissimilarities[0]),
        "rsatoolbox",
        1e-9,
        floor,
        at_least=10,
        floor_at_most=1.3,
        floor_name="centre, normalise, one product",
    )


def _crossnobis() -> Case:
    import rsatoolbox

    X = rng(0, "bench", "crossnobis").normal(size=(N_RUNS, N, N_UNITS))
    about = {"stimulus": np.tile(np.arange(N), N_RUNS), "run": np.repeat(np.arange(N_RUNS), N)}
    data = rsatoolbox.data.Dataset(X.reshape(-1, N_UNITS), obs_descriptors=about)

    def peer() -> np.ndarray:
        found = rsatoolbox.rdm.calc_rdm(data, "crossnobis", "stimulus", cv_descriptor="run")
        return found.dissimilarities[0]

    def floor() -> list[np.ndarray]:
        return [Z @ Z.T for Z in X]

    return Case(
        f"crossnobis RDM, {N_RUNS} runs x {N} x {N_UNITS}",
        lambda: crossnobis(X),
        _quiet(peer),
        "rsatoolbox",
        1e-9,
        floor,
        at_least=15,
        floor_name=f"{N_RUNS} products of {N} x {N_UNITS} with themselves",
        repeats=3,
    )
