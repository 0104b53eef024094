"""CIFAR-10H: how 2,571 people labelled the 10,000 test images of CIFAR-10."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data import Assembly, StimulusSet, load_numpy
from repalign.datasets.archive_images import archive_images
from repalign.datasets.card import Card, github_file
from repalign.datasets.dataset import Dataset, Files, TargetSpec
from repalign.datasets.places import find
from repalign.errors import IdentityError

N = 10_000
IDS = tuple(f"cifar10-test-{i:05d}" for i in range(N))
CATEGORIES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
COUNTS = "cifar10h-counts.npy"
ARCHIVE = "derived/cifar10_test_jpg_testorder.zip"
# People agree with the labels on about 99 of 100 images; in any other order on about 10 of 100.
LEAST_AGREEMENT = 0.9

CARD = Card(
    name="cifar10h",
    title="CIFAR-10H: human label distributions of 10,000 small images",
    description=(
        "For each CIFAR-10 test image how often each of the ten categories was chosen. The images are not "
        "included: give a zip of them as images=ARCHIVE, with members named 00000_cat.jpg and so on in the "
        "original test order. Without it the stimuli have ids only."
    ),
    files=(
        github_file(
            "jcpeterson/cifar-10h",
            "597cbc5f07266c9405b830ee4a53463539124c4f",
            f"data/{COUNTS}",
            "9b36b4550349af56c79083356312eb4af856cc5fd3caf1f669d40b9d0bbb69ff",
            800128,
        ),
    ),
    licence="CC BY-NC-SA 4.0 (non-commercial); CIFAR-10's images state no licence",
    licence_url="https://creativecommons.org/licenses/by-nc-sa/4.0/",
    citation=(
        "Peterson, J. C., Battleday, R. M., Griffiths, T. L., & Russakovsky, O. (2019). Human uncertainty "
        "makes classification more robust. Proceedings of the IEEE/CVF International Conference on Computer "
        "Vision, 9617-9626."
    ),
    subjects=(
        "2,571 workers of Amazon Mechanical Turk; 47 to 63 of them per image. Here they are one pooled "
        "table; their ages, places and languages are not in it."
    ),
    method=(
        "Each person chose one of ten categories for each of 200 images of 32 x 32 pixels, shown enlarged."
    ),
    biases=(
        "Online workers of one platform. They are not told apart, so there is no noise ceiling by subject "
        "and no interval over subjects. On most images nearly all agree, so that the table is close to the "
        "class labels. Ten categories only."
    ),
    intended_use="Comparing a model's confusions and uncertainty with people's.",
    inappropriate_use=(
        "Commercial use; claims about single people, about people at large, or about other categories than "
        "these ten."
    ),
)


def cifar10h(*, images: Path | str | None = None) -> Dataset:
    """CIFAR-10H; see the card.

    Args:
        images: A zip of the test images with members like ``00000_cat.jpg``. By default
            ``derived/cifar10_test_jpg_testorder.zip`` below ``REPALIGN_DATA`` or the home where it is.
    """
    note = "one table pooled over 2,571 people: no ceiling by subject"
    target = TargetSpec(_labels, "behaviour", 2571, "cka-linear-debiased", note, _halves)
    given = None if images is None else Path(images)
    return Dataset(CARD, stimuli=partial(_stimuli, given=given), targets={"labels": target})


def _counts(files: Files) -> NDArray[Any]:
    return np.asarray(load_numpy(files[COUNTS], "CIFAR-10H counts"))


def _labels(files: Files) -> Assembly:
    counts = _counts(files)
    shares = counts / counts.sum(axis=1, keepdims=True)
    return Assembly(shares, IDS, {"category": np.array(CATEGORIES)}, name="cifar10h/labels")


def _halves(files: Files, generator: np.random.Generator) -> tuple[Assembly, Assembly]:
    """Shares of two random halves of the people who saw each image; of an odd number one is left out."""
    left = _counts(files).astype(np.int64)
    each = left.sum(axis=1) // 2
    tables: list[Assembly] = []
    for name in ("one half", "the other half"):
        drawn = _drawn(left, each, generator)
        left = left - drawn
        units = {"category": np.array(CATEGORIES)}
        tables.append(Assembly(drawn / each[:, None], IDS, units, name=f"cifar10h/labels, {name}"))
    return tables[0], tables[1]


def _drawn(counts: NDArray[Any], n: NDArray[Any], generator: np.random.Generator) -> NDArray[Any]:
    """So many of the people behind each row of counts, without replacement."""
    found, wanted, rest = np.zeros_like(counts), n.copy(), counts.sum(axis=1)
    for column in range(counts.shape[1]):
        rest = rest - counts[:, column]
        # Of those wanted, so many are of this column; the others come from the columns behind it.
        found[:, column] = generator.hypergeometric(counts[:, column], rest, wanted)
        wanted = wanted - found[:, column]
    return found


def _stimuli(files: Files, *, given: Path | None) -> StimulusSet:
    archive = given or find(ARCHIVE)
    if archive is None:
        return StimulusSet(IDS, name="cifar10h")
    images, labels = archive_images(archive, N, CATEGORIES)
    _check_order(archive, labels, _counts(files))
    return StimulusSet(IDS, images, columns={"label": labels}, name="cifar10h")


def _check_order(archive: Path, labels: NDArray[np.str_], counts: NDArray[Any]) -> None:
    chosen = np.array(CATEGORIES)[counts.argmax(axis=1)]
    agreement = float(np.mean(chosen == labels))
    if agreement < LEAST_AGREEMENT:
        raise IdentityError(
            f"{archive}: people's most frequent choice is the member's label for {agreement:.0%} of the "
            f"images; in the original test order it is for more than {LEAST_AGREEMENT:.0%}",
            hint="Number the members in the order of CIFAR-10's test batch.",
        )
