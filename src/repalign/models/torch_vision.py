"""Blueprints of torchvision's image classifiers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import nn
from torchvision.models import get_model, get_model_weights, list_models

from repalign.errors import UnavailableError, UnknownNameError
from repalign.models.catalog import family_of
from repalign.models.torch_blueprint import Blueprint, Facts
from repalign.models.torch_hub import fetched, missing_weights
from repalign.models.torch_preprocessing import from_torchvision

DEFAULT = "DEFAULT"
AUXILIARY = {"googlenet": ("aux1", "aux2"), "inception_v3": ("AuxLogits",)}


def vision_names() -> list[str]:
    """The names of torchvision's image classifiers."""
    return list_models(module=torchvision.models)


def vision_blueprint(name: str, entry: str | None = None, num_classes: int | None = None) -> Blueprint:
    """The blueprint of a classifier.

    Args:
        name: As torchvision names it, e.g. ``resnet50``.
        entry: Which published weights, e.g. ``IMAGENET1K_V1``; None for torchvision's default.
        num_classes: Outputs of the classifier, 0 for none; None as published.

    Raises:
        UnknownNameError: torchvision has no such classifier or weights; the nearest are given.
    """
    if name not in vision_names():
        known = [f"torchvision/{n}" for n in vision_names()]
        raise UnknownNameError.among("model", f"torchvision/{name}", known)
    entries: Any = get_model_weights(name)
    if entry not in (None, DEFAULT, *entries.__members__):
        raise UnknownNameError.among(f"weights of torchvision/{name}", str(entry), entries.__members__)
    chosen = entries[entry] if entry and entry != DEFAULT else entries.DEFAULT
    preprocessing = from_torchvision(chosen.transforms())
    return Blueprint(
        architecture=f"torchvision/{name}",
        build=lambda: _built(name, num_classes, chosen),
        preprocessing=preprocessing,
        input_size=preprocessing.size or (224, 224),
        facts=_facts(name, chosen),
        fetch=lambda: _fetched(name, chosen),
        published=chosen.name,
    )


def _facts(name: str, chosen: Any) -> Facts:
    return Facts(
        family=family_of(name),
        training_data=", ".join(chosen.meta.get("_metrics", {"unknown": None})),
        objective="classification",
        licence=chosen.meta.get("license", "bsd-3-clause"),
        citation=chosen.meta.get("recipe", "torchvision"),
    )


def _built(name: str, num_classes: int | None, chosen: Any) -> nn.Module:
    more: dict[str, Any] = {} if not num_classes else {"num_classes": num_classes}
    if name.startswith("vit_"):  # their positions are weights, so the size is part of the architecture
        more["image_size"] = chosen.meta["min_size"][0]
    if name in AUXILIARY:  # as torchvision builds them for its weights; else they warn
        drawn = torch.get_default_device().type != "meta"
        more |= {"transform_input": True, "init_weights": drawn}
    net = _without_auxiliary(name, get_model(name, weights=None, **more))
    return _headless(net) if num_classes == 0 else net


def _fetched(name: str, chosen: Any) -> nn.Module:
    cached = Path(torch.hub.get_dir()) / "checkpoints" / Path(chosen.url).name
    shown = sys.stderr.isatty()

    def load() -> nn.Module:
        return get_model(name, weights=chosen, progress=shown)

    if not cached.is_file():
        return _without_auxiliary(name, fetched(f"torchvision/{name}", chosen.url, load))
    try:
        return _without_auxiliary(name, load())
    except (OSError, RuntimeError, EOFError) as error:
        raise _stale(name, chosen, cached, error) from error


def _stale(name: str, chosen: Any, cached: Path, error: Exception) -> UnavailableError:
    problem = missing_weights(f"torchvision/{name}", chosen.url, error)
    return UnavailableError(problem.message, hint=f"Remove {cached} if its download stopped half-way.")


def _without_auxiliary(name: str, net: nn.Module) -> nn.Module:
    """Without the classifiers that exist for training only, so that every way of loading gives one digest."""
    for attribute in AUXILIARY.get(name, ()):
        setattr(net, attribute, None)
    if name in AUXILIARY:
        setattr(net, "aux_logits", False)  # noqa: B010 - nn.Module's types allow tensors and modules only
    return net


def _headless(net: nn.Module) -> nn.Module:
    """Put an identity in place of the last linear layer."""
    linear = [path for path, module in net.named_modules() if isinstance(module, nn.Linear)]
    if linear:
        parent, _, attribute = linear[-1].rpartition(".")
        setattr(net.get_submodule(parent), attribute, nn.Identity())
    return net
