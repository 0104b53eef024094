"""One forward pass: stimuli in, the responses of the layers asked for out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from repalign.errors import InputError, ShapeError
from repalign.models.torch_layers import OUTPUT, PENULTIMATE, first_tensor, watching

OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


@dataclass(frozen=True)
class Showing:
    """How a network is run.

    Args:
        dtype: ``"float32"``, or ``"bfloat16"`` (torch's autocast).
        tokens: Which tokens of a layer of shape (stimuli, tokens, width) are kept: ``"all"``,
            ``"cls"`` (the first, where the network has a class token) or ``"mean"`` (the mean of all
            that are neither class token nor registers). Other layers are kept whole.
        device: Where it computes. Not part of the model's identity, though rounding may differ.
        chunk: Stimuli shown at a time; a smaller number is filled up with blank ones, so that the
            size of a batch changes no bit. Not part of the identity either.
    """

    dtype: str = "float32"
    tokens: str = "all"
    device: str = "cpu"
    chunk: int = 16


class Catch:
    """Copies what the layers asked for give, as they give it.

    Args:
        layers: Those asked for.
        classifier: The module whose input is ``"penultimate"``.
        tokens: See :class:`Showing`.
        prefix: How many tokens stand before those of the image.
    """

    def __init__(self, layers: Sequence[str], classifier: str | None, tokens: str, prefix: int) -> None:
        self.layers = layers
        self.classifier = classifier
        self.tokens = tokens
        self.prefix = prefix
        self.kept: dict[str, Tensor] = {}

    def see(self, name: str, inputs: object, output: object) -> None:
        """What one module was given and gave."""
        if name in self.layers:
            self.keep(name, output)
        if name == self.classifier and PENULTIMATE in self.layers:
            self.keep(PENULTIMATE, inputs)

    def keep(self, name: str, value: object) -> None:
        """Copy the first tensor of a value: what comes later may write into it."""
        tensor = first_tensor(value)
        if tensor is not None:
            self.kept[name] = self._chosen(tensor).to(torch.float32, copy=True)

    def _chosen(self, tensor: Tensor) -> Tensor:
        if self.tokens == "all" or tensor.ndim != 3:
            return tensor
        return tensor[:, 0] if self.tokens == "cls" else tensor[:, self.prefix :].mean(dim=1)


def shown(
    net: nn.Module,
    part: Sequence[Any],
    layers: Sequence[str],
    classifier: str | None,
    showing: Showing,
    owner: str,
) -> dict[str, NDArray[np.float32]]:
    """Show a few stimuli to a network.

    Args:
        net: In evaluation mode, on the device.
        part: At most ``showing.chunk`` prepared stimuli of one shape.
        layers: Layers of the network's trace.
        classifier: The module whose input is ``"penultimate"``.
        showing: How it is run.
        owner: The model's name, for errors.

    Returns:
        Per layer, ``float32`` of shape (n, n_units).

    Raises:
        ShapeError: The stimuli differ in shape, or the network does not take it.
        InputError: Memory ran out.
    """
    modules = {name: module for name, module in net.named_modules() if name and name in layers}
    watched = dict(modules)
    if classifier is not None and PENULTIMATE in layers:
        watched[classifier] = net.get_submodule(classifier)
    catch = Catch(layers, classifier, showing.tokens, prefix_tokens(net))
    device = torch.device(showing.device)
    half = torch.autocast(device.type, torch.bfloat16, enabled=showing.dtype == "bfloat16")
    try:
        stimuli = _stacked(part, showing.chunk, owner).to(device)
        with torch.inference_mode(), half, watching(watched, catch.see):
            output = net(stimuli)
    except (AssertionError, RuntimeError, ValueError) as error:
        raise _explained(error, part, showing, owner) from error
    if OUTPUT in layers and OUTPUT not in modules:
        catch.keep(OUTPUT, output)
    n = len(part)
    return {name: rows.reshape(showing.chunk, -1)[:n].cpu().numpy() for name, rows in catch.kept.items()}


def prefix_tokens(net: nn.Module) -> int:
    """How many tokens stand before those of the image: timm's networks say so, torchvision's have one."""
    counted = getattr(net, "num_prefix_tokens", None)
    return counted if isinstance(counted, int) else int(hasattr(net, "class_token"))


def _stacked(part: Sequence[Any], chunk: int, owner: str) -> Tensor:
    shapes = {np.shape(image) for image in part}
    if len(shapes) > 1:
        raise ShapeError(f"{owner} needs images of one size; saw {sorted(shapes)}", hint="Give it a 'size'.")
    # In torch's own memory, which is aligned: bits may depend on where numpy happens to put an array.
    stimuli = torch.zeros((chunk, *shapes.pop()))
    stimuli[: len(part)] = torch.from_numpy(np.asarray(part, dtype=np.float32))
    return stimuli


def _explained(error: Exception, part: Sequence[Any], showing: Showing, owner: str) -> InputError:
    """The error of a forward pass, in terms of what the user can change."""
    if isinstance(error, InputError):
        return error
    if any(words in str(error).lower() for words in OUT_OF_MEMORY):
        return InputError(
            f"{owner} ran out of memory ({showing.device}) on {showing.chunk} stimuli at a time",
            hint=f"Give the model a smaller 'chunk' than {showing.chunk}, extract with a smaller batch_size, "
            "or name fewer layers.",
        )
    return ShapeError(
        f"{owner} failed on images of shape {np.shape(part[0])}: {type(error).__name__}: {error}",
        hint="Pass each image through prepare() first.",
    )
