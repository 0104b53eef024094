"""The recipes of the perturbation study as data: CLIP-HBA, and its baseline trained on ImageNet."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from repalign.models.adapters.dora import DoraSettings
from repalign.models.preprocessing import Preprocessing

DORA = DoraSettings(rank=32, alpha=16.0, start="kaiming", base="unit", norm="attached")
N_PROMPTS, VISION_BLOCKS, TEXT_BLOCKS = 66, 2, 1  # adapters are on the last blocks of each tower

# Not CLIP's own mean and standard deviation: these are the study's.
PREPROCESSING = Preprocessing(
    size=(224, 224),
    mean=(0.52997664, 0.48070561, 0.41943838),
    std=(0.27608301, 0.26593025, 0.28238822),
)

TRAINING: Mapping[str, Any] = MappingProxyType(
    {
        "backbone": "ViT-L/14 at 224, float32",
        "loss": "mse",
        "optimizer": "adamw",
        "learning_rate": 3e-4,
        "weight_decay": 0.01,
        "batch_size": 64,
        "validation_fraction": 0.2,
        "patience": 20,
        "max_epochs": 500,
    }
)

VIT_BASELINE: Mapping[str, Any] = MappingProxyType(
    {
        "model": "timm/vit_base_patch16_224",
        "parameters": {"pretrained": False},
        "data": "ImageNet-1k",
        "loss": "cross-entropy",
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "momentum": 0.9,
        "weight_decay": 1e-4,
        "schedule": "cosine",
        "warmup_epochs": 5,
        "epochs": 100,
        "distributed": "ddp",
        "mixed_precision": True,
        "layer": "penultimate",  # the class token, which the classifier reads
    }
)
