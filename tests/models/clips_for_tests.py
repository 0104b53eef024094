"""Tiny CLIPs with random weights, one per library's layout, and a tokenizer for them."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from repalign.models.clip_hba import ClipShape, clip_hba, plain_clip  # noqa: E402
from repalign.models.torch_env import require  # noqa: E402

torch.set_num_threads(1)
require()

SHAPE = ClipShape()  # 5 tokens of width 32 in 3 blocks; prompts of 8 tokens in 2 blocks
PROMPTS = ["metallic", "food", "an animal", "colourful", "round"]
LIBRARIES = ("plain", "open_clip", "transformers")


def tokenize(prompts):
    """A start, up to 5 letters, an end that is the largest token, padding."""
    tokens = torch.zeros(len(prompts), SHAPE.context, dtype=torch.int64)
    for row, prompt in zip(tokens, prompts, strict=True):
        ids = [62, *(1 + ord(letter) % 60 for letter in prompt[:5]), 63]
        row[: len(ids)] = torch.tensor(ids)
    return tokens


def tiny(library, **changes):
    """In evaluation mode. Biases and norms are drawn too: at zero or one they would hide a mistake."""
    makers = {"plain": plain, "open_clip": of_open_clip, "transformers": of_transformers}
    with torch.random.fork_rng():
        torch.manual_seed(3)
        net = makers[library](**changes)
        with torch.no_grad():
            for parameter in net.parameters():
                if parameter.ndim == 1:
                    parameter.add_(0.3 * torch.randn(parameter.shape))
    return net


def plain():
    return plain_clip(SHAPE, seed=3)


def of_open_clip(**changes):
    pytest.importorskip("open_clip")
    from open_clip.model import CLIP

    vision = {"image_size": 28, "patch_size": 14, "width": 32, "layers": 3, "head_width": 8, **changes}
    text = {"context_length": 8, "vocab_size": 64, "width": 32, "heads": 4, "layers": 2}
    return CLIP(16, vision, text, quick_gelu=True).eval()


def of_transformers():
    pytest.importorskip("transformers")
    from transformers import CLIPConfig, CLIPModel

    sizes = {"hidden_size": 32, "intermediate_size": 128, "num_attention_heads": 4}
    text = {"vocab_size": 64, "max_position_embeddings": 8, "num_hidden_layers": 2}
    ends = {"bos_token_id": 62, "eos_token_id": 63, "pad_token_id": 0}
    vision = {"image_size": 28, "patch_size": 14, "num_hidden_layers": 3}
    config = CLIPConfig(text_config=sizes | text | ends, vision_config=sizes | vision, projection_dim=16)
    return CLIPModel(config).eval()


def hba(library, vision=2, text=1, seed=0, **how):
    return clip_hba(tiny(library), PROMPTS, seed=seed, vision=vision, text=text, tokenize=tokenize, **how)


def images(n, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((n, 3, SHAPE.image, SHAPE.image), generator=generator, dtype=dtype)


def gradients(model, outputs):
    parameters = [p for p in model.parameters() if p.requires_grad]
    return torch.autograd.grad(outputs.square().sum(), parameters)
