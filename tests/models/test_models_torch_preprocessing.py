"""Laws of preprocessing: the same pixels as timm's and torchvision's own transforms."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from torch_for_tests import torch

from repalign.errors import InputError
from repalign.models.preprocessing import Preprocessing
from repalign.models.torch_preprocessing import adjusted, from_timm, from_torchvision

CONFIG = {
    "input_size": (3, 32, 32),
    "interpolation": "bicubic",
    "crop_pct": 0.875,
    "crop_mode": "center",
    "mean": (0.4, 0.5, 0.6),
    "std": (0.2, 0.3, 0.25),
}
SIZES = [(40, 61), (61, 40), (32, 32), (20, 90), (33, 34)]


def picture(height, width):
    return np.random.default_rng(height * width).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"interpolation": "bilinear", "crop_pct": 1.0},
        {"crop_pct": 0.95},
        {"crop_mode": "squash"},
        {"crop_mode": "squash", "crop_pct": 1.0},
        {"crop_mode": "squash", "crop_pct": 1.0, "input_size": (3, 32, 24)},
        {"crop_mode": "border", "crop_pct": 1.0},
        {"crop_mode": "border", "crop_pct": 0.9},
    ],
    ids=str,
)
def test_an_image_is_prepared_as_timm_prepares_it(shape, more):
    from timm.data import create_transform

    config = {**CONFIG, **more}
    theirs = create_transform(**config, is_training=False)(Image.fromarray(picture(*shape)))
    ours = from_timm(config)(picture(*shape))
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize(("crop", "resize"), [(32, 36), (24, 24)])
def test_an_image_is_prepared_as_torchvision_prepares_it(shape, crop, resize):
    from torchvision.transforms._presets import ImageClassification

    preset = ImageClassification(crop_size=crop, resize_size=resize)
    with torch.inference_mode():
        theirs = preset(Image.fromarray(picture(*shape))).numpy()
    np.testing.assert_allclose(from_torchvision(preset)(picture(*shape)), theirs, rtol=0, atol=1e-5)


def test_another_size_keeps_the_crop_in_proportion():
    base = Preprocessing(size=(224, 224), shorter=256)
    assert adjusted(base, {"size": 112}) == Preprocessing(size=(112, 112), shorter=128)
    assert adjusted(base, {"size": 112, "shorter": 150}).shorter == 150
    assert adjusted(base, {"size": None, "mean": [0.5, 0.5, 0.5]}).mean == (0.5, 0.5, 0.5)
    squashed = from_timm({**CONFIG, "crop_mode": "squash"})
    assert adjusted(squashed, {"size": 64}).inner == (72, 72)
    with pytest.raises(InputError, match="has no 'shorter' side"):
        adjusted(squashed, {"shorter": 40})


def test_what_a_card_says_of_a_frame():
    squashed = from_timm({**CONFIG, "crop_mode": "squash"})
    assert squashed.describe().startswith("squash to 36x36, centre of 32x32 (bicubic)")
    assert squashed.as_dict()["frame"] == "squash"
