"""Layers and cards by name, without weights where a network can do without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from repalign.models.protocol import Model
from repalign.models.registry import SOURCES, Nameable, model

BLANK = 64  # pixels a side of a blank image, for a model that takes any size


def without_weights(named: Nameable, **parameters: Any) -> Model:
    """A model for its card and layers only: networks come without weights, and respond to nothing.

    Args:
        named: As :func:`repalign.models.model` takes it.
        parameters: As there.

    Raises:
        InputError: As there, except for weights.
        UnavailableError: As there, except for weights.
    """
    if isinstance(named, Mapping) and named.get("source") in SOURCES and not parameters:
        skeleton = getattr(SOURCES[named["source"]], "skeleton", None)
        if skeleton is not None:
            return skeleton(named.get("model_name"), named.get("model_parameters") or {})
    if isinstance(named, str):
        source, _, name = named.partition("/")
        skeleton = getattr(SOURCES[source], "skeleton", None) if name and source in SOURCES else None
        if skeleton is not None:
            return skeleton(name, parameters)
    return model(named, **parameters)


def layer_shapes(named: Nameable, **parameters: Any) -> dict[str, tuple[int, ...]]:
    """Shape of the response of every layer to one stimulus.

    Args:
        named: As :func:`repalign.models.model` takes it. A network named by text or triple needs no
            weights for this.
        parameters: As there.

    Returns:
        Per layer the shape without the axis of stimuli, before it is flattened.

    Raises:
        InputError: As :func:`repalign.models.model`, except for weights.

    Example:
        >>> from repalign.models import layer_shapes
        >>> layer_shapes("builtin/random", grid=2)
        {'conv1': (128,), 'conv2': (256,)}
    """
    found = without_weights(named, **parameters)
    shapes = getattr(found, "shapes", None)
    if isinstance(shapes, dict):
        return shapes
    height, width = found.card.input_size or (BLANK, BLANK)
    blank = found.prepare(np.full((height, width, 3), 128, dtype=np.uint8))
    return {layer: rows.shape[1:] for layer, rows in found.respond([blank], found.layers).items()}
