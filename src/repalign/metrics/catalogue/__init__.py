"""The registered measures, by family."""

from repalign.metrics.catalogue.family import Family
from repalign.metrics.catalogue.registry import ALIASES, FAMILIES, GROUPS, MEASURES, find_measure, measure
from repalign.metrics.catalogue.rsa import FORMULAS

__all__ = ["ALIASES", "FAMILIES", "FORMULAS", "GROUPS", "MEASURES", "Family", "find_measure", "measure"]
