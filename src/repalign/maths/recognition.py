"""Signatures of core object recognition: d' by image and by object (Rajalingham et al. 2018)."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from repalign.errors import DegenerateError, InputError, ShapeError
from repalign.maths.checks import Floats

Labels = NDArray[np.intp]
#: Level of detail of a signature: see :func:`signature`.
Level = Literal["o1", "o2", "i1", "i2", "i1n", "i2n"]
#: All levels of a signature.
LEVELS: tuple[Level, ...] = get_args(Level)
LARGEST = 5.0  # d' of rates of 0 or 1 is infinite; the paper cuts it here


def binary_hits(probabilities: Floats, truth: Labels) -> Floats:
    """Chance that a classifier is right when it may choose between the truth and one distractor.

    HR(i, d) = p(c) / (p(c) + p(d)), with c the object in image i.

    Args:
        probabilities: Of each object for each image, (n_images, n_objects), not negative.
        truth: The object in each image, (n_images,).

    Returns:
        (n_images, n_objects), 0..1; NaN where the distractor is the object itself, and only there.

    Raises:
        DegenerateError: A negative or non-finite probability, or zero for both; ``rows`` names the images.
    """
    p = np.asarray(probabilities, dtype=np.float64)
    bad = ~np.isfinite(p).all(axis=1) | (p < 0).any(axis=1)
    own = p[np.arange(len(p)), truth][:, None]
    total = own + p
    bad |= (total == 0).any(axis=1)
    if bad.any():
        rows = np.flatnonzero(bad).tolist()
        raise DegenerateError(
            f"{len(rows)} images have probabilities that are negative, NaN, or zero for truth and distractor",
            hint="Give probabilities, for example a softmax of the logits.",
            rows=rows,
        )
    hits = own / total
    hits[np.arange(len(p)), truth] = np.nan
    return hits


def trial_hits(image: Labels, distractor: Labels, right: NDArray[np.bool_], truth: Labels, n: int) -> Floats:
    """Hit rates from trials in which an image is shown and its object is chosen against a distractor.

    Args:
        image: Which image, 0..n_images - 1, (n_trials,).
        distractor: The other object on offer, 0..n - 1, (n_trials,).
        right: Whether the image's object was chosen, (n_trials,).
        truth: The object in each image, (n_images,).
        n: Number of objects.

    Returns:
        (n_images, n); NaN where there was no such trial.

    Raises:
        ShapeError: A trial offers the image's own object as distractor.
    """
    if (truth[image] == distractor).any():
        raise ShapeError("a trial has the image's own object as distractor", hint="Name the other object.")
    shown, hits = np.zeros((len(truth), n)), np.zeros((len(truth), n))
    np.add.at(shown, (image, distractor), 1.0)
    np.add.at(hits, (image, distractor), right.astype(np.float64))
    return np.where(shown > 0, hits / np.maximum(shown, 1), np.nan)


def signature(hits: Floats, truth: Labels, level: Level) -> Floats:
    """Sensitivity d' = z(HR) - z(FAR) at one level of detail, cut to -5..5.

    The false-alarm rate of object c against d is the mean over images of d of 1 - HR(image, c); of c
    against all, the mean over all images of other objects.

    Args:
        hits: From :func:`binary_hits` or :func:`trial_hits`, (n_images, n_objects).
        truth: The object in each image, (n_images,).
        level: ``o1`` one object against all, ``o2`` one object against another, ``i1`` and ``i2`` the
            same by image; ``i1n`` and ``i2n`` less their mean over the images of the object.

    Returns:
        o1 (n_objects,), o2 (n_objects, n_objects), i1 (n_images,), i2 (n_images, n_objects); NaN where
        there is no such case. Where both rates are 1, or both 0, d' is 0.

    Raises:
        InputError: No such level.
        DegenerateError: An object without images.
    """
    if level not in LEVELS:
        raise InputError(f"there is no level {level!r}", hint=f"Levels: {', '.join(LEVELS)}.")
    n_objects = int(hits.shape[1])
    member = np.equal(truth, np.arange(n_objects)[:, None])
    if not member.any(axis=1).all():
        absent = np.flatnonzero(~member.any(axis=1)).tolist()
        raise DegenerateError("an object has no image", hint="Leave it out.", rows=absent)
    against = np.stack([_mean(hits[rows], 0) for rows in member])  # HR(c, d)
    if level == "o2":
        return _sensitivity(against, 1.0 - against.T)
    if level == "o1":
        return _sensitivity(_mean(against, 1), _false_alarms(hits, truth))
    if level.startswith("i2"):
        found = _sensitivity(hits, (1.0 - against.T)[truth])
    else:
        found = _sensitivity(_mean(hits, 1), _false_alarms(hits, truth)[truth])
    if not level.endswith("n"):
        return found
    return found - np.stack([_mean(found[rows], 0) for rows in member])[truth]


def _false_alarms(hits: Floats, truth: Labels) -> Floats:
    return np.array([1.0 - _mean(hits[truth != c, c], 0) for c in range(hits.shape[1])])


def _mean(values: Floats, axis: int) -> Floats:
    """Mean of what is there; NaN where nothing is."""
    there = ~np.isnan(values)
    n = there.sum(axis=axis)
    return np.where(n > 0, np.where(there, values, 0.0).sum(axis=axis) / np.maximum(n, 1), np.nan)


def _sensitivity(hits: Floats, alarms: Floats) -> Floats:
    z_hit, z_alarm = ndtri(hits), ndtri(alarms)
    same = np.isinf(z_hit) & (z_hit == z_alarm)
    difference = np.where(same, 0.0, z_hit) - np.where(same, 0.0, z_alarm)
    return np.clip(difference, -LARGEST, LARGEST)


def signature_similarity(a: Floats, b: Floats) -> float:
    """Pearson's r of two signatures over the cases that both have.

    Args:
        a: From :func:`signature`.
        b: The same level of the other side.

    Returns:
        -1..1, not corrected for the reliability of either.

    Raises:
        ShapeError: The shapes differ.
        DegenerateError: Fewer than 3 common cases, or one side does not vary.
    """
    if a.shape != b.shape:
        raise ShapeError(
            f"signatures of shape {a.shape} and {b.shape}", hint="Use the same images and objects."
        )
    both = ~(np.isnan(a) | np.isnan(b))
    x, y = a[both], b[both]
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        raise DegenerateError(
            f"{len(x)} cases in common, or a side that does not vary: signatures cannot be correlated",
            hint="Use more trials, or a coarser level (o2, o1).",
        )
    x, y = x - x.mean(), y - y.mean()
    return float(x @ y / np.sqrt((x @ x) * (y @ y)))
