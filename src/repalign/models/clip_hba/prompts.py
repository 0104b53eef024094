"""Prompts as tokens: bare, in the order given, none cut off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

import torch
from torch import Tensor

from repalign.errors import InputError, ShapeError
from repalign.models.torch_env import require

Tokenize = Callable[[Sequence[str]], Tensor]


def tokenized(prompts: Sequence[str], context: int, tokenize: Tokenize | None = None) -> Tensor:
    """Turn prompts into tokens.

    Args:
        prompts: One per output, e.g. the names of 66 dimensions, in the order of the targets' columns.
        context: How many tokens each gets, padding included.
        tokenize: Gives ``int64`` of shape (n_prompts, context); None is CLIP's own byte-pair encoding, out of
            open_clip.

    Returns:
        ``int64`` of shape (n_prompts, context).

    Raises:
        InputError: No prompts, an empty or doubled one, or one that is too long.
        ShapeError: The tokenizer gives another shape.
        UnavailableError: open_clip is not installed, and no tokenizer is given.
    """
    _check(prompts)
    tokens = torch.as_tensor((tokenize or _byte_pairs(context))(list(prompts)), dtype=torch.int64)
    if tokens.shape != (len(prompts), context):
        raise ShapeError(
            f"tokens of shape {tuple(tokens.shape)}, not {(len(prompts), context)} (prompts, context)",
            hint="Let it pad to the context of the backbone.",
        )
    full = [prompt for prompt, row in zip(prompts, tokens, strict=True) if int(row.argmax()) == context - 1]
    if full:
        raise InputError(
            f"prompt {full[0][:60]!r} fills all {context} tokens, so its end may be cut off",
            hint="Shorten it.",
        )
    return tokens


def _check(prompts: Sequence[str]) -> None:
    if isinstance(prompts, str) or not prompts or not all(isinstance(p, str) and p.strip() for p in prompts):
        raise InputError("prompts are a list of texts, none of them empty", hint="Give one per output.")
    doubled = [p for i, p in enumerate(prompts) if p in prompts[:i]]
    if doubled:
        raise InputError(
            f"prompt {doubled[0]!r} is given twice, so that two outputs would be one",
            hint="Give each output a prompt of its own.",
        )


def _byte_pairs(context: int) -> Tokenize:
    require()  # open_clip imports torchvision
    require("clip")
    tokenizer = import_module("open_clip.tokenizer").SimpleTokenizer()
    return lambda texts: tokenizer(texts, context_length=context)
