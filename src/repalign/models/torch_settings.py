"""What a torch model can be told: declared, checked, and sorted into what identifies it and what does not."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from repalign.errors import InputError, UnknownNameError
from repalign.models.parameters import Parameter, filled
from repalign.models.preprocessing import CHANNELS, FILTERS


class Setting(Protocol):
    """A parameter of any kind: a default and a check."""

    @property
    def default(self) -> Any:
        """The value if none is given."""
        ...

    def check(self, name: str, value: Any) -> Any:
        """Return ``value``, or raise InputError."""
        ...


@dataclass(frozen=True)
class Flag:
    """True or false."""

    default: bool
    about: str

    def check(self, name: str, value: Any) -> bool:
        """Return ``value`` if it is a bool.

        Raises:
            InputError: It is not.
        """
        if isinstance(value, bool):
            return value
        raise InputError(
            f"parameter {name!r} ({self.about}) is true or false; saw {value!r}", hint=_default(self.default)
        )


@dataclass(frozen=True)
class Text:
    """A text or a path; with ``known``, one of these."""

    about: str
    known: tuple[str, ...] = ()
    default: str | None = None

    def check(self, name: str, value: Any) -> str | None:
        """Return ``value`` as text.

        Raises:
            InputError: No text.
            UnknownNameError: None of those known.
        """
        if value is None:
            return self.default
        if not isinstance(value, str | os.PathLike) or not os.fspath(value):
            raise InputError(
                f"parameter {name!r} ({self.about}) is text; saw {value!r}", hint=_default(self.default)
            )
        text = str(os.fspath(value))
        if self.known and text not in self.known:
            raise UnknownNameError.among(f"{name} ({self.about})", text, self.known)
        return text


@dataclass(frozen=True)
class Numbers:
    """A list of so many numbers; with ``single``, one whole number will do."""

    length: int
    about: str
    single: bool = False
    default: None = None

    def check(self, name: str, value: Any) -> Any:
        """Return ``value`` as a list of numbers, or as the one whole number.

        Raises:
            InputError: Something else.
        """
        if value is None:
            return None
        if self.single and isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        if isinstance(value, list | tuple) and len(value) == self.length:
            fine = all(isinstance(v, int | float) and math.isfinite(v) for v in value)
            whole = all(isinstance(v, int) and not isinstance(v, bool) and v > 0 for v in value)
            if whole if self.single else fine:
                return list(value)
        one = "a positive whole number or " if self.single else ""
        raise InputError(
            f"parameter {name!r} ({self.about}) is {one}a list of {self.length} numbers; saw {value!r}",
            hint=_default(self.default),
        )


def _default(value: object) -> str:
    return f"Leave it out for the default, {value}."


# How the network is run. Device and chunk may change responses by rounding only: no part of identity.
SHOWING: dict[str, Setting] = {
    "dtype": Text("the numbers it computes with", ("float32", "bfloat16"), "float32"),
    "tokens": Text("which tokens of a transformer's layer", ("all", "cls", "mean"), "all"),
    "device": Text("where it computes, e.g. cpu, cuda, cuda:1", default="cpu"),
    "chunk": Parameter(16, 1, "stimuli shown to the network at a time", high=4096),
}
PREPARING: dict[str, Setting] = {
    "size": Numbers(2, "pixels shown, one side or height and width", single=True),
    "shorter": Parameter(None, 1, "resize the shorter side to this before the crop", high=8192),
    "interpolation": Text("how images are resized", tuple(FILTERS)),
    "mean": Numbers(3, "subtracted per channel, on the scale 0..1"),
    "std": Numbers(3, "divided by per channel, on the scale 0..1"),
    "channels": Text("order of the colour channels", CHANNELS),
}
WEIGHTS: dict[str, Setting] = {
    "weights": Text("a file of weights"),
    "key": Text("where in the file the weights lie, e.g. teacher or state.model"),
    "prefix": Text("keep only names that begin so, and take it off, e.g. backbone."),
    "num_classes": Parameter(None, 0, "outputs of the classifier; 0 leaves it out", high=1_000_000),
}
UNTRAINED: dict[str, Setting] = {
    "pretrained": Flag(True, "with the published weights"),
    "seed": Parameter(None, 0, "decides the weights of an untrained network"),
}
NETWORK: dict[str, Setting] = {**WEIGHTS, **UNTRAINED, **SHOWING, **PREPARING}
ANONYMOUS = ("device", "chunk", "key", "prefix")


def settled(owner: str, declared: Mapping[str, Setting], given: Mapping[str, Any]) -> dict[str, Any]:
    """All declared settings: what was given where it was, the default elsewhere.

    Args:
        owner: The model's full name, for the error.
        declared: The settings it has.
        given: Only what differs from the defaults.

    Raises:
        UnknownNameError: There is no such setting; the nearest are given.
        InputError: A value is impossible.
    """
    return filled(owner, cast("Mapping[str, Parameter]", declared), given)


def suffix(declared: Mapping[str, Setting], settings: Mapping[str, Any], weights: str | None) -> str:
    """What differs from the defaults, for a model's name, e.g. ``"(dtype=bfloat16, weights=1a2b3c4d)"``.

    A path says nothing about what lies there, so a file of weights is named by its content.

    Args:
        declared: The settings the model has.
        settings: All of their values.
        weights: What to call the weights; None if they go without saying.
    """
    changed = {n: settings[n] for n, s in declared.items() if settings[n] != s.default and n not in ANONYMOUS}
    changed.pop("weights", None)
    changed.pop("architecture", None)  # the weights fit no other
    if weights is not None:
        changed["weights"] = weights
    return f"({', '.join(f'{n}={v}' for n, v in changed.items())})" if changed else ""
