"""Weights of torch networks: reading files without unpickling code, fitting, digesting."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from repalign.data import readable
from repalign.data.digests import DIGEST_LENGTH
from repalign.errors import FileError, InputError, UnknownNameError

# Where training programs put the weights, and what they put before the names.
NESTED = (
    "state_dict",
    "model_state_dict",
    "classy_state_dict",
    "base_model",
    "model",
    "trunk",
    "net",
    "network",
)
WRAPPERS = ("module.", "_orig_mod.", "_feature_blocks.")
COUNTER = "num_batches_tracked"  # of batch normalisation: counts batches in training, decides nothing
SHOWN = 3


def state_digest(net: nn.Module) -> str:
    """Digest of a network's weights: names, dtypes, shapes and bytes, in the order of the names.

    Counters of batches are left out: they change no response, and old files lack them.

    Returns:
        32 hexadecimal digits.
    """
    state = hashlib.sha256()
    for name, tensor in sorted(net.state_dict().items()):
        if name.endswith(COUNTER):
            continue
        state.update(f"{name}:{tensor.dtype}:{tuple(tensor.shape)};".encode())
        # Byte by byte: numpy has no bfloat16. One tensor at a time is on the CPU.
        plain = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        state.update(memoryview(plain.numpy()))
    return state.hexdigest()[:DIGEST_LENGTH]


def read_state(path: Path, *, key: str | None = None, prefix: str | None = None) -> dict[str, Tensor]:
    """Read a file of weights: safetensors, or torch's own format with ``weights_only=True``.

    A state dict nested under ``state_dict``, ``model`` and the like is found, and ``module.`` (of
    DataParallel), ``_orig_mod.`` (of torch.compile) and ``_feature_blocks.`` (of VISSL) are taken off the
    names.

    Args:
        path: The file.
        key: Where in the file the state dict lies, dotted; None looks in the usual places.
        prefix: Keep only the names that begin so, and take it off; None keeps all.

    Raises:
        FileError: Missing, truncated, not only weights, or no state dict.
        UnknownNameError: The file has no such key or prefix.
    """
    content = _content(readable(path, "weights"))
    for part in key.split(".") if key else ():
        if not isinstance(content, Mapping) or part not in content:
            known = [str(k) for k in content] if isinstance(content, Mapping) else []
            raise UnknownNameError.among(f"key in {path.name}", part, known)
        content = content[part]
    state = _tensors(content, path, nested=key is None)
    state = _unwrapped(state)
    if prefix:
        chosen = {n.removeprefix(prefix): t for n, t in state.items() if n.startswith(prefix)}
        if not chosen:
            heads = {f"{name.split('.')[0]}." for name in state}
            raise UnknownNameError.among(f"prefix of names in {path.name}", prefix, heads)
        return chosen
    return state


def _unwrapped(state: dict[str, Tensor]) -> dict[str, Tensor]:
    for wrapper in WRAPPERS:
        if all(name.startswith(wrapper) for name in state):
            return _unwrapped({name.removeprefix(wrapper): tensor for name, tensor in state.items()})
    return state


def _content(path: Path) -> Any:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except SafetensorError as error:
        raise _damaged(path, error) from error
    except Exception as error:  # torch reports a damaged file in half a dozen ways
        if "weights only load failed" in str(error).lower() and path.stat().st_size:
            raise FileError(
                f"weights: {path} holds Python objects beside weights, or is no file of torch",
                hint="repalign unpickles no code. Save a state dict: torch.save(net.state_dict(), path).",
            ) from error
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> FileError:
    reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
    return FileError(
        f"weights: {path} ({path.stat().st_size} bytes) cannot be read: {reason[0]}",
        hint="The download may have stopped half-way; get the file again.",
    )


def _tensors(content: Any, path: Path, *, nested: bool) -> dict[str, Tensor]:
    while nested and isinstance(content, Mapping):
        inner = [k for k in NESTED if isinstance(content.get(k), Mapping)]
        if not inner:
            break
        content = content[inner[0]]
    if isinstance(content, Mapping):
        state = {str(name): tensor for name, tensor in content.items() if isinstance(tensor, Tensor)}
        if state:
            return state
    found = ", ".join(repr(k) for k in list(content)[:8]) if isinstance(content, Mapping) else type(content)
    raise FileError(
        f"weights: {path} holds no state dict of tensors; saw {found}",
        hint="Say where it lies with 'key', e.g. key='teacher'.",
    )


def load_state(net: nn.Module, state: Mapping[str, Tensor], owner: str) -> None:
    """Put weights into a network; every weight must be there, be known, and have the right shape.

    Args:
        net: The network.
        state: Names to tensors.
        owner: The model's name, for the error.

    Raises:
        InputError: They do not fit; some of what is missing, unexpected or of another shape is named.
    """
    problems = misfits(net, state)
    if problems:
        raise InputError(f"the weights do not fit {owner}: {'; '.join(problems)}", hint=_advice(net, state))
    fitting = OrderedDict(state)
    # Versions of modules, which safetensors and renaming lose and some modules insist on.
    fitting._metadata = getattr(net.state_dict(), "_metadata", {})  # pyright: ignore[reportAttributeAccessIssue]
    net.load_state_dict(fitting, strict=False)


def misfits(net: nn.Module, state: Mapping[str, Tensor]) -> list[str]:
    """In what ways weights do not fit a network, in words; empty if they do."""
    own = net.state_dict()
    missing = [name for name in own if name not in state and not name.endswith(COUNTER)]
    unexpected = [name for name in state if name not in own and not name.endswith(COUNTER)]
    shapes = [
        f"{name} is {tuple(state[name].shape)} in the file and {tuple(own[name].shape)} in the network"
        for name in own
        if name in state and own[name].shape != state[name].shape
    ]
    listed = {"missing": missing, "unexpected": unexpected, "of another shape": shapes}
    return [f"{len(names)} {what} ({_some(names)})" for what, names in listed.items() if names]


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def _advice(net: nn.Module, state: Mapping[str, Tensor]) -> str:
    own = net.state_dict()
    for name in state:
        near = get_close_matches(name, [n for n in own if n not in state], n=1, cutoff=0.6)
        if name not in own and near:
            return f"Is {name!r} of the file {near[0]!r} of the network? Else name another architecture."
    widths = [cast("Tensor", state[n]).shape[0] for n in own if n in state and own[n].shape != state[n].shape]
    if widths and set(own) <= set(state):
        return (
            f"If only the classifier differs, say num_classes={widths[-1]}; else name another architecture."
        )
    return "Name the architecture that these weights belong to; see 'key' and 'prefix' for nested ones."
