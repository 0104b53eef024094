"""The networks that are trained: of a source with adapters or as a whole, and CLIP read out on prompts."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from repalign.data import digest_spec
from repalign.datasets.places import find
from repalign.errors import UnavailableError, UnknownNameError, UnsuitableError
from repalign.models import model
from repalign.models.adapters import DoraSettings, attach
from repalign.models.clip_hba import PREPROCESSING, VIT_L_14, ClipShape, clip_hba, plain_clip
from repalign.models.clip_hba.model import ClipHba
from repalign.models.cut import Cut, CutClipHba, PrefixCut
from repalign.models.preprocessing import Preprocessing
from repalign.models.torch_build import drawn
from repalign.models.torch_env import require
from repalign.models.torch_layers import traced
from repalign.models.torch_sources import architecture_blueprint
from repalign.models.torch_state import state_digest
from repalign.training.behind import AfterCut, Still
from repalign.training.problem import Wrapped
from repalign.training.problem_options import NetworkOptions

PROMPTS = "derived/spose66_prompts.txt"
UNTRAINED = "architecture"  # the source of networks of our own without weights


@dataclass(frozen=True)
class Network:
    """How to make a network.

    Args:
        whole: From a seed to the network with what is trained.
        preprocessing: Of images.
        digest: Of its starting weights, but for what a seed decides.
        classifier: The module whose input is ``"penultimate"``, where there is one.
        cut: From the network and prepared images to its cut; None where it is trained whole.
        readout: Whether outputs become shares.
        frozen: Whether all but adapters is, and so stays in evaluation mode with a cut or without.
    """

    whole: Callable[[int], nn.Module]
    preprocessing: Preprocessing
    digest: str
    classifier: str | None
    cut: Callable[[nn.Module, Tensor], Cut] | None
    readout: str
    frozen: bool

    def build(self, seed: int, example: Tensor) -> nn.Module:
        """What the trainer trains.

        Args:
            seed: Of the weights.
            example: At least 2 prepared images.
        """
        net = self.whole(seed)
        if self.cut is not None:
            net = AfterCut(net, self.cut(net, example), example)
        elif self.frozen:
            net = Still(net)
        return Shares(net) if self.readout == "softmax" else net


class Shares(Wrapped):
    """A network whose outputs are shares that add up to 1."""

    def forward(self, given: Tensor) -> Tensor:
        """Outputs, (n, classes)."""
        return self.net(given).softmax(dim=-1)


def network(options: NetworkOptions, where: Mapping[str, str]) -> Network:
    """The network of a study.

    Args:
        options: What is trained.
        where: On this machine: ``weights``, and for a CLIP ``prompts``, a text file with a prompt per line
            in the order of the target's dimensions.

    Raises:
        UnavailableError: Weights or prompts are not here.
        UnknownNameError: No such model or module.
        UnsuitableError: A model that is no torch network.
    """
    require("models")
    return _clip(options, where) if options.is_clip else _of_source(options, where)


def _of_source(options: NetworkOptions, where: Mapping[str, str]) -> Network:
    parameters = {**options.parameters, **{k: v for k, v in where.items() if k == "weights"}}
    source, _, name = options.model.partition("/")
    if source == UNTRAINED:
        return _untrained(options, name)

    def loaded(**more: Any) -> Any:
        triple = {"source": source, "model_name": name, "model_parameters": {**parameters, **more}}
        found = model(triple)
        if not isinstance(getattr(found, "net", None), nn.Module):
            raise UnsuitableError(
                f"{options.model} is no torch network", hint="Name one of timm/, torchvision/ or checkpoint/."
            )
        return found

    untrained = parameters.get("pretrained") is False
    base = loaded()

    def whole(seed: int) -> nn.Module:
        return _ready(loaded(seed=seed).net if untrained else copy.deepcopy(base.net), options, seed)

    weights = "of the seed" if untrained else state_digest(base.net)
    digest = digest_spec({"weights": weights, "architecture": base.architecture})
    preparing, classifier = base.preprocessing, base.trace.classifier
    # With weights of the seed what comes before the adapters differs between runs: it is not kept.
    cut = None if untrained else _cut(options)
    return Network(whole, preparing, digest, classifier, cut, options.readout, options.train == "adapters")


def _untrained(options: NetworkOptions, name: str) -> Network:
    """An architecture of our own: its weights are the same for every seed, what is trained is not."""
    plan = architecture_blueprint(name)
    base = drawn(plan, 0)

    def whole(seed: int) -> nn.Module:
        net = drawn(plan, seed) if options.train == "all" else copy.deepcopy(base)
        return _ready(net, options, seed)

    digest = digest_spec({"weights": state_digest(base), "architecture": plan.architecture})
    height, width = plan.input_size
    classifier = traced(base, (3, height, width), name).classifier
    frozen = options.train == "adapters"
    return Network(whole, plan.preprocessing, digest, classifier, _cut(options), options.readout, frozen)


def _ready(net: nn.Module, options: NetworkOptions, seed: int) -> nn.Module:
    if options.train == "all":
        return net.requires_grad_(True)
    attach(net, options.adapters, DoraSettings(**options.dora), seed=seed)
    return net


def _cut(options: NetworkOptions) -> Any:
    return PrefixCut if options.cut and options.train == "adapters" else None


def _clip(options: NetworkOptions, where: Mapping[str, str]) -> Network:
    prompts = _prompts(where)
    base, tokenize = _backbone(options, where)
    side = _side(base)

    def whole(seed: int) -> nn.Module:
        how = {"settings": DoraSettings(**options.dora), "vision": options.vision, "text": options.text}
        return clip_hba(copy.deepcopy(base), prompts, seed=seed, tokenize=tokenize, **how)

    digest = digest_spec({"weights": state_digest(base), "prompts": prompts})
    preparing = replace(PREPROCESSING, size=(side, side))
    return Network(whole, preparing, digest, None, _HbaCut if options.cut else None, options.readout, True)


def _side(net: nn.Module) -> int:
    """Pixels along a side of the images that a CLIP takes."""
    visual: Any = getattr(net, "visual", None)
    if visual is None:
        config: Any = net.config
        return int(config.vision_config.image_size)
    return int(visual.conv1.kernel_size[0] * math.isqrt(len(visual.positional_embedding) - 1))


def _prompts(where: Mapping[str, str]) -> list[str]:
    file = Path(where["prompts"]) if "prompts" in where else find(PROMPTS)
    if file is None or not file.is_file():
        raise UnavailableError(
            f"the prompts are not here ({file or PROMPTS})",
            hint="Write one per line in the order of the target's dimensions, and name the file as prompts "
            "under [where.network].",
        )
    return [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def _backbone(options: NetworkOptions, where: Mapping[str, str]) -> tuple[nn.Module, Any]:
    library, _, name = options.model.partition("/")
    weights = where.get("weights")
    if library == "plain":
        shape = VIT_L_14 if name == "ViT-L-14" else _shape(options)
        return plain_clip(shape), _made_up_tokens(shape.context)
    if library == "open_clip":
        require("clip")
        made = import_module("open_clip").create_model
        return made(name, pretrained=weights or options.parameters.get("pretrained")), None
    require("text")
    return import_module("transformers").CLIPModel.from_pretrained(weights or name), None


def _shape(options: NetworkOptions) -> ClipShape:
    known = [each.name for each in fields(ClipShape)]
    strange = [name for name in options.parameters if name not in known]
    if strange:
        raise UnknownNameError.among(f"parameter of network {options.model}", strange[0], known)
    return ClipShape(**options.parameters)


def _made_up_tokens(context: int) -> Callable[[Any], Tensor]:
    """Tokens for random weights: what prompts say plays no part there."""

    def tokenize(texts: Any) -> Tensor:
        tokens = torch.zeros((len(texts), context), dtype=torch.int64)
        for row, text in enumerate(texts):
            letters = [1 + ord(letter) % 40 for letter in text][: context - 2]
            tokens[row, 1 : 1 + len(letters)] = torch.tensor(letters)
            tokens[row, 1 + len(letters)] = 48  # the largest token ends a text
        return tokens

    return tokenize


class _HbaCut:
    """CLIP-HBA's cut as any other: images in, outputs on prompts out."""

    def __init__(self, net: nn.Module, example: Tensor) -> None:
        if not isinstance(net, ClipHba):
            raise UnsuitableError("only CLIP-HBA is cut so", hint="Use PrefixCut.")
        self._whole = CutClipHba(net)

    @property
    def name(self) -> str:
        """Of the tower of images and the place."""
        return self._whole.vision.name

    @property
    def parts(self) -> Mapping[str, str]:
        """What is kept per image."""
        return self._whole.vision.parts

    @property
    def digest(self) -> str:
        """Of the tower of images."""
        return self._whole.vision.digest

    def keep(self, inputs: Tensor) -> dict[str, Tensor]:
        """The first half of the tower of images."""
        return self._whole.vision.keep(inputs)

    def finish(self, kept: Mapping[str, Tensor]) -> Tensor:
        """Outputs on the prompts."""
        return self._whole(kept)
