"""How to build a network of a source: everything but the user's settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from repalign.models.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import Tensor, nn

State = dict[str, "Tensor"]


@dataclass(frozen=True)
class Facts:
    """What is known about a network, for its card.

    Args:
        family: What kind of network it is, e.g. ``"resnet"``.
        training_data: What the published weights were trained on.
        objective: What they were trained to do.
        licence: Of code and weights.
        citation: The work to cite.
    """

    family: str
    training_data: str = "unknown"
    objective: str = "unknown"
    licence: str = "unknown"
    citation: str = "none"


@dataclass(frozen=True)
class Blueprint:
    """A network that can be built.

    Args:
        architecture: Its name, part of the digest, e.g. ``"timm/resnet18"``.
        build: Makes it with fresh weights.
        preprocessing: What the published weights need.
        input_size: (height, width) in pixels that it was made for.
        facts: For the card.
        fetch: Makes it with its published weights, from their cache or the network; None if there
            are none.
        published: What these weights are called, e.g. ``"a1_in1k"``.
        convert: Renames a publisher's original state dict; None if nothing is known.
    """

    architecture: str
    build: Callable[[], nn.Module]
    preprocessing: Preprocessing
    input_size: tuple[int, int]
    facts: Facts
    fetch: Callable[[], nn.Module] | None = None
    published: str | None = None
    convert: Callable[[State, nn.Module], State] | None = field(default=None, repr=False)
