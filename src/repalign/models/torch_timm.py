"""Blueprints of timm's networks, and what their names say."""

from __future__ import annotations

import sys
from typing import Any

import timm
from timm.data.config import resolve_data_config
from timm.models import get_pretrained_cfg, list_models, list_pretrained
from torch import nn

from repalign.errors import UnknownNameError
from repalign.models.catalog import family_of, objective_of, training_sets_of
from repalign.models.torch_blueprint import Blueprint, Facts, State
from repalign.models.torch_hub import HUGGING_FACE, fetched
from repalign.models.torch_preprocessing import from_timm

CITATION = "Wightman (2019), PyTorch Image Models"
FILES = ("model.safetensors", "pytorch_model.bin")


def timm_blueprint(name: str, num_classes: int | None = None) -> Blueprint:
    """The blueprint of ``ARCHITECTURE`` or ``ARCHITECTURE.TAG``.

    Args:
        name: As timm names it; without a tag, timm's default one.
        num_classes: Outputs of the classifier, 0 for none; None as published.

    Raises:
        UnknownNameError: timm has no such architecture or tag; the nearest are given.
    """
    architecture, _, tag = name.partition(".")
    if architecture not in list_models():
        raise UnknownNameError.among("model", f"timm/{name}", [f"timm/{n}" for n in list_models()])
    tags = [n.partition(".")[2] for n in list_pretrained(f"{architecture}.*")]
    if tag and tag not in tags:
        raise UnknownNameError.among(f"tag of timm/{architecture}", tag, tags)
    config: Any = get_pretrained_cfg(name)
    data = resolve_data_config({}, pretrained_cfg=config.to_dict() if config else {})
    more: dict[str, Any] = {} if num_classes is None else {"num_classes": num_classes}

    def build() -> nn.Module:
        return timm.create_model(name, pretrained=False, **more)

    return Blueprint(
        architecture=f"timm/{architecture}",
        build=build,
        preprocessing=from_timm(data),
        input_size=(data["input_size"][1], data["input_size"][2]),
        facts=_facts(architecture, config),
        fetch=(lambda: _fetched(name, config)) if tags else None,
        published=None if tag or not tags else config.tag,
        convert=_converted,
    )


def _facts(architecture: str, config: Any) -> Facts:
    tag, classes = (config.tag or "", config.num_classes) if config else ("", None)
    sources = [config.origin_url, config.hf_hub_id and f"{HUGGING_FACE}/{config.hf_hub_id}"] if config else []
    return Facts(
        family=family_of(architecture),
        training_data=", ".join(training_sets_of(architecture, tag)) or "unknown",
        objective=objective_of(architecture, tag, classes),
        licence=(config and config.license) or "unknown",
        citation="; ".join([CITATION, *(s for s in sources if s)]),
    )


def _fetched(name: str, config: Any) -> nn.Module:
    cached = _cached(config)
    if cached is not None:  # asking the hub for what is here would fail where it cannot be reached
        return timm.create_model(name, pretrained=True, pretrained_cfg_overlay={"file": cached})
    address = f"{HUGGING_FACE}/{config.hf_hub_id}" if config.hf_hub_id else config.url
    return fetched(f"timm/{name}", address, lambda: timm.create_model(name, pretrained=True))


def _cached(config: Any) -> str | None:
    """A file that the hub's client has downloaded before, if the weights need no special loader."""
    from huggingface_hub import try_to_load_from_cache

    if not config.hf_hub_id or config.custom_load:
        return None
    repository, _, revision = config.hf_hub_id.partition("@")
    names = (config.hf_hub_filename,) if config.hf_hub_filename else FILES
    found = (try_to_load_from_cache(repository, n, revision=revision or None) for n in names)
    return next((path for path in found if isinstance(path, str)), None)


def _converted(state: State, net: nn.Module) -> State:
    """A publisher's original weights under timm's names, where the architecture's module knows how."""
    convert = getattr(sys.modules[type(net).__module__], "checkpoint_filter_fn", None)
    return state if convert is None else convert(state, net)
