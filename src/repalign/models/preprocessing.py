"""What is done to an image before a network sees it: stated in full, part of the model's identity."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PILImage

from repalign.errors import InputError, UnknownNameError

Pixels = NDArray[np.uint8]
FILTERS = {
    "nearest": PILImage.Resampling.NEAREST,
    "bilinear": PILImage.Resampling.BILINEAR,
    "bicubic": PILImage.Resampling.BICUBIC,
    "lanczos": PILImage.Resampling.LANCZOS,
}
CHANNELS, LAYOUTS = ("RGB", "BGR"), ("CHW", "HWC")


@dataclass(frozen=True)
class Preprocessing:
    """Resize, crop, scale, normalise.

    Args:
        size: (height, width) in pixels that come out; None leaves the image's own size.
        shorter: First resize so that the shorter side has this many pixels, keeping the aspect, then
            crop the centre to ``size``. None resizes straight to ``size``, whatever the aspect.
        interpolation: One of :data:`FILTERS` (Pillow's, antialiased).
        scale: Pixel values 0..255 are multiplied by this first; 1/255 gives 0..1.
        mean: Then this is subtracted, per channel in the order of ``channels``.
        std: Then it is divided by this, per channel.
        channels: ``"RGB"`` or ``"BGR"``.
        layout: ``"CHW"`` or ``"HWC"``.

    Raises:
        UnknownNameError: A misspelt interpolation, order of channels or layout.
        InputError: A size or std that is not positive, or a crop larger than the image.
    """

    size: tuple[int, int] | None = None
    shorter: int | None = None
    interpolation: str = "bilinear"
    scale: float = 1.0 / 255.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    channels: str = "RGB"
    layout: str = "CHW"

    def __post_init__(self) -> None:
        for what, value, known in (
            ("interpolation", self.interpolation, FILTERS),
            ("order of channels", self.channels, CHANNELS),
            ("layout", self.layout, LAYOUTS),
        ):
            if value not in known:
                raise UnknownNameError.among(what, value, known)
        if (self.size and min(self.size) < 1) or min(self.std) <= 0 or self.scale <= 0:
            raise InputError(
                f"preprocessing needs a positive size, scale and std; saw {self}",
                hint="See the model's card.",
            )
        if self.shorter is not None and (self.size is None or self.shorter < max(self.size)):
            raise InputError(
                f"the centre crop {self.size} does not fit into a shorter side of {self.shorter} pixels",
                hint="Give a crop that is not larger than the resized image.",
            )

    def __call__(self, image: Pixels) -> NDArray[np.float32]:
        """Prepare one image.

        Args:
            image: ``uint8`` of shape (height, width, 3), RGB.

        Returns:
            ``float32`` of shape (3, height, width), or (height, width, 3) in layout ``"HWC"``.
        """
        values = self.framed(image).astype(np.float32)
        mean, std = (np.array(x, dtype=np.float32) for x in (self.mean, self.std))
        values = (values * np.float32(self.scale) - mean) / std
        return np.ascontiguousarray(values.transpose(2, 0, 1) if self.layout == "CHW" else values)

    def framed(self, image: Pixels) -> Pixels:
        """The image before it is scaled and normalised: its size and the order of its channels.

        Args:
            image: ``uint8`` of shape (height, width, 3), RGB.

        Returns:
            ``uint8`` of shape (height, width, 3).
        """
        values = self._sized(image)
        return values[:, :, ::-1] if self.channels == "BGR" else values

    def _sized(self, image: Pixels) -> Pixels:
        if self.size is None or (self.shorter is None and image.shape[:2] == self.size):
            return image
        height, width = self.size
        picture, resample = PILImage.fromarray(image), FILTERS[self.interpolation]
        if self.shorter is None:
            return np.asarray(picture.resize((width, height), resample))
        factor = self.shorter / min(picture.size)
        # The longer side is cut to whole pixels, as torchvision and timm do.
        resized = tuple(max(self.shorter, int(side * factor)) for side in picture.size)
        picture = picture.resize((resized[0], resized[1]), resample)
        left, top = round((picture.width - width) / 2), round((picture.height - height) / 2)
        return np.asarray(picture.crop((left, top, left + width, top + height)))

    def as_dict(self) -> dict[str, Any]:
        """All settings as plain values, for digests and cards."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    def describe(self) -> str:
        """In words, for a card."""
        sized = "own size" if self.size is None else f"{self.size[0]}x{self.size[1]}"
        if self.shorter is not None:
            sized = f"shorter side {self.shorter}, centre crop {sized}"
        return (
            f"{sized} ({self.interpolation}), {self.channels} x {self.scale:.6g}, minus {self.mean}, "
            f"over {self.std}, {self.layout}"
        )
