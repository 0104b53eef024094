"""One epoch: the order of stimuli, steps, and the evaluation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from repalign.seeds import rng
from repalign.training.parallel import Crew
from repalign.training.perturbations import PERTURBATIONS, Kind, Moment
from repalign.training.problem import WHOLE, ImageChange, Part, Reading
from repalign.training.run_spec import RunSpec

Rows = NDArray[np.intp]
_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Bench:
    """What every step needs: the network on its device, the optimiser, the spec and the processes."""

    spec: RunSpec
    module: torch.nn.Module
    optimiser: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    device: torch.device
    crew: Crew

    def precision(self) -> Any:
        """Mixed precision, if the spec asks for it."""
        dtype = _DTYPES.get(self.spec.precision)
        return nullcontext() if dtype is None else torch.autocast(self.device.type, dtype)

    def losses(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Loss of each stimulus, (n,)."""
        outputs = outputs.float()
        if self.spec.loss == "mse":
            return ((outputs - targets) ** 2).flatten(1).mean(dim=1)
        smoothing = self.spec.label_smoothing
        return functional.cross_entropy(outputs, targets, reduction="none", label_smoothing=smoothing)

    def trained(self) -> list[torch.nn.Parameter]:
        """The weights that move."""
        return [p for p in self.module.parameters() if p.requires_grad]


def rate_at(spec: RunSpec, epoch: int) -> float:
    """The learning rate of an epoch, counted from 1."""
    how = spec.optimiser
    if epoch <= how.warm_up:
        return how.rate * epoch / how.warm_up
    if how.schedule == "constant":
        return how.rate
    through = (epoch - 1 - how.warm_up) / max(spec.epochs - how.warm_up, 1)
    return how.rate * 0.5 * (1.0 + math.cos(math.pi * through))


def batches(spec: RunSpec, n: int, epoch: int) -> Iterator[tuple[int, Rows]]:
    """Rows of each step of an epoch, over all processes; a pure function of seed and epoch."""
    order = rng(spec.seed, "training", "order", _data_epoch(spec, epoch)).permutation(n)
    for number, start in enumerate(range(0, n, spec.batch_size)):
        yield number, order[start : start + spec.batch_size]


def _data_epoch(spec: RunSpec, epoch: int) -> int:
    window = spec.perturbation
    if window is not None and PERTURBATIONS[window.kind].skips and epoch >= window.first:
        return epoch + window.length
    return epoch


def train_epoch(bench: Bench, part: Part, epoch: int) -> float:
    """Train one epoch.

    Args:
        bench: The network and all around it.
        part: The training set.
        epoch: Counted from 1.

    Returns:
        Mean training loss over the stimuli, of the perturbed targets inside a window; NaN where a step
        gave NaN.
    """
    window = bench.spec.perturbation
    active = window if window is not None and window.covers(epoch) else None
    kind = PERTURBATIONS[active.kind] if active is not None else None
    for group in bench.optimiser.param_groups:
        group["lr"] = rate_at(bench.spec, epoch)
    moves = kind is None or kind.updates
    bench.module.train(moves)
    total = 0.0
    with torch.random.fork_rng(devices=_devices(bench.device)), torch.set_grad_enabled(moves):
        # Dropout draws from the global stream: keyed by epoch and process, it needs no saving.
        torch.manual_seed(
            int(rng(bench.spec.seed, "training", "dropout", epoch, bench.crew.rank).integers(2**62))
        )
        for number, rows in batches(bench.spec, len(part.ids), epoch):
            inputs, targets = _batch(bench, part, rows, epoch, number, kind)
            total += _step(bench, inputs, targets, len(rows), moves)
    return bench.crew.add(total)[0] / len(part.ids)


def _step(bench: Bench, inputs: torch.Tensor, targets: torch.Tensor, n: int, moves: bool) -> float:
    """One step; returns the sum of losses here, but follows the gradient of the mean over all processes."""
    bench.optimiser.zero_grad(set_to_none=True)
    total = inputs.new_zeros(())
    if len(inputs):
        with bench.precision():
            total = bench.losses(bench.module(inputs), targets).sum()
        if moves:
            bench.scaler.scale(total / n).backward()
    if moves:
        bench.crew.add_gradients(bench.trained())
        if bench.spec.clip_norm is not None:
            bench.scaler.unscale_(bench.optimiser)
            torch.nn.utils.clip_grad_norm_(bench.trained(), bench.spec.clip_norm)
        bench.scaler.step(bench.optimiser)
        bench.scaler.update()
    return float(total.detach())


def _batch(
    bench: Bench, part: Part, rows: Rows, epoch: int, number: int, kind: Kind | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """This process's inputs and targets, perturbed as the whole batch is."""
    own = np.arange(len(rows))[bench.crew.rank :: bench.crew.size]
    targets = part.targets[rows]
    change = None
    window = bench.spec.perturbation
    if kind is not None and window is not None:
        how = kind.settings(window.options)
        at = Moment(epoch, number, bench.spec.noise_seed, window.first, part.targets, rows)
        if kind.targets is not None:
            targets = kind.targets(targets, at, how)
        if kind.images is not None:
            images = kind.images
            change = ImageChange(lambda x: images(x, at, how), kind.normalised)
    # Noise is drawn for the whole batch, so that it does not depend on the number of processes.
    inputs = part.inputs(rows, change)[own] if change is not None else part.inputs(rows[own])
    wanted = torch.from_numpy(np.ascontiguousarray(targets[own]))
    wanted = wanted.long() if wanted.ndim == 1 else wanted.float()
    return inputs.to(bench.device), wanted.to(bench.device)


def respond(bench: Bench, part: Part, reading: Reading = WHOLE) -> dict[str, torch.Tensor]:
    """Responses to all stimuli of a part, shown clean, each at its own place, by layer.

    Args:
        bench: The network and all around it.
        part: What is shown.
        reading: Which layers are read.

    Returns:
        Per layer (n, ...), float32, on the CPU.
    """
    rows = bench.crew.share(np.arange(len(part.ids)))
    found: dict[str, list[torch.Tensor]] = {layer: [] for layer in reading.layers}
    bench.module.eval()
    with torch.no_grad():
        for start in range(0, len(rows), bench.spec.batch_size):
            inputs = part.inputs(rows[start : start + bench.spec.batch_size]).to(bench.device)
            with bench.precision():
                responses = reading.read(bench.module, inputs)
            for layer, response in responses.items():
                found[layer].append(response.float().cpu())
    return {layer: bench.crew.gather(rows, _joined(each), len(part.ids)) for layer, each in found.items()}


def _joined(parts: list[torch.Tensor]) -> torch.Tensor:
    return torch.cat(parts) if parts else torch.zeros((0,))


def loss_of(bench: Bench, outputs: torch.Tensor, part: Part) -> float:
    """Mean loss over the stimuli of a part; over all processes averaged, not summed.

    Args:
        bench: With the loss.
        outputs: Of all stimuli of the part, see :func:`respond`.
        part: With their targets.
    """
    targets = torch.from_numpy(np.ascontiguousarray(part.targets))
    targets = targets.long() if targets.ndim == 1 else targets.float()
    return float(bench.losses(outputs, targets).double().mean())


def _devices(device: torch.device) -> list[int]:
    return [device.index or 0] if device.type == "cuda" else []
