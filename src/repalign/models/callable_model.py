"""Any Python function as a model."""

from __future__ import annotations

import inspect
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data import digest_bytes, digest_spec
from repalign.errors import InputError, ShapeError, UnknownNameError
from repalign.models.pixels import Pixels
from repalign.models.protocol import ModelCard

LAYER = "output"


@dataclass(frozen=True, eq=False)
class CallableModel:
    """A function ``f(images) -> (n, n_units)``, or ``f(image) -> (n_units,)`` with ``per_image``.

    Args:
        function: Gets a list of images (``uint8`` of shape (height, width, 3), RGB), or one image.
        per_image: Whether it takes one image at a time. Never guessed.
    """

    function: Callable[..., Any] = field(repr=False)
    per_image: bool = False
    code: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", code_digest(self.function))

    @property
    def parameters(self) -> Mapping[str, Any]:
        """``per_image``."""
        return {"per_image": self.per_image}

    @property
    def name(self) -> str:
        """``callable/module:qualname``; of an object that is called, its class."""
        return f"callable/{address(self.function)}"

    @property
    def digest(self) -> str:
        """Digest of name, parameters and code; see :func:`code_digest`."""
        return digest_spec({"model": self.name, "parameters": self.parameters, "code": self.code})

    modality = "image"
    layers = (LAYER,)
    default_layers = (LAYER,)
    one_size = False

    @property
    def card(self) -> ModelCard:
        """What can be known about a function: next to nothing."""
        return ModelCard(
            family="callable",
            training_data="unknown",
            objective="unknown",
            n_parameters=0,
            input_size=None,
            preprocessing="its own",
            licence="the user's",
            citation=inspect.getdoc(self.function) or "none",
            layers=self.layers,
        )

    def prepare(self, stimulus: Pixels) -> Pixels:
        """The image as it is; what a function does with it is its own affair."""
        return stimulus

    def respond(self, batch: Sequence[Pixels], layers: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Call the function.

        Args:
            batch: n images, ``uint8`` of shape (height, width, 3), RGB.
            layers: Nothing, or ``output``.

        Returns:
            Under ``output`` numbers of shape (n, n_units).

        Raises:
            UnknownNameError: Another layer was asked for.
            InputError: The function failed; its own error is the cause.
            ShapeError: What it returned is not one row of numbers per image.
        """
        for layer in layers:
            if layer != LAYER:
                raise UnknownNameError.among(f"layer of {self.name}", layer, self.layers)
        copies = [image.copy() for image in batch]  # a function may write into what it is given
        try:
            found = [self.function(image) for image in copies] if self.per_image else self.function(copies)
        except Exception as error:  # any error may come out of a function that is not ours
            raise InputError(
                f"{self.name} failed on {len(batch)} images: {type(error).__name__}: {error}",
                hint=f"It was given {'one image' if self.per_image else 'a list of images'}; see per_image.",
            ) from error
        return {LAYER: self._rows(found, len(batch))}

    def _rows(self, found: Any, n: int) -> NDArray[Any]:
        each = "a vector of one length for every image"
        expected = each if self.per_image else f"an array of shape ({n}, n_units)"
        try:
            rows = np.asarray(found)
        except ValueError as error:
            raise ShapeError(f"{self.name} must return {expected}; saw ragged rows") from error
        if rows.ndim != 2 or len(rows) != n or rows.dtype.kind not in "fiub":
            other = "a list of images" if self.per_image else "one image"
            raise ShapeError(
                f"{self.name} must return {expected}; saw {rows.dtype} of shape {rows.shape}",
                hint=f"If it takes {other} at a time, say per_image={not self.per_image}.",
            )
        return rows


def address(function: Callable[..., Any]) -> str:
    """``module:qualname`` of a function, or of the class of an object that is called."""
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{getattr(named, '__module__', None) or 'builtins'}:{named.__qualname__}"


def code_digest(function: Callable[..., Any]) -> str:
    """Digest of the text of the module that defines a function.

    What that module imports does not count. A function that cannot be found by its name again (a
    lambda, a closure, one typed into a notebook) may depend on anything: for it every call gives a
    new digest, so that no stored result is ever taken for its own.
    """
    module_name, _, qualname = address(function).partition(":")
    found: Any = sys.modules.get(module_name)
    module = found
    for part in qualname.split("."):
        found = getattr(found, part, None)
    if found is function and module_name != "__main__":
        try:
            return digest_bytes(inspect.getsource(module).encode())
        except (OSError, TypeError):  # compiled code has no text
            pass
    return uuid.uuid4().hex
