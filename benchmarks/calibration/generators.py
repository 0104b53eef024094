"""Populations of stimuli and subjects whose true alignment with a model is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from repalign.seeds import rng

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Study:
    """One experiment.

    Args:
        models: Responses of each model, (n_models, n_stimuli, p).
        subjects: Responses of each subject, (n_subjects, n_stimuli, q).
    """

    models: Floats
    subjects: Floats


@dataclass(frozen=True)
class Population:
    """Stimuli are points in a latent space; models and subjects are linear maps of it, subjects with noise.

    Args:
        latent: Latent dimensions; the k-th has standard deviation k ** -decay.
        decay: How fast they fall off.
        units: Of models and of each subject.
        shared: How much of a subject's map is the model's.
        own: How much of it is the subject's own, drawn anew for each subject.
        noise: Standard deviation of the noise of each unit.
        noise_correlation: Between the noise of any two units of a subject, at the same stimulus.
        categories: 0, or how many categories stimuli fall into. The model then knows the category and
            nothing else, so that its dissimilarities are tied.
        rivals: Whether there are two models, each of which reads one half of the latent dimensions; the
            halves are alike in distribution, so that both models are equally good.
        one_subject: Whether the subject is the same in every study.
    """

    latent: int = 20
    decay: float = 0.5
    units: int = 30
    shared: float = 0.7
    own: float = 0.7
    noise: float = 2.0
    noise_correlation: float = 0.0
    categories: int = 0
    rivals: bool = False
    one_subject: bool = False

    @cached_property
    def spread(self) -> Floats:
        """Standard deviation of each latent dimension, (latent,); both halves alike for rivals."""
        ranks = np.arange(1, self.latent + 1)
        if self.rivals:
            ranks = np.tile(ranks[: self.latent // 2], 2)
        return np.asarray(ranks**-self.decay, dtype=np.float64)

    @cached_property
    def map(self) -> Floats:
        """The model's map, (latent, units)."""
        drawn = rng(0, "calibration", "model").normal(size=(self.latent, self.units))
        if self.rivals:
            drawn = np.tile(drawn[: self.latent // 2], (2, 1))
        return self.spread[:, None] * drawn

    def maps(self, n_subjects: int, generator: np.random.Generator) -> Floats:
        """Maps of subjects, (n_subjects, latent, units)."""
        source = rng(0, "calibration", "subject") if self.one_subject else generator
        own = source.normal(size=(n_subjects, self.latent, self.units))
        return self.shared * self.map + self.own * self.spread[:, None] * own

    def study(
        self, n_subjects: int, n_stimuli: int, generator: np.random.Generator, *, related: bool = True
    ) -> Study:
        """Draw stimuli, subjects and noise.

        Args:
            n_subjects: How many.
            n_stimuli: How many.
            generator: Draws them.
            related: False for models that saw other stimuli than the subjects: the null of a test.
        """
        points, which = self._stimuli(n_stimuli, generator)
        maps = self.maps(n_subjects, generator)
        shape = (n_subjects, n_stimuli, self.units)
        alone, common = generator.normal(size=shape), generator.normal(size=(*shape[:2], 1))
        c = self.noise_correlation
        noise = np.sqrt(1 - c) * alone + np.sqrt(c) * common
        if not related:
            seen, which = self._stimuli(n_stimuli, generator)
        else:
            seen = points
        return Study(self._models(seen, which), points @ maps + self.noise * noise)

    def _stimuli(self, n: int, generator: np.random.Generator) -> tuple[Floats, NDArray[np.intp]]:
        points = generator.normal(size=(n, self.latent))
        which = generator.integers(max(1, self.categories), size=n)
        if self.categories:
            centres = rng(0, "calibration", "categories").normal(size=(self.categories, self.latent))
            points = centres[which] + 0.7 * points
        return points, which

    def _models(self, points: Floats, which: NDArray[np.intp]) -> Floats:
        if self.categories:
            return np.eye(self.categories)[which][None]
        if self.rivals:
            half = self.latent // 2
            return np.stack([points[:, :half] @ self.map[:half], points[:, half:] @ self.map[half:]])
        return (points @ self.map)[None]
