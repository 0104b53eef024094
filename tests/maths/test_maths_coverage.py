"""Laws of honest uncertainty, by simulation: intervals cover the population, tests keep their level."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from repalign.maths import (
    bootstrap_rdms,
    compare,
    from_draws,
    from_jackknife,
    jackknife,
    linear_cka_debiased,
    mantel,
)
from repalign.seeds import rng

pytestmark = pytest.mark.slow

LATENT, UNITS = 5, 15
MODEL = rng(130, "model").normal(size=(LATENT, UNITS))
PEOPLE = rng(130, "people").normal(size=(LATENT, UNITS))


def rdms(n_subjects: int, n: int, generator: np.random.Generator, noise: float = 2.0) -> tuple:
    """New stimuli, and new subjects who share a geometry, each with a part and a noise of their own."""
    Z = generator.normal(size=(n, LATENT))
    own = PEOPLE + 0.7 * MODEL + generator.normal(size=(n_subjects, LATENT, UNITS))
    subjects = Z @ own + noise * generator.normal(size=(n_subjects, n, UNITS))
    return pdist(Z @ MODEL), np.stack([pdist(each) for each in subjects])


def covered(intervals: list[tuple[float, float]], truth: float) -> float:
    return float(np.mean([low <= truth <= high for low, high in intervals]))


@pytest.mark.parametrize("noise", [2.0, 6.0])
def test_the_dual_bootstrap_covers_the_population_value(noise):
    # The population: many other subjects and far more stimuli than an experiment has.
    many = [compare(*rdms(40, 200, rng(131, i), noise), "spearman").mean() for i in range(20)]
    found = []
    for repetition in range(600):
        generator = rng(132, repetition)
        model, subjects = rdms(12, 20, generator, noise)
        scores = compare(model, subjects, "spearman")
        drawn = bootstrap_rdms(model, subjects, "spearman", 300, generator)
        found.append(from_draws(scores, drawn, 20, generator).interval(float(scores.mean())))
    assert 0.93 <= covered(found, float(np.mean(many))) <= 0.985


def test_mantel_rejects_what_is_unrelated_at_its_level():
    repetitions, rejected = 800, 0
    for repetition in range(repetitions):
        generator = rng(133, repetition)
        model, _ = rdms(1, 20, generator)
        _, subjects = rdms(12, 20, generator)
        rejected += mantel(model, subjects, "spearman", 99, generator) <= 0.05
    assert rejected / repetitions == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / repetitions))


@pytest.mark.parametrize("n", [30, 100])
def test_the_jackknife_of_debiased_cka_covers_the_population_value(n):
    # One subject, the same in every repetition: stimuli alone are drawn anew.
    own = PEOPLE + 0.7 * MODEL

    def draw(size: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        Z = generator.normal(size=(size, LATENT))
        return Z @ MODEL, Z @ own + 2.0 * generator.normal(size=(size, UNITS))

    truth, found = linear_cka_debiased(*draw(200_000, rng(134, "population"))), []
    for repetition in range(600):
        generator = rng(134, n, repetition)
        X, Y = draw(n, generator)
        value = linear_cka_debiased(X, Y)
        left_out, _ = jackknife(lambda r, X=X, Y=Y: np.array([linear_cka_debiased(X[r], Y[r])]), n, generator)
        found.append(from_jackknife(np.array([value]), left_out, n).interval(value))
    assert 0.93 <= covered(found, truth) <= 0.985
