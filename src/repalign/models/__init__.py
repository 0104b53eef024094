"""What responds: sources of models, layers, extraction."""

from repalign.models.extraction import estimate_bytes, extract, extract_to_store
from repalign.models.extraction_store import is_cheap
from repalign.models.frozen import freeze, load_registry
from repalign.models.memory import Need
from repalign.models.protocol import Model, ModelCard
from repalign.models.registry import SOURCES, is_model_name, model, model_names
from repalign.models.source import Source
from repalign.models.store import read_assembly
from repalign.models.torch_shapes import layer_shapes

__all__ = [
    "SOURCES",
    "Model",
    "ModelCard",
    "Need",
    "Source",
    "estimate_bytes",
    "extract",
    "extract_to_store",
    "freeze",
    "is_cheap",
    "is_model_name",
    "layer_shapes",
    "load_registry",
    "model",
    "model_names",
    "read_assembly",
]
