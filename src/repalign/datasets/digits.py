"""Handwritten digits: 1,797 images of 8 x 8 pixels that come with scikit-learn."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data import Assembly, StimulusSet
from repalign.datasets.card import Card
from repalign.datasets.dataset import Dataset, Files, TargetSpec
from repalign.errors import UnavailableError

BRIGHTEST = 16  # the published images count inked pixels in 4 x 4 blocks

CARD = Card(
    name="digits",
    title="1,797 handwritten digits of 8 x 8 pixels",
    description=(
        "Grey images of the digits 0 to 9 with their labels: the test part of the UCI set of optical digits."
    ),
    licence="CC BY 4.0 (the data); BSD 3-Clause (the copy in scikit-learn)",
    licence_url="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    citation=(
        "Alpaydin, E., & Kaynak, C. (1998). Optical Recognition of Handwritten Digits. UCI Machine Learning "
        "Repository. https://doi.org/10.24432/C50P49"
    ),
    subjects=(
        "Digits written by 13 people, other ones than those of the training part; nobody's responses were "
        "measured."
    ),
    method=(
        "Scanned at 32 x 32 black-and-white pixels; the number of inked pixels in each 4 x 4 block gives a "
        "value from 0 to 16, scaled here to 0..255."
    ),
    biases="Few writers; a target of class labels rewards separation of classes and nothing finer.",
    intended_use="Demonstrations, tests, and training of small networks without network or data on disk.",
    inappropriate_use="Claims about people or brains: the labels are not responses.",
)

HELD_OUT = 597


def digits() -> Dataset:
    """Handwritten digits; see the card."""
    note = "class labels, not people: no ceiling"
    targets = {
        "classes": TargetSpec(_classes, "labels", 0, "cka-linear-debiased", note),
        "held-out": TargetSpec(_held_out, "labels", 0, "cka-linear-debiased", note),
    }
    return Dataset(CARD, stimuli=_stimuli, targets=targets, needs="sklearn")


@lru_cache(maxsize=1)
def _published() -> tuple[NDArray[Any], NDArray[Any]]:
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise UnavailableError(
            "digits come with scikit-learn, which is not installed", hint="pip install 'repalign[demo]'"
        ) from error
    images, labels = load_digits(return_X_y=True)
    return np.asarray(images).reshape(-1, 8, 8), np.asarray(labels)


def _ids(n: int) -> tuple[str, ...]:
    return tuple(f"digit-{i:04d}" for i in range(n))


def _stimuli(files: Files) -> StimulusSet:
    images, labels = _published()
    scaled = np.round(images * 255 / BRIGHTEST).astype(np.uint8)
    return StimulusSet.from_arrays(_ids(len(labels)), images=scaled, columns={"label": labels}, name="digits")


def _classes(files: Files) -> Assembly:
    _, labels = _published()
    units = {"label": np.array([str(d) for d in range(10)])}
    return Assembly(np.eye(10)[labels], _ids(len(labels)), units, name="digits/classes")


def _held_out(files: Files) -> Assembly:
    """The classes of the last digits, so that networks may be trained on the others."""
    return replace(_classes(files).select(_ids(1797)[-HELD_OUT:]), name="digits/held-out")
