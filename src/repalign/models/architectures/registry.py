"""Architectures by name. Nothing here imports torch until one is built."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from repalign.data import Registry
from repalign.models.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import nn

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HE = "He, Zhang, Ren & Sun (2016), CVPR, section 4.2"


@dataclass(frozen=True)
class Architecture:
    """How to build a network of our own.

    Args:
        builder: ``module:function`` in this package; the function takes ``options`` and ``num_classes``.
        options: What it is built with.
        num_classes: Outputs of the classifier, if nothing else is said.
        preprocessing: What its published weights need.
        input_size: (height, width) in pixels.
        family: For the card.
        citation: For the card.
    """

    builder: str
    options: dict[str, Any]
    num_classes: int
    preprocessing: Preprocessing
    input_size: tuple[int, int]
    family: str
    citation: str

    def build(self, num_classes: int | None = None) -> nn.Module:
        """The network with fresh weights, drawn from torch's generator.

        Args:
            num_classes: Outputs of the classifier, 0 for none; None for its default.
        """
        module, _, function = self.builder.partition(":")
        made = getattr(import_module(f"repalign.models.architectures.{module}"), function)
        return made(**self.options, num_classes=self.num_classes if num_classes is None else num_classes)


ARCHITECTURES: Registry[Architecture] = Registry("architecture")

for _depth in (20, 32, 44, 56, 110):
    ARCHITECTURES.add(
        f"cifar-resnet{_depth}",
        Architecture(
            "cifar_resnet:cifar_resnet",
            {"depth": _depth},
            10,
            Preprocessing(size=(32, 32), mean=IMAGENET_MEAN, std=IMAGENET_STD),
            (32, 32),
            "cifar-resnet",
            HE,
        ),
    )
ARCHITECTURES.add(
    "cifar-tutorial",
    Architecture(
        "cifar_tutorial:cifar_tutorial",
        {},
        10,
        Preprocessing(size=(32, 32), mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
        (32, 32),
        "lenet",
        "PyTorch tutorial 'Training a Classifier', after LeCun et al. (1998), Proc. IEEE 86(11)",
    ),
)
for _toy in ("cnn", "mlp"):
    ARCHITECTURES.add(
        f"toy-{_toy}",
        Architecture(
            f"toy:toy_{_toy}",
            {},
            10,
            Preprocessing(size=(8, 8)),
            (8, 8),
            "toy",
            "none: for demonstrations and tests",
        ),
    )
