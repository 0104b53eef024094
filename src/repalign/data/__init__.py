"""The nouns: what is compared, what comes out, and how both are identified, read and written."""

from repalign.data.assembly import Assembly
from repalign.data.blocks import ColumnBlocks
from repalign.data.choices import Choices
from repalign.data.digests import canonical_json, digest_array, digest_bytes, digest_spec, sha256_file
from repalign.data.exchange import (
    FORMATS,
    Format,
    from_rsatoolbox,
    from_xarray,
    read_responses,
    to_rsatoolbox,
    to_xarray,
    write_responses,
)
from repalign.data.files import (
    load_numpy,
    read_arrays,
    read_json,
    readable,
    remove_partials,
    replacing,
    write_bytes,
)
from repalign.data.ids import check_ids, join_ids, positions
from repalign.data.images import ArrayImage, FileImage, Image, ZipImage
from repalign.data.places import data_home
from repalign.data.rdm import RDM
from repalign.data.registry import Registry
from repalign.data.results import ResultsDir
from repalign.data.score import COLUMNS, Score
from repalign.data.scores import ScoreTable
from repalign.data.stimuli import StimulusSet
from repalign.data.stimulus_files import read_mat
from repalign.data.target import Responses, Target, load_responses

__all__ = [
    "COLUMNS",
    "FORMATS",
    "RDM",
    "ArrayImage",
    "Assembly",
    "Choices",
    "ColumnBlocks",
    "FileImage",
    "Format",
    "Image",
    "Registry",
    "Responses",
    "ResultsDir",
    "Score",
    "ScoreTable",
    "StimulusSet",
    "Target",
    "ZipImage",
    "canonical_json",
    "check_ids",
    "data_home",
    "digest_array",
    "digest_bytes",
    "digest_spec",
    "from_rsatoolbox",
    "from_xarray",
    "join_ids",
    "load_numpy",
    "load_responses",
    "positions",
    "read_arrays",
    "read_json",
    "read_mat",
    "read_responses",
    "readable",
    "remove_partials",
    "replacing",
    "sha256_file",
    "to_rsatoolbox",
    "to_xarray",
    "write_bytes",
    "write_responses",
]
