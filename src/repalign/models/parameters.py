"""Parameters of models: declared with a default and a bound, checked by name and value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repalign.errors import InputError, UnknownNameError


@dataclass(frozen=True)
class Parameter:
    """One parameter: a number, or None where that is the default.

    Args:
        default: Its value if none is given; its type (int or float) is the parameter's type.
        low: The smallest value allowed.
        about: What it does, in a few words.
        high: The largest value allowed.
    """

    default: int | float | None
    low: float
    about: str
    high: float = 1e9

    def check(self, name: str, value: Any) -> int | float | None:
        """Return ``value`` as the parameter's type.

        Raises:
            InputError: Not a number of that type, or out of bounds.
        """
        if value is None and self.default is None:
            return None
        whole = not isinstance(self.default, float)
        if isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high:
            if not whole:
                return float(value)
            if value == int(value):
                return int(value)
        kind = "a whole number" if whole else "a number"
        raise InputError(
            f"parameter {name!r} ({self.about}) is {kind} from {self.low:g} to {self.high:g}; saw {value!r}",
            hint=f"Leave it out for the default, {self.default}.",
        )


def filled(
    owner: str, declared: Mapping[str, Parameter], given: Mapping[str, Any]
) -> dict[str, int | float | None]:
    """All declared parameters: what was given where it was, the default elsewhere.

    Args:
        owner: The model's full name, for the error.
        declared: The parameters that the model has.
        given: Only what differs from the defaults.

    Raises:
        UnknownNameError: The model has no such parameter.
        InputError: A value is impossible.
    """
    for name in given:
        if name not in declared:
            raise UnknownNameError.among(f"parameter of {owner}", name, declared)
    return {n: p.check(n, given[n]) if n in given else p.default for n, p in declared.items()}


def differing(declared: Mapping[str, Parameter], settings: Mapping[str, Any]) -> str:
    """What differs from the defaults, for a model's name: ``"(seed=1)"``, or nothing.

    Two rows of a table that carry the same model name must not be about different models.

    Args:
        declared: The parameters that the model has.
        settings: All of their values.
    """
    changed = [f"{n}={settings[n]}" for n, p in declared.items() if settings[n] != p.default]
    return f"({', '.join(changed)})" if changed else ""
