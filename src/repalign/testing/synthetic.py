"""Synthetic data with known geometry, so that tests and examples run offline and know the answer."""

from __future__ import annotations

import numpy as np

from repalign.data import RDM, Assembly, Target
from repalign.maths import euclidean
from repalign.seeds import rng


def synthetic_target(
    n_stimuli: int = 30, n_subjects: int = 8, n_units: int = 20, noise: float = 1.0, seed: int = 0
) -> tuple[Assembly, Target]:
    """A model with a known geometry, and subjects who share it up to noise of their own.

    Args:
        n_stimuli: How many stimuli.
        n_subjects: How many subjects.
        n_units: Units of the model and of each subject.
        noise: Standard deviation of each subject's noise; the shared signal has 1. At 0 every subject
            has the model's geometry exactly, and every similarity is 1.
        seed: Of signal and noise.

    Returns:
        The true model, and a target with one Euclidean RDM per subject.
    """
    ids = tuple(f"stimulus-{i:03d}" for i in range(n_stimuli))
    signal = rng(seed, "synthetic", "signal").normal(size=(n_stimuli, n_units))
    rdms = [
        euclidean(signal + noise * rng(seed, "synthetic", "noise", s).normal(size=signal.shape))
        for s in range(n_subjects)
    ]
    names = np.array([f"subject-{s:02d}" for s in range(n_subjects)])
    people = RDM(np.stack(rdms), ids, {"subject": names}, "euclidean", "synthetic people")
    return Assembly(signal, ids, name="truth"), Target("synthetic/people", people, "synthetic", n_subjects)


def random_model(ids: tuple[str, ...], n_units: int = 20, seed: int = 0) -> Assembly:
    """A model that knows nothing: independent Gaussian responses to the given stimuli.

    Args:
        ids: The stimuli.
        n_units: How many units.
        seed: Of the responses.

    Returns:
        Responses of mean 0 and variance 1, (n_stimuli, n_units), named ``random-SEED``.
    """
    values = rng(seed, "synthetic", "random model").normal(size=(len(ids), n_units))
    return Assembly(values, ids, name=f"random-{seed}")
