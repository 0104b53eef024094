"""Several processes under ``torchrun``, or one: the same numbers but for the order of sums."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Crew:
    """The processes that train together.

    Args:
        rank: This one, from 0.
        size: How many.
    """

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes files."""
        return self.rank == 0

    def share(self, rows: Rows) -> Rows:
        """This process's part of some rows."""
        return rows[self.rank :: self.size]

    def add_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Sum gradients over processes, in place; a process without rows has added nothing."""
        if self.size == 1:
            return
        known = list(parameters)
        flat = torch.cat([_gradient(p).reshape(-1) for p in known])
        dist.all_reduce(flat)
        start = 0
        for p in known:
            p.grad = flat[start : start + p.numel()].view_as(p).clone()
            start += p.numel()

    def add(self, *numbers: float) -> tuple[float, ...]:
        """Sums of numbers over processes, in float64."""
        if self.size == 1:
            return numbers
        held = torch.tensor(numbers, dtype=torch.float64)
        dist.all_reduce(held)
        return tuple(held.tolist())

    def gather(self, rows: Rows, outputs: torch.Tensor, n: int) -> torch.Tensor:
        """Outputs of all processes, each at its own row, whatever the order in which they arrive.

        Args:
            rows: Of this process, (k,).
            outputs: Of these rows, (k, width), on the CPU.
            n: Number of all rows.

        Returns:
            (n, width).
        """
        whole = outputs.new_zeros((n, *outputs.shape[1:]))
        whole[torch.from_numpy(rows)] = outputs
        if self.size > 1:
            dist.all_reduce(whole)  # every row is held by one process, zero elsewhere
        return whole

    def wait(self) -> None:
        """Until all processes are here."""
        if self.size > 1:
            dist.barrier()


def is_leader() -> bool:
    """Whether this process is the one of those started by ``torchrun`` that writes and prints, or alone."""
    return int(os.environ.get("RANK", "0")) == 0


def _gradient(parameter: torch.nn.Parameter) -> torch.Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


@contextmanager
def crew() -> Generator[Crew]:
    """The processes that ``torchrun`` started, or this one alone."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Crew()
        return
    began = not dist.is_initialized()
    if began:
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield Crew(dist.get_rank(), size)
    finally:
        if began:
            dist.destroy_process_group()
