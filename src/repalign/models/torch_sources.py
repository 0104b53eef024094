"""Sources of torch networks: timm, torchvision, and files of weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from repalign.errors import InputError
from repalign.models.architectures import ARCHITECTURES
from repalign.models.torch_blueprint import Blueprint, Facts
from repalign.models.torch_env import require
from repalign.models.torch_settings import NETWORK, PREPARING, SHOWING, WEIGHTS, Text, settled

if TYPE_CHECKING:
    from repalign.models.torch_model import TorchModel

CHECKPOINT = {"architecture": Text("e.g. timm/resnet18, cifar-resnet20"), **WEIGHTS, **SHOWING, **PREPARING}
LIBRARIES = ("timm", "torchvision")
ENTRY = re.compile("[A-Z][A-Z0-9_]*")  # how torchvision spells IMAGENET1K_V1


class TimmSource:
    """timm's image models, ``timm/NAME`` or ``timm/NAME.TAG``; the tag names the published weights."""

    imports_code = False

    def names(self) -> tuple[str, ...]:
        """None here: there are 1,800; see :func:`repalign.models.catalog.catalog`."""
        return ()

    def load(self, name: str, parameters: Mapping[str, Any]) -> TorchModel:
        """Build a model.

        Args:
            name: As timm names it.
            parameters: Out of :data:`repalign.models.torch_settings.NETWORK`.

        Raises:
            UnknownNameError: timm has no such model or tag, or there is no such parameter.
            UnavailableError: torch or timm is not installed, or the weights cannot be had.
            FileError: The file of weights is missing or damaged.
            InputError: Weights do not fit, or a parameter has an impossible value.
        """
        return _library("timm", name, parameters)

    def skeleton(self, name: str, parameters: Mapping[str, Any]) -> TorchModel:
        """The model without weights: it has a card, layers and shapes, and responds to nothing.

        Args:
            name: As in :meth:`load`.
            parameters: As in :meth:`load`.

        Raises:
            InputError: As in :meth:`load`, except for weights.
        """
        return _library("timm", name, parameters, skeleton=True)


class TorchvisionSource:
    """torchvision's image classifiers, ``torchvision/NAME``; ``weights`` may name an entry."""

    imports_code = False

    def names(self) -> tuple[str, ...]:
        """None here, since listing them would import torchvision."""
        return ()

    def load(self, name: str, parameters: Mapping[str, Any]) -> TorchModel:
        """Build a model.

        Args:
            name: As torchvision names it.
            parameters: As for timm; ``weights`` is a file or an entry such as ``IMAGENET1K_V1``.

        Raises:
            UnknownNameError: No such classifier, weights or parameter.
            UnavailableError: torchvision is not installed, or the weights cannot be had.
            FileError: The file of weights is missing or damaged.
            InputError: Weights do not fit, or a parameter has an impossible value.
        """
        return _library("torchvision", name, parameters)

    def skeleton(self, name: str, parameters: Mapping[str, Any]) -> TorchModel:
        """The model without weights; see :meth:`TimmSource.skeleton`.

        Args:
            name: As in :meth:`load`.
            parameters: As in :meth:`load`.
        """
        return _library("torchvision", name, parameters, skeleton=True)


class CheckpointSource:
    """A file of weights and the architecture it belongs to: ``checkpoint/NAME``, the name being yours."""

    imports_code = False

    def names(self) -> tuple[str, ...]:
        """None: a file can be given any name."""
        return ()

    def load(self, name: str, parameters: Mapping[str, Any]) -> TorchModel:
        """Build a model.

        Args:
            name: Any; if it is one of our own architectures, ``architecture`` may be left out.
            parameters: ``weights`` (a path, required), ``architecture``, and the rest as for timm.

        Raises:
            UnknownNameError: No such architecture or parameter.
            FileError: The file is missing or damaged.
            InputError: No weights are named, they do not fit, or a parameter is impossible.
        """
        return from_checkpoint(f"checkpoint/{name}", name, parameters)

    def skeleton(self, name: str, parameters: Mapping[str, Any]) -> TorchModel:
        """The model without weights; see :meth:`TimmSource.skeleton`.

        Args:
            name: As in :meth:`load`.
            parameters: As in :meth:`load`; ``weights`` may be left out.
        """
        return from_checkpoint(f"checkpoint/{name}", name, parameters, skeleton=True)


def from_checkpoint(
    full: str, name: str, parameters: Mapping[str, Any], *, skeleton: bool = False
) -> TorchModel:
    """A model out of a file of weights.

    Args:
        full: The model's name.
        name: Stands for the architecture where that is not given.
        parameters: As :meth:`CheckpointSource.load` takes them.
        skeleton: Build shapes only.

    Raises:
        InputError: As in :meth:`CheckpointSource.load`.
    """
    settings = settled(full, CHECKPOINT, parameters)
    architecture = settings["architecture"] or (name if name in ARCHITECTURES else None)
    if architecture is None or (settings["weights"] is None and not skeleton):
        lacking = "'architecture'" if architecture is None else "'weights'"
        raise InputError(
            f"{full} needs {lacking}: a checkpoint is a file of weights and the architecture it belongs to",
            hint=f'For example {{"weights": "resnet20.th", "architecture": "{next(iter(ARCHITECTURES))}"}}.',
        )
    require()
    from repalign.models.torch_build import assembled

    plan = architecture_blueprint(architecture, settings["num_classes"])
    plan = replace(plan, fetch=None, published=None)
    return assembled(full, plan, CHECKPOINT, settings, skeleton=skeleton)


def architecture_blueprint(architecture: str, num_classes: int | None = None) -> Blueprint:
    """The blueprint of ``timm/NAME``, ``torchvision/NAME`` or an architecture of our own.

    Args:
        architecture: Its name.
        num_classes: Outputs of the classifier, 0 for none; None as usual.

    Raises:
        UnknownNameError: There is no such architecture.
    """
    library, _, name = architecture.partition("/")
    if library in LIBRARIES and name:
        return _blueprint(library, name, None, num_classes)
    own = ARCHITECTURES[architecture]
    facts = Facts(own.family, citation=own.citation)
    return Blueprint(architecture, lambda: own.build(num_classes), own.preprocessing, own.input_size, facts)


def _library(library: str, name: str, parameters: Mapping[str, Any], *, skeleton: bool = False) -> TorchModel:
    full = f"{library}/{name}"
    settings = settled(full, NETWORK, parameters)
    require()
    from repalign.models.torch_build import assembled

    entry = _entry(library, full, settings)
    used = {**settings, "weights": None} if entry else settings
    plan = _blueprint(library, name, entry, settings["num_classes"])
    if library == "timm" and plan.published and used["pretrained"] and used["weights"] is None:
        full, plan = f"{full}.{plan.published}", replace(plan, published=None)
    return assembled(full, plan, NETWORK, used, parameters=settings, skeleton=skeleton)


def _entry(library: str, full: str, settings: dict[str, Any]) -> str | None:
    """The weights entry of torchvision that ``weights`` names, if it is no file; None else."""
    weights = settings["weights"]
    if library != "torchvision" or weights is None or not ENTRY.fullmatch(weights):
        return None
    if not settings["pretrained"]:
        raise InputError(
            f"{full} is given weights={weights} and pretrained=False: it has either",
            hint="Leave one of them out.",
        )
    return weights


def _blueprint(library: str, name: str, entry: str | None, num_classes: int | None) -> Blueprint:
    if library == "timm":
        from repalign.models.torch_timm import timm_blueprint

        return timm_blueprint(name, num_classes)
    from repalign.models.torch_vision import vision_blueprint

    return vision_blueprint(name, entry, num_classes)
