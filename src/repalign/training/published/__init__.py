"""Training runs as others published them, read into one noun, and what can be computed from them."""

from repalign.training.published.analysis import Dynamics, analyse
from repalign.training.published.folder import RunSet, read_folder
from repalign.training.published.kinds import KINDS
from repalign.training.published.records import TrainingRun, read_run
from repalign.training.published.regions import RegionRecord, read_regions
from repalign.training.published.vit import ViTEffect, read_vit_baseline, read_vit_effects

__all__ = [
    "KINDS",
    "Dynamics",
    "RegionRecord",
    "RunSet",
    "TrainingRun",
    "ViTEffect",
    "analyse",
    "read_folder",
    "read_regions",
    "read_run",
    "read_vit_baseline",
    "read_vit_effects",
]
