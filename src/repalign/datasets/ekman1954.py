"""Ekman 1954: how similar 31 people found 14 spectral colours. Small enough to be always at hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from repalign.data import RDM, StimulusSet
from repalign.datasets.card import Card
from repalign.datasets.dataset import Dataset, Files, TargetSpec

WAVELENGTHS = (434, 445, 465, 472, 490, 504, 537, 555, 584, 600, 610, 628, 651, 674)
IDS = tuple(f"{nm}nm" for nm in WAVELENGTHS)
# Mean similarity of every pair, upper triangle row by row: each row compares one colour with all redder ones.
SIMILARITY = (
    (0.86, 0.42, 0.42, 0.18, 0.06, 0.07, 0.04, 0.02, 0.07, 0.09, 0.12, 0.13, 0.16),
    (0.50, 0.44, 0.22, 0.09, 0.07, 0.07, 0.02, 0.04, 0.07, 0.11, 0.13, 0.14),
    (0.81, 0.47, 0.17, 0.10, 0.08, 0.02, 0.01, 0.02, 0.01, 0.05, 0.03),
    (0.54, 0.25, 0.10, 0.09, 0.02, 0.01, 0.00, 0.01, 0.02, 0.04),
    (0.61, 0.31, 0.26, 0.07, 0.02, 0.02, 0.01, 0.02, 0.00),
    (0.62, 0.45, 0.14, 0.08, 0.02, 0.02, 0.02, 0.01),
    (0.73, 0.22, 0.14, 0.05, 0.02, 0.02, 0.00),
    (0.33, 0.19, 0.04, 0.03, 0.02, 0.02),
    (0.58, 0.37, 0.27, 0.20, 0.23),
    (0.74, 0.50, 0.41, 0.28),
    (0.76, 0.62, 0.55),
    (0.85, 0.68),
    (0.76,),
)
SIZE, RADIUS, GREY = 64, 24.0, 128

CARD = Card(
    name="ekman1954",
    title="Ekman's colours: 14 wavelengths judged by 31 people",
    description=(
        "Mean rated similarity of all 91 pairs of 14 spectral colours from 434 nm (violet) to 674 nm (red), "
        "and a coloured disc on grey for each. Similarity arranges the colours in the colour circle: the "
        "two ends of the spectrum resemble one another, which wavelength alone does not predict."
    ),
    licence="None stated; a table of 91 numbers printed in 1954. The discs are made by this library (MIT).",
    licence_url="https://doi.org/10.1080/00223980.1954.9712953",
    citation="Ekman, G. (1954). Dimensions of color vision. The Journal of Psychology, 38, 467-474.",
    subjects="31 people; only their average was published.",
    method=(
        "Pairs of lights of one wavelength each, projected side by side, were rated for similarity on a "
        "five-step scale from 0 (none) to 4 (identical); ratings were averaged over people and divided by "
        "4."
    ),
    biases=(
        "One average, so nothing can be said about differences between people, and there is no noise "
        "ceiling. The discs are not what the people saw: no display shows light of one wavelength, so white "
        "is added to each until it fits into sRGB, and all have the same largest channel and not the same "
        "luminance. Only 14 stimuli: intervals over stimuli are wide."
    ),
    intended_use=(
        "A first check that a representation of colour is a circle; demonstrations; tests without network."
    ),
    inappropriate_use="Claims about individual people, or about colour vision beyond hue.",
)


def ekman1954() -> Dataset:
    """Ekman's 14 colours; see the card."""
    note = "one average of 31 people: no ceiling"
    target = TargetSpec(_similarity, "behaviour", 31, "rsa-euclidean-spearman", note)
    return Dataset(CARD, stimuli=_stimuli, targets={"similarity": target})


def _similarity(files: Files) -> RDM:
    values = 1 - np.concatenate(SIMILARITY)
    return RDM(values, IDS, dissimilarity="1 - mean similarity rating", name="ekman1954/similarity")


def _stimuli(files: Files) -> StimulusSet:
    colours = displayable(np.array(WAVELENGTHS, dtype=np.float64))
    columns = {"wavelength_nm": np.array(WAVELENGTHS)}
    images = [disc(colour) for colour in colours]
    return StimulusSet.from_arrays(IDS, images=images, columns=columns, name="ekman1954")


def displayable(nm: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The colours that a display can show for lights of one wavelength.

    Such lights lie outside sRGB: at least one channel is negative. White (the same amount of R, G and B)
    is added until the smallest channel is 0, which keeps the hue as far as linear light can, and then all
    is scaled so that the largest channel is 1.

    Args:
        nm: Wavelengths in nanometres, shape (n,), within 380..780.

    Returns:
        sRGB values, ``uint8`` of shape (n, 3).
    """
    # Here and not above: listing the data sets should not load the formulas, and scipy with them.
    from repalign.maths.colour import encode_srgb, wavelength_to_xyz, xyz_to_linear_srgb

    linear = xyz_to_linear_srgb(wavelength_to_xyz(nm))
    whitened = linear - linear.min(axis=1, keepdims=True)
    return np.round(255 * encode_srgb(whitened / whitened.max(axis=1, keepdims=True))).astype(np.uint8)


def disc(colour: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A disc of 24 pixels' radius in the middle of a neutral grey square: ``uint8`` of shape (64, 64, 3)."""
    from_middle = np.arange(SIZE) - (SIZE - 1) / 2
    inside = np.hypot(*np.meshgrid(from_middle, from_middle)) <= RADIUS
    return np.where(inside[:, :, None], colour, np.uint8(GREY)).astype(np.uint8)
