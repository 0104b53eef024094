"""Published weights: through the libraries' own loaders, and only when their address answers."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

import requests

from repalign.errors import UnavailableError

T = TypeVar("T")

HUGGING_FACE = "https://huggingface.co"
SECONDS = 5.0
OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


def fetched(owner: str, address: str, load: Callable[[], T]) -> T:
    """Load published weights.

    The hub's client repeats every request for most of a minute before it gives up. So it is asked once,
    briefly, whether anything answers at the address at all.

    Args:
        owner: The model's name, for the error.
        address: Where the weights are.
        load: The library's own loader.

    Raises:
        UnavailableError: Nothing answers, or the loader failed.
    """
    try:
        if any(os.environ.get(name, "").upper() in ("1", "TRUE", "YES", "ON") for name in OFFLINE):
            raise OSError("HF_HUB_OFFLINE is set")
        requests.head(address, timeout=SECONDS, allow_redirects=False)
        return load()
    except Exception as error:  # hub clients raise errors of several libraries
        raise missing_weights(owner, address, error) from error


def missing_weights(owner: str, address: str, error: Exception) -> UnavailableError:
    """The error for weights that could not be had."""
    reason = (str(error).strip().splitlines() or [""])[0][:200]
    return UnavailableError(
        f"the weights of {owner} are not on this machine, and {address} did not deliver them "
        f"({type(error).__name__}: {reason})",
        hint="Give a file that you have: weights=PATH (.safetensors or .pth); or pretrained=False.",
    )
