"""Colour: from wavelengths to tristimulus values, sRGB, CIELAB and opponent axes.

All functions take and return float64; the last axis of an array of colours has length 3. Linear
light is proportional to radiance (0 black, 1 the display's white); encoded sRGB is what image files
hold, divided by 255. The white is D65 as the sRGB matrix defines it, (0.9505, 1, 1.0890).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repalign.errors import ShapeError

Floats = NDArray[np.float64]

# Lobes (height, peak in nm, width below the peak, width above it): Wyman, Sloan & Shirley 2013, eq. 4.
LOBES = (
    ((1.056, 599.8, 37.9, 31.0), (0.362, 442.0, 16.0, 26.7), (-0.065, 501.1, 20.4, 26.2)),
    ((0.821, 568.8, 46.9, 40.5), (0.286, 530.9, 16.3, 31.1)),
    ((1.217, 437.0, 11.8, 36.0), (0.681, 459.0, 26.0, 13.8)),
)
# Linear sRGB to XYZ as printed in IEC 61966-2-1. The way back is its exact inverse and not the
# standard's own rounded one, so that a round trip loses nothing.
TO_XYZ: Floats = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
FROM_XYZ: Floats = np.asarray(np.linalg.inv(TO_XYZ), dtype=np.float64)
WHITE: Floats = TO_XYZ.sum(axis=1)
OPPONENT: Floats = np.array([[1, 1, 1], [1, -1, 0], [1, 1, -2]]) / np.sqrt(np.array([[3], [2], [6]]))
CUBE_ROOT_FROM = (6 / 29) ** 3  # below it CIELAB is linear


def wavelength_to_xyz(nm: ArrayLike) -> Floats:
    """CIE 1931 2-degree colour matching functions, by an analytic fit.

    Each function is a sum of lobes ``h exp(-((nm - peak) / w)² / 2)`` whose width ``w`` differs below
    and above the peak: Wyman, Sloan & Shirley (2013), Journal of Computer Graphics Techniques 2(2),
    eq. 4. The fit stays within about 0.03 of the CIE table, whose largest value is 1.78.

    Args:
        nm: Wavelengths in nanometres, shape (n,). Outside 380..780 the values go to 0.

    Returns:
        Tristimulus values x̄, ȳ, z̄ of light of unit radiance, shape (n, 3). Spectral colours lie
        outside the sRGB gamut: in linear sRGB at least one channel is negative.

    Raises:
        ShapeError: Not one-dimensional.
    """
    waves = np.asarray(nm, dtype=np.float64)
    if waves.ndim != 1:
        raise ShapeError(
            f"wavelengths have shape (n,); saw {waves.shape}", hint="Flatten them, or wrap one in a list."
        )
    return np.stack(
        [sum((_lobe(waves, *lobe) for lobe in lobes), np.zeros_like(waves)) for lobes in LOBES], 1
    )


def _lobe(waves: Floats, height: float, peak: float, below: float, above: float) -> Floats:
    distance = (waves - peak) / np.where(waves < peak, below, above)
    return height * np.exp(-0.5 * distance**2)


def linear_srgb_to_xyz(rgb: ArrayLike) -> Floats:
    """Linear sRGB to CIE XYZ: the matrix of IEC 61966-2-1:1999, white D65 at Y = 1.

    Args:
        rgb: Linear light, shape (..., 3), 0..1 inside the gamut.

    Returns:
        XYZ, shape (..., 3); white is (0.9505, 1, 1.0890). Y is the luminance.

    Raises:
        ShapeError: The last axis has not length 3.
    """
    return _colours(rgb) @ TO_XYZ.T


def xyz_to_linear_srgb(xyz: ArrayLike) -> Floats:
    """CIE XYZ to linear sRGB: the inverse of :func:`linear_srgb_to_xyz`.

    Args:
        xyz: Tristimulus values with Y = 1 at white, shape (..., 3).

    Returns:
        Linear light, shape (..., 3). Colours that no display shows come out below 0 or above 1;
        nothing is clipped.

    Raises:
        ShapeError: The last axis has not length 3.
    """
    return _colours(xyz) @ FROM_XYZ.T


def encode_srgb(linear: ArrayLike) -> Floats:
    """The sRGB transfer function, IEC 61966-2-1:1999.

    ``12.92 c`` up to 0.0031308, above it ``1.055 c^(1/2.4) - 0.055``; negative values, which lie
    outside the gamut, are mirrored: f(-c) = -f(c).

    Args:
        linear: Linear light of any shape, 0..1.

    Returns:
        Encoded values of the same shape, 0..1; times 255 they are what an 8-bit file holds.
    """
    c = np.asarray(linear, dtype=np.float64)
    size = np.abs(c)
    return np.copysign(np.where(size <= 0.0031308, 12.92 * size, 1.055 * size ** (1 / 2.4) - 0.055), c)


def decode_srgb(encoded: ArrayLike) -> Floats:
    """The inverse of :func:`encode_srgb`: ``c / 12.92`` up to 0.04045, else ``((c + 0.055) / 1.055)^2.4``.

    Args:
        encoded: Encoded values of any shape, 0..1.

    Returns:
        Linear light of the same shape, 0..1.
    """
    c = np.asarray(encoded, dtype=np.float64)
    size = np.abs(c)
    return np.copysign(np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4), c)


def xyz_to_lab(xyz: ArrayLike) -> Floats:
    """CIELAB 1976 with white D65 (CIE 15:2004, section 8.2.1).

    L* = 116 f(Y/Yn) - 16, a* = 500 (f(X/Xn) - f(Y/Yn)), b* = 200 (f(Y/Yn) - f(Z/Zn)), where f is the
    cube root above (6/29)³ and ``t (29/6)² / 3 + 4/29`` below.

    Args:
        xyz: Tristimulus values with Y = 1 at white, shape (..., 3).

    Returns:
        L* (0 black, 100 white), a* (green to red), b* (blue to yellow), shape (..., 3). Euclidean
        distance is the colour difference ΔE*ab, of which about 2.3 are just noticeable.

    Raises:
        ShapeError: The last axis has not length 3.
    """
    t = _colours(xyz) / WHITE
    f = np.where(t > CUBE_ROOT_FROM, np.cbrt(t), t * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def srgb_to_lab(encoded: ArrayLike) -> Floats:
    """Encoded sRGB to CIELAB: :func:`decode_srgb`, :func:`linear_srgb_to_xyz`, :func:`xyz_to_lab`.

    Args:
        encoded: Encoded values (pixels / 255), shape (..., 3), 0..1.

    Returns:
        L*, a*, b*, shape (..., 3).

    Raises:
        ShapeError: The last axis has not length 3.
    """
    return xyz_to_lab(linear_srgb_to_xyz(decode_srgb(_colours(encoded))))


def linear_srgb_to_opponent(rgb: ArrayLike) -> Floats:
    """Opponent axes of van de Sande, Gevers & Snoek (2010), IEEE TPAMI 32(9), opponent histogram.

    Their O3, O1, O2 in this order: intensity (R + G + B)/√3, red-green (R - G)/√2 and yellow-blue
    (R + G - 2B)/√6. A rotation of linear light: distances stay, and greys have no chroma. (The
    intensity weighs the three lights equally; for luminance as eyes have it, use Y of
    :func:`linear_srgb_to_xyz`.)

    Args:
        rgb: Linear light, shape (..., 3), 0..1.

    Returns:
        Intensity (0..√3), red-green (±1/√2), yellow-blue (±2/√6), shape (..., 3).

    Raises:
        ShapeError: The last axis has not length 3.
    """
    return _colours(rgb) @ OPPONENT.T


def _colours(values: ArrayLike) -> Floats:
    colours: NDArray[Any] = np.asarray(values, dtype=np.float64)
    if colours.ndim == 0 or colours.shape[-1] != 3:
        raise ShapeError(
            f"colours have shape (..., 3); saw {colours.shape}",
            hint="Put the three channels on the last axis.",
        )
    return colours
