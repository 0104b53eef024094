"""Laws of the builtin models: pixels and colour."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as PILImage
from scipy.stats import rankdata, spearmanr

from repalign.data import StimulusSet
from repalign.errors import InputError, ShapeError, UnknownNameError
from repalign.maths.colour import srgb_to_lab
from repalign.models import extract, model

IMAGES = np.random.default_rng(1).integers(0, 256, (4, 12, 10, 3), dtype=np.uint8)


def one(name, image, **parameters):
    found = model(name, **parameters)
    return found.respond([image], found.layers)["pixels"][0]


def test_rgb_is_the_flattened_stored_pixels():
    found = model("builtin/rgb").respond(list(IMAGES), ("pixels",))["pixels"]
    np.testing.assert_array_equal(found, IMAGES.reshape(4, -1))


def test_raw_pixel_rdm_of_the_92_images_has_its_published_value(real_data):
    # Spearman .1077 with the pooled human IT RDM: published demo data, recomputed from the files.
    import scipy.io

    folder = real_data / "rsagroup+rsatoolbox" / "demos" / "92imageData"
    mat = folder / "Kriegeskorte_Neuron2008_supplementalData.mat"
    ids = [f"{i:02d}" for i in range(92)]
    found = extract("builtin/rgb", StimulusSet.from_mat(mat, "stimuli_92objs", ids=ids)).values
    pairs = np.triu_indices(92, 1)
    pixels = (1 - np.corrcoef(found.astype(float)))[pairs]
    brains = scipy.io.loadmat(folder / "92_brainRDMs.mat", squeeze_me=True)["RDMs"]["RDM"]
    people = [np.mean([np.asarray(r, float)[pairs] for r in sessions], axis=0) for sessions in brains]
    pooled = np.mean([rankdata(p) for p in people], axis=0)
    assert spearmanr(pixels, pooled).statistic == pytest.approx(0.1077, abs=1e-3)


@pytest.mark.parametrize("value", [0, 1, 77, 128, 255])
def test_grey_of_a_grey_image_is_its_own_value(value):
    image = np.full((3, 5, 3), value, dtype=np.uint8)
    np.testing.assert_allclose(one("builtin/grey", image), np.full(15, value), atol=1e-4)


def test_grey_orders_the_primaries_by_their_luminance():
    image = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], dtype=np.uint8)
    red, green, blue = one("builtin/grey", image)
    assert green > red > blue
    linear = ((np.array([red, green, blue]) / 255 + 0.055) / 1.055) ** 2.4
    np.testing.assert_allclose(linear, [0.2126, 0.7152, 0.0722], atol=1e-6)


def test_cielab_distance_of_two_colours_is_the_colour_difference():
    a, b = np.array([200, 30, 90], np.uint8), np.array([20, 130, 250], np.uint8)
    difference = np.linalg.norm(srgb_to_lab(a / 255) - srgb_to_lab(b / 255))
    found = [one("builtin/cielab", np.broadcast_to(c, (2, 2, 3)).copy()) for c in (a, b)]
    assert np.linalg.norm(found[0] - found[1]) == pytest.approx(2 * difference, rel=1e-5)


def test_opponent_axes_are_silent_for_greys_and_turn_sign_with_the_opposite():
    grey = np.full((2, 2, 3), 90, np.uint8)
    assert np.abs(one("builtin/opponent", grey).reshape(-1, 3)[:, 1:]).max() < 1e-6
    red, green, blue = (
        one("builtin/opponent", np.array([[c]], np.uint8)) for c in np.eye(3, dtype=int) * 255
    )
    assert red[1] == -green[1] > 0
    assert red[2] == green[2] > 0 > blue[2]


def test_size_resizes_with_pillow_bilinear_and_counts_in_the_digest():
    expected = PILImage.fromarray(IMAGES[0]).resize((6, 6), PILImage.Resampling.BILINEAR)
    np.testing.assert_array_equal(one("builtin/rgb", IMAGES[0], size=6), np.asarray(expected).ravel())
    assert model("builtin/rgb", size=6).digest != model("builtin/rgb").digest
    assert model("builtin/rgb", size=6).card.input_size == (6, 6)


def test_images_of_two_sizes_are_refused_without_size_and_taken_with_it():
    two = [IMAGES[0], IMAGES[1][:, :8]]
    with pytest.raises(ShapeError, match="image 0 is 10x12 pixels and image 1 is 8x12") as caught:
        model("builtin/rgb").respond(two, ("pixels",))
    assert '{"size": 64}' in caught.value.hint
    assert model("builtin/rgb", size=8).respond(two, ("pixels",))["pixels"].shape == (2, 192)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"size": 0}, r"parameter 'size' .* whole number from 1 to 4096; saw 0"),
        ({"size": 2.5}, "saw 2.5"),
        ({"size": True}, "saw True"),
        ({"size": "64"}, "saw '64'"),
        ({"size": float("nan")}, "saw nan"),
    ],
)
def test_impossible_parameter_values_are_refused(parameters, message):
    with pytest.raises(InputError, match=message):
        model("builtin/rgb", **parameters)


def test_unknown_parameters_and_layers_come_with_the_nearest():
    with pytest.raises(UnknownNameError, match="no parameter of builtin/random named 'sed'") as caught:
        model("builtin/random", sed=3)
    assert "'seed'" in caught.value.hint
    with pytest.raises(UnknownNameError, match="no layer of builtin/random named 'conv3'"):
        model("builtin/random").respond([IMAGES[0]], ("conv3",))
