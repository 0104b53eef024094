"""Preprocessing as timm and torchvision configure it, in repalign's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image as PILImage

from repalign.errors import InputError
from repalign.models.preprocessing import FILTERS, Pixels, Preprocessing

Pair = tuple[int, int]


@dataclass(frozen=True)
class Framed(Preprocessing):
    """The two ways of timm that keep the whole image and are no plain resize.

    Args:
        frame: ``"squash"`` resizes to ``inner``, whatever the aspect, and crops the centre;
            ``"border"`` resizes so that all of the image fits into ``inner``, keeping the aspect, and
            fills what is left of ``size`` with the mean colour.
        inner: (height, width) in pixels before the crop.
    """

    frame: str = "squash"
    inner: Pair = (1, 1)

    def _sized(self, image: Pixels) -> Pixels:
        height, width = self.size or image.shape[:2]
        picture, resample = PILImage.fromarray(image), FILTERS[self.interpolation]
        inner_height, inner_width = self.inner
        if self.frame == "border":
            ratio = max(picture.height / inner_height, picture.width / inner_width)
            inner_height, inner_width = round(picture.height / ratio), round(picture.width / ratio)
        picture = picture.resize((inner_width, inner_height), resample)
        fill = tuple(round(255 * value) for value in self.mean)
        framed = PILImage.new("RGB", (width, height), fill)
        # A negative offset crops; rounding is that of timm's CenterCropOrPad and torchvision's CenterCrop.
        framed.paste(picture, (_offset(width, inner_width), _offset(height, inner_height)))
        return np.asarray(framed)

    def describe(self) -> str:
        """In words, for a card."""
        return f"{self.frame} to {self.inner[0]}x{self.inner[1]}, centre of {super().describe()}"


def _offset(outer: int, inner: int) -> int:
    return (outer - inner) // 2 if outer >= inner else -round((inner - outer) / 2)


def from_timm(config: Mapping[str, Any]) -> Preprocessing:
    """What timm's own evaluation transform does, from ``timm.data.resolve_data_config``.

    Args:
        config: With ``input_size`` (channels, height, width), ``interpolation``, ``crop_pct``,
            ``crop_mode``, ``mean`` and ``std``.
    """
    height, width = config["input_size"][-2:]
    inner = (int(height / config["crop_pct"]), int(width / config["crop_pct"]))
    interpolation = config["interpolation"] if config["interpolation"] in FILTERS else "bicubic"
    base = Preprocessing(
        size=(height, width),
        interpolation=interpolation,
        mean=_three(config["mean"]),
        std=_three(config["std"]),
    )
    mode = config["crop_mode"] or "center"
    if mode == "center":
        return replace(base, shorter=max(inner))
    if mode == "squash" and inner == (height, width):
        return base
    return Framed(base.size, None, interpolation, mean=base.mean, std=base.std, frame=mode, inner=inner)


def from_torchvision(transforms: Any) -> Preprocessing:
    """What torchvision's ``ImageClassification`` preset of a weights entry does.

    Args:
        transforms: The preset, ``weights.transforms()``.
    """
    crop, resize = transforms.crop_size[0], transforms.resize_size[0]
    return Preprocessing(
        size=(crop, crop),
        shorter=resize,
        interpolation=transforms.interpolation.value,
        mean=_three(transforms.mean),
        std=_three(transforms.std),
    )


def adjusted(base: Preprocessing, settings: Mapping[str, Any]) -> Preprocessing:
    """A preprocessing with what the user said otherwise; None leaves a setting as it is.

    Args:
        base: The model's own.
        settings: ``size`` (a side, or height and width), ``shorter``, ``interpolation``, ``mean``,
            ``std``, ``channels``. With another size, ``shorter`` keeps its proportion to it.

    Raises:
        InputError: The crop is larger than the resized image, or a value is impossible.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    size = given.pop("size", None)
    if size is not None:
        given["size"] = (size, size) if isinstance(size, int) else tuple(size)
        base = _resized(base, given["size"])
    for name in ("mean", "std"):
        if name in given:
            given[name] = _three(given[name])
    if "shorter" in given and isinstance(base, Framed):
        raise InputError(
            f"this model's preprocessing is {base.describe()}: it has no 'shorter' side",
            hint="Give another size, or leave 'shorter' out.",
        )
    return replace(base, **given)


def _resized(base: Preprocessing, size: Pair) -> Preprocessing:
    """Another size, whatever surrounds the crop keeping its proportion to it."""
    if base.size is None:
        return base
    if isinstance(base, Framed):
        inner = tuple(int(i * new / old) for i, new, old in zip(base.inner, size, base.size, strict=True))
        return replace(base, size=size, inner=inner)
    if base.shorter is None:
        return replace(base, size=size)
    return replace(base, size=size, shorter=max(*size, int(base.shorter * min(size) / min(base.size))))


def _three(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(v) for v in values)
    return red, green, blue
