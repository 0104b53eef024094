"""Published data sets: cards, download, verification; stimuli, targets and published responses."""

from repalign.datasets.card import Card, RemoteFile
from repalign.datasets.dataset import Dataset
from repalign.datasets.fetch import fetch, obtain
from repalign.datasets.places import data_home
from repalign.datasets.registry import DATASETS, dataset
from repalign.datasets.verification import verified

__all__ = [
    "DATASETS",
    "Card",
    "Dataset",
    "RemoteFile",
    "data_home",
    "dataset",
    "fetch",
    "obtain",
    "verified",
]
