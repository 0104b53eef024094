"""The calls of a network's modules: which are constant, recording them, and answering them from memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

Key = tuple[str, int]  # a module's name, and which of its calls, counted from 0


@dataclass
class _Seen:
    """One call while it is watched: ``first`` and ``last`` are positions in the order of events."""

    name: str
    first: int
    last: int
    output: Tensor | None


def constant_calls(net: nn.Module, run: Callable[[], object], n: int) -> dict[Key, Tensor]:
    """The largest module calls whose result no trained weight can change, with their results.

    A result is constant where autograd says that it needs no gradient. Only results that are one tensor
    with one entry per stimulus count; inside a call that counts no other does.

    Args:
        net: The network; what is trained requires gradients.
        run: Runs it on n stimuli.
        n: How many.
    """
    seen = _watched(net, run)
    fit = [
        s for s in seen if s.output is not None and not s.output.requires_grad and _per_stimulus(s.output, n)
    ]
    largest = [s for s in fit if not any(_inside(s, other) for other in fit)]
    counts: dict[str, int] = {}
    found: dict[Key, Tensor] = {}
    for call in sorted(seen, key=lambda s: s.first):
        if any(_inside(call, other) for other in largest):
            continue  # never made where the call around it is answered from memory
        key = (call.name, counts.get(call.name, 0))
        counts[call.name] = key[1] + 1
        if any(call is other for other in largest) and call.output is not None:
            found[key] = call.output
    return found


def _watched(net: nn.Module, run: Callable[[], object]) -> list[_Seen]:
    seen: list[_Seen] = []
    open_calls: list[_Seen] = []
    clock = iter(range(1 << 62))

    def enter(name: str) -> Callable[..., None]:
        def hook(_module: nn.Module, _given: object) -> None:
            open_calls.append(_Seen(name, next(clock), -1, None))

        return hook

    def leave(_module: nn.Module, _given: object, output: object) -> None:
        call = open_calls.pop()
        call.last = next(clock)
        # A copy: what comes later may write into it.
        if isinstance(output, Tensor):
            call.output = output if output.requires_grad else output.clone()
        seen.append(call)

    handles = []
    for name, module in net.named_modules():
        if name and "parametrizations" not in name.split("."):
            handles += [module.register_forward_pre_hook(enter(name)), module.register_forward_hook(leave)]
    try:
        with torch.enable_grad():
            run()
    finally:
        for handle in handles:
            handle.remove()
    return seen


def _inside(call: _Seen, other: _Seen) -> bool:
    return other.first < call.first and call.last < other.last


def _per_stimulus(output: Tensor, n: int) -> bool:
    return output.ndim > 0 and len(output) == n


@contextmanager
def answered(net: nn.Module, answers: Mapping[Key, Tensor]) -> Generator[None]:
    """Inside the block these calls are not made: their results are the tensors given.

    Args:
        net: The network.
        answers: By module and call.
    """
    with _wrapped(net, answers, lambda key, _call: answers[key]):
        yield


def recorded(
    net: nn.Module, run: Callable[[], object], keys: Collection[Key], wanted: Collection[Key]
) -> dict[Key, Tensor]:
    """Run a network until the results wanted are there.

    Args:
        net: The network.
        run: Runs it.
        keys: All of its constant calls; what happens inside one is not counted.
        wanted: Those of them whose results are wanted.

    Returns:
        Copies of the results, as far as the calls were made.
    """
    found: dict[Key, Tensor] = {}

    def record(key: Key, call: Callable[[], Any]) -> Any:
        output = call()
        if key in wanted:
            found[key] = output.clone()  # what comes later may write into it
            if len(found) == len(wanted):
                raise _Enough
        return output

    # Gradients stay on, so that modules take the way that they took when they were watched.
    with suppress(_Enough), torch.enable_grad(), _wrapped(net, keys, record):
        run()
    return found


class _Enough(Exception):  # noqa: N818 - not an error: it ends a forward pass early
    pass


Handle = Callable[[Key, Callable[[], Any]], Any]


@contextmanager
def _wrapped(net: nn.Module, keys: Collection[Key], handle: Handle) -> Generator[None]:
    named = {name: net.get_submodule(name) for name, _ in keys}
    inside: list[Key] = []
    for name, module in named.items():
        module.forward = _Wrapper(name, module.forward, keys, handle, inside)
    try:
        yield
    finally:
        for module in named.values():
            del module.forward  # the class's own shows again


@dataclass
class _Wrapper:
    """Stands for a module's forward; ``inside`` is shared: the call that is being handled, if any."""

    name: str
    forward: Callable[..., Any]
    keys: Collection[Key]
    handle: Handle
    inside: list[Key]
    count: int = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.inside:
            return self.forward(*args, **kwargs)
        key = (self.name, self.count)
        self.count += 1
        if key not in self.keys:
            return self.forward(*args, **kwargs)
        self.inside.append(key)
        try:
            return self.handle(key, lambda: self.forward(*args, **kwargs))
        finally:
            self.inside.pop()
