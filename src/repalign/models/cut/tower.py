"""The exact cut of one tower of a CLIP: only what lies behind an adapter and before the read-out is run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from repalign.errors import UnsuitableError
from repalign.models.adapters.attaching import trainable
from repalign.models.clip_hba.backbones import describe
from repalign.models.clip_hba.tower import Block, Tower
from repalign.models.cut.attention import after_attention, at, context_of_one, contexts
from repalign.models.cut.modes import evaluating
from repalign.models.cut.protocol import digest_of


class TowerCut:
    """One tower of a CLIP in two halves.

    With the first trained weight in block b's output projection or behind it, the input of block b and
    its attention context are kept, of all tokens, or, where b is the last block, of the one token that is
    read out. With trained weights before the context, the input alone is kept. The blocks between run in
    full, the last for the token that is read out alone (its attention still sees all).

    Args:
        net: The CLIP.
        tower: ``"vision"`` or ``"text"``.

    Raises:
        UnsuitableError: Another layout, or a weight before the first block is trained.

    Example:
        >>> import torch
        >>> from repalign.models.adapters import attach
        >>> from repalign.models.clip_hba import adapted_modules, plain_clip
        >>> from repalign.models.cut import TowerCut
        >>> net = plain_clip()
        >>> names = attach(net, adapted_modules(net), seed=0)
        >>> images = torch.ones(2, 3, 28, 28)
        >>> cut = TowerCut(net, "vision")
        >>> torch.allclose(cut.finish(cut.keep(images)), net.encode_image(images), atol=1e-6)
        True
    """

    def __init__(self, net: nn.Module, tower: str) -> None:
        self._net, self._which = net, tower
        found = self.tower
        trained = tuple(trainable(net))
        early = [n for n in trained if any(n == b or n.startswith(f"{b}.") for b in found.before)]
        if early:
            raise UnsuitableError(
                f"nothing of the {tower} tower is constant: {early[0]!r}, before its first block, is trained",
                hint="Run the network itself, or train later weights only.",
            )
        self._first = next(
            (i for i, block in enumerate(found.blocks) if any(_of(block.name, n) for n in trained)),
            len(found.blocks),
        )
        self._at_context = self._first < len(found.blocks) and not _reads_trained(found.blocks[self._first])
        last = len(found.blocks) - 1
        self._one_token = self._first > last or (self._first == last and self._at_context)

    @property
    def tower(self) -> Tower:
        """The tower as it is now."""
        return getattr(describe(self._net), self._which)

    @property
    def name(self) -> str:
        """Of the tower and the place."""
        return (
            f"{self._which} tower, block {self._first}, at its {'context' if self._at_context else 'input'}"
        )

    @property
    def parts(self) -> dict[str, str]:
        """What is kept, with dtypes; ``position`` only where tokens are kept that differ in read-out."""
        found = {"input": "float32"}
        if self._at_context:
            found["context"] = "float32"
        if self.tower.position is not None and not self._one_token:
            found["position"] = "int64"
        return found

    @property
    def digest(self) -> str:
        """Of the weights that are not trained, the tower and the place."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        place = {"tower": self._which, "block": self._first, "context": self._at_context}
        return digest_of(self._net, place)

    def keep(self, inputs: Tensor) -> dict[str, Tensor]:
        """The first half, in evaluation mode.

        Args:
            inputs: Images (n, 3, height, width) or tokens (n, context).

        Returns:
            ``input`` and ``context`` of shape (n, tokens, width), or (n, width) where one token is enough;
            and ``position`` of shape (n,).
        """
        tower = self.tower
        with torch.no_grad(), evaluating(self._net):
            x = _reached(tower, self._first, inputs)
            position = None if tower.position is None else tower.position(inputs)
            if not self._at_context:
                kept = {"input": at(x, position) if self._one_token else x}
            elif self._one_token:
                block = tower.blocks[self._first]
                context = context_of_one(block, x, position, causal=tower.causal)
                kept = {"input": at(x, position), "context": context}
            else:
                kept = {"input": x, "context": contexts(tower.blocks[self._first], x, causal=tower.causal)}
            if "position" in self.parts and position is not None:
                kept["position"] = position
        return {name: tensor.contiguous() for name, tensor in kept.items()}

    def finish(self, kept: Mapping[str, Tensor]) -> Tensor:
        """The second half.

        Args:
            kept: As :meth:`keep` gives it.

        Returns:
            Features of shape (n, dimensions), as the tower's own code gives them to float32 round-off.
        """
        tower, x = self.tower, kept["input"]
        if self._first == len(tower.blocks):
            return tower.read_out(x)
        first, *rest = tower.blocks[self._first :]
        if self._one_token:
            return tower.read_out(after_attention(first, x, kept["context"]))
        position = kept.get("position")
        if not rest:
            return tower.read_out(_last(first, x, position, causal=tower.causal))
        context = kept["context"] if self._at_context else contexts(first, x, causal=tower.causal)
        x = after_attention(first, x, context)
        for block in rest[:-1]:
            x = after_attention(block, x, contexts(block, x, causal=tower.causal))
        return tower.read_out(_last(rest[-1], x, position, causal=tower.causal))


def _last(block: Block, x: Tensor, position: Tensor | None, *, causal: bool) -> Tensor:
    context = context_of_one(block, x, position, causal=causal)
    return after_attention(block, at(x, position), context)


def _of(block: str, parameter: str) -> bool:
    return parameter.startswith(f"{block}.")


def _reads_trained(block: Block) -> bool:
    """Whether a weight is trained that the attention context depends on."""
    read: list[Any] = [tensor for pair in block.projections() for tensor in pair if tensor is not None]
    return any(tensor.requires_grad for tensor in [*read, *block.norm1.parameters()])


class _Reached(Exception):  # noqa: N818 - not an error: it ends a forward pass early
    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.value = value


def _reached(tower: Tower, first: int, inputs: Tensor) -> Tensor:
    """The input of a block (behind the last one: its output), by the library's own code."""

    def stop(_module: nn.Module, given: tuple[Tensor, ...]) -> None:
        raise _Reached(given[0])

    def stop_after(_module: nn.Module, _given: tuple[Tensor, ...], output: Any) -> None:
        raise _Reached(output if isinstance(output, Tensor) else output[0])

    behind = first == len(tower.blocks)
    module = tower.blocks[-1 if behind else first].module
    handle = module.register_forward_hook(stop_after) if behind else module.register_forward_pre_hook(stop)
    try:
        tower.run(inputs)
    except _Reached as reached:
        return reached.value
    finally:
        handle.remove()
    raise UnsuitableError(
        f"the {tower.name} tower never calls its block {first}", hint="Run the network without a cut."
    )
