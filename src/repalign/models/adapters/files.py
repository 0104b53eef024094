"""Adapters as one safetensors file; its header says on what, how, and onto which backbone they go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from repalign.data import canonical_json, readable, write_bytes
from repalign.errors import FileError, InputError, ShapeError, UnavailableError
from repalign.models.adapters.attaching import attach, attached
from repalign.models.adapters.backbone import backbone_digest
from repalign.models.adapters.dora import Dora, DoraSettings

FORMAT = "repalign-adapters/1"
KEY = "repalign"  # one entry: safetensors does not keep the order of several
TENSORS = ("magnitude", "A", "B")


def export_adapters(net: nn.Module, path: Path) -> None:
    """Write all adapters of a network; equal adapters give equal bytes.

    Args:
        net: With adapters.
        path: The ``.safetensors`` file.

    Raises:
        InputError: The network has none.
        StorageError: The file cannot be written.
    """
    adapters = attached(net)
    if not adapters:
        raise InputError("this network has no adapters to export", hint="Put some on with attach().")
    header = {
        "format": FORMAT,
        "backbone": backbone_digest(net),
        "adapters": {name: adapter.settings.as_dict() for name, adapter in adapters.items()},
    }
    tensors = {
        f"{name}.{part}": getattr(adapter, part).detach().cpu().contiguous()
        for name, adapter in adapters.items()
        for part in TENSORS
    }
    write_bytes(path, save(tensors, {KEY: canonical_json(header).decode()}))


def import_adapters(net: nn.Module, path: Path) -> tuple[str, ...]:
    """Put a file's adapters onto a network, in place; those that it has already take the file's values.

    Args:
        net: The backbone that they were trained on, with the same adapters or with none.
        path: The file.

    Returns:
        The names of the modules.

    Raises:
        FileError: Missing, damaged, or no file of adapters.
        UnavailableError: They belong to another backbone.
        InputError: The network has other adapters.
        UnknownNameError: The network has no such module.
        ShapeError: An adapter has another shape than its module needs.
    """
    header, tensors = _read(readable(path, "adapters"))
    said: dict[str, Any] = header["adapters"]
    settings = {name: _settings(given, path) for name, given in said.items()}
    found = backbone_digest(net)
    if header["backbone"] != found:
        raise UnavailableError(
            f"{path.name} adapts the backbone {str(header['backbone'])[:12]}...; this one is {found[:12]}...",
            hint="Build the backbone with the weights that the adapters were trained on.",
        )
    present = attached(net)
    if present and {n: a.settings for n, a in present.items()} != settings:
        raise InputError(
            f"the network has adapters on {', '.join(present)}, which are not those of {path.name}",
            hint="Begin with a network without adapters.",
        )
    if not present:
        for name, chosen in settings.items():
            attach(net, name, chosen, seed=0)
    adapters = attached(net)
    for name, adapter in adapters.items():
        _fill(adapter, {part: tensors[f"{name}.{part}"] for part in TENSORS}, name)
    return tuple(adapters)


def _fill(adapter: Dora, tensors: dict[str, Tensor], name: str) -> None:
    for part, tensor in tensors.items():
        own: nn.Parameter = getattr(adapter, part)
        if own.shape != tensor.shape:
            raise ShapeError(
                f"{part} of the adapter on {name!r} is {tuple(tensor.shape)} in the file and "
                f"{tuple(own.shape)} in the network",
                hint="The file does not belong to this network.",
            )
        with torch.no_grad():
            own.copy_(tensor)


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(KEY, "")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise FileError(
            f"adapters: {path} cannot be read ({error})",
            hint="The file is truncated or damaged; copy it again.",
        ) from error
    try:
        header = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT or not _whole(header, tensors):
        raise FileError(
            f"adapters: {path} is no file of adapters of format {FORMAT}",
            hint="Make one with export_adapters().",
        )
    return header, tensors


def _whole(header: dict[str, Any], tensors: dict[str, Tensor]) -> bool:
    adapters = header.get("adapters")
    if not isinstance(adapters, dict) or not isinstance(header.get("backbone"), str):
        return False
    return {f"{name}.{part}" for name in adapters for part in TENSORS} == set(tensors)


def _settings(given: Any, path: Path) -> DoraSettings:
    plain = DoraSettings().as_dict()
    same = isinstance(given, dict) and {k: type(v) for k, v in given.items()} == {
        k: type(v) for k, v in plain.items()
    }
    if not same:
        raise FileError(
            f"adapters: {path} does not say {', '.join(plain)} of each adapter; saw {str(given)[:200]}",
            hint="Make it with export_adapters().",
        )
    return DoraSettings(**given)
