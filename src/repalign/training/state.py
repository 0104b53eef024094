"""The state of a run after an epoch: one file of tensors with a JSON header, nothing pickled."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from repalign.data import replacing
from repalign.errors import FileError, IdentityError

_WEIGHT, _MOMENT = "weight/", "moment/"


@dataclass
class State:
    """Everything that the next epoch depends on beside the spec.

    Random numbers are no part of it: every stream is keyed by seed, purpose and epoch.

    Args:
        epoch: The last one that was finished; 0 before the first.
        best: Lowest validation loss so far; None before the first.
        waited: Epochs since then, those inside a window not counted.
        stopped: Why the run is over; empty while it is not.
        history: One row of numbers per epoch.
    """

    epoch: int = 0
    best: float | None = None
    waited: int = 0
    stopped: str = ""
    history: list[dict[str, Any]] = field(default_factory=list)


def changing(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Weights that are trained, and buffers: what differs between epochs."""
    trained = {name: p.detach() for name, p in module.named_parameters() if p.requires_grad}
    return {**trained, **dict(module.named_buffers())}


def save_state(
    path: Path, state: State, module: torch.nn.Module, optimiser: torch.optim.Optimizer, digest: str
) -> None:
    """Write a state, all or nothing.

    Args:
        path: A ``.safetensors`` file.
        state: Counters and history.
        module: Whose changing weights are kept.
        optimiser: Whose moments are kept.
        digest: Of the path through training that led here, see :meth:`RunSpec.path_to`.
    """
    from safetensors.torch import save_file

    tensors = {_WEIGHT + name: _plain(tensor) for name, tensor in changing(module).items()}
    numbers: dict[str, Any] = {}
    for index, held in optimiser.state_dict()["state"].items():
        for name, value in held.items():
            if isinstance(value, torch.Tensor):
                tensors[f"{_MOMENT}{index}/{name}"] = _plain(value)
            elif value is not None:
                numbers[f"{index}/{name}"] = value
    header = {"state": asdict(state), "moments": numbers, "path": digest}
    with replacing(path) as temporary:
        save_file(tensors, temporary, metadata={"repalign": json.dumps(header, sort_keys=True)})


def load_state(
    path: Path, module: torch.nn.Module, optimiser: torch.optim.Optimizer, digest_at: Callable[[int], str]
) -> State:
    """Read a state into a network and its optimiser.

    Args:
        path: What :func:`save_state` wrote.
        module: Built from the same spec.
        optimiser: Of its trained weights.
        digest_at: From an epoch to the digest that a state there must have.

    Raises:
        FileError: Missing or damaged.
        IdentityError: A state of another spec.
    """
    tensors, header = _read(path)
    state = State(**header["state"])
    if header["path"] != digest_at(state.epoch):
        raise IdentityError(
            f"{path} is the state of another run at epoch {state.epoch}",
            hint="Data, network or settings differ; train anew in another folder, or give the same spec.",
        )
    own = changing(module)
    found = {name.removeprefix(_WEIGHT): t for name, t in tensors.items() if name.startswith(_WEIGHT)}
    if set(found) != set(own):
        odd = sorted(set(found) ^ set(own))
        raise IdentityError(f"{path} has other weights than the network: {', '.join(odd[:3])}")
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(found[name])
    optimiser.load_state_dict({**optimiser.state_dict(), "state": _moments(tensors, header["moments"])})
    return state


def epoch_of(path: Path) -> int:
    """The epoch of a saved state.

    Raises:
        FileError: Missing or damaged.
    """
    return int(_read(path)[1]["state"]["epoch"])


def _moments(tensors: Mapping[str, torch.Tensor], numbers: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    given = {name.removeprefix(_MOMENT): t for name, t in tensors.items() if name.startswith(_MOMENT)}
    for key, value in {**given, **numbers}.items():
        index, _, name = key.partition("/")
        found.setdefault(int(index), {})[name] = value
    return found


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().cpu().contiguous().clone()


def _read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            header = json.loads((file.metadata() or {})["repalign"])
            names: list[str] = file.keys()
            return {name: file.get_tensor(name) for name in names}, header
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise FileError(f"{path} is no state of a run ({error})", hint="Train it again.") from error
