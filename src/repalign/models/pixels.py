"""What the builtin models do with images before and after their own formula."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PILImage

from repalign.errors import ShapeError

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]


def resized(image: Pixels, size: int | None) -> Pixels:
    """The image at ``size`` x ``size`` pixels (Pillow's antialiased bilinear), whatever its aspect.

    Args:
        image: ``uint8`` of shape (height, width, 3).
        size: The side in pixels; None leaves the image as it is.

    Returns:
        ``uint8`` of shape (size, size, 3).
    """
    if size is None or image.shape[:2] == (size, size):
        return image
    small = PILImage.fromarray(image).resize((size, size), PILImage.Resampling.BILINEAR)
    return np.asarray(small, dtype=np.uint8)


def check_one_size(
    sizes: Sequence[tuple[int, ...]], names: Sequence[str], like: tuple[str, tuple[int, ...]], model: str
) -> None:
    """Refuse images that differ in size from a first one.

    Args:
        sizes: (height, width) of each image.
        names: What to call each in the error.
        like: Name and (height, width) of the first image.
        model: The model's name.

    Raises:
        ShapeError: An image has another size; it and the first one are named.
    """
    first, (height, width) = like
    for name, size in zip(names, sizes, strict=True):
        if size != (height, width):
            raise ShapeError(
                f"{model} needs images of one size, but {first} is {width}x{height} pixels and {name} is "
                f"{size[1]}x{size[0]}",
                hint='Give the model a size, e.g. {"size": 64}: every image is resized to it first.',
            )


def pooled(maps: Floats, grid: int) -> Floats:
    """Average maps over the cells of a grid, each cell exactly a ``1/grid`` part of either side.

    Args:
        maps: Shape (..., height, width).
        grid: Cells along either side.

    Returns:
        Means of shape (..., grid, grid); pixels cut by the border of a cell count by their part in it.
    """
    rows, columns = _cells(maps.shape[-2], grid), _cells(maps.shape[-1], grid)
    return rows @ maps @ columns.T


def _cells(length: int, grid: int) -> Floats:
    edges = np.arange(grid + 1) * length / grid
    pixels = np.arange(length)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.clip(overlap, 0, None) * grid / length
