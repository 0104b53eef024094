"""What an ONNX model can be told: how images are prepared, and with how many threads it runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repalign.errors import InputError, UnknownNameError
from repalign.models.onnx_graph import GraphInput
from repalign.models.parameters import Parameter
from repalign.models.preprocessing import Preprocessing

# How the ecosystems that most files come from prepare their images.
PRESETS: dict[str, dict[str, Any]] = {
    "unit": {"scale": 1.0 / 255.0},
    "mobilenet-tf": {"scale": 1.0 / 127.5, "mean": (1.0, 1.0, 1.0)},
    "caffe": {"scale": 1.0, "mean": (104.0, 117.0, 123.0), "channels": "BGR"},
    "imagenet": {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)},
    "cifar10": {"mean": (0.4914, 0.4822, 0.4465), "std": (0.2023, 0.1994, 0.2010)},
}
DEFAULT_PRESET = "unit"
MAX_SIDE = 8192
NUMBERS = {
    "shorter": Parameter(
        None, 1, "the shorter side is resized to this, then the centre is cut", high=MAX_SIDE
    ),
    "scale": Parameter(1.0 / 255.0, 1e-9, "pixel values 0..255 are multiplied by this"),
    "threads": Parameter(1, 1, "threads of the runtime", high=256),
}
WORDS = ("preset", "interpolation", "channels", "layout")
TRIPLES = ("mean", "std")
NAMES = (
    "preset",
    "size",
    "shorter",
    "interpolation",
    "scale",
    "mean",
    "std",
    "channels",
    "layout",
    "threads",
)
UNSAID = ("scale", "mean", "std", "channels")  # what no ONNX file says


@dataclass(frozen=True)
class Settings:
    """Everything decided: by the user, by a preset, by the graph, by default.

    Args:
        preprocessing: What happens to an image.
        threads: Of the runtime.
        preset: Where what the user did not say comes from.
        changed: What differs from the defaults, for the model's name.
        assumed: What neither the user nor the file says.
    """

    preprocessing: Preprocessing
    threads: int
    preset: str
    changed: str
    assumed: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """All parameters, defaults filled in."""
        return {"preset": self.preset, **self.preprocessing.as_dict(), "threads": self.threads}

    def describe(self) -> str:
        """The preprocessing in words, and which of it is a guess."""
        guess = f"; assumed, as the file does not say: {', '.join(self.assumed)}" if self.assumed else ""
        return self.preprocessing.describe() + guess


def settings(owner: str, given: Mapping[str, Any], source: GraphInput) -> Settings:
    """Check the parameters and fill in what is left out.

    Args:
        owner: The model's full name, for errors.
        given: Only what differs from the defaults.
        source: The graph's input, which decides size and layout.

    Raises:
        UnknownNameError: No such parameter, preset, interpolation, order of channels or layout.
        InputError: A value is impossible, or the graph leaves open what the user does.
        ShapeError: Size or layout do not fit the graph.
    """
    for name in given:
        if name not in NAMES:
            raise UnknownNameError.among(f"parameter of {owner}", name, NAMES)
    said = {name: _checked(name, value) for name, value in given.items()}
    said = {name: value for name, value in said.items() if value is not None}
    preset, threads = said.pop("preset", DEFAULT_PRESET), said.pop("threads", 1)
    if preset not in PRESETS:
        raise UnknownNameError.among("preset", preset, PRESETS)
    layout = source.layout(said.get("layout"))
    graph = {"layout": layout, "size": source.size(layout, said.get("size"))}
    plain = Preprocessing(**graph, **PRESETS[preset])
    chosen = Preprocessing(**{**graph, **PRESETS[preset], **said})
    open_size = None in (source.dims[1:] if layout == "CHW" else source.dims[:2])  # the user's choice then
    changed = [f"preset={preset}"] if preset != DEFAULT_PRESET else []
    changed += [
        f"{name}={_short(value)}"
        for name, value in sorted(said.items(), key=lambda item: NAMES.index(item[0]))
        if getattr(chosen, name) != getattr(plain, name) or (name == "size" and open_size)
    ]
    assumed = () if "preset" in given else tuple(name for name in UNSAID if name not in said)
    return Settings(chosen, threads, preset, f"({', '.join(changed)})" if changed else "", assumed)


def _checked(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in NUMBERS:
        return NUMBERS[name].check(name, value)
    if name in WORDS:
        if not isinstance(value, str):
            raise InputError(
                f"parameter {name!r} is a word; saw {value!r}", hint="Leave it out for the default."
            )
        return value
    return _triple(name, value) if name in TRIPLES else _size(value)


def _triple(name: str, value: Any) -> tuple[float, float, float]:
    numbers = [value] * 3 if _is_number(value) else value
    if isinstance(numbers, list | tuple) and len(numbers) == 3 and all(_is_number(v) for v in numbers):
        return float(numbers[0]), float(numbers[1]), float(numbers[2])
    raise InputError(
        f"parameter {name!r} is one number, or one for each of 3 colour channels; saw {value!r}",
        hint="It counts after scale: with the default, values are 0..1.",
    )


def _size(value: Any) -> tuple[int, int]:
    sides = [value] * 2 if _is_number(value) else value
    if isinstance(sides, list | tuple) and len(sides) == 2 and all(_is_side(v) for v in sides):
        return int(sides[0]), int(sides[1])
    raise InputError(
        f"parameter 'size' is one whole number from 1 to {MAX_SIDE}, or height and width; saw {value!r}",
        hint="Leave it out for the size that the net takes.",
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_side(value: Any) -> bool:
    return _is_number(value) and value == int(value) and 1 <= value <= MAX_SIDE


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        return (
            "x".join(f"{v:g}" for v in value)
            if len(value) == 2
            else f"({', '.join(f'{v:g}' for v in value)})"
        )
    return f"{value:g}" if isinstance(value, float) else str(value)
