"""Laws of the filtering models: Gabor energy, random features, and the pooling they share."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import correlate

from repalign.errors import ShapeError
from repalign.models import model
from repalign.models.gabor import gabor_energy, mirrored_spectrum
from repalign.models.pixels import pooled
from repalign.models.random_features import convolved, weights

RNG = np.random.default_rng(5)


def grating(orientation, wavelength=8.0, phase=0.0, side=96, amplitude=1.0):
    """Bars at ``orientation`` radians counter-clockwise from horizontal."""
    rows, columns = np.mgrid[:side, :side]
    along = rows * np.cos(orientation) + columns * np.sin(orientation)
    return amplitude * np.cos(2 * np.pi * along / wavelength + phase)


def as_image(plane):
    grey = np.clip(np.round(127.5 + plane), 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


@pytest.mark.parametrize("orientation", [0.0, np.pi / 4, np.pi / 2, 2.2])
@pytest.mark.parametrize("phase", [0.0, 1.0, np.pi / 2])
def test_energy_of_a_preferred_grating_is_its_amplitude_at_any_phase(orientation, phase):
    spectrum = mirrored_spectrum(grating(orientation, phase=phase, amplitude=3.0))
    centre = gabor_energy(spectrum, 8.0, orientation)[40:56, 40:56]
    np.testing.assert_allclose(centre, 3.0, rtol=0.02)


def test_energy_is_the_quadrature_pair_in_space():
    # The same filter written out: a Gaussian envelope times a cosine and a sine, without the mean.
    image, waves, angle = RNG.normal(size=(48, 48)), 6.0, 0.7
    spread = waves * 3 * np.sqrt(2 * np.log(2)) / (2 * np.pi)
    rows, columns = np.mgrid[-30:31, -30:31]
    envelope = np.exp(-(rows**2 + columns**2) / (2 * spread**2)) / (2 * np.pi * spread**2)
    phase = 2 * np.pi * (rows * np.cos(angle) + columns * np.sin(angle)) / waves
    padded = np.pad(image - image.mean(), 30, mode="symmetric")
    even, odd = (correlate(padded, envelope * f(phase), mode="valid") for f in (np.cos, np.sin))
    found = gabor_energy(mirrored_spectrum(image), waves, angle)
    np.testing.assert_allclose(found, 2 * np.sqrt(even**2 + odd**2), atol=1e-6)


@pytest.mark.parametrize("k", range(8))
def test_orientation_tuning_peaks_at_the_gratings_orientation(k):
    found = model("builtin/gabor", grid=1)
    energies = found.respond([as_image(100 * grating(k * np.pi / 8))], ["scale-2"])["scale-2"][0]
    assert energies.argmax() == k
    assert energies[(k + 4) % 8] < 0.2 * energies[k]


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_scale_tuning_peaks_at_the_gratings_wavelength(scale):
    found = model("builtin/gabor", grid=1, orientations=1)
    responses = found.respond([as_image(100 * grating(0.0, 2.0 * 2**scale))], found.layers)
    assert max(responses, key=lambda layer: responses[layer].max()) == f"scale-{scale}"


def test_energy_does_not_see_which_is_bright_and_which_is_dark():
    grey = np.repeat(RNG.integers(0, 256, (40, 36, 1), dtype=np.uint8), 3, axis=2)
    found = model("builtin/gabor")
    for a, b in zip(*(found.respond([x], found.layers).values() for x in (grey, 255 - grey)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_a_blank_image_has_no_energy_at_all():
    found = model("builtin/gabor")
    for values in found.respond([np.full((33, 47, 3), 201, np.uint8)], found.layers).values():
        assert values.max() == 0


def test_an_image_below_the_longest_wavelength_is_refused_with_a_size():
    with pytest.raises(
        ShapeError, match="image of 40x20 pixels is smaller than the longest wavelength, 32"
    ) as e:
        model("builtin/gabor").respond([np.zeros((20, 40, 3), np.uint8)], ["scale-1"])
    assert '"size": 64' in e.value.hint


@pytest.mark.parametrize(("shape", "grid"), [((8, 8), 4), ((7, 9), 2), ((3, 5), 8), ((175, 175), 8)])
def test_pooling_keeps_the_mean_and_constants(shape, grid):
    maps = RNG.normal(size=(2, *shape))
    assert pooled(maps, grid).shape == (2, grid, grid)
    np.testing.assert_allclose(pooled(maps, grid).mean(axis=(1, 2)), maps.mean(axis=(1, 2)))
    np.testing.assert_allclose(pooled(np.ones(shape), grid), 1)


def test_pooling_of_a_divisible_map_is_block_means():
    maps = RNG.normal(size=(8, 12))
    np.testing.assert_allclose(pooled(maps, 4), maps.reshape(4, 2, 4, 3).mean(axis=(1, 3)))


def test_convolution_agrees_with_scipy():
    maps, kernel = RNG.normal(size=(11, 8, 3)), RNG.normal(size=(75, 4))
    padded = np.pad(maps, ((2, 2), (2, 2), (0, 0)), mode="edge")
    for channel in range(4):
        oracle = correlate(padded, kernel[:, channel].reshape(3, 5, 5).transpose(1, 2, 0), mode="valid")[
            ::2, ::2, 0
        ]
        np.testing.assert_allclose(convolved(maps, kernel, 5)[..., channel], oracle)


def test_random_weights_have_the_variance_of_he_2015():
    assert weights(3, "conv2").std() == pytest.approx(np.sqrt(2 / 288), rel=0.03)
    assert weights(3, "conv2").mean() == pytest.approx(0, abs=0.002)


def test_random_features_repeat_with_the_seed_and_differ_without():
    image = RNG.integers(0, 256, (20, 20, 3), dtype=np.uint8)
    first, again, other = (model("builtin/random", seed=s) for s in (4, 4, 5))
    responses = [m.respond([image], m.layers) for m in (first, again, other)]
    for layer in ("conv1", "conv2"):
        assert responses[0][layer].tobytes() == responses[1][layer].tobytes()
        assert not np.allclose(responses[0][layer], responses[2][layer])
        assert responses[0][layer].min() >= 0
    assert first.digest == again.digest != other.digest
