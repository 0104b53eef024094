"""What every model is, whatever made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

MODALITIES = ("image", "text")


@dataclass(frozen=True)
class ModelCard:
    """What is known about a model.

    Args:
        family: What kind of model it is, e.g. ``"pixels"``, ``"convolutional network"``.
        training_data: What it was trained on; ``"none"`` if it was not.
        objective: What it was trained to do; ``"none"`` if it was not.
        n_parameters: The number of trained or drawn weights.
        input_size: (height, width) in pixels that it works on; None: stimuli stay as they are.
        preprocessing: What happens to a stimulus before the model sees it.
        licence: The licence of code and weights.
        citation: The work to cite.
        layers: All layers, in order from input to output.
    """

    family: str
    training_data: str
    objective: str
    n_parameters: int
    input_size: tuple[int, int] | None
    preprocessing: str
    licence: str
    citation: str
    layers: tuple[str, ...]


class Model(Protocol):
    """Something that responds to stimuli, each on its own.

    ``respond`` must give every stimulus the response that it would get alone: what else is in the
    batch, and how large the batch is, must not matter.
    """

    @property
    def name(self) -> str:
        """``source/name``."""
        ...

    @property
    def parameters(self) -> Mapping[str, Any]:
        """All parameters, defaults filled in."""
        ...

    @property
    def digest(self) -> str:
        """Digest of everything that decides the responses: name, parameters, version, weights."""
        ...

    @property
    def modality(self) -> str:
        """What it responds to: ``"image"`` or ``"text"``."""
        ...

    @property
    def layers(self) -> tuple[str, ...]:
        """All layers, from input to output."""
        ...

    @property
    def default_layers(self) -> tuple[str, ...]:
        """The layers that are extracted if none are named."""
        ...

    @property
    def one_size(self) -> bool:
        """Whether all images must have the same size, because a unit is a place in the image."""
        ...

    @property
    def card(self) -> ModelCard:
        """What is known about the model."""
        ...

    def prepare(self, stimulus: Any) -> Any:
        """One stimulus as the model wants it: resized, normalised, tokenised.

        It may run in a loader's worker process, so a model must be able to travel there.

        Args:
            stimulus: An image (``uint8`` of shape (height, width, 3), RGB), or a tuple of texts.
        """
        ...

    def respond(self, batch: Sequence[Any], layers: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Responses to a batch of stimuli.

        Args:
            batch: n stimuli as :meth:`prepare` gave them.
            layers: Names out of :attr:`layers`.

        Returns:
            Per layer an array of numbers of shape (n, n_units), rows in the order of the batch.
        """
        ...
