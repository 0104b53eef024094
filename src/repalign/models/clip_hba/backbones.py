"""Where open_clip and transformers keep the parts of a CLIP."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from repalign.errors import UnsuitableError
from repalign.models.clip_hba.tower import Block, Clip, Projection, Tower

POOLED = ("argmax", "eos")


def describe(net: nn.Module) -> Clip:
    """Find the towers of a CLIP.

    Args:
        net: ``open_clip.create_model("ViT-L-14")``, ``transformers.CLIPModel``, or one of the same layout.

    Raises:
        UnsuitableError: It has another layout, or reads out anything but one token.
    """
    if hasattr(net, "vision_model") and hasattr(net, "text_model"):
        return _of_transformers(net)
    if hasattr(net, "visual") and hasattr(getattr(net, "visual"), "transformer"):  # noqa: B009
        return _of_open_clip(net)
    raise _unsuitable(f"{type(net).__name__} is no vision transformer CLIP of open_clip or transformers")


def _of_open_clip(net: Any) -> Clip:
    visual, nested = net.visual, hasattr(net, "text")
    text, at = (net.text, "text.") if nested else (net, "")
    pool = getattr(text, "text_pool_type", getattr(text, "pool_type", None))
    if getattr(visual, "attn_pool", None) is not None or getattr(visual, "pool_type", "tok") != "tok":
        raise _unsuitable("its vision tower reads out more than the class token")
    if pool not in POOLED or getattr(text, "cls_emb", None) is not None or text.attn_mask is None:
        raise _unsuitable("its text tower is not causal, or reads out another token than the end of text")
    if not (visual.transformer.batch_first and text.transformer.batch_first):
        raise _unsuitable("its blocks take tokens before stimuli")
    vision = Tower(
        "vision",
        net.encode_image,
        ("visual.conv1", "visual.class_embedding", "visual.positional_embedding", "visual.ln_pre"),
        _open_clip_blocks(visual.transformer, "visual.transformer"),
        lambda token: _projected(visual.ln_post(token), visual.proj),
        None,
        causal=False,
    )
    end = getattr(text, "text_eos_id", getattr(text, "eos_id", None))
    words = Tower(
        "text",
        net.encode_text,
        (f"{at}token_embedding", f"{at}positional_embedding"),
        _open_clip_blocks(text.transformer, f"{at}transformer"),
        lambda token: _projected(text.ln_final(token), text.text_projection),
        partial(_end_of_text, end=None if pool == "argmax" else end),
        causal=True,
    )
    return Clip(net, "open_clip", vision, words, net.logit_scale, int(text.context_length))


def _open_clip_blocks(transformer: Any, name: str) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for i, block in enumerate(transformer.resblocks):
        attention, own = block.attn, f"{name}.resblocks.{i}"
        if not isinstance(attention, nn.MultiheadAttention) or attention.in_proj_weight is None:
            raise _unsuitable(f"block {own} has attention of its own kind, {type(attention).__name__}")
        _check_dropout(own, attention.dropout)
        blocks.append(
            Block(
                own,
                block,
                block.ln_1,
                block.ln_2,
                block.mlp,
                attention.out_proj,
                f"{own}.attn.out_proj",
                partial(_packed, attention),
                attention.num_heads,
                getattr(block, "ls_1", nn.Identity()),
                getattr(block, "ls_2", nn.Identity()),
            )
        )
    return tuple(blocks)


def _of_transformers(net: Any) -> Clip:
    vision, text = net.vision_model, net.text_model
    end = getattr(text, "eos_token_id", net.config.text_config.eos_token_id)
    return Clip(
        net,
        "transformers",
        Tower(
            "vision",
            lambda images: _pooled(net.get_image_features(pixel_values=images)),
            ("vision_model.embeddings", "vision_model.pre_layrnorm"),
            _transformers_blocks(vision.encoder.layers, "vision_model"),
            lambda token: net.visual_projection(vision.post_layernorm(token)),
            None,
            causal=False,
        ),
        Tower(
            "text",
            lambda tokens: _pooled(net.get_text_features(input_ids=tokens)),
            ("text_model.embeddings",),
            _transformers_blocks(text.encoder.layers, "text_model"),
            lambda token: net.text_projection(text.final_layer_norm(token)),
            # 2 is what old configurations say, and then transformers takes the largest token.
            partial(_end_of_text, end=None if end == 2 else end),
            causal=True,
        ),
        net.logit_scale,
        int(net.config.text_config.max_position_embeddings),
    )


def _transformers_blocks(layers: Any, name: str) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for i, block in enumerate(layers):
        attention, own = block.self_attn, f"{name}.encoder.layers.{i}"
        _check_dropout(own, attention.dropout)
        blocks.append(
            Block(
                own,
                block,
                block.layer_norm1,
                block.layer_norm2,
                block.mlp,
                attention.out_proj,
                f"{own}.self_attn.out_proj",
                partial(_separate, attention),
                attention.num_heads,
                nn.Identity(),
                nn.Identity(),
            )
        )
    return tuple(blocks)


def _packed(attention: Any) -> tuple[Projection, Projection, Projection]:
    weights, bias = attention.in_proj_weight.chunk(3), attention.in_proj_bias
    biases = (None, None, None) if bias is None else bias.chunk(3)
    return (weights[0], biases[0]), (weights[1], biases[1]), (weights[2], biases[2])


def _separate(attention: Any) -> tuple[Projection, Projection, Projection]:
    query, key, value = attention.q_proj, attention.k_proj, attention.v_proj
    return (query.weight, query.bias), (key.weight, key.bias), (value.weight, value.bias)


def _end_of_text(tokens: Tensor, end: int | None) -> Tensor:
    """Where the end of text stands: at the largest token, or at the first ``end``."""
    return tokens.argmax(dim=-1) if end is None else (tokens == end).int().argmax(dim=-1)


def _projected(token: Tensor, projection: Any) -> Tensor:
    if projection is None:
        return token
    return projection(token) if isinstance(projection, nn.Module) else token @ projection


def _pooled(output: Any) -> Tensor:
    """Version 4 of transformers gives the features, version 5 an object that holds them."""
    return output if isinstance(output, torch.Tensor) else output.pooler_output


def _check_dropout(name: str, dropout: float) -> None:
    if dropout:
        raise _unsuitable(f"block {name} drops {dropout:g} of its attention at random in training")


def _unsuitable(why: str) -> UnsuitableError:
    return UnsuitableError(
        f"this CLIP cannot be described: {why}",
        hint="Vision transformers of open_clip and transformers can; for others adapt and cut the network "
        "itself, with attach() and PrefixCut.",
    )
