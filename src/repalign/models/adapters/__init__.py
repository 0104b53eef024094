"""Adapters: a few trainable numbers on a frozen network. All of it needs torch."""

from repalign.models.adapters.attaching import attach, attached, merge, trainable
from repalign.models.adapters.backbone import backbone_digest
from repalign.models.adapters.dora import Dora, DoraSettings
from repalign.models.adapters.files import export_adapters, import_adapters
from repalign.models.adapters.proof import check_gradients, gradient_norms

__all__ = [
    "Dora",
    "DoraSettings",
    "attach",
    "attached",
    "backbone_digest",
    "check_gradients",
    "export_adapters",
    "gradient_norms",
    "import_adapters",
    "merge",
    "trainable",
]
