"""The card of CLIP-HBA: its numbers come from the code, its claims from who made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import torch

from repalign.models.adapters import attach, trainable
from repalign.models.clip_hba.model import adapted_modules
from repalign.models.clip_hba.plain import VIT_L_14, PlainClip
from repalign.models.clip_hba.recipe import DORA, N_PROMPTS, PREPROCESSING, TRAINING
from repalign.models.protocol import ModelCard


@dataclass(frozen=True)
class FittedCard(ModelCard):
    """What is to be known beside the rest about a model that was fitted to people's responses.

    Args:
        n_trainable: The number of weights that the fit changes; all others are frozen.
        n_outputs: How many numbers it gives for a stimulus.
        adapted: The modules whose weights the fit turns.
        recipe: The fit: variant of the adapters, loss, optimiser, batch, stopping.
        population: To whose responses it was fitted.
        biases: Known biases and limits.
        intended_use: What it is good for.
        inappropriate_use: What it must not be used for.
        claims: What its publication reports and nothing here reproduces.
    """

    n_trainable: int
    n_outputs: int
    adapted: tuple[str, ...]
    recipe: Mapping[str, Any]
    population: str
    biases: str
    intended_use: str
    inappropriate_use: str
    claims: str


_TEXTS = {
    "training_data": (
        "CLIP's own pairs of images and texts (400 million by the study's word); then 1,806 photographs of "
        "THINGS, one per object, with their 66 SPoSE dimensions, 48 further objects being held out"
    ),
    "objective": "mean squared error of the outputs and the SPoSE dimensions, which run from 0 to 100",
    "licence": "the study's code: MIT; CLIP's weights: MIT by the study's word",
    "citation": (
        "Zhao, S. C., Hu, Y., Lee, J., Bender, A., Mazumdar, T., Wallace, M., & Tovar, D. A. (2025). "
        "Shifting attention to you: Personalized brain-inspired AI models. arXiv:2502.04658. Backbone: "
        "Radford, A., et al. (2021). Learning transferable visual models from natural language supervision. "
        "ICML."
    ),
    "population": (
        "Workers of Amazon Mechanical Turk, 12,340 of them by Hebart et al. 2023, pooled in one embedding. "
        "That most live in Western countries is the study's word; the files say nothing of it."
    ),
    "biases": (
        "It learns one average of online workers, with what they find odd. One photograph stands for an "
        "object, and the objects are nouns of American English. What CLIP's own pairs favour it inherits. "
        "The 48 held-out objects are few, and the embedding that it learns was fitted to choices of the same "
        "kind as those behind the RDM it is tested on."
    ),
    "intended_use": (
        "Research on how alignment with people's similarity judgements comes about in training, and on the "
        "geometry of the outputs."
    ),
    "inappropriate_use": (
        "Products; decisions about people; recognising or judging people in images; speaking for people of "
        "other places, ages or languages than those who were asked; claims about single people."
    ),
    "claims": (
        "Behavioural RSA of .71 at its best, near epoch 14 (its own records: .779 at epoch 53); about 2.5 "
        "million trainable weights (counted: n_trainable); 2 to 4 hours of training on one GPU."
    ),
}


@cache
def clip_hba_card() -> FittedCard:
    """The card of CLIP-HBA as the perturbation study of 2025 trained it; no weights are loaded or drawn.

    Returns:
        Its numbers are counted on a network of the full shape; those of the recipe are what ``DORA``,
        ``PREPROCESSING`` and ``TRAINING`` say.

    Example:
        >>> from repalign.models.clip_hba import clip_hba_card
        >>> clip_hba_card().n_trainable
        183040
    """
    with torch.device("meta"):
        net = PlainClip(VIT_L_14)
    n_backbone = sum(p.numel() for p in net.parameters())
    names = attach(net, adapted_modules(net), DORA, seed=0)
    n_trainable = sum(p.numel() for p in trainable(net).values())
    return FittedCard(
        family=f"CLIP {TRAINING['backbone']}, read out on {N_PROMPTS} prompts, with DoRA adapters",
        n_parameters=n_backbone + n_trainable,
        input_size=PREPROCESSING.size,
        preprocessing=PREPROCESSING.describe(),
        layers=("output",),
        n_trainable=n_trainable,
        n_outputs=N_PROMPTS,
        adapted=names,
        recipe=MappingProxyType({**DORA.as_dict(), **TRAINING}),
        **_TEXTS,
    )
