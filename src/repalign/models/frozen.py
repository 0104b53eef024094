"""Frozen registries: a fixed list of models with layer and preprocessing, with a digest of its own."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from repalign.data import canonical_json, read_json, write_bytes
from repalign.errors import FileError, VerificationError
from repalign.models.protocol import Model
from repalign.models.torch_env import require
from repalign.models.torch_shapes import without_weights

FORMAT = "repalign-model-registry/1"
EMBEDDINGS = ("pool", "cls", "flatten", "mean")
FIELDS = ("model_name", "source", "weights", "layer", "embedding", "input_size", "preprocess", "output_dim")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class RegistryEntry:
    """One model of a frozen registry.

    Args:
        model_name: The name within the source, so that source and name make the model.
        source: E.g. ``"timm"``.
        weights: Which published weights, e.g. ``"a1_in1k"``.
        layer: The layer that is compared.
        embedding: How its units come about: ``"pool"``, ``"cls"``, ``"mean"`` or ``"flatten"``.
        input_size: (height, width) in pixels.
        preprocess: ``mean`` and ``std`` per channel on the scale 0..1, ``resize`` (the shorter side, or
            height and width) and ``crop`` (height and width) in pixels.
        output_dim: The number of units.
    """

    model_name: str
    source: str
    weights: str
    layer: str
    embedding: str
    input_size: tuple[int, int]
    preprocess: Mapping[str, Any]
    output_dim: int

    @property
    def name(self) -> str:
        """``source/model_name``, as :func:`repalign.models.model` takes it."""
        return f"{self.source}/{self.model_name}"


@dataclass(frozen=True)
class FrozenRegistry:
    """Models that everybody in a challenge means alike.

    Args:
        models: Sorted by source and name.
        sha256: Of the canonical JSON of the models.
    """

    models: tuple[RegistryEntry, ...]
    sha256: str


def freeze(path: Path, names: Iterable[str], *, progress: Progress | None = None) -> FrozenRegistry:
    """Write a registry file. No weights are downloaded.

    Args:
        path: The JSON file to write.
        names: Of networks, e.g. of :func:`repalign.models.catalog.catalog`'s entries.
        progress: Called after every model with the number done and the number of all.

    Returns:
        What was written. The layer of each model is its default, the penultimate one.

    Raises:
        UnavailableError: torch or timm is not installed.
        InputError: A name is unknown.
        StorageError: The file cannot be written.
    """
    require()
    wanted = sorted(set(names))
    entries: list[RegistryEntry] = []
    for done, name in enumerate(wanted, start=1):
        entries.append(entry_of(name, without_weights(name)))
        if progress is not None:
            progress(done, len(wanted))
    models = _plain(entries)
    content = {"format": FORMAT, "libraries": _versions(), "models": models, "sha256": _digest(models)}
    write_bytes(path, json.dumps(content, indent=1, sort_keys=True).encode() + b"\n")
    return FrozenRegistry(tuple(entries), content["sha256"])


def load_registry(path: Path) -> FrozenRegistry:
    """Read a registry file and verify its digest.

    Args:
        path: The JSON file.

    Raises:
        FileError: Missing, no registry, or its entries lack a field.
        VerificationError: The models are not those that the digest was made of.
    """
    content = read_json(path, "model registry")
    models = content.get("models") if isinstance(content, dict) else None
    if not isinstance(models, list) or content.get("format") != FORMAT:
        raise FileError(f"{path} is no model registry of format {FORMAT}", hint="Make one with freeze().")
    for entry in models:
        if not isinstance(entry, dict) or set(entry) != set(FIELDS) or entry["embedding"] not in EMBEDDINGS:
            raise FileError(
                f"{path}: an entry of a registry has exactly {', '.join(FIELDS)}; saw {str(entry)[:200]}",
                hint="Make the file with freeze().",
            )
    found = _digest(models)
    said = str(content.get("sha256"))
    if found != said:
        raise VerificationError(
            f"{path}: its models have the sha256 {found[:12]}..., and it says {said[:12]}...",
            hint="It was changed after it was frozen; get the original, or freeze it anew.",
        )
    entries = [RegistryEntry(**{**entry, "input_size": tuple(entry["input_size"])}) for entry in models]
    return FrozenRegistry(tuple(entries), found)


def entry_of(name: str, found: Model) -> RegistryEntry:
    """The entry of a model.

    Args:
        name: ``source/name``.
        found: The model; its weights are not needed.
    """
    source, _, model_name = name.partition("/")
    layer = found.default_layers[0]
    shape = getattr(found, "shapes", {}).get(layer, ())
    settings = found.preprocessing.as_dict()  # pyright: ignore[reportAttributeAccessIssue]
    size = list(found.card.input_size or ())
    resize = settings.get("inner") or settings["shorter"] or size
    return RegistryEntry(
        model_name,
        source,
        model_name.partition(".")[2] or "default",
        layer,
        _embedding(found, shape),
        (size[0], size[1]),
        {"mean": settings["mean"], "std": settings["std"], "resize": resize, "crop": size},
        math.prod(shape),
    )


def _embedding(found: Model, shape: tuple[int, ...]) -> str:
    """A layer that has axes left is flattened; of the others timm says how they were pooled."""
    if sum(length > 1 for length in shape) > 1:
        return "flatten"
    pooling = getattr(getattr(found, "net", None), "global_pool", None)
    return "cls" if pooling == "token" else "pool"


def _plain(entries: Iterable[RegistryEntry]) -> list[dict[str, Any]]:
    return json.loads(json.dumps([asdict(entry) for entry in entries]))


def _digest(models: list[Any]) -> str:
    return hashlib.sha256(canonical_json(models)).hexdigest()


def _versions() -> dict[str, str]:
    import timm
    import torchvision

    return {"timm": timm.__version__, "torchvision": torchvision.__version__}
