"""Laws of colour: published points, round trips and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from repalign.errors import ShapeError
from repalign.maths.colour import (
    decode_srgb,
    encode_srgb,
    linear_srgb_to_opponent,
    linear_srgb_to_xyz,
    srgb_to_lab,
    wavelength_to_xyz,
    xyz_to_lab,
    xyz_to_linear_srgb,
)

COLOURS = np.random.default_rng(7).uniform(size=(50, 3))


@pytest.mark.parametrize(
    ("nm", "table"),
    [
        (450, (0.3362, 0.0380, 1.7721)),
        (500, (0.0049, 0.3230, 0.2720)),
        (550, (0.4334, 0.9950, 0.0087)),
        (555, (0.5121, 1.0000, 0.0057)),
        (600, (1.0622, 0.6310, 0.0008)),
        (650, (0.2835, 0.1070, 0.0000)),
    ],
)
def test_colour_matching_functions_follow_the_cie_1931_table(nm, table):
    np.testing.assert_allclose(wavelength_to_xyz([nm]), [table], atol=0.015)


def test_colour_matching_functions_have_equal_areas():
    # The CIE scaled them so that an equal-energy spectrum has X = Y = Z (106.9 in units of nm).
    areas = wavelength_to_xyz(np.arange(360.0, 831.0)).sum(axis=0)
    np.testing.assert_allclose(areas, 106.86, rtol=0.01)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((0, 0, 0), (0, 0, 0)),
        ((1, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 1, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 1), (32.30, 79.19, -107.86)),
    ],
)
def test_lab_of_the_primaries_is_the_published_one(rgb, lab):
    np.testing.assert_allclose(srgb_to_lab([rgb]), [lab], atol=0.03)


@pytest.mark.parametrize("grey", [0.001, 0.2, 0.5, 1.0])
def test_greys_have_no_chroma_and_white_has_lightness_100(grey):
    lab = srgb_to_lab([grey] * 3)
    opponent = linear_srgb_to_opponent([grey] * 3)
    np.testing.assert_allclose(lab[1:], 0, atol=1e-10)
    np.testing.assert_allclose(opponent, [grey * np.sqrt(3), 0, 0], atol=1e-12)
    if grey == 1.0:
        assert lab[0] == pytest.approx(100, abs=1e-10)


def test_lightness_of_18_percent_grey_is_about_50():
    assert xyz_to_lab(0.18418651851 * linear_srgb_to_xyz([1, 1, 1]))[0] == pytest.approx(50, abs=1e-6)


def test_xyz_and_transfer_function_round_trips():
    np.testing.assert_allclose(xyz_to_linear_srgb(linear_srgb_to_xyz(COLOURS)), COLOURS, atol=1e-14)
    np.testing.assert_allclose(decode_srgb(encode_srgb(COLOURS)), COLOURS, atol=1e-14)
    np.testing.assert_allclose(encode_srgb(-COLOURS), -encode_srgb(COLOURS))


def test_every_8_bit_value_survives_decoding_and_encoding():
    bytes_ = np.arange(256)
    np.testing.assert_array_equal(np.round(255 * encode_srgb(decode_srgb(bytes_ / 255))), bytes_)
    assert np.all(np.diff(decode_srgb(bytes_ / 255)) > 0)


def test_middle_grey_of_a_file_is_21_percent_of_the_light():
    assert float(decode_srgb(0.5)) == pytest.approx(0.21404114, abs=1e-8)


def test_published_inverse_matrix_agrees_to_its_four_digits():
    published = [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
    np.testing.assert_allclose(xyz_to_linear_srgb(np.eye(3)).T, published, atol=3e-4)


def test_opponent_axes_are_a_rotation_with_named_directions():
    turned = linear_srgb_to_opponent(COLOURS)
    np.testing.assert_allclose(np.linalg.norm(turned, axis=1), np.linalg.norm(COLOURS, axis=1))
    red, green, blue = linear_srgb_to_opponent(np.eye(3))
    assert red[1] > 0 > green[1]
    assert blue[1] == 0
    assert blue[2] < 0 < red[2] == green[2]


def test_wrong_shapes_are_refused():
    with pytest.raises(ShapeError, match=r"colours have shape \(\.\.\., 3\); saw \(4,\)"):
        linear_srgb_to_xyz(np.zeros(4))
    with pytest.raises(ShapeError, match=r"wavelengths have shape \(n,\); saw \(\)"):
        wavelength_to_xyz(np.float64(500))
