"""Images: decoded to 8-bit RGB by stated rules, or refused before they can do harm."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image as PILImage

from repalign.data import ArrayImage, FileImage, StimulusSet, ZipImage, images
from repalign.data.images import MAX_PIXELS, decode
from repalign.errors import FileError, ShapeError


def encoded(picture: PILImage.Image, kind: str = "PNG", **how: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **how)
    return buffer.getvalue()


def png(width: int, height: int, depth: int, colour: int, data: bytes = b"") -> bytes:
    """A PNG by hand, from the specification, so that its header can say anything."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def tiff_rgb16() -> bytes:
    """A 2 x 2 TIFF of 16 bits a channel, by hand."""
    tags = [(256, 3, 1, 2), (257, 3, 1, 2), (258, 3, 3, 122), (259, 3, 1, 1), (262, 3, 1, 2)]
    tags += [(273, 4, 1, 128), (277, 3, 1, 3), (278, 3, 1, 2), (279, 4, 1, 24)]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return (
        b"II*\0"
        + struct.pack("<IH", 8, len(tags))
        + entries
        + bytes(4)
        + struct.pack("<HHH", 16, 16, 16)
        + bytes(24)
    )


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (9, 7, 4), dtype=np.uint8)


def test_transparent_pixels_show_mid_grey(noise) -> None:
    alpha = noise[..., 3:].astype(float) / 255
    expected = alpha * noise[..., :3] + (1 - alpha) * 128
    decoded = decode(encoded(PILImage.fromarray(noise)), "x")
    assert np.abs(decoded - expected).max() <= 0.5 + 1e-9
    assert decoded.dtype == np.uint8


def test_grey_with_transparency_shows_mid_grey(noise) -> None:
    grey, alpha = noise[..., 0], noise[..., 3]
    expected = alpha / 255 * grey + (1 - alpha / 255) * 128
    picture = PILImage.merge("LA", [PILImage.fromarray(band.copy()) for band in (grey, alpha)])
    decoded = decode(encoded(picture), "x")
    assert np.abs(decoded - expected[..., None]).max() <= 0.5 + 1e-9


def test_a_palette_is_resolved_and_its_transparent_entry_shows_grey() -> None:
    picture = PILImage.new("P", (3, 1))
    picture.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    picture.putdata([0, 1, 2])
    assert decode(encoded(picture), "x").tolist() == [[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]
    see_through = decode(encoded(picture, transparency=1), "x")
    assert see_through.tolist() == [[[255, 0, 0], [128, 128, 128], [0, 0, 255]]]


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_formats_without_loss_give_the_pixels_back(kind: str, noise) -> None:
    rgb = np.ascontiguousarray(noise[..., :3])
    assert np.array_equal(decode(encoded(PILImage.fromarray(rgb), kind), "x"), rgb)
    grey = decode(encoded(PILImage.fromarray(noise[..., 0].copy()), kind), "x")
    assert np.array_equal(grey, np.repeat(noise[..., :1], 3, axis=2))


def test_an_orientation_tag_is_left_alone(noise) -> None:
    rgb = np.ascontiguousarray(noise[..., :3])
    exif = PILImage.Exif()
    exif[0x0112] = 6
    assert np.array_equal(decode(encoded(PILImage.fromarray(rgb), exif=exif), "x"), rgb)


DEEP = {
    "grey png": png(2, 2, 16, 0, bytes(10)),
    "rgb png": png(2, 2, 16, 2, bytes(26)),
    "grey-alpha png": png(2, 2, 16, 4, bytes(18)),
    "rgba png": png(2, 2, 16, 6, bytes(34)),
    "grey ppm": b"P5 2 2 65535\n" + bytes(8),
    "rgb ppm": b"P6 2 2 65535\n" + bytes(24),
    "rgb tiff": tiff_rgb16(),
    "float tiff": encoded(PILImage.new("F", (2, 2)), "TIFF"),
    "32-bit tiff": encoded(PILImage.new("I", (2, 2)), "TIFF"),
}


@pytest.mark.parametrize("kind", DEEP)
def test_more_than_8_bits_a_channel_is_refused_not_rounded(kind: str, refused) -> None:
    with refused(FileError, "photo", "8 bits"):
        decode(DEEP[kind], "photo")


@pytest.mark.parametrize("side", [8_000, 10_000, 30_000])
def test_too_many_pixels_are_refused_before_decoding(side: int, refused) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PILImage.DecompressionBombWarning)
        with refused(FileError, "photo", "pixels; at most", str(MAX_PIXELS)):
            decode(png(side, side, 8, 2), "photo")  # it holds no pixel: decoding would say "truncated"
    with refused(FileError, "photo", "pixels; at most"):  # warnings are errors here
        decode(png(side, side, 8, 2), "photo")


def test_as_many_pixels_as_allowed_are_decoded(monkeypatch, refused) -> None:
    monkeypatch.setattr(images, "MAX_PIXELS", 16)
    assert decode(encoded(PILImage.new("RGB", (4, 4))), "x").shape == (4, 4, 3)
    with refused(FileError, "17x1 pixels; at most 16"):
        decode(encoded(PILImage.new("RGB", (17, 1))), "x")


@pytest.mark.parametrize("content", [b"hello, I am text", b"", b"%PDF-1.4", b"<svg/>", b"%!PS-Adobe EPSF"])
def test_a_file_that_is_no_image_is_refused_and_names_its_stimulus(content: bytes, tmp_path, refused) -> None:
    (tmp_path / "cat.png").write_bytes(content)
    stimuli = StimulusSet.from_folder(tmp_path)
    with refused(FileError, "stimulus 'cat'", "cat.png", "PNG, JPEG"):
        stimuli.pixels(0)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM"])
def test_a_truncated_image_is_refused_and_names_its_stimulus(kind: str, noise, tmp_path, refused) -> None:
    content = encoded(PILImage.fromarray(np.ascontiguousarray(noise[..., :3])), kind)
    for length in (len(content) // 4, len(content) // 2, 3 * len(content) // 4):
        path = tmp_path / "cat.img"
        path.write_bytes(content[:length])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with refused(FileError, "stimulus 'a'", "cat.img", "cannot be decoded"):
                StimulusSet(("a",), images=(FileImage(path),)).pixels(0)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM"])
def test_damaged_bytes_give_pixels_or_a_file_error_and_nothing_else(kind: str, noise) -> None:
    content = encoded(PILImage.fromarray(np.ascontiguousarray(noise[..., :3])), kind)
    draws = np.random.default_rng(1)
    for _ in range(100):
        damaged = bytearray(content)
        for place in draws.integers(0, len(content), 3):
            damaged[place] = draws.integers(256)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                pixels = decode(bytes(damaged), "x")
            except FileError:
                continue
        assert pixels.ndim == 3
        assert pixels.shape[2] == 3


def test_a_missing_image_is_refused_and_names_its_stimulus(tmp_path, refused) -> None:
    stimuli = StimulusSet(("a",), images=(FileImage(tmp_path / "gone.png"),))
    with refused(FileError, "stimulus 'a'", "gone.png", "does not exist"):
        stimuli.pixels(0)


@pytest.mark.parametrize("shape", [(2, 3, 3), (2, 3)])
def test_pixels_in_memory_are_rgb_or_grey(shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    pixels = ArrayImage(array).pixels()
    assert pixels.shape == (2, 3, 3)
    assert np.array_equal(pixels, array if array.ndim == 3 else np.stack([array] * 3, axis=2))


@pytest.mark.parametrize(
    "array", [np.zeros((2, 2)), np.zeros((2, 2, 4), "u1"), np.zeros(4, "u1"), np.zeros((1, 2, 2, 3), "u1")]
)
def test_pixels_of_another_kind_or_shape_are_refused(array, refused) -> None:
    with refused(ShapeError, "uint8", "(height, width", str(array.shape)):
        ArrayImage(array)


def test_a_member_of_an_archive_is_the_file_it_was(noise, tmp_path) -> None:
    content = encoded(PILImage.fromarray(noise))
    (tmp_path / "a.png").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deep/a.png", content)
    loose, packed = FileImage(tmp_path / "a.png"), ZipImage(tmp_path / "a.zip", "deep/a.png")
    assert packed.content() == loose.content() == content
    assert packed.content_digest() == loose.content_digest()
    assert np.array_equal(packed.pixels(), loose.pixels())


def test_a_damaged_archive_or_a_missing_member_is_refused(tmp_path, refused, monkeypatch) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", bytes(1000))
    with refused(FileError, "a.zip", "gone.png"):
        ZipImage(path, "gone.png").content()
    with monkeypatch.context() as patch, refused(FileError, "1000 bytes; at most 999"):
        patch.setattr(images, "MAX_BYTES", 999)
        ZipImage(path, "a.png").content()
    path.write_bytes(path.read_bytes()[:500])
    with refused(FileError, "a.zip"):
        ZipImage(path, "a.png").content()
    with refused(FileError, "archive", "does not exist"):
        ZipImage(tmp_path / "gone.zip", "a.png").content()
