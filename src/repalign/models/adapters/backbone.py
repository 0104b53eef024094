"""The digest of a backbone: the same before and after adapters are attached."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from torch import Tensor, nn

from repalign.models.torch_state import state_digest

ORIGINAL, STEPS = ".parametrizations.weight.original", ".parametrizations.weight."


def backbone_digest(net: nn.Module, *, without: Collection[str] = ()) -> str:
    """Digest of all weights but the adapters' own, under the names they had before adapters came.

    This is :func:`repalign.models.torch_state.state_digest` of the network that the adapters were attached
    to, whatever they have learned since.

    Args:
        net: The network.
        without: Names of further parameters to leave out, e.g. others that are trained.

    Returns:
        32 hexadecimal digits.
    """
    state = {name: tensor for name, tensor in net.state_dict().items() if name not in without}
    return state_digest(_State({_plain(name): t for name, t in state.items() if _is_weight(name)}))


def _plain(name: str) -> str:
    return name.removesuffix(ORIGINAL) + ".weight" if name.endswith(ORIGINAL) else name


def _is_weight(name: str) -> bool:
    return STEPS not in name or name.endswith(ORIGINAL)


class _State(nn.Module):
    """A state that passes for a network's."""

    def __init__(self, state: dict[str, Tensor]) -> None:
        super().__init__()
        self._state = state

    def state_dict(self, *_: Any, **__: Any) -> dict[str, Tensor]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._state
