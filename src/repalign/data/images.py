"""Images by reference: a file, a member of a zip archive, or pixels in memory; bounded decoding."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from repalign.data.digests import digest_array, digest_bytes
from repalign.data.files import readable
from repalign.errors import FileError, ShapeError

MAX_PIXELS = 50_000_000
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
MAX_BYTES = 4 * MAX_PIXELS  # of a zip member, before it is unpacked
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm")
GREY = 128  # what shows through transparent pixels

Pixels = NDArray[np.uint8]


class Image(Protocol):
    """What every image can do, wherever its pixels lie."""

    def content_digest(self) -> str:
        """Digest of the content as stored (file bytes, or pixels in memory)."""
        ...

    def pixels(self) -> Pixels:
        """The image as ``uint8`` of shape (height, width, 3), RGB, 0..255."""
        ...


@dataclass(frozen=True)
class FileImage:
    """An image file on disk, decoded when its pixels are asked for."""

    path: Path

    def content(self) -> bytes:
        """The bytes of the file.

        Raises:
            FileError: Missing or unreadable.
        """
        try:
            return readable(self.path, "image").read_bytes()
        except OSError as error:
            raise FileError(f"image {self.path} cannot be read: {error}", hint="May it be read?") from error

    def content_digest(self) -> str:
        """Digest of the file's bytes."""
        return digest_bytes(b"file", self.content())

    def pixels(self) -> Pixels:
        """Decode the file; see :func:`decode`."""
        return decode(self.content(), str(self.path))


@dataclass(frozen=True)
class ZipImage:
    """A member of a zip archive, read without unpacking the archive."""

    archive: Path
    member: str

    def content(self) -> bytes:
        """The bytes of the member.

        Raises:
            FileError: The archive is damaged, or has no such member, or one that is too large.
        """
        readable(self.archive, "archive")
        try:
            with zipfile.ZipFile(self.archive) as archive:
                size = archive.getinfo(self.member).file_size
                if size > MAX_BYTES:
                    raise ValueError(f"{self.member} has {size} bytes; at most {MAX_BYTES} are unpacked")
                return archive.read(self.member)
        except Exception as error:  # zipfile raises many kinds for damaged and encrypted members
            raise FileError(f"{self.archive}: {error}", hint="Download or copy the archive again.") from error

    def content_digest(self) -> str:
        """Digest of the member's bytes: the same as of a file with this content."""
        return digest_bytes(b"file", self.content())

    def pixels(self) -> Pixels:
        """Decode the member; see :func:`decode`."""
        return decode(self.content(), f"{self.archive.name}:{self.member}")


@dataclass(frozen=True, eq=False)
class ArrayImage:
    """Pixels in memory: ``uint8`` of shape (height, width, 3) or (height, width)."""

    array: Pixels

    def __post_init__(self) -> None:
        shape, kind = self.array.shape, self.array.dtype
        if kind != np.uint8 or not (self.array.ndim == 2 or (self.array.ndim == 3 and shape[2] == 3)):
            raise ShapeError(
                f"an image is uint8 of shape (height, width, 3) or (height, width); saw {kind} {shape}",
                hint="Scale to 0..255 and convert: (x * 255).round().astype('uint8').",
            )

    def content_digest(self) -> str:
        """Digest of shape and pixels."""
        return digest_bytes(b"pixels", digest_array(self.array).encode())

    def pixels(self) -> Pixels:
        """The pixels; grey images are repeated over the three channels."""
        return self.array if self.array.ndim == 3 else np.repeat(self.array[:, :, None], 3, axis=2)


def decode(content: bytes, where: str) -> Pixels:
    """Decode an image file to RGB.

    Only known formats are opened, at most ``MAX_PIXELS`` pixels are decoded, transparent pixels show
    mid-grey (128), palettes are resolved, and orientation tags are left alone, as published pipelines do.

    Args:
        content: The bytes of the file.
        where: What to call it in an error.

    Returns:
        ``uint8`` array of shape (height, width, 3), RGB, 0..255.

    Raises:
        FileError: Not an image of a known format, damaged, truncated, too large, or of 16 bits.
    """
    from PIL import Image as PILImage
    from PIL import UnidentifiedImageError

    try:
        with PILImage.open(io.BytesIO(content), formats=FORMATS) as opened:
            width, height = opened.size
            if width * height > MAX_PIXELS:
                raise _too_large(where, f"{width}x{height}")
            if _is_deep(opened):
                raise FileError(
                    f"image {where} has more than 8 bits a channel (mode {opened.mode})",
                    hint="Convert it to 8 bits, so that the scaling is your choice and not ours.",
                )
            return _to_rgb(opened)
    except FileError:
        raise
    except (PILImage.DecompressionBombError, PILImage.DecompressionBombWarning) as error:
        raise _too_large(where, "far more") from error
    except UnidentifiedImageError as error:
        raise FileError(
            f"image {where} cannot be decoded: not one of {', '.join(FORMATS)}",
            hint="The file is damaged or no image; replace it.",
        ) from error
    except Exception as error:  # Pillow raises many kinds for damaged files
        raise FileError(
            f"image {where} cannot be decoded: {error}", hint="The file is damaged or truncated; replace it."
        ) from error


def _too_large(where: str, seen: str) -> FileError:
    return FileError(
        f"image {where} has {seen} pixels; at most {MAX_PIXELS} are decoded", hint="Make it smaller."
    )


def _is_deep(opened: Any) -> bool:
    if opened.mode.startswith(("I", "F")):
        return True
    # Pillow calls 16-bit colour "RGB" too and would drop the lower bits; the raw mode gives it away.
    for codec, _extents, _offset, args in opened.tile:
        details: tuple[Any, ...] = (args,) if isinstance(args, str) else tuple(args or ())
        if any(";16" in str(detail) for detail in details):
            return True
        if str(codec).startswith("ppm") and int(details[1]) > 255:
            return True
    return False


def _to_rgb(opened: Any) -> Pixels:
    from PIL import Image as PILImage

    if "A" in opened.getbands() or "transparency" in opened.info:
        front = opened.convert("RGBA")
        back = PILImage.new("RGBA", front.size, (GREY, GREY, GREY, 255))
        opened = PILImage.alpha_composite(back, front)
    return np.asarray(opened.convert("RGB"), dtype=np.uint8)
