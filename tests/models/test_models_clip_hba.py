"""CLIP-HBA: the same on every library's CLIP, counted at full shape, with the study's constants."""

from __future__ import annotations

import math

import numpy as np
import pytest
from clips_for_tests import LIBRARIES, PROMPTS, SHAPE, hba, images, tiny, tokenize, torch

from repalign.errors import InputError, ShapeError, UnsuitableError
from repalign.models.adapters import DoraSettings, attach, attached, check_gradients, trainable
from repalign.models.clip_hba import (
    DORA,
    PREPROCESSING,
    VIT_BASELINE,
    VIT_L_14,
    ClipHba,
    PlainClip,
    adapted_modules,
    clip_hba,
    describe,
    tokenized,
)


def test_full_shape_trains_183040_numbers():
    with torch.device("meta"):
        net = PlainClip(VIT_L_14)
    names = attach(net, adapted_modules(net), DORA, seed=0)
    assert names == (
        "visual.transformer.resblocks.22.attn.out_proj",
        "visual.transformer.resblocks.23.attn.out_proj",
        "transformer.resblocks.11.attn.out_proj",
    )
    counted = sum(p.numel() for p in trainable(net).values())
    assert counted == 2 * (1024 + 2 * 32 * 1024) + (768 + 2 * 32 * 768) == 183_040
    # OpenAI's ViT-L/14 has 427,616,513 weights.
    assert sum(p.numel() for p in net.parameters()) - counted == 427_616_513


@pytest.mark.parametrize("library", ["open_clip", "transformers"])
def test_full_shape_of_the_libraries_trains_183040_numbers(library):
    module = pytest.importorskip(library)
    with torch.device("meta"):
        if library == "open_clip":
            config = module.get_model_config("ViT-L-14")
            net = module.CLIP(**config)
        else:
            net = of_transformers_at_full_shape(module)
    attach(net, adapted_modules(net), DORA, seed=0)
    assert len(attached(net)) == 3
    assert sum(p.numel() for p in trainable(net).values()) == 183_040


def of_transformers_at_full_shape(transformers):
    text = {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12}
    vision = {"hidden_size": 1024, "intermediate_size": 4096, "num_attention_heads": 16}
    more = {"num_hidden_layers": 24, "patch_size": 14}
    config = transformers.CLIPConfig(text_config=text, vision_config=vision | more, projection_dim=768)
    return transformers.CLIPModel(config)


@pytest.mark.parametrize("library", LIBRARIES)
def test_outputs_are_scaled_cosines_with_the_prompts(library):
    model, x = hba(library), images(4)
    with torch.no_grad():
        y = model(x).double().numpy()
        clip = model.clip
        a, b = clip.vision.run(x).double().numpy(), clip.text.run(tokenize(PROMPTS)).double().numpy()
    scale = math.exp(float(clip.logit_scale))
    for i, image in enumerate(a):
        for k, prompt in enumerate(b):
            cosine = image @ prompt / np.linalg.norm(image) / np.linalg.norm(prompt)
            assert y[i, k] == pytest.approx(scale * cosine, abs=2e-5 * scale)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("library", LIBRARIES)
def test_every_adapter_of_every_backbone_gets_a_gradient(library, training):
    model = hba(library, vision=3, text=2).train(training)
    norms = check_gradients(model, lambda: model(images(3)))
    assert len(norms) == 5
    assert all(norms.values())


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_start_is_not_clip_unless_b_is_zero(library):
    x = images(3)
    with torch.no_grad():
        plain = ClipHba(tiny(library), tokenize(PROMPTS)).eval()(x)
        kaiming = hba(library)(x)
        zero = hba(library, settings=DoraSettings(start="zero-b"))(x)
    assert float((kaiming - plain).abs().max()) > 0.01 * float(plain.abs().max())
    torch.testing.assert_close(zero, plain, rtol=1e-5, atol=1e-5 * float(plain.abs().max()))


def test_the_plain_clip_takes_open_clips_weights():
    theirs, ours = tiny("open_clip"), PlainClip(SHAPE).eval()
    ours.load_state_dict(theirs.state_dict())
    x, tokens = images(3), tokenize(PROMPTS)
    with torch.no_grad():
        torch.testing.assert_close(ours.encode_image(x), theirs.encode_image(x), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(ours.encode_text(tokens), theirs.encode_text(tokens), rtol=1e-5, atol=1e-6)


def test_byte_pairs_are_those_of_clip():
    pytest.importorskip("open_clip")
    tokens = tokenized(["a photo of a cat", "made of metal"], 77)
    # As published with CLIP: start, a, photo, of, a, cat, end.
    assert tokens[0, :8].tolist() == [49406, 320, 1125, 539, 320, 2368, 49407, 0]
    with pytest.raises(InputError, match="fills all 77 tokens"):
        tokenized(["fine", "cat " * 80], 77)


def test_prompts_that_would_go_wrong_in_silence_are_refused():
    for prompts, words in (([], "none of them empty"), (["a", " "], "empty"), ("metal", "a list of texts")):
        with pytest.raises(InputError, match=words):
            clip_hba(tiny("plain"), prompts, seed=0, tokenize=tokenize)
    with pytest.raises(InputError, match="'a' is given twice"):
        clip_hba(tiny("plain"), ["a", "b", "a"], seed=0, tokenize=tokenize)
    with pytest.raises(ShapeError, match=r"\(1, 7\)"):
        clip_hba(tiny("plain"), ["a"], seed=0, tokenize=lambda p: tokenize(p)[:, :7])
    with pytest.raises(ShapeError, match=r"\(1, 7\)"):
        ClipHba(tiny("plain"), tokenize(["a"])[:, :7])


def test_networks_that_are_no_such_clip_are_refused():
    with pytest.raises(UnsuitableError, match="Linear is no vision transformer CLIP"):
        describe(torch.nn.Linear(2, 2))
    averaging = tiny("plain")
    averaging.visual.pool_type = "avg"
    with pytest.raises(UnsuitableError, match="class token"):
        describe(averaging)
    dropping = tiny("plain")
    dropping.visual.transformer.resblocks[1].attn.dropout = 0.1
    with pytest.raises(UnsuitableError, match=r"drops 0\.1"):
        describe(dropping)
    with pytest.raises(InputError, match="4 blocks are to be adapted; the vision tower has 3"):
        adapted_modules(tiny("plain"), vision=4)


def test_preprocessing_and_baseline_are_the_studys():
    grey = PREPROCESSING(np.full((100, 50, 3), 128, dtype=np.uint8))
    assert grey.shape == (3, 224, 224)  # resized whatever the aspect, nothing cropped
    expected = (128 / 255 - np.array([0.52997664, 0.48070561, 0.41943838])) / [
        0.27608301,
        0.26593025,
        0.28238822,
    ]
    np.testing.assert_allclose(grey[:, 0, 0], expected, rtol=1e-4)
    assert (DORA.rank, DORA.alpha, DORA.start, DORA.base, DORA.norm) == (
        32,
        16,
        "kaiming",
        "unit",
        "attached",
    )
    assert (VIT_BASELINE["learning_rate"], VIT_BASELINE["momentum"], VIT_BASELINE["epochs"]) == (
        0.1,
        0.9,
        100,
    )
