"""Where functions become models: passed in Python, or named as ``callable/package.module:function``."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from repalign.errors import InputError, UnknownNameError
from repalign.models.callable_model import CallableModel, address


class CallableSource:
    """The user's own functions, named ``callable/package.module:function``.

    Loading imports the module, which runs it. It is the user's own code, named by the user; names
    that arrive as data must not get here, and :func:`repalign.models.model` sees to that.
    """

    imports_code = True

    def names(self) -> tuple[str, ...]:
        """None: any importable function has a name."""
        return ()

    def load(self, name: str, parameters: Mapping[str, Any]) -> CallableModel:
        """Import a function; modules in the current folder are found too.

        Args:
            name: ``package.module:function``.
            parameters: ``per_image``.

        Raises:
            InputError: Not of that form, the module cannot be imported, or the thing is no function.
            UnknownNameError: The module has no such function, or the parameter is unknown.
        """
        return from_callable(_imported(name), parameters)


def from_callable(function: Callable[..., Any], parameters: Mapping[str, Any]) -> CallableModel:
    """Make a function a model.

    Args:
        function: See :class:`CallableModel`.
        parameters: ``per_image``, true or false.

    Raises:
        UnknownNameError: Another parameter.
        InputError: ``per_image`` is neither true nor false.
    """
    for name, value in parameters.items():
        if name != "per_image":
            raise UnknownNameError.among(f"parameter of callable/{address(function)}", name, ["per_image"])
        if not isinstance(value, bool):
            raise InputError(f"parameter 'per_image' is true or false; saw {value!r}")
    return CallableModel(function, **parameters)


def _imported(name: str) -> Callable[..., Any]:
    module_name, colon, attribute = name.partition(":")
    if not (module_name and colon and attribute):
        raise InputError(
            f"callable/{name} names no function",
            hint="Write callable/package.module:function, or pass the function itself in Python.",
        )
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)  # at the end: nothing in this folder replaces an installed module
    try:
        found: Any = importlib.import_module(module_name)
    except Exception as error:  # importing runs the user's module: any error may come out of it
        raise InputError(
            f"callable/{name}: importing {module_name} failed: {type(error).__name__}: {error}",
            hint=f"Modules are looked for where Python does, and in the current folder, {here}.",
        ) from error
    known = [n for n, value in vars(found).items() if callable(value) and not n.startswith("_")]
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise UnknownNameError.among(f"function in {module_name}", attribute, known)
        found = getattr(found, part)
    if not callable(found):
        raise InputError(f"callable/{name} is {type(found).__name__}, not a function")
    return found
