"""From a blueprint and settings to a model."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from repalign.errors import InputError, UnavailableError
from repalign.models.torch_blueprint import Blueprint
from repalign.models.torch_forward import Showing
from repalign.models.torch_model import TorchModel
from repalign.models.torch_preprocessing import adjusted
from repalign.models.torch_settings import PREPARING, SHOWING, Setting, suffix
from repalign.models.torch_state import load_state, misfits, read_state, state_digest
from repalign.seeds import rng

WEIGHTS_DIGITS = 8


def assembled(
    name: str,
    plan: Blueprint,
    declared: Mapping[str, Setting],
    settings: Mapping[str, Any],
    *,
    parameters: Mapping[str, Any] | None = None,
    skeleton: bool = False,
) -> TorchModel:
    """Build a model.

    Args:
        name: ``source/name``.
        plan: Of its network.
        declared: The settings that the source has.
        settings: All of their values.
        parameters: What the model says it was built with; None: the settings.
        skeleton: Build shapes only, for a card: no weights are read, drawn or asked for.

    Raises:
        InputError: Settings contradict one another, or weights do not fit.
        FileError: The file of weights is missing or damaged.
        UnavailableError: Published weights cannot be had, or the device is not here.
        ShapeError: The network does not take images of the size asked for.
    """
    if not settings.get("pretrained", True):
        settings = {**settings, "seed": settings["seed"] or 0}
    _check(name, plan, settings, skeleton=skeleton)
    path, trained = settings["weights"], settings.get("pretrained", True)
    facts, weights = plan.facts, None
    if skeleton:
        net = _shapes_only(plan)
        weights = None if path is None else Path(path).name
    elif path is not None:
        net = _with_file(name, plan, settings)
        weights = state_digest(net)[:WEIGHTS_DIGITS]
        facts = replace(facts, training_data="unknown", objective="unknown")
    elif trained and plan.fetch is not None:
        net = plan.fetch()
    else:
        net = drawn(plan, settings["seed"])
        facts = replace(facts, training_data="none", objective="none")
    published = plan.published if trained and path is None else None
    return TorchModel(
        net,
        adjusted(plan.preprocessing, {n: settings[n] for n in PREPARING}),
        name + suffix(declared, settings, weights or published),
        settings if parameters is None else parameters,
        facts,
        plan.architecture,
        plan.input_size,
        Showing(**{n: settings[n] for n in SHOWING}),
    )


def _check(name: str, plan: Blueprint, settings: Mapping[str, Any], *, skeleton: bool) -> None:
    trained, path, seed = settings.get("pretrained", True), settings["weights"], settings.get("seed")
    if path is not None and not trained:
        raise InputError(
            f"{name} is given weights and pretrained=False: it has either", hint="Leave one of them out."
        )
    if seed is not None and trained:
        raise InputError(
            f"{name} is given a seed, which decides the weights of an untrained network only",
            hint="Say pretrained=False too, or leave the seed out.",
        )
    if settings["num_classes"] is not None and trained and path is None:
        raise InputError(
            f"{name} is given num_classes, which only a file of weights or an untrained network can have",
            hint="Leave it out, give weights=PATH, or say pretrained=False.",
        )
    if trained and path is None and plan.fetch is None and not skeleton:
        raise UnavailableError(
            f"{name} has no published weights that could be fetched",
            hint="Give weights=PATH, or say pretrained=False for fresh weights.",
        )


def drawn(plan: Blueprint, seed: int) -> nn.Module:
    """The network with fresh weights; torch's global generator is as it was afterwards.

    Args:
        plan: Of the network.
        seed: Together with the architecture it decides the weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng(seed, "initial-weights", plan.architecture).integers(2**63)))
        return plan.build()


def _shapes_only(plan: Blueprint) -> nn.Module:
    try:
        with torch.device("meta"):
            return plan.build()
    except (NotImplementedError, RuntimeError):  # its builder computes with tensors
        return drawn(plan, 0).to("meta")


def _with_file(name: str, plan: Blueprint, settings: Mapping[str, Any]) -> nn.Module:
    net = drawn(plan, 0)
    state = read_state(Path(settings["weights"]), key=settings["key"], prefix=settings["prefix"])
    if plan.convert is not None and misfits(net, state):
        with suppress(Exception):  # meant for other files: what does not fit is said below
            state = plan.convert(state, net)
    load_state(net, state, f"{name} ({plan.architecture})")
    return net
