"""Whether what is trained has any part in the output: an adapter that does nothing is an error."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from repalign.errors import InputError
from repalign.models.adapters.attaching import attached, trainable
from repalign.seeds import rng


def gradient_norms(
    net: nn.Module, outputs: Callable[[], Tensor], *, seed: int = 0
) -> dict[str, float | None]:
    """Length of the gradient of a random weighted sum of the outputs, per trained part.

    Args:
        net: The network, in the mode (training or evaluation) that is asked about.
        outputs: Computes them.
        seed: Of the weights of the sum.

    Returns:
        For each adapter (by its module's name) and each other trained parameter: the length, or None
        where the output does not depend on it at all.
    """
    parts = _parts(net)
    parameters = [parameter for group in parts.values() for parameter in group]
    with torch.enable_grad():
        result = outputs()
        weights = torch.from_numpy(rng(seed, "gradient-check").standard_normal(tuple(result.shape)))
        total = (result * weights.to(result)).sum()
        if total.requires_grad:
            found = iter(torch.autograd.grad(total, parameters, allow_unused=True))
        else:
            found = iter([None] * len(parameters))
    return {name: _length([next(found) for _ in group]) for name, group in parts.items()}


def check_gradients(
    net: nn.Module, outputs: Callable[[], Tensor], *, seed: int = 0
) -> dict[str, float | None]:
    """Refuse a network of which a trained part has no effect, as peft's DoRA on attention has none.

    Args:
        net: As in :func:`gradient_norms`.
        outputs: As in :func:`gradient_norms`.
        seed: As in :func:`gradient_norms`.

    Returns:
        What :func:`gradient_norms` returns.

    Raises:
        InputError: Nothing is trained, or a part gets no gradient; it is named.
    """
    norms = gradient_norms(net, outputs, seed=seed)
    if not norms:
        raise InputError("nothing of this network is trained", hint="Put adapters on it with attach().")
    adapters = attached(net)
    idle = [name for name, norm in norms.items() if norm is None or (norm == 0 and name in adapters)]
    if idle:
        raise InputError(
            f"{len(idle)} of {len(norms)} trained parts have no effect on the output: {', '.join(idle[:3])}",
            hint="A module that wraps another is passed over where its weight is read directly, as in "
            "nn.MultiheadAttention; use repalign's attach(), and adapt only what the output depends on.",
        )
    return norms


def _parts(net: nn.Module) -> dict[str, list[nn.Parameter]]:
    parts = {name: list(adapter.parameters()) for name, adapter in attached(net).items()}
    known = {id(parameter) for group in parts.values() for parameter in group}
    others = {name: [p] for name, p in trainable(net).items() if id(p) not in known}
    return parts | others


def _length(gradients: list[Tensor | None]) -> float | None:
    there = [gradient.double().square().sum() for gradient in gradients if gradient is not None]
    return float(torch.stack(there).sum().sqrt()) if there else None
