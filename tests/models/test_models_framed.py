"""The image before it is scaled and normalised is the prepared one, undone: whole pixels that can be kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from repalign.models.preprocessing import Preprocessing
from repalign.models.torch_preprocessing import Framed

IMAGE = np.random.default_rng(0).integers(0, 256, size=(40, 52, 3), dtype=np.uint8)
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.3, 0.25)
PLAIN = Preprocessing(mean=MEAN, std=STD)
ALL = {
    "own size": PLAIN,
    "resized": replace(PLAIN, size=(24, 32)),
    "cropped": replace(PLAIN, size=(24, 24), shorter=30),
    "BGR": replace(PLAIN, channels="BGR"),
    "channels last": replace(PLAIN, layout="HWC", channels="BGR", size=(24, 32)),
    "0 to 255": replace(PLAIN, scale=1.0, size=(24, 32)),
    "squashed": Framed((24, 24), mean=MEAN, std=STD, frame="squash", inner=(27, 27)),
    "with a border": Framed((24, 24), mean=MEAN, std=STD, frame="border", inner=(24, 24)),
}


@pytest.mark.parametrize("how", ALL)
def test_scaled_and_normalised_it_is_the_prepared_image(how):
    prepare = ALL[how]
    framed = prepare.framed(IMAGE)
    assert framed.dtype == np.uint8
    assert framed.shape == (*(prepare.size or IMAGE.shape[:2]), 3)
    expected = (framed.astype(np.float32) * np.float32(prepare.scale) - np.float32(MEAN)) / np.float32(STD)
    found = prepare(IMAGE)
    np.testing.assert_array_equal(found if prepare.layout == "HWC" else found.transpose(1, 2, 0), expected)


def test_neither_scale_nor_normalisation_nor_layout_is_part_of_it():
    base = replace(PLAIN, size=(24, 32))
    for other in (
        replace(base, scale=1.0),
        replace(base, mean=(0.0,) * 3, std=(1.0,) * 3),
        replace(base, layout="HWC"),
    ):
        np.testing.assert_array_equal(other.framed(IMAGE), base.framed(IMAGE))


def test_channels_come_in_the_networks_order():
    np.testing.assert_array_equal(ALL["BGR"].framed(IMAGE), IMAGE[:, :, [2, 1, 0]])
    np.testing.assert_array_equal(PLAIN.framed(IMAGE), IMAGE)


def test_the_image_is_not_changed():
    before = IMAGE.copy()
    for prepare in ALL.values():
        prepare.framed(IMAGE)
    np.testing.assert_array_equal(IMAGE, before)
