"""Laws of honest uncertainty, by simulation: intervals cover the population, tests keep their level."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from repalign.maths import compare, linear_cka_debiased
from repalign.maths.bootstrap import bootstrap_models
from repalign.maths.differences import ceiling_differences, model_differences, model_scores
from repalign.maths.jackknife import from_jackknife, jackknife
from repalign.maths.permutation import mantel, sign_flip
from repalign.seeds import rng

pytestmark = pytest.mark.slow

LATENT, UNITS = 6, 15
MODEL = rng(130, "model").normal(size=(LATENT, UNITS))
PEOPLE = rng(130, "people").normal(size=(LATENT, UNITS))


def rdms(n_subjects: int, n: int, generator: np.random.Generator, noise: float = 2.0) -> tuple:
    """New stimuli, and new subjects who share a geometry, each with a part and a noise of their own."""
    Z = generator.normal(size=(n, LATENT))
    own = PEOPLE + 0.7 * MODEL + generator.normal(size=(n_subjects, LATENT, UNITS))
    subjects = Z @ own + noise * generator.normal(size=(n_subjects, n, UNITS))
    return pdist(Z @ MODEL), np.stack([pdist(each) for each in subjects])


def rivals(n_subjects: int, n: int, generator: np.random.Generator, noise: float) -> tuple:
    """Two models that see other dimensions, alike in distribution, of what subjects see: equally good."""
    Z = generator.normal(size=(n, LATENT))
    own = np.eye(LATENT) + 0.7 * generator.normal(size=(n_subjects, LATENT, LATENT))
    subjects = Z @ own + noise * generator.normal(size=(n_subjects, n, LATENT))
    return np.stack([pdist(Z[:, :4]), pdist(Z[:, 2:])]), np.stack([pdist(each) for each in subjects])


def covered(intervals: list[tuple[float, float]], truth: float) -> float:
    return float(np.mean([low <= truth <= high for low, high in intervals]))


@pytest.mark.parametrize(("name", "noise"), [("spearman", 2.0), ("spearman", 6.0), ("pearson", 2.0)])
def test_the_dual_bootstrap_covers_the_population_value(name, noise):
    # The population: many other subjects and far more stimuli than an experiment has.
    many = [compare(*rdms(40, 200, rng(131, i), noise), name).mean() for i in range(40)]
    found = []
    for repetition in range(600):
        generator = rng(132, repetition)
        model, subjects = rdms(12, 20, generator, noise)
        boot = bootstrap_models(model[None], subjects, name, 200, generator)
        found.append(model_scores(boot)[0].interval)
    assert 0.93 <= covered(found, float(np.mean(many))) <= 0.98


@pytest.mark.parametrize(("name", "noise"), [("spearman", 1.5), ("rho-a", 4.0), ("cosine", 1.5)])
def test_equally_good_models_differ_at_the_level_of_the_test(name, noise):
    repetitions, rejected = 800, 0
    for repetition in range(repetitions):
        generator = rng(135, repetition)
        boot = bootstrap_models(*rivals(12, 20, generator, noise), name, 200, generator)
        rejected += model_differences(boot)[0, 1].p <= 0.05
    assert 0.02 <= rejected / repetitions <= 0.075


def test_the_interval_below_the_ceiling_covers_the_population_value():
    # Ceilings depend on the number of subjects, not on that of stimuli.
    many, found = [], []
    for repetition in range(60):
        models, subjects = rivals(12, 150, rng(136, repetition), 1.5)
        boot = bootstrap_models(models, subjects, "pearson", 1, rng(0))
        many.append(boot.scores[0].mean() - boot.ceiling[0])
    for repetition in range(500):
        generator = rng(137, repetition)
        boot = bootstrap_models(*rivals(12, 20, generator, 1.5), "pearson", 200, generator)
        found.append(ceiling_differences(boot, generator)[0].interval)
    assert 0.925 <= covered(found, float(np.mean(many))) <= 0.995


def test_flipping_signs_ignores_that_stimuli_could_be_others():
    # On these stimuli one of two equally good models is truly better: subjects alone cannot tell.
    rejected, repetitions = 0, 400
    for repetition in range(repetitions):
        scores = compare(*rivals(12, 20, rng(138, repetition), 1.5), "spearman")
        rejected += sign_flip(scores[0] - scores[1], 0, rng(0)) <= 0.05
    assert rejected / repetitions > 0.2


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
