"""CLIP-HBA: outputs are scaled cosines between an image and prompts, one per behavioural dimension."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import normalize

from repalign.errors import InputError, ShapeError
from repalign.models.adapters.attaching import attach
from repalign.models.adapters.dora import DoraSettings
from repalign.models.clip_hba.backbones import describe
from repalign.models.clip_hba.prompts import Tokenize, tokenized
from repalign.models.clip_hba.recipe import DORA, TEXT_BLOCKS, VISION_BLOCKS
from repalign.models.clip_hba.tower import Clip


def adapted_modules(net: nn.Module, vision: int = VISION_BLOCKS, text: int = TEXT_BLOCKS) -> tuple[str, ...]:
    """The attention output projections of the last blocks of each tower, by name.

    Args:
        net: A CLIP of open_clip or transformers.
        vision: How many blocks of the tower of images.
        text: How many of the tower of prompts.

    Raises:
        UnsuitableError: The network has another layout.
        InputError: A tower has fewer blocks.
    """
    clip, names = describe(net), []
    for tower, count in ((clip.vision, vision), (clip.text, text)):
        if not 0 <= count <= len(tower.blocks):
            raise InputError(
                f"{count} blocks are to be adapted; the {tower.name} tower has {len(tower.blocks)}",
                hint="Give fewer.",
            )
        names += [block.out_name for block in tower.blocks[len(tower.blocks) - count :]]
    return tuple(names)


def scaled_cosines(images: Tensor, prompts: Tensor, logit_scale: Tensor) -> Tensor:
    """y_k = exp(logit_scale) cos(image, prompt k): no softmax, no bias.

    Args:
        images: Features of shape (n, dimensions).
        prompts: Features of shape (n_prompts, dimensions).
        logit_scale: The logarithm of the factor.

    Returns:
        Of shape (n, n_prompts), between minus and plus the factor.
    """
    return logit_scale.exp() * normalize(images, dim=-1) @ normalize(prompts, dim=-1).T


class ClipHba(nn.Module):
    """A CLIP read out on prompts.

    Args:
        net: The backbone, with adapters or without.
        tokens: Of the prompts, ``int64`` of shape (n_prompts, context).

    Raises:
        UnsuitableError: The backbone has another layout.
        ShapeError: The prompts have another number of tokens than the backbone takes.
    """

    tokens: Tensor

    def __init__(self, net: nn.Module, tokens: Tensor) -> None:
        super().__init__()
        context = describe(net).context
        if tokens.ndim != 2 or tokens.shape[1] != context:
            raise ShapeError(
                f"prompts of shape {tuple(tokens.shape)}; the backbone takes (n_prompts, {context})",
                hint="Make them with tokenized().",
            )
        self.net = net
        self.register_buffer("tokens", tokens, persistent=False)

    @property
    def clip(self) -> Clip:
        """The towers. Described anew at every call, so that a copy of the model describes itself."""
        return describe(self.net)

    def forward(self, images: Tensor) -> Tensor:
        """Outputs for images, by the backbone's own code.

        Args:
            images: Of shape (n, 3, height, width), normalised.

        Returns:
            Of shape (n, n_prompts).
        """
        clip = self.clip
        return scaled_cosines(clip.vision.run(images), clip.text.run(self.tokens), clip.logit_scale)


def clip_hba(
    net: nn.Module,
    prompts: Sequence[str],
    *,
    seed: int,
    settings: DoraSettings = DORA,
    vision: int = VISION_BLOCKS,
    text: int = TEXT_BLOCKS,
    tokenize: Tokenize | None = None,
) -> ClipHba:
    """Make a CLIP-HBA out of a CLIP, in place: all is frozen, and adapters go onto the last blocks.

    Args:
        net: The backbone.
        prompts: One per output, in the order of the targets.
        seed: Decides the start of the adapters.
        settings: The variant of DoRA.
        vision: How many of the last blocks of the tower of images get an adapter.
        text: How many of the tower of prompts.
        tokenize: As in :func:`repalign.models.clip_hba.tokenized`.

    Returns:
        The model, in evaluation mode.

    Raises:
        UnsuitableError: The backbone has another layout.
        InputError: A prompt is empty, doubled or too long; or a tower has fewer blocks.
        UnavailableError: No tokenizer is given, and open_clip is not installed.
    """
    tokens = tokenized(prompts, describe(net).context, tokenize)
    attach(net, adapted_modules(net, vision, text), settings, seed=seed)
    return ClipHba(net, tokens).eval()
