"""Named measures over the nouns. No formula lives here; those are in ``repalign.maths``."""

from repalign.metrics.behaviour import ErrorConsistency, OddOneOut
from repalign.metrics.catalogue import MEASURES, measure
from repalign.metrics.encoding import Encoding, Fit
from repalign.metrics.measure import INVARIANCES, Measure
from repalign.metrics.rows import Rows, matrices
from repalign.metrics.rsa import RSA

__all__ = [
    "INVARIANCES",
    "MEASURES",
    "RSA",
    "Encoding",
    "ErrorConsistency",
    "Fit",
    "Measure",
    "OddOneOut",
    "Rows",
    "matrices",
    "measure",
]
