"""Perturbations of training: what happens to targets, images or updates inside a window.

One definition for every model, in the natural space of targets and images, seeded per epoch and batch on
the CPU, so that neither the device nor the number of processes changes a draw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data import Registry
from repalign.errors import InputError, UnknownNameError
from repalign.seeds import rng

Array = NDArray[Any]


@dataclass(frozen=True)
class Moment:
    """When and where in training a perturbation acts.

    Args:
        epoch: Counted from 1.
        batch: Counted from 0 within the epoch.
        seed: The noise seed.
        since: First epoch of the window.
        targets: All training targets, (n, width), or labels (n,).
        rows: Of the batch in the training set.
    """

    epoch: int
    batch: int
    seed: int
    since: int
    targets: Array
    rows: NDArray[np.intp]

    def rng(self, *words: str, fixed: bool = False) -> np.random.Generator:
        """A generator for this epoch and batch; ``fixed`` for one that is the same in every epoch."""
        return rng(self.seed, "perturbation", *words, self.since if fixed else self.epoch, self.batch)


Change = Callable[[Array, Moment, Mapping[str, Any]], Array]


@dataclass(frozen=True)
class Kind:
    """A kind of perturbation.

    Args:
        about: What it does, in a line.
        targets: From the batch's targets to other ones, if it changes them.
        images: From the batch's images, (n, channel, height, width) in [0, 1], to other ones.
        updates: Whether weights move inside the window.
        skips: Whether the epochs of the window are left out, so that the data of the next ones are used.
        normalised: Whether ``images`` acts after normalisation (as in 2025) and not before.
        options: Name to default; a tuple lists what is allowed, its first entry being the default.
    """

    about: str
    targets: Change | None = None
    images: Change | None = None
    updates: bool = True
    skips: bool = False
    normalised: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    def settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The options with their defaults."""
        defaults = {k: v[0] if isinstance(v, tuple) else v for k, v in self.options.items()}
        return {**defaults, **given}


def _noise_like_targets(targets: Array, at: Moment, how: Mapping[str, Any]) -> Array:
    draw = at.rng("targets", fixed=how["fixed"])
    known = at.targets
    if how["form"] == "permuted":
        # Values of all entries in another order: the very distribution, without any structure.
        return draw.permutation(known.ravel())[: targets.size].reshape(targets.shape)
    axis = 0 if how["form"] == "per-dimension" else None
    drawn = known.mean(axis=axis) + known.std(axis=axis) * draw.standard_normal(targets.shape)
    return np.maximum(drawn, 0.0) if how["form"] == "truncated" else drawn


def _random_labels(labels: Array, at: Moment, how: Mapping[str, Any]) -> Array:
    draw = at.rng("targets", fixed=how["fixed"])
    return draw.choice(at.targets, size=labels.shape)


def _target_noise(targets: Array, at: Moment, how: Mapping[str, Any]) -> Array:
    make = _random_labels if targets.ndim == 1 else _noise_like_targets
    return make(targets, at, how).astype(targets.dtype)


def _shuffled(targets: Array, at: Moment, how: Mapping[str, Any]) -> Array:
    if how["within"] == "batch":
        return targets[at.rng("shuffle", fixed=how["fixed"]).permutation(len(targets))]
    # One permutation of the training set an epoch, the same for every batch of it.
    epoch = at.since if how["fixed"] else at.epoch
    order = rng(at.seed, "perturbation", "shuffle", epoch).permutation(len(at.targets))
    return at.targets[order[at.rows]]


def _image_noise(images: Array, at: Moment, how: Mapping[str, Any]) -> Array:
    draw = at.rng("images", fixed=how["fixed"]).standard_normal(images.shape)
    if how["form"] == "replace":
        return (how["mean"] + how["sd"] * draw).astype(images.dtype)
    return (images + how["sd"] * draw).astype(images.dtype)


def _image_noise_2025(images: Array, at: Moment, how: Mapping[str, Any]) -> Array:
    draw = at.rng("images", fixed=True).standard_normal(images.shape)
    return (at.targets.mean() + at.targets.std() * draw).astype(images.dtype)


def _blank(images: Array, at: Moment, how: Mapping[str, Any]) -> Array:
    return np.full_like(images, how["grey"])


#: Kinds of perturbation by name.
PERTURBATIONS: Registry[Kind] = Registry("perturbation")
PERTURBATIONS.add(
    "target_noise",
    Kind(
        "targets replaced by draws from the distribution of the training targets",
        targets=_target_noise,
        options={"form": ("gaussian", "per-dimension", "truncated", "permuted"), "fixed": False},
    ),
)
PERTURBATIONS.add(
    "label_shuffle",
    Kind(
        "targets exchanged between stimuli",
        targets=_shuffled,
        options={"within": ("training-set", "batch"), "fixed": False},
    ),
)
PERTURBATIONS.add(
    "image_noise",
    Kind(
        "Gaussian noise added to images in [0, 1], or put in their place",
        images=_image_noise,
        options={"form": ("add", "replace"), "sd": 0.1, "mean": 0.5, "fixed": False},
    ),
)
PERTURBATIONS.add("blank_image", Kind("uniform grey instead of images", images=_blank, options={"grey": 0.5}))
PERTURBATIONS.add("frozen_epoch", Kind("control: epochs pass, weights stand still", updates=False))
PERTURBATIONS.add(
    "skipped_epoch", Kind("control: the window's data are left out, later ones come earlier", skips=True)
)
PERTURBATIONS.add(
    "target_noise_2025",
    Kind(
        "as run in 2025: scalar Gaussian, the same noise in every epoch of a window",
        targets=lambda y, at, how: _target_noise(y, at, {"form": "gaussian", "fixed": True}),
    ),
)
PERTURBATIONS.add(
    "label_shuffle_2025",
    Kind(
        "as run in 2025: within the batch",
        targets=lambda y, at, how: _shuffled(y, at, {"within": "batch", "fixed": True}),
    ),
)
PERTURBATIONS.add(
    "image_noise_2025",
    Kind(
        "as run in 2025: images replaced, after normalisation, by noise with mean and sd of the targets",
        images=_image_noise_2025,
        normalised=True,
    ),
)
PERTURBATIONS.add(
    "blank_image_2025",
    Kind(
        "as run in 2025: .5 after normalisation",
        images=_blank,
        normalised=True,
        options={"grey": 0.5},
    ),
)


def check_options(kind: str, given: Mapping[str, Any]) -> None:
    """Refuse unknown kinds and options.

    Raises:
        UnknownNameError: No such kind, option, or value of an option.
        InputError: A value of the wrong type.
    """
    known = PERTURBATIONS[kind].options
    for name, value in given.items():
        if name not in known:
            raise UnknownNameError.among(f"option of {kind}", name, known)
        allowed = known[name]
        if isinstance(allowed, tuple):
            if value not in allowed:
                raise UnknownNameError.among(f"{name} of {kind}", str(value), _texts(allowed))
        elif isinstance(value, bool) != isinstance(allowed, bool) or not isinstance(value, int | float):
            raise InputError(
                f"{name}={value!r} of {kind} is no {type(allowed).__name__}", hint=f"E.g. {allowed}."
            )


def _texts(allowed: Sequence[Any]) -> list[str]:
    return [str(each) for each in allowed]
