"""Many models and many stimuli: all pairs at once, and responses whose kernels do not fit."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from benchmarks.case import Case
from repalign import maths
from repalign.seeds import rng

Floats = maths.Floats
Compare = Callable[[Floats, Floats], float]

MODELS, STIMULI, UNITS = 141, 1000, 512
PAIRS = MODELS * (MODELS - 1) // 2
LOOPED = 10


def cases() -> list[Case]:
    """All pairs of many models; CKA of many stimuli. Inputs are made when a case first runs."""
    return [
        _all_pairs("rsa-correlation-pearson", _rsa("pearson"), _rdm_floor),
        _all_pairs("rsa-correlation-spearman", _rsa("spearman"), _sorting_floor),
        _all_pairs("cka-linear-debiased", maths.linear_cka_debiased, _kernel_floor),
        _large_cka(),
        _large_rsa(),
    ]


def _rsa(comparison: str) -> Compare:
    return lambda x, y: float(maths.compare(maths.correlation(x), maths.correlation(y), comparison))


def _all_pairs(measure: str, compare: Compare, floor: Callable[[], object]) -> Case:
    chosen = rng(0, "bench", "looped").choice(PAIRS, LOOPED, replace=False)
    i, j = (side[chosen] for side in np.triu_indices(MODELS, 1))

    def loop() -> list[float]:
        models = _models()
        return [compare(models[a], models[b]) for a, b in zip(i, j, strict=True)]

    return Case(
        f"{measure}, all {PAIRS:,} pairs of {MODELS} models, {STIMULI} x {UNITS}",
        lambda: maths.all_pairs(_models(), measure)[i, j],
        loop,
        f"a loop over pairs ({LOOPED} of them, scaled up)",
        1e-10,
        floor,
        at_least=50,
        floor_at_most=2,
        floor_name="the bare products (for ranks and one sort a model)",
        scale=PAIRS / LOOPED,
        repeats=3,
    )


@cache
def _models() -> list[Floats]:
    generator = rng(0, "bench", "models")
    shared = generator.normal(size=(STIMULI, 20))
    return [
        shared @ generator.normal(size=(20, UNITS)) + 3 * generator.normal(size=(STIMULI, UNITS))
        for _ in range(MODELS)
    ]


@cache
def _stack() -> Floats:
    return rng(0, "bench", "stack").normal(size=(MODELS, STIMULI * (STIMULI - 1) // 2))


def _rdm_floor() -> Floats:
    for X in _models():
        Z = X - X.mean(axis=1, keepdims=True)
        Z /= np.linalg.norm(Z, axis=1, keepdims=True)
        Z @ Z.T
    return _stack() @ _stack().T


def _sorting_floor() -> Floats:
    for row in _stack():
        np.argsort(row)
    return _rdm_floor()


def _kernel_floor() -> Floats:
    for X in _models():
        Z = X - X.mean(axis=0)
        Z @ Z.T
    return _stack() @ _stack().T


@cache
def _many() -> tuple[np.ndarray, np.ndarray]:
    generator = rng(0, "bench", "many")
    shared = generator.normal(size=(70_000, 20)).astype(np.float32)
    sides = [
        shared @ generator.normal(size=(20, 1000)).astype(np.float32)
        + 3 * generator.standard_normal((70_000, 1000), dtype=np.float32)
        for _ in range(2)
    ]
    return sides[0], sides[1]


def _products(x: np.ndarray, y: np.ndarray) -> None:
    for start in range(0, len(x), 2000):
        block = np.hstack([x[start : start + 2000], y[start : start + 2000]]).astype(np.float64)
        block.T @ block


def _large_cka() -> Case:
    return Case(
        "cka-linear-debiased, 70,000 x 1000 in float32",
        lambda: maths.large_linear_cka(*_many()),
        lambda: maths.linear_cka_debiased(*_many()),
        "the form that copies the responses",
        1e-10,
        lambda: _products(*_many()),
        floor_name="one product of all units",
        repeats=3,
    )


def _large_rsa() -> Case:
    few = 10_000

    def held() -> float:
        sides = [maths.correlation(side[:few]) for side in _many()]
        return float(maths.compare(sides[0], sides[1], "pearson"))

    return Case(
        f"rsa-correlation-pearson with its jackknife, {few:,} x 1000",
        lambda: maths.large_rsa(*(side[:few] for side in _many())).value,
        held,
        "the RDMs themselves, without jackknife",
        1e-10,
        lambda: _products(*(side[:few] for side in _many())),
        floor_name="one product of all units",
        repeats=3,
    )
