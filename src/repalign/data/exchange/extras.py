"""Optional packages, imported when first needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from repalign.errors import UnavailableError

NEURO = "pip install 'repalign[neuro]'"
MODELS = "pip install 'repalign[models]'"


def need(module: str, install: str = NEURO) -> Any:
    """Import an optional package.

    Raises:
        UnavailableError: It is not installed; the hint is the command that installs it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise UnavailableError(
            f"this needs the package {module}, which is not installed", hint=f"Install it: {install}"
        ) from error
