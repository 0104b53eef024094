"""Training behind a cut: what no trained weight changes is read from disk instead of being run again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from repalign.data import positions
from repalign.errors import UnsuitableError
from repalign.models.cut import Cut, Kept, PrefixCut
from repalign.training.problem import WHOLE, ImageChange, Part, Reading, Wrapped

_PACKED = 2  # axes of what was kept; images have four


class Still(Wrapped):
    """A network that stays in evaluation mode: batch statistics and dropout of what is frozen stand still.

    Args:
        net: The network.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__(net)
        self.eval()

    def forward(self, given: Tensor) -> Tensor:
        """Outputs of the network."""
        return self.net(given)

    def train(self, mode: bool = True) -> Still:
        """Stay in evaluation mode."""
        super().train(False)
        return self


class AfterCut(Still):
    """The second half of a network, which is run whole where it is given images.

    Args:
        net: The whole network.
        cut: Its cut.
        example: Prepared images, at least one, (n, channel, height, width).

    Raises:
        UnsuitableError: What is kept is not float32.
    """

    def __init__(self, net: nn.Module, cut: Cut, example: Tensor) -> None:
        super().__init__(net)
        self.cut = cut
        kept = cut.keep(example[:1])
        if any(each.dtype != torch.float32 for each in kept.values()):
            raise UnsuitableError(
                f"{cut.name} keeps {sorted({str(each.dtype) for each in kept.values()})}",
                hint="Only float32 can be trained behind a cut: train the network whole.",
            )
        self._shapes = {name: tuple(each.shape[1:]) for name, each in kept.items()}

    def forward(self, given: Tensor) -> Tensor:
        """Outputs.

        Args:
            given: Rows of :func:`packed`, (n, units), or images, (n, channel, height, width).
        """
        if given.ndim == _PACKED:
            return self.cut.finish(self._unpacked(given))
        if len(given) > 1 and bool((given == given[:1]).all()):
            # Blank images are one image: its first half stands for all.
            alone = self.cut.keep(given[:1])
            return self.cut.finish(
                {name: each.repeat(len(given), *[1] * (each.ndim - 1)) for name, each in alone.items()}
            )
        return self.net(given)

    def _unpacked(self, given: Tensor) -> dict[str, Tensor]:
        sizes = [int(np.prod(shape)) for shape in self._shapes.values()]
        parts = given.split(sizes, dim=1)
        return {
            name: part.reshape(-1, *shape)
            for part, (name, shape) in zip(parts, self._shapes.items(), strict=True)
        }


def packed(kept: Mapping[str, Tensor]) -> Tensor:
    """What was kept of some stimuli as one row of numbers each, (n, units)."""
    return torch.cat([each.flatten(1) for each in kept.values()], dim=1)


def after_cut(module: nn.Module) -> AfterCut | None:
    """The second half within its wrappers; None where the network is run whole."""
    while isinstance(module, Wrapped):
        if isinstance(module, AfterCut):
            return module
        module = module.net
    return None


def reads_behind(module: nn.Module, reading: Reading, example: Tensor) -> bool:
    """Whether the responses to be read come about behind the cut; others need the whole network.

    Behind a cut a layer before it gives nothing, or a stand-in of zeros; and CLIP-HBA's second half goes
    round the modules of its towers.

    Args:
        module: A network in training, with a cut.
        reading: Which layers are read.
        example: Prepared images.
    """
    half = after_cut(module)
    if half is None or reading.layers == WHOLE.layers:
        return half is not None
    if not isinstance(half.cut, PrefixCut):
        return False
    with torch.enable_grad():
        return all(found.requires_grad for found in reading.read(module, example).values())


@dataclass(frozen=True)
class BehindCut:
    """Stimuli as the second half of a network sees them; where their images are changed, the images.

    Args:
        source: The stimuli themselves.
        kept: The first half's results, among them those of these stimuli.
    """

    source: Part
    kept: Kept
    _places: NDArray[np.intp] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", np.asarray(positions(self.kept.ids, self.source.ids), np.intp))

    @property
    def ids(self) -> tuple[str, ...]:
        """The stimuli."""
        return self.source.ids

    @property
    def targets(self) -> NDArray[Any]:
        """Of the source."""
        return self.source.targets

    def inputs(self, rows: NDArray[np.intp], change: ImageChange | None = None) -> Tensor:
        """For :class:`AfterCut`: what was kept of these rows, or their changed images."""
        if change is not None:
            return self.source.inputs(rows, change)
        return packed(self.kept.rows(self._places[rows].tolist()))
