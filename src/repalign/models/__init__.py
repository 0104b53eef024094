"""What responds: sources of models, layers, extraction."""

from repalign.models.extraction import estimate_bytes, extract
from repalign.models.protocol import Model, ModelCard
from repalign.models.registry import SOURCES, model, model_names
from repalign.models.source import Source

__all__ = [
    "SOURCES",
    "Model",
    "ModelCard",
    "Source",
    "estimate_bytes",
    "extract",
    "model",
    "model_names",
]
