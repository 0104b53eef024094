"""A CLIP without libraries: open_clip's layout and names of weights, any size, random weights from a seed."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from repalign.seeds import rng


@dataclass(frozen=True)
class ClipShape:
    """Sizes of a CLIP with a vision transformer.

    Args:
        embed: Dimensions of the features that are compared.
        image: Side of the image in pixels.
        patch: Side of a patch in pixels.
        vision: Width, blocks and heads of the tower of images.
        text: Width, blocks and heads of the tower of prompts.
        context: Tokens of a prompt.
        vocabulary: Number of tokens.
        quick_gelu: x sigmoid(1.702 x), as OpenAI's weights need, or GELU.
    """

    embed: int = 16
    image: int = 28
    patch: int = 14
    vision: tuple[int, int, int] = (32, 3, 4)
    text: tuple[int, int, int] = (32, 2, 4)
    context: int = 8
    vocabulary: int = 64
    quick_gelu: bool = True


VIT_L_14 = ClipShape(
    embed=768, image=224, vision=(1024, 24, 16), text=(768, 12, 12), context=77, vocabulary=49408
)


def plain_clip(shape: ClipShape | None = None, *, seed: int = 0) -> PlainClip:
    """A CLIP with random weights; torch's global generator is as it was afterwards.

    Args:
        shape: Its sizes; None is a tiny one.
        seed: Decides the weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng(seed, "initial-weights", "plain-clip").integers(2**63)))
        return PlainClip(shape or ClipShape()).eval()


class PlainClip(nn.Module):
    """A CLIP; a state dict of open_clip's of the same sizes fits it.

    Args:
        shape: Its sizes.
    """

    attn_mask: Tensor

    def __init__(self, shape: ClipShape) -> None:
        super().__init__()
        width = shape.text[0]
        self.visual = _Visual(shape)
        self.transformer = _Transformer(*shape.text, quick=shape.quick_gelu)
        self.token_embedding = nn.Embedding(shape.vocabulary, width)
        self.positional_embedding = nn.Parameter(0.1 * torch.randn(shape.context, width))
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(width**-0.5 * torch.randn(width, shape.embed))
        self.logit_scale = nn.Parameter(torch.tensor(100.0).log())
        mask = torch.full((shape.context, shape.context), float("-inf")).triu(1)
        self.register_buffer("attn_mask", mask, persistent=False)
        self.context_length = shape.context
        self.text_pool_type = "argmax"

    def encode_image(self, images: Tensor) -> Tensor:
        """Features of images.

        Args:
            images: Of shape (n, 3, side, side), normalised.

        Returns:
            Of shape (n, embed), of any length.
        """
        return self.visual(images)

    def encode_text(self, tokens: Tensor) -> Tensor:
        """Features of prompts.

        Args:
            tokens: ``int64`` of shape (n, context); the largest is the end of text.

        Returns:
            Of shape (n, embed), of any length.
        """
        x = self.transformer(self.token_embedding(tokens) + self.positional_embedding, self.attn_mask)
        ends = x[torch.arange(len(x), device=x.device), tokens.argmax(dim=-1)]
        return self.ln_final(ends) @ self.text_projection


class _Visual(nn.Module):
    def __init__(self, shape: ClipShape) -> None:
        super().__init__()
        width, tokens = shape.vision[0], (shape.image // shape.patch) ** 2 + 1
        self.conv1 = nn.Conv2d(3, width, shape.patch, shape.patch, bias=False)
        self.class_embedding = nn.Parameter(width**-0.5 * torch.randn(width))
        self.positional_embedding = nn.Parameter(width**-0.5 * torch.randn(tokens, width))
        self.ln_pre = nn.LayerNorm(width)
        self.transformer = _Transformer(*shape.vision, quick=shape.quick_gelu)
        self.ln_post = nn.LayerNorm(width)
        self.proj = nn.Parameter(width**-0.5 * torch.randn(width, shape.embed))

    def forward(self, images: Tensor) -> Tensor:
        patches = self.conv1(images).flatten(2).transpose(1, 2)
        first = self.class_embedding.expand(len(patches), 1, -1)
        x = self.ln_pre(torch.cat([first, patches], dim=1) + self.positional_embedding)
        return self.ln_post(self.transformer(x)[:, 0]) @ self.proj


class _Transformer(nn.Module):
    batch_first = True

    def __init__(self, width: int, layers: int, heads: int, *, quick: bool) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(_Block(width, heads, quick=quick) for _ in range(layers))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        for block in self.resblocks:
            x = block(x, mask)
        return x


class _Block(nn.Module):
    def __init__(self, width: int, heads: int, *, quick: bool) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(width)
        layers = {
            "c_fc": nn.Linear(width, 4 * width),
            "gelu": _QuickGelu() if quick else nn.GELU(),
            "c_proj": nn.Linear(4 * width, width),
        }
        self.mlp = nn.Sequential(OrderedDict(layers))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        inner = self.ln_1(x)
        x = x + self.attn(inner, inner, inner, need_weights=False, attn_mask=mask)[0]
        return x + self.mlp(self.ln_2(x))


class _QuickGelu(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)
