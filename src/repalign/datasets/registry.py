"""The data sets by name. A new one is a file of its own and a line here."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from repalign.data import Registry
from repalign.datasets.cifar10h import cifar10h
from repalign.datasets.dataset import Dataset
from repalign.datasets.digits import digits
from repalign.datasets.ekman1954 import ekman1954
from repalign.datasets.geirhos_edges import geirhos_edges
from repalign.datasets.kriegeskorte92 import kriegeskorte92
from repalign.datasets.nod import nod
from repalign.datasets.things_behaviour import things_behaviour
from repalign.errors import UnknownNameError

#: Functions that make a data set, by its name.
DATASETS: Registry[Callable[..., Dataset]] = Registry("data set")
DATASETS.add("ekman1954", ekman1954)
DATASETS.add("digits", digits)
DATASETS.add("kriegeskorte92", kriegeskorte92)
DATASETS.add("things-behaviour", things_behaviour)
DATASETS.add("cifar10h", cifar10h)
DATASETS.add("geirhos-edges", geirhos_edges)
DATASETS.add("nod", nod)


def dataset(name: str, *, download: bool = True, **options: Any) -> Dataset:
    """A data set by name. Nothing is read or downloaded until its content is asked for.

    Args:
        name: One of ``DATASETS``.
        download: Whether missing files may be downloaded when they are asked for.
        options: What the data set itself offers, e.g. ``images=FOLDER``.

    Raises:
        UnknownNameError: No such data set, or it has no such option.

    Example:
        >>> from repalign.datasets import dataset
        >>> dataset("ekman1954").stimuli
        StimulusSet('ekman1954', n=14, images)
    """
    build = DATASETS[name]
    known = inspect.signature(build).parameters
    for option in options:
        if option not in known:
            raise UnknownNameError.among(f"option of {name}", option, known)
    made = build(**options)
    made.download = download
    return made
