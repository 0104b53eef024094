"""In and out: the formats of the field, read into and written from the nouns."""

from repalign.data.exchange.exchange import read_responses, write_responses
from repalign.data.exchange.format import Format
from repalign.data.exchange.formats import FORMATS
from repalign.data.exchange.rsatoolbox import from_rsatoolbox, to_rsatoolbox
from repalign.data.exchange.xarrays import from_xarray, to_xarray

__all__ = [
    "FORMATS",
    "Format",
    "from_rsatoolbox",
    "from_xarray",
    "read_responses",
    "to_rsatoolbox",
    "to_xarray",
    "write_responses",
]
