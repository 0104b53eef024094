"""The image itself as a model: grey values, sRGB, opponent axes, CIELAB; one layer, ``pixels``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from repalign.maths.colour import (
    decode_srgb,
    encode_srgb,
    linear_srgb_to_opponent,
    linear_srgb_to_xyz,
    srgb_to_lab,
)

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]


def grey(image: Pixels) -> Floats:
    """Luminance Y of linear light, encoded back: the grey that is as luminous as the colour.

    Args:
        image: ``uint8`` of shape (height, width, 3).

    Returns:
        Shape (height, width), 0..255; a grey image keeps its values.
    """
    return 255 * encode_srgb(linear_srgb_to_xyz(decode_srgb(image / 255.0))[..., 1])


def rgb(image: Pixels) -> Floats:
    """The stored values.

    Args:
        image: ``uint8`` of shape (height, width, 3).

    Returns:
        Shape (height, width, 3), 0..255.
    """
    return image.astype(np.float64)


def opponent(image: Pixels) -> Floats:
    """Intensity, red-green and yellow-blue of linear light (van de Sande, Gevers & Snoek 2010).

    Args:
        image: ``uint8`` of shape (height, width, 3).

    Returns:
        Shape (height, width, 3); see :func:`repalign.maths.colour.linear_srgb_to_opponent`.
    """
    return linear_srgb_to_opponent(decode_srgb(image / 255.0))


def cielab(image: Pixels) -> Floats:
    """CIELAB 1976 under D65: Euclidean distances are colour differences ΔE*ab.

    Args:
        image: ``uint8`` of shape (height, width, 3).

    Returns:
        L* (0..100), a*, b*, shape (height, width, 3).
    """
    return srgb_to_lab(image / 255.0)
