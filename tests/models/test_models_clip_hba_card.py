"""The card of CLIP-HBA: counted on the network, and the same on the page as in Python."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from clips_for_tests import PROMPTS, hba  # noqa: E402

from repalign.models import ModelCard  # noqa: E402
from repalign.models.adapters import trainable  # noqa: E402
from repalign.models.clip_hba import DORA, PREPROCESSING, TRAINING, clip_hba_card  # noqa: E402
from repalign.models.clip_hba.recipe import N_PROMPTS  # noqa: E402

PAGE = Path(__file__).parent.parent.parent / "docs" / "cards" / "clip-hba.md"
ROW = re.compile(r"^\| `(\w+)` \| (.+) \|$", re.MULTILINE)


def written():
    return dict(ROW.findall(PAGE.read_text(encoding="utf-8")))


def text(value):
    return ", ".join(value) if isinstance(value, tuple) and isinstance(value[0], str) else str(value)


def test_numbers_are_those_of_the_published_shape():
    card = clip_hba_card()
    # Two projections of 1024 and one of 768, each with a length per row and two factors of rank 32.
    assert card.n_trainable == 2 * (1024 + 2 * 32 * 1024) + (768 + 2 * 32 * 768) == 183_040
    # OpenAI's ViT-L/14 has 427,616,513 weights.
    assert card.n_parameters == 427_616_513 + 183_040
    assert card.n_outputs == N_PROMPTS == 66
    assert card.input_size == (224, 224)


def test_the_recipe_is_the_codes_and_cannot_be_changed():
    card = clip_hba_card()
    assert dict(card.recipe) == {**DORA.as_dict(), **TRAINING}
    assert card.preprocessing == PREPROCESSING.describe()
    assert all(f"{number}" in card.preprocessing for number in (*PREPROCESSING.mean, *PREPROCESSING.std))
    with pytest.raises(TypeError):
        card.recipe["rank"] = 8
    with pytest.raises(FrozenInstanceError):
        card.n_trainable = 2_500_000


def test_the_page_says_what_the_card_says():
    card, page = clip_hba_card(), written()
    told = ("n_parameters", "n_trainable", "n_outputs", "input_size", "preprocessing", "adapted")
    assert set(page) == {*told, *card.recipe}
    assert page == {name: text(getattr(card, name)) for name in told} | {
        name: text(value) for name, value in card.recipe.items()
    }


def test_the_page_has_every_section_of_a_card():
    headings = re.findall(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    wanted = ("Biases", "Intended use", "Inappropriate use", "Licence and citation")
    assert [name for name in wanted if name not in headings] == []


def test_every_field_of_the_card_says_something():
    card = clip_hba_card()
    assert isinstance(card, ModelCard)
    assert [f.name for f in fields(card) if not getattr(card, f.name)] == []


def test_making_the_card_draws_nothing():
    state = torch.random.get_rng_state()
    clip_hba_card.__wrapped__()
    assert torch.equal(state, torch.random.get_rng_state())


def test_a_models_outputs_are_as_many_as_its_prompts_and_its_adapters_alone_are_trained():
    model = hba("plain")
    with torch.no_grad():
        assert model(torch.zeros(2, 3, 28, 28)).shape == (2, len(PROMPTS))
    assert all("parametrizations" in name for name in trainable(model))
