"""What a cut is: a network in two halves, of which the first never changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from torch import Tensor, nn

from repalign.data import digest_spec
from repalign.models.adapters.attaching import trainable
from repalign.models.adapters.backbone import backbone_digest

VERSION = 1  # goes up whenever what is kept of the same network changes


class Cut(Protocol):
    """A network cut where nothing trained comes before."""

    @property
    def name(self) -> str:
        """Of the network and the place, for people."""
        ...

    @property
    def parts(self) -> Mapping[str, str]:
        """What is kept per stimulus: name to dtype."""
        ...

    @property
    def digest(self) -> str:
        """Of all that decides what is kept, but for the stimuli."""
        ...

    def keep(self, inputs: Tensor) -> dict[str, Tensor]:
        """The first half.

        Args:
            inputs: Prepared stimuli, the first axis.

        Returns:
            Per part, a tensor with one entry per stimulus, without gradient.
        """
        ...

    def finish(self, kept: Mapping[str, Tensor]) -> Any:
        """The second half: what the network returns, with gradients to all that is trained.

        Args:
            kept: As :meth:`keep` gives it.
        """
        ...


def digest_of(net: nn.Module, place: Mapping[str, Any]) -> str:
    """Digest of a cut: the weights that are not trained, how the modules compute, and the place.

    Args:
        net: The whole network.
        place: Where it is cut.
    """
    return digest_spec(
        {
            "weights": backbone_digest(net, without=trainable(net)),
            "modules": _structure(net),
            "place": dict(place),
            "version": VERSION,
        }
    )


def _structure(net: nn.Module) -> list[list[str]]:
    """What decides a module's result beside its weights (strides, activations, heads), adapters left out."""
    return [
        [
            name,
            type(module).__name__.removeprefix("Parametrized"),
            module.extra_repr(),
            str(getattr(module, "num_heads", "")),
        ]
        for name, module in net.named_modules()
        if "parametrizations" not in name.split(".")
    ]
