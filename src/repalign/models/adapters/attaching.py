"""Putting adapters onto modules by name, finding them, and baking them in."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import cast

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.utils import parametrize

from repalign.errors import InputError, UnknownNameError, UnsuitableError
from repalign.models.adapters.dora import Dora, DoraSettings
from repalign.seeds import rng


def attach(
    net: nn.Module, where: str | Sequence[str], settings: DoraSettings | None = None, *, seed: int
) -> tuple[str, ...]:
    """Freeze a network and put DoRA on some of its weights, in place.

    The weight is replaced where it is read (``torch.nn.utils.parametrize``), so that modules that read it
    without calling its owner, as ``nn.MultiheadAttention`` does with ``out_proj``, use it too.

    Args:
        net: The network.
        where: Names of ``named_modules()``, or patterns of them, e.g. ``"layer4.*.conv2"``. Linear maps
            and convolutions can have one.
        settings: The variant; None is CLIP-HBA's.
        seed: With a module's name it decides the start of its factors.

    Returns:
        The names of the modules, in the order of ``named_modules()``.

    Raises:
        UnknownNameError: Nothing has this name, or nothing that can be adapted fits this pattern.
        UnsuitableError: A module has no weight, or one that is no linear map or is shared.
        InputError: A module has an adapter already.
    """
    patterns = [where] if isinstance(where, str) else list(where)
    names = _chosen(net, patterns)
    for name in names:
        _check_alone(net, name)
    net.requires_grad_(False)
    for adapter in attached(net).values():
        adapter.requires_grad_(True)
    for name in names:
        module = net.get_submodule(name)
        generator = torch.Generator().manual_seed(int(rng(seed, "dora", name).integers(2**63)))
        weight = cast("nn.Parameter", module.weight)
        adapter = Dora(weight, settings or DoraSettings(), generator)
        parametrize.register_parametrization(module, "weight", adapter)
    return names


def attached(net: nn.Module) -> dict[str, Dora]:
    """The adapters of a network by the name of their module, in the order of ``named_modules()``."""
    found: dict[str, Dora] = {}
    for name, module in net.named_modules():
        adapter = _adapter(module)
        if adapter is not None:
            found[name] = adapter
    return found


def trainable(net: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that are trained, by name."""
    return {name: parameter for name, parameter in net.named_parameters() if parameter.requires_grad}


def merge(net: nn.Module) -> nn.Module:
    """Bake all adapters into their weights, in place: a plain network, with plain names, comes out.

    Returns:
        The network itself.
    """
    for name in attached(net):
        parametrize.remove_parametrizations(net.get_submodule(name), "weight", leave_parametrized=True)
    return net.requires_grad_(False)


def _adapter(module: nn.Module) -> Dora | None:
    if not parametrize.is_parametrized(module, "weight"):
        return None
    steps = cast("nn.ModuleDict", module.parametrizations)["weight"]
    return next((step for step in steps.children() if isinstance(step, Dora)), None)


def _adaptable(module: nn.Module) -> bool:
    convolution = isinstance(module, _ConvNd) and not isinstance(module, _ConvTransposeNd)
    return isinstance(module, nn.Linear) or convolution


def _chosen(net: nn.Module, patterns: Sequence[str]) -> tuple[str, ...]:
    modules = {name: module for name, module in net.named_modules() if name}
    fit = [name for name, module in modules.items() if _adaptable(module)]
    wanted: set[str] = set()
    for pattern in patterns:
        if pattern in modules:
            if pattern not in fit:
                raise _unfit(pattern, modules)
            wanted.add(pattern)
            continue
        found = [name for name in fit if fnmatchcase(name, pattern)]
        if not found:
            raise UnknownNameError.among("module that can be adapted", pattern, fit)
        wanted.update(found)
    return tuple(name for name in modules if name in wanted)


def _unfit(name: str, modules: dict[str, nn.Module]) -> UnsuitableError:
    module = modules[name]
    inside = [n for n, m in modules.items() if n.startswith(f"{name}.") and _adaptable(m)]
    kind = type(module).__name__
    has = "has no weight of its own" if getattr(module, "weight", None) is None else "is no linear map"
    return UnsuitableError(
        f"module {name!r} is a {kind}, which {has}: DoRA goes onto linear maps and convolutions",
        hint=f"Name what is inside: {', '.join(map(repr, inside[:3]))}."
        if inside
        else "Name another module.",
    )


def _check_alone(net: nn.Module, name: str) -> None:
    module = net.get_submodule(name)
    if parametrize.is_parametrized(module, "weight"):
        raise InputError(
            f"the weight of {name!r} has an adapter or another parametrisation already",
            hint="Attach each adapter once; merge() bakes adapters in.",
        )
    sharing = [
        owner
        for owner, other in net.named_modules(remove_duplicate=False)
        if owner != name and any(own is module.weight for own in other._parameters.values())
    ]
    if sharing:
        raise UnsuitableError(
            f"the weight of {name!r} is also that of {sharing[0]!r}: an adapter on one would leave the other",
            hint="Untie the two weights first, or name another module.",
        )
