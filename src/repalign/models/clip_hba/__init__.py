"""CLIP-HBA: CLIP with adapters, read out on prompts that name behavioural dimensions. It needs torch."""

from repalign.models.clip_hba.backbones import describe
from repalign.models.clip_hba.card import FittedCard, clip_hba_card
from repalign.models.clip_hba.model import ClipHba, adapted_modules, clip_hba
from repalign.models.clip_hba.plain import VIT_L_14, ClipShape, PlainClip, plain_clip
from repalign.models.clip_hba.prompts import tokenized
from repalign.models.clip_hba.recipe import DORA, PREPROCESSING, TRAINING, VIT_BASELINE
from repalign.models.clip_hba.tower import Block, Clip, Tower

__all__ = [
    "DORA",
    "PREPROCESSING",
    "TRAINING",
    "VIT_BASELINE",
    "VIT_L_14",
    "Block",
    "Clip",
    "ClipHba",
    "ClipShape",
    "FittedCard",
    "PlainClip",
    "Tower",
    "adapted_modules",
    "clip_hba",
    "clip_hba_card",
    "describe",
    "plain_clip",
    "tokenized",
]
