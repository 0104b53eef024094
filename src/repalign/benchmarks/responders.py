"""From what a user calls a model to its responses to a benchmark's stimuli."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from repalign.benchmarks.benchmark import Benchmark
from repalign.benchmarks.layers import DEFAULT, RULES
from repalign.data import RDM, Assembly, Choices, Responses, load_responses
from repalign.datasets import DATASETS, dataset
from repalign.errors import InputError, UnknownNameError
from repalign.models import SOURCES, extract, is_cheap, model, model_names


def respond(named: Any, bench: Any, layers: str | Sequence[str]) -> Responses:
    """The model's responses.

    Args:
        named: Responses, which are returned as they are; a file of saved responses (``acts.npz``); the
            name of published responses (``"kriegeskorte92/hmax"``); or what :func:`repalign.model` takes.
        bench: The benchmark whose stimuli the model is shown.
        layers: Names or one of :data:`repalign.benchmarks.layers.RULES`.

    Raises:
        InputError: A model is named but there are no stimuli to show it.
        UnknownNameError: No such model or layer.
    """
    if isinstance(named, Assembly | RDM | Choices):
        return named
    if is_file(named):
        return load_responses(named)
    if not isinstance(bench, Benchmark):
        raise InputError(
            f"{named!r} is a model, and a {type(bench).__name__} has no stimuli to show it",
            hint="Name a benchmark, e.g. score(model, 'kriegeskorte92/human-it'), or call extract() first.",
        )
    if isinstance(named, str) and named.partition("/")[0] in DATASETS:
        return published(named).select(sorted(bench.target.ids))
    _check_source(named)
    # A network's responses go to the store: they are large, and dear to compute.
    return extract(model(named), bench.stimuli, wanted_layers(layers), store=is_network(named))


def wanted_layers(layers: str | Sequence[str]) -> list[str] | str | None:
    """The layers to extract for a rule or names: for :func:`repalign.extract`."""
    return None if layers == DEFAULT else "all" if isinstance(layers, str) else list(layers)


def is_network(named: Any) -> bool:
    """Whether a model is of a source of networks: neither builtin, nor a function, nor responses."""
    if isinstance(named, Mapping):
        name = f"{cast(Mapping[str, Any], named).get('source')}/"
    else:
        name = str(named if isinstance(named, str) else getattr(named, "name", ""))
    return name.partition("/")[0] in SOURCES and not is_cheap(name) and not is_file(named)


def is_file(named: Any) -> bool:
    """Whether a model is named by a file of responses, ``something.npz``."""
    return isinstance(named, str | Path) and str(named).endswith(".npz")


def identity(named: Any) -> str:
    """Digest of what decides a named model's responses: the responses themselves, or the model."""
    if is_file(named):
        return load_responses(named).digest
    if isinstance(named, str) and named.partition("/")[0] in DATASETS:
        return published(named).digest
    _check_source(named)
    return model(named).digest


def published(name: str) -> Responses:
    """Responses of a model that were published with a data set.

    Args:
        name: ``dataset/model``, e.g. ``"kriegeskorte92/hmax"``.

    Raises:
        UnknownNameError: No such data set or model.
    """
    owner, _, which = name.partition("/")
    return dataset(owner).response(which)


def published_names() -> list[str]:
    """All published model responses, whether or not their data are here."""
    return [f"{name}/{which}" for name in DATASETS for which in dataset(name).responses]


def _check_source(named: Any) -> None:
    if isinstance(named, str) and named.partition("/")[0] not in SOURCES:
        raise UnknownNameError.among("model", named, [*model_names(), *published_names()])


def check_layers(layers: str | Sequence[str]) -> None:
    """Refuse a misspelt rule.

    Raises:
        UnknownNameError: No such rule.
    """
    if isinstance(layers, str) and layers not in RULES:
        raise UnknownNameError.among("layer rule", layers, RULES)
