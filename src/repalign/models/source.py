"""What every source of models is: one class and one line in the registry add another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from repalign.models.protocol import Model


class Source(Protocol):
    """A place that models come from."""

    @property
    def imports_code(self) -> bool:
        """Whether loading runs code that the name points at.

        Such a name is honoured where a user gives it, and never where it arrives as data (a triple
        in a submitted entry).
        """
        ...

    def names(self) -> tuple[str, ...]:
        """The models that can be listed, without the source; empty where anything can be named."""
        ...

    def load(self, name: str, parameters: Mapping[str, Any]) -> Model:
        """Build a model.

        Args:
            name: The name without the source.
            parameters: Only what differs from the defaults.

        Raises:
            UnknownNameError: No such model, or it has no such parameter.
            InputError: A parameter has an impossible value.
            UnavailableError: An optional extra or a file that it needs is not here.
        """
        ...
