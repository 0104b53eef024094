"""Gabor energy: what complex cells of V1 are modelled by, averaged over a coarse grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy import fft
from numpy.typing import NDArray

from repalign.errors import ShapeError
from repalign.models.colour_features import grey
from repalign.models.pixels import pooled

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

# Standard deviation over preferred frequency for a bandwidth of one octave: half height at 2/3 and 4/3.
OCTAVE = (1 / 3) / np.sqrt(2 * np.log(2))


def gabor_layers(scales: int) -> tuple[str, ...]:
    """``scale-1`` (the finest) to ``scale-N``."""
    return tuple(f"scale-{s}" for s in range(1, scales + 1))


def gabor_features(
    image: Pixels, layers: Sequence[str], *, scales: int, orientations: int, wavelength: float, grid: int
) -> dict[str, Floats]:
    """Energy of Gabor filters at several scales, averaged over the cells of a grid.

    Args:
        image: ``uint8`` of shape (height, width, 3); its grey values (0..255) are filtered.
        layers: Which scales, as ``scale-N``.
        scales: The number of scales, one octave apart.
        orientations: The number of orientations, evenly spaced over 180 degrees.
        wavelength: Of the finest scale, in pixels per cycle.
        grid: Cells along either side.

    Returns:
        Per layer, shape (orientations * grid * grid,), orientation slowest, then rows of the grid.

    Raises:
        ShapeError: The image is smaller than the longest wavelength.
    """
    longest, shortest_side = wavelength * 2 ** (scales - 1), min(image.shape[:2])
    if shortest_side < longest:
        raise ShapeError(
            f"builtin/gabor: an image of {image.shape[1]}x{image.shape[0]} pixels is smaller than the "
            f"longest wavelength, {longest:g} pixels",
            hint=f'Give fewer scales, or a larger size: {{"size": {max(64, int(np.ceil(longest)))}}}.',
        )
    spectrum = mirrored_spectrum(grey(image))
    found: dict[str, Floats] = {}
    for layer in layers:
        waves = wavelength * 2 ** (gabor_layers(scales).index(layer))
        maps = (gabor_energy(spectrum, waves, k * np.pi / orientations) for k in range(orientations))
        found[layer] = np.stack([pooled(energy, grid) for energy in maps]).ravel()
    return found


def mirrored_spectrum(plane: Floats) -> NDArray[np.complex128]:
    """Fourier transform of an image continued by its mirror image, so that its borders are no edges.

    Args:
        plane: Shape (height, width).

    Returns:
        Shape (2 * height, 2 * width), the mean removed.
    """
    height, width = plane.shape
    # Removing the mean alone would leave rounding noise of a blank image, and noise has a pattern.
    plane = plane - plane[0, 0]
    spectrum = fft.fft2(np.pad(plane, ((0, height), (0, width)), mode="symmetric"))
    spectrum[0, 0] = 0
    return spectrum


def gabor_energy(spectrum: NDArray[np.complex128], wavelength: float, orientation: float) -> Floats:
    """Energy of one quadrature pair: Adelson & Bergen (1985), J. Opt. Soc. Am. A 2(2), 284-299.

    The pair is one complex filter whose transfer function is a Gaussian around the preferred
    frequency, of one octave and about 37 degrees full width at half height (medians in macaque V1 are
    near 1.4 octaves and 40 degrees: De Valois, Albrecht & Thorell 1982; De Valois, Yund & Hepler 1982).

    Args:
        spectrum: From :func:`mirrored_spectrum`.
        wavelength: Preferred wavelength, pixels per cycle.
        orientation: Of the preferred bars, in radians counter-clockwise from horizontal.

    Returns:
        Square root of the sum of both squared responses, shape (height, width): for a grating at the
        preferred frequency its amplitude, wherever its phase.
    """
    height, width = spectrum.shape[0] // 2, spectrum.shape[1] // 2
    down, right = np.cos(orientation) / wavelength, np.sin(orientation) / wavelength
    spread = OCTAVE / wavelength
    rows = np.exp(-0.5 * ((fft.fftfreq(2 * height) - down) / spread) ** 2)
    columns = np.exp(-0.5 * ((fft.fftfreq(2 * width) - right) / spread) ** 2)
    # One side of the spectrum holds half of a real grating's amplitude: hence the 2.
    partial = fft.ifft(spectrum * (2 * rows[:, None]) * columns, axis=0)[:height]
    return np.abs(fft.ifft(partial, axis=1)[:, :width])
