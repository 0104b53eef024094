"""The one place that makes optional extras, torch first of all, importable, or says how to install them.

**torchvision beside a CPU build of torch.** The package index gives torch as a CPU build but torchvision
with operators compiled for CUDA. They do not load, and then ``import torchvision`` itself fails with
``operator torchvision::nms does not exist`` and takes timm with it. Only detection needs these
operators. So, when torchvision's own did not load, and only then, :func:`require` declares the schemas of
``nms`` and ``qnms`` to torch; after that models and transforms work, and calling ``nms`` still fails.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from repalign.errors import UnavailableError

EXTRAS = {
    "models": ("torch", "torchvision", "timm", "safetensors"),
    "clip": ("open_clip",),
    "text": ("transformers",),
    "onnx": ("onnxruntime", "onnx"),
    "neuro": ("nibabel", "nilearn", "h5py", "netCDF4"),
}
OPERATORS = ("nms", "qnms")
SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

_declared: list[Any] = []  # torch forgets a library's schemas when the object that declared them goes


def require(extra: str = "models") -> None:
    """Make sure that the packages of an extra can be imported.

    Args:
        extra: One of :data:`EXTRAS`, as in ``pip install 'repalign[models]'``.

    Raises:
        UnavailableError: A package is not installed, or cannot be imported.
    """
    missing = [name for name in EXTRAS[extra] if importlib.util.find_spec(name) is None]
    if missing:
        raise UnavailableError(
            f"this needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed",
            hint=f"pip install 'repalign[{extra}]'",
        )
    if extra == "models":
        _import_torchvision()


def _import_torchvision() -> None:
    try:
        importlib.import_module("torchvision")
    except (RuntimeError, ImportError) as error:
        if "torchvision::nms" not in str(error) or _declared:
            raise _broken(error) from error
        _declare_operators()
        try:
            importlib.import_module("torchvision")
        except (RuntimeError, ImportError) as second:
            raise _broken(second) from second


def _declare_operators() -> None:
    library = importlib.import_module("torch.library").Library("torchvision", "DEF")
    for operator in OPERATORS:
        library.define(f"{operator}{SCHEMA}")
    _declared.append(library)


def _broken(error: Exception) -> UnavailableError:
    return UnavailableError(
        f"torchvision is installed but cannot be imported: {type(error).__name__}: {error}",
        hint="torch and torchvision must be of matching versions; pip install 'repalign[models]' anew.",
    )
