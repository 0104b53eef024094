"""From a name, a triple, a function or a model to a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from repalign.data import Registry
from repalign.errors import InputError, UnknownNameError, UnsuitableError
from repalign.models.builtin import BuiltinSource
from repalign.models.callable_source import CallableSource, from_callable
from repalign.models.onnx_source import OnnxSource
from repalign.models.protocol import Model
from repalign.models.source import Source
from repalign.models.torch_sources import CheckpointSource, TimmSource, TorchvisionSource
from repalign.models.torch_thingsvision import CUSTOM, SSL, VARIANTS, ThingsvisionSource

Nameable = str | Mapping[str, Any] | Model | Callable[..., Any]

TRIPLE = ("model_name", "source", "model_parameters")

#: Sources of models, by the word before the slash of a model's name.
SOURCES: Registry[Source] = Registry("model source")
SOURCES.add("builtin", BuiltinSource())
SOURCES.add("callable", CallableSource())
SOURCES.add("timm", TimmSource())
SOURCES.add("torchvision", TorchvisionSource())
SOURCES.add("checkpoint", CheckpointSource())
SOURCES.add("ssl", ThingsvisionSource("ssl", SSL, {}))
SOURCES.add("custom", ThingsvisionSource("custom", CUSTOM, VARIANTS))
SOURCES.add("onnx", OnnxSource())


def is_model_name(name: str) -> bool:
    """Whether a name is a model's, ``source/name``; targets of data sets are not.

    Args:
        name: Of a model or a target.

    Returns:
        Whether its source is one of :data:`SOURCES`; the model itself need not exist.
    """
    return name.partition("/")[0] in SOURCES


def model_names() -> tuple[str, ...]:
    """All models that can be listed, as ``source/name``."""
    return tuple(f"{source}/{name}" for source in SOURCES for name in SOURCES[source].names())


def model(named: Nameable, /, **parameters: Any) -> Model:
    """Get a model.

    Args:
        named: One of

            - ``"source/name"``, e.g. ``"builtin/rgb"``, or ``"callable/package.module:function"``,
              which imports that module: your own code, run because you named it;
            - the triple ``{"model_name": ..., "source": ..., "model_parameters": ... or None}``, which
              means the same but, being data, never imports code;
            - a Python function ``f(images) -> (n, n_units)``; with ``per_image=True``
              ``f(image) -> (n_units,)``;
            - a model, which is returned as it is.
        parameters: What differs from the model's defaults.

    Raises:
        UnknownNameError: No such source, model or parameter; the nearest names are given.
        InputError: A parameter has an impossible value, is given twice, or the triple is none.
        UnsuitableError: A triple names code to import.

    Example:
        >>> from repalign.models import model
        >>> model("builtin/gabor", scales=2).layers
        ('scale-1', 'scale-2')
    """
    if isinstance(named, str):
        source, name = _split(named)
        return SOURCES[source].load(name, parameters)
    if isinstance(named, Mapping):
        source, name, inside = _from_triple(named)
        if inside and parameters:
            raise InputError(
                f"parameters of {source}/{name} are given twice: in the triple and beside it",
                hint="Give them in one place.",
            )
        return SOURCES[source].load(name, inside or parameters)
    if callable(getattr(named, "respond", None)):
        if parameters:
            raise InputError(
                f"{getattr(named, 'name', 'this model')} is built already; it takes no parameters now",
                hint="Give the parameters where the model is made.",
            )
        return named  # pyright: ignore[reportReturnType]
    if callable(named):
        return from_callable(named, parameters)
    raise InputError(
        f"a model is a name, a triple, a function or a model; saw {type(named).__name__}",
        hint=f"Names look like {model_names()[0]!r}.",
    )


def _split(named: str) -> tuple[str, str]:
    source, slash, name = named.partition("/")
    if slash and name:
        return source, name
    owners = [s for s in SOURCES if named in SOURCES[s].names()]
    if len(owners) == 1:
        raise UnknownNameError(
            f"there is no model named {named!r}: a model is named by source and name",
            hint=f"Did you mean {f'{owners[0]}/{named}'!r}?",
        )
    raise UnknownNameError.among("model", named, model_names())


def _from_triple(triple: Mapping[str, Any]) -> tuple[str, str, Mapping[str, Any]]:
    for key in triple:
        if key not in TRIPLE:
            raise UnknownNameError.among("key of a model triple", str(key), TRIPLE)
    source, name = triple.get("source"), triple.get("model_name")
    parameters = triple.get("model_parameters")
    if not (isinstance(source, str) and isinstance(name, str) and isinstance(parameters, Mapping | None)):
        raise InputError(
            f"a model triple has a model_name and a source (text) and model_parameters (a mapping or null); "
            f"saw {dict(triple)!r}",
            hint='For example {"model_name": "rgb", "source": "builtin", "model_parameters": null}.',
        )
    if SOURCES[source].imports_code:
        raise UnsuitableError(
            f"the triple names {source}/{name}, which would import and run code",
            hint=f"A triple is data. If the code is yours, name it as text: {f'{source}/{name}'!r}.",
        )
    return source, name, parameters or {}
