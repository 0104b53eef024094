"""Layers of a torch network: finding them, and reading their outputs as it runs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain

import torch
from torch import Tensor, nn

from repalign.errors import InputError, ShapeError, UnavailableError

OUTPUT, PENULTIMATE = "output", "penultimate"
PROBES = 3  # blank stimuli; one or two could pass for an axis of some other length

See = Callable[[str, object, object], None]


@dataclass(frozen=True)
class Trace:
    """What one forward pass of blank stimuli shows.

    Args:
        shapes: Per layer, in the order of ``named_modules``, the shape of its output without the axis of
            stimuli; then ``"penultimate"`` where there is a classifier, and ``"output"``.
        unusable: Per module that is no layer, why.
        classifier: The module whose input is ``"penultimate"``; None where there is no classifier.
    """

    shapes: Mapping[str, tuple[int, ...]]
    unusable: Mapping[str, str]
    classifier: str | None


def first_tensor(value: object) -> Tensor | None:
    """The first tensor in a tensor, tuple, list or dictionary, depth first; None if there is none."""
    if isinstance(value, Tensor):
        return value
    parts = value.values() if isinstance(value, Mapping) else value
    if isinstance(parts, Iterable) and not isinstance(parts, str | bytes):
        for part in parts:
            found = first_tensor(part)
            if found is not None:
                return found
    return None


@contextmanager
def watching(modules: Mapping[str, nn.Module], see: See) -> Generator[None]:
    """Call ``see(name, inputs, output)`` whenever a module has run; the hooks go when the block ends."""

    def hook(name: str) -> Callable[[nn.Module, object, object], None]:
        return lambda _module, inputs, output: see(name, inputs, output)

    handles = [module.register_forward_hook(hook(name)) for name, module in modules.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def traced(net: nn.Module, shape: tuple[int, ...], owner: str) -> Trace:
    """Find the layers of a network by showing it blank stimuli.

    The pass computes shapes only (torch's meta device), whatever device the weights are on; where a
    network's code does not allow it, it is run.

    Args:
        net: The network, in evaluation mode.
        shape: Of one prepared stimulus.
        owner: The model's name, for errors.

    Raises:
        ShapeError: The network does not take stimuli of this shape.
    """
    try:
        return _trace(net, _on_meta(net), torch.zeros((PROBES, *shape), device="meta"))
    except Exception as first:  # any error may come out of a network's code
        found = {tensor.device.type for tensor in chain(net.parameters(), net.buffers())}
        if "meta" in found:
            raise _misfit(owner, shape, first) from first
    device = next(chain(net.parameters(), net.buffers()), torch.zeros(())).device
    try:
        return _trace(net, {}, torch.zeros((PROBES, *shape), device=device))
    except Exception as error:
        raise _misfit(owner, shape, error) from error


def _on_meta(net: nn.Module) -> dict[str, Tensor]:
    return {name: t.detach().to("meta") for name, t in chain(net.named_parameters(), net.named_buffers())}


def _trace(net: nn.Module, state: dict[str, Tensor], blank: Tensor) -> Trace:
    modules = {name: module for name, module in net.named_modules() if name}
    order: list[str] = []
    outputs: dict[str, Tensor | None] = {}
    inputs: dict[str, Tensor | None] = {}

    def see(name: str, given: object, output: object) -> None:
        order.append(name)
        inputs[name], outputs[name] = first_tensor(given), first_tensor(output)

    with torch.inference_mode(), watching(modules, see):
        result = first_tensor(torch.func.functional_call(net, state, (blank,)))
    names = list(modules)
    classifier = _classifier(modules, order, outputs, result)
    # A module of one of these two names keeps it.
    if classifier is not None and PENULTIMATE not in modules:
        names.append(PENULTIMATE)
        outputs[PENULTIMATE] = inputs[classifier]
    if OUTPUT not in modules:
        names.append(OUTPUT)
        outputs[OUTPUT] = result
    problems = {name: _problem(name, outputs) for name in names}
    shapes = {name: tuple(t.shape[1:]) for name in names if (t := outputs.get(name)) is not None}
    return Trace(
        {name: shapes[name] for name in names if problems[name] is None},
        {name: problem for name, problem in problems.items() if problem is not None},
        classifier if problems.get(PENULTIMATE, "") is None else None,
    )


def _problem(name: str, outputs: Mapping[str, Tensor | None]) -> str | None:
    if name not in outputs:
        return "it is never called in a forward pass"
    tensor = outputs[name]
    if tensor is None:
        return "its output holds no tensor"
    if tensor.is_complex():
        return "its output is complex"
    if tensor.ndim == 0 or len(tensor) != PROBES:
        return "the first axis of its output is not the stimuli"
    return None if tensor[0].numel() else "its output is empty"


def _classifier(
    modules: Mapping[str, nn.Module],
    order: list[str],
    outputs: Mapping[str, Tensor | None],
    result: Tensor | None,
) -> str | None:
    """The last module with weights, if it is a linear map onto the network's outputs."""
    weighted = [name for name in order if any(True for _ in modules[name].parameters(recurse=False))]
    own = outputs[weighted[-1]] if weighted else None
    if own is None or result is None:
        return None
    last = modules[weighted[-1]]
    linear = isinstance(last, nn.Linear) and own.shape == result.shape
    # Some end in a convolution onto the classes and the mean over places.
    convolution = isinstance(last, nn.Conv2d) and own.shape[:2] == result.shape[:2]
    return weighted[-1] if linear or convolution else None


def _misfit(owner: str, shape: tuple[int, ...], error: Exception) -> ShapeError:
    size = "x".join(str(side) for side in shape if side != 3)
    return ShapeError(
        f"{owner} does not take images of {size} pixels: {type(error).__name__}: {error}",
        hint="Leave 'size' out, or give the size it was made for; see its card.",
    )


def placed(net: nn.Module, device: str) -> nn.Module:
    """The network on a device.

    Raises:
        UnavailableError: This machine has no such device.
        InputError: It is no device at all.
    """
    try:
        wanted = torch.device(device)
    except RuntimeError as error:
        raise InputError(f"{device!r} is no device", hint="Say cpu, cuda or cuda:1.") from error
    if wanted.type == "cuda" and (wanted.index or 0) >= torch.cuda.device_count():
        count = torch.cuda.device_count()
        raise UnavailableError(
            f"device {device!r} is not here: the number of CUDA devices that torch sees is {count}",
            hint="Leave 'device' out for the CPU.",
        )
    return net.to(wanted)
