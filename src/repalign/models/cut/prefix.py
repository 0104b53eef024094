"""The general cut: the longest part of any network that nothing trained can change."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from repalign.errors import InputError, UnsuitableError
from repalign.models.adapters.attaching import trainable
from repalign.models.cut.calls import Key, answered, constant_calls, recorded
from repalign.models.cut.modes import evaluating
from repalign.models.cut.protocol import digest_of
from repalign.models.torch_layers import first_tensor

INPUTS = "inputs"  # the name of the part where the network's own input is needed behind the cut
EXAMPLES = 3  # more prove nothing more
TOLERANCE = 1e-5  # of the largest output; what is kept is the same numbers, so the difference is 0 as a rule


class PrefixCut:
    """Any network in two halves; its code is left as it is.

    One pass over an example shows which module calls are constant (no trained weight stands before
    them) and which of their results the rest of the network reads: these are kept. Behind the cut the
    network's own code runs with the constant calls answered from what was kept. It is proved on the
    example, with other values of the trained weights too, that both ways agree.

    The first half is computed in evaluation mode. Train with the network in evaluation mode as well, as
    adapters are: batch statistics and dropout in the first half would make it anything but constant.

    Args:
        net: The network; what is trained requires gradients.
        example: At least 2 prepared stimuli, of shape (n, ...).
        name: Of the network, for people.

    Raises:
        InputError: Nothing is trained, fewer than 2 stimuli, or training cannot change the output.
        UnsuitableError: Nothing is constant, or the two halves do not give what the whole gives.

    Example:
        >>> import torch
        >>> from repalign.models.adapters import attach
        >>> from repalign.models.cut import PrefixCut
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
        >>> names = attach(net, "2", seed=0)
        >>> cut = PrefixCut(net, torch.ones(2, 4))
        >>> cut.name
        'network behind 1'
    """

    def __init__(self, net: nn.Module, example: Tensor, name: str = "network") -> None:
        if len(example) < 2 or not trainable(net):
            raise InputError(
                f"a cut needs 2 example stimuli and something that is trained; saw {len(example)} and "
                f"{len(trainable(net))}",
                hint="Put adapters on the network first, with attach().",
            )
        self._net, self._name = net, name
        self._shape, self._dtype = example.shape[1:], example.dtype
        example = example[:EXAMPLES]
        with evaluating(net):
            with torch.enable_grad():
                if not _result(net(example), name).requires_grad:
                    raise InputError(
                        f"nothing that is trained has an effect on the output of {name}",
                        hint="Adapt a module that the output depends on.",
                    )
            constant = constant_calls(net, lambda: net(example), len(example))
            self._shapes = {key: result.shape[1:] for key, result in constant.items()}
            self._dtypes = {key: result.dtype for key, result in constant.items()}
            self._needed, self._written = self._read_behind(constant, example)
            self._prove(example)

    @property
    def name(self) -> str:
        """Of the network and the modules whose results are kept."""
        return f"{self._name} behind {', '.join(self.parts)}"

    @property
    def parts(self) -> dict[str, str]:
        """What is kept, with dtypes: results by module name, ``#1`` for the second call, and so on."""
        return {
            _part(key): str(self._dtypes[key] if key is not None else self._dtype).removeprefix("torch.")
            for key in self._needed
        }

    @property
    def digest(self) -> str:
        """Of the weights that are not trained, how modules compute, and what is kept."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        return digest_of(self._net, {"parts": list(self.parts), "answered": [_part(k) for k in self._shapes]})

    def keep(self, inputs: Tensor) -> dict[str, Tensor]:
        """The first half, in evaluation mode.

        Args:
            inputs: Prepared stimuli.

        Returns:
            Per part, a tensor with one entry per stimulus.

        Raises:
            UnsuitableError: The network's code took another way than on the example.
        """
        wanted = [key for key in self._needed if key is not None]
        with evaluating(self._net):
            found = recorded(self._net, lambda: self._net(inputs), self._shapes, wanted)
        lacking = [_part(key) for key in wanted if key not in found]
        if lacking:
            raise UnsuitableError(
                f"{self._name} ran otherwise on these stimuli than on the example: no {lacking[0]}",
                hint="Its code depends on its input: run it without a cut.",
            )
        return {
            _part(key): inputs if key is None else found[key].detach().contiguous() for key in self._needed
        }

    def finish(self, kept: Mapping[str, Tensor]) -> Any:
        """The second half, in the mode that the network is in.

        Args:
            kept: As :meth:`keep` gives it.

        Returns:
            What the network returns.
        """
        held = {key: kept[_part(key)] for key in self._needed}
        first = next(iter(held.values()))
        n, here = len(first), first.device
        answers = {key: held.get(key, self._blank(key, n, here)) for key in self._shapes}
        # What the network writes into is copied, or the next pass would begin with it.
        answers = {key: t.clone() if key in self._written else t for key, t in answers.items()}
        inputs = held.get(None)
        with answered(self._net, answers):
            return self._net(self._blank(None, n, here) if inputs is None else inputs)

    def _blank(self, key: Key | None, n: int, device: torch.device) -> Tensor:
        """A stand-in for a result that nobody reads: its shape, one number of memory."""
        shape = self._shape if key is None else self._shapes[key]
        dtype = self._dtype if key is None else self._dtypes[key]
        return torch.zeros(1, dtype=dtype, device=device).expand(n, *shape)

    def _read_behind(
        self, constant: Mapping[Key, Tensor], example: Tensor
    ) -> tuple[tuple[Key | None, ...], frozenset[Key]]:
        """Which constant results the rest of the network reads, and which of them it writes into."""
        leaves: dict[Key | None, Tensor] = {None: example, **constant}
        leaves = {k: t.detach().clone().requires_grad_(t.is_floating_point()) for k, t in leaves.items()}
        given = {key: leaf.clone() for key, leaf in leaves.items()}
        versions = {key: tensor._version for key, tensor in given.items()}
        answers = {key: tensor for key, tensor in given.items() if key is not None}
        with torch.enable_grad(), answered(self._net, answers):
            result = _result(self._net(given[None]), self._name)
        asked = {key: leaf for key, leaf in leaves.items() if leaf.requires_grad}
        found = torch.autograd.grad(result.sum(), list(asked.values()), allow_unused=True)
        read = {key for key, gradient in zip(asked, found, strict=True) if gradient is not None}
        needed = tuple(key for key in leaves if key in read or not leaves[key].requires_grad)
        if not constant or needed == (None,):
            raise UnsuitableError(
                f"nothing of {self._name} is constant: what is trained reads the input",
                hint="Run the network without a cut, or adapt later layers only.",
            )
        written = frozenset(key for key in answers if given[key]._version != versions[key])
        return needed, written

    def _prove(self, example: Tensor) -> None:
        trained = list(trainable(self._net).values())
        before = [parameter.detach().clone() for parameter in trained]
        generator = torch.Generator().manual_seed(0)
        kept = self.keep(example)
        try:
            for change in (0.0, 0.1):
                with torch.no_grad():
                    for parameter, value in zip(trained, before, strict=True):
                        noise = torch.randn(value.shape, generator=generator).to(value)
                        parameter.copy_(value + change * (value.abs() + 0.1) * noise)
                for grad in (True, False):  # some modules take another way without gradients
                    with torch.set_grad_enabled(grad):
                        whole = _result(self._net(example), self._name)
                        self._compare(whole, _result(self.finish(kept), self._name))
        finally:
            with torch.no_grad():
                for parameter, value in zip(trained, before, strict=True):
                    parameter.copy_(value)

    def _compare(self, whole: Tensor, halves: Tensor) -> None:
        if whole.shape == halves.shape:
            largest = whole.detach().abs().max().clamp_min(torch.finfo(torch.float32).tiny)
            if bool((whole - halves).detach().abs().max() <= TOLERANCE * largest):
                return
        raise UnsuitableError(
            f"{self._name} cut behind {', '.join(map(_part, self._needed))} gives other outputs than whole",
            hint="Its code detaches, writes in place or draws at random: run it without a cut.",
        )


def _result(output: object, name: str) -> Tensor:
    found = first_tensor(output)
    if found is None:
        raise InputError(f"the output of {name} holds no tensor", hint="Cut a network that returns one.")
    return found


def _part(key: Key | None) -> str:
    if key is None:
        return INPUTS
    name, call = key
    return name if call == 0 else f"{name}#{call}"
