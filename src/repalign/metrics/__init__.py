"""Named measures over the nouns. No formula lives here; those are in ``repalign.maths``."""

from repalign.metrics.behaviour import ErrorConsistency, OddOneOut
from repalign.metrics.catalogue import (
    ALIASES,
    FAMILIES,
    FORMULAS,
    GROUPS,
    MEASURES,
    Family,
    find_measure,
    measure,
)
from repalign.metrics.choices import ChoiceMeasure, CueConflict
from repalign.metrics.dimensionality import DIMENSIONALITIES, dimensionality
from repalign.metrics.encoding import BandedFits, Encoding, Fit, banded_encoding
from repalign.metrics.matrices import matrices
from repalign.metrics.measure import INVARIANCES, Measure
from repalign.metrics.recognition import Recognition
from repalign.metrics.reweighted import ReweightedRSA
from repalign.metrics.rows import Rows
from repalign.metrics.rsa import HELD_PAIRS, RSA

__all__ = [
    "ALIASES",
    "DIMENSIONALITIES",
    "FAMILIES",
    "FORMULAS",
    "GROUPS",
    "HELD_PAIRS",
    "INVARIANCES",
    "MEASURES",
    "RSA",
    "BandedFits",
    "ChoiceMeasure",
    "CueConflict",
    "Encoding",
    "ErrorConsistency",
    "Family",
    "Fit",
    "Measure",
    "OddOneOut",
    "Recognition",
    "ReweightedRSA",
    "Rows",
    "banded_encoding",
    "dimensionality",
    "find_measure",
    "matrices",
    "measure",
]
