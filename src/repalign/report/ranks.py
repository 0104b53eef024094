"""RDMs as pictures of one pixel per cell, in one scale of ranks for all."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.errors import ShapeError

DIAGONAL = 255  # its place in the palette
_FINE = 100  # stimuli: larger pictures have fewer colours, which halves their bytes
Pixels = NDArray[np.uint8]


# Cividis (Nunez, Anderton & Renslow 2018, PLOS ONE 13), dark blue to yellow, as PLACE:COLOUR in 256 places;
# written out because a page needs the colours and not matplotlib, which takes long to import.
_CIVIDIS = (
    "00:00224e 11:002e6c 16:003171 17:013271 1c:123570 23:203a6f 35:38476c 56:585e6d 7d:7a7a78 "
    "98:938e78 af:aaa073 cb:c7b767 ea:e9d34e f6:f7de3e fb:fde334 ff:fee838 "
)


def _palette() -> Pixels:
    """Colours of the ranks, and last the one of the diagonal."""
    stops = np.array([list(bytes.fromhex(stop.replace(":", ""))) for stop in _CIVIDIS.split()])
    at = np.linspace(0, 255, DIAGONAL)
    colours = np.stack([np.interp(at, stops[:, 0], stops[:, k]) for k in (1, 2, 3)], axis=1)
    return np.vstack([np.round(colours), [[255, 255, 255]]]).astype(np.uint8)


PALETTE = _palette()


def rank_image(ranks_row: NDArray[Any], n: int) -> Pixels:
    """One RDM as a square of places in the palette.

    Args:
        ranks_row: (n (n - 1) / 2,) ranks from 0, most alike, to 1; row-major upper triangle.
        n: Stimuli.

    Returns:
        (n, n), symmetric; 0 to 254 for ranks from 0 to 1, 255 on the diagonal.

    Raises:
        ShapeError: There are not so many pairs.
    """
    ranks = np.asarray(ranks_row, dtype=np.float64)
    if ranks.shape != (n * (n - 1) // 2,):
        raise ShapeError(
            f"{n} stimuli have {n * (n - 1) // 2} pairs; the ranks have the shape {ranks.shape}",
            hint="Give one row of a view's ranks.",
        )
    square = np.full((n, n), DIAGONAL, dtype=np.uint8)
    upper = np.triu_indices(n, 1)
    square[upper] = np.round(np.clip(ranks, 0.0, 1.0) * (DIAGONAL - 1))
    square.T[upper] = square[upper]
    return square


def rank_png(ranks_row: NDArray[Any], n: int) -> bytes:
    """One RDM as a small PNG of one pixel per cell in the colours of ``PALETTE``; equal ranks, equal bytes.

    Args:
        ranks_row: As :func:`rank_image` takes it.
        n: Stimuli; above 100 ranks are drawn in 51 steps, so that the picture stays small.

    Raises:
        ShapeError: There are not so many pairs.
    """
    from PIL import Image

    square = rank_image(ranks_row, n)
    if n > _FINE:
        coarse = (np.round(square / 5.08) * 5.08).round().astype(np.uint8)
        square = np.where(square == DIAGONAL, square, coarse)
    picture = Image.fromarray(square, mode="P")
    picture.putpalette(PALETTE.tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def shown_along(n: int) -> list[int]:
    """Which of ``n`` stimuli stand along an axis: all up to 24, else 12 in the middles of equal parts."""
    return list(range(n)) if n <= 24 else sorted({int((k + 0.5) * n / 12) for k in range(12)})
