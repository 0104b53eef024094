"""Thumbnails of stimuli as one picture, so that a page carries them all in few bytes."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

from repalign.data import ResultsDir
from repalign.errors import FileError

MOST_BYTES = 60_000  # of all sprites of a page, before base64 makes a third more of them
# Side of a thumbnail in pixels and JPEG quality, from the best downwards.
_SIZES = ((64, 80), (64, 65), (56, 65), (48, 65), (40, 60), (32, 60), (24, 50), (16, 40), (8, 30))
_GROUND = (245, 245, 245)


@dataclass(frozen=True)
class Sprite:
    """Thumbnails in rows and columns of one JPEG.

    Args:
        jpeg: The picture.
        side: Of a thumbnail, in pixels.
        columns: How many stand in a row.
        count: How many there are.
    """

    jpeg: bytes
    side: int
    columns: int
    count: int

    @property
    def uri(self) -> str:
        """The picture as a data: URI."""
        return f"data:image/jpeg;base64,{base64.b64encode(self.jpeg).decode()}"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.columns * self.side, -(-self.count // self.columns) * self.side

    def box(self, place: int) -> str:
        """Where the thumbnail at ``place`` is, as the viewBox of an SVG."""
        row, column = divmod(place, self.columns)
        return f"{column * self.side} {row * self.side} {self.side} {self.side}"


def sprite(results: ResultsDir, thumbs: Sequence[str | None], most: int = MOST_BYTES) -> Sprite | None:
    """One picture of all thumbnails, as sharp as ``most`` bytes allow.

    Args:
        results: Where the thumbnails lie.
        thumbs: Their digests in the order of the stimuli; None leaves a place empty.
        most: Bytes that the picture may have.

    Returns:
        The picture; None where there is no thumbnail, or not even the smallest are small enough.
    """
    pictures = [_opened(results, digest) for digest in thumbs]
    if not any(pictures):
        return None
    columns = max(1, round(len(pictures) ** 0.5))
    for side, quality in _SIZES:
        made = Sprite(_jpeg(pictures, side, columns, quality), side, columns, len(pictures))
        if len(made.jpeg) <= most:
            return made
    return None


def _opened(results: ResultsDir, digest: str | None) -> bytes | None:
    try:
        return results.thumb(digest).read_bytes() if digest else None
    except (FileError, OSError):  # a page without a picture is better than no page
        return None


def _jpeg(pictures: Sequence[bytes | None], side: int, columns: int, quality: int) -> bytes:
    from PIL import Image, ImageOps

    sheet = Image.new("RGB", (columns * side, -(-len(pictures) // columns) * side), _GROUND)
    for place, content in enumerate(pictures):
        if content is None:
            continue
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            fitted = ImageOps.contain(picture.convert("RGB"), (side, side))
        row, column = divmod(place, columns)
        left, top = (side - fitted.width) // 2, (side - fitted.height) // 2
        sheet.paste(fitted, (column * side + left, row * side + top))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=quality, optimize=True, subsampling=2)
    return buffer.getvalue()
