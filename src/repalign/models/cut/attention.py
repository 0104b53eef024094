"""Attention of a block, in full or for the one token that is read out."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import linear, scaled_dot_product_attention

from repalign.models.clip_hba.tower import Block


def contexts(block: Block, x: Tensor, *, causal: bool) -> Tensor:
    """What the heads gather for every token, before the output projection.

    Args:
        block: The block.
        x: Its input, of shape (n, tokens, width).
        causal: Whether a token sees only those up to itself.

    Returns:
        Of shape (n, tokens, width).
    """
    inner = block.norm1(x)
    q, k, v = (
        linear(inner, weight, bias).unflatten(-1, (block.heads, -1)).transpose(1, 2)
        for weight, bias in block.projections()
    )
    return scaled_dot_product_attention(q, k, v, is_causal=causal).transpose(1, 2).flatten(2)


def context_of_one(block: Block, x: Tensor, position: Tensor | None, *, causal: bool) -> Tensor:
    """What the heads gather for one token of each stimulus, exactly, without keys or values.

    A query meets its keys as q'(K h + k0) = (K'q)'h + q'k0, where the last term is one number for all
    tokens, which a softmax does not see; and the values' mean is V (mean of h) + v0. So the two largest
    products of a block, K and V of all tokens, shrink to one of each per head.

    Args:
        block: The block.
        x: Its input, of shape (n, tokens, width).
        position: Which token, of shape (n,); None is the first.
        causal: Whether it sees only those up to itself.

    Returns:
        Of shape (n, width).
    """
    inner = block.norm1(x)
    (to_query, query_bias), (to_key, _), (to_value, value_bias) = block.projections()
    query = linear(at(inner, position), to_query, query_bias).unflatten(-1, (block.heads, -1))
    keys, values = (weight.unflatten(0, (block.heads, -1)) for weight in (to_key, to_value))
    probes = (query.transpose(0, 1) @ keys).transpose(0, 1)  # (n, heads, width)
    scores = probes @ inner.transpose(1, 2) * query.shape[-1] ** -0.5
    if causal:
        tokens = torch.arange(x.shape[1], device=x.device)
        last = torch.zeros(len(x), device=x.device) if position is None else position
        scores = scores.masked_fill(tokens > last[:, None, None], float("-inf"))
    means = scores.softmax(dim=-1) @ inner  # (n, heads, width)
    gathered = (means.transpose(0, 1) @ values.transpose(1, 2)).transpose(0, 1).flatten(1)
    return gathered if value_bias is None else gathered + value_bias


def after_attention(block: Block, x: Tensor, context: Tensor) -> Tensor:
    """The rest of a block.

    Args:
        block: The block.
        x: Its input, of shape (..., width).
        context: From :func:`contexts`, of the same shape.

    Returns:
        Its output, of the same shape.
    """
    x = x + block.scale1(linear(context, *_weights(block)))
    return x + block.scale2(block.mlp(block.norm2(x)))


def at(x: Tensor, position: Tensor | None) -> Tensor:
    """One token of each stimulus: of (n, tokens, width) the (n, width)."""
    return x[:, 0] if position is None else x[torch.arange(len(x), device=x.device), position]


def _weights(block: Block) -> tuple[Tensor, Tensor | None]:
    module = block.out_proj
    return module.weight, module.bias  # pyright: ignore[reportReturnType]
