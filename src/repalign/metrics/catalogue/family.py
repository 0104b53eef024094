"""Families of measures: one recipe with a parameter, which the id states."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from repalign.metrics.measure import Measure

_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Family:
    """Measures that differ in the value of a parameter.

    Args:
        template: How an id is written, with the parameters in braces: ``"mutual-knn-k{k}"``.
        parse: How each parameter is read from the id, e.g. ``{"k": int}``.
        build: Makes the measure from the parameters; refuses values out of range with an InputError.

    Example:
        >>> from repalign.metrics import measure
        >>> measure("mutual-knn-k7").id
        'mutual-knn-k7'
    """

    template: str
    parse: Mapping[str, Callable[[str], Any]]
    build: Callable[..., Measure]

    def read(self, name: str) -> Measure | None:
        """The measure with this id, or None where the id is not of this family.

        Raises:
            InputError: The id is of this family and a parameter is out of range.
        """
        found = re.fullmatch(self._pattern(), name)
        if found is None:
            return None
        try:
            values = {key: self.parse[key](text) for key, text in found.groupdict().items()}
        except ValueError:
            return None
        measure = self.build(**values)
        # Only one way of writing a value is an id: 0.50 or 05 would name the same measure twice.
        return measure if measure.id == name else None

    def _pattern(self) -> str:
        pieces = _FIELD.split(self.template)
        return "".join(
            f"(?P<{piece}>[0-9a-z.]+?)" if i % 2 else re.escape(piece) for i, piece in enumerate(pieces)
        )
