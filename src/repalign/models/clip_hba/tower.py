"""A CLIP in words that fit every library: two towers of blocks, each read out at one token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

Projection = tuple[Tensor, Tensor | None]  # weight (out, in), bias (out,)


@dataclass(frozen=True, eq=False)
class Block:
    """One transformer block: x + s1(attention(norm1(x))), then x + s2(mlp(norm2(x))).

    Args:
        name: In ``named_modules()``.
        module: The block.
        norm1: Before attention.
        norm2: Before the MLP.
        mlp: The MLP.
        out_proj: The map from the heads' results back to the tokens.
        out_name: Its name in ``named_modules()``.
        projections: Gives the maps of queries, keys and values, as they are now.
        heads: How many.
        scale1: LayerScale after attention, or the identity.
        scale2: LayerScale after the MLP, or the identity.
    """

    name: str
    module: nn.Module
    norm1: nn.Module
    norm2: nn.Module
    mlp: nn.Module
    out_proj: nn.Module
    out_name: str
    projections: Callable[[], tuple[Projection, Projection, Projection]]
    heads: int
    scale1: nn.Module
    scale2: nn.Module


@dataclass(frozen=True, eq=False)
class Tower:
    """One of the two towers.

    Args:
        name: ``"vision"`` or ``"text"``.
        run: The library's own code: images (n, 3, height, width) or tokens (n, context) in, features
            (n, dimensions) out, of any length.
        before: Names of the modules and parameters that act before the first block.
        blocks: In order.
        read_out: From the token that is read after the last block, (n, width), to the features.
        position: Which token that is, from the inputs; None where it is always the first.
        causal: Whether a token sees only those before it and itself.
    """

    name: str
    run: Callable[[Tensor], Tensor]
    before: tuple[str, ...]
    blocks: tuple[Block, ...]
    read_out: Callable[[Tensor], Tensor]
    position: Callable[[Tensor], Tensor] | None
    causal: bool


@dataclass(frozen=True, eq=False)
class Clip:
    """A backbone.

    Args:
        net: The network.
        library: Whose layout it has: ``"open_clip"`` or ``"transformers"``.
        vision: The tower of images.
        text: The tower of prompts.
        logit_scale: The logarithm of the factor on the cosine.
        context: How many tokens a prompt has, padding included.
    """

    net: nn.Module
    library: str
    vision: Tower
    text: Tower
    logit_scale: Tensor
    context: int
