"""Two small networks for images of 8 x 8 pixels, for demonstrations and tests that train on the spot."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn


def toy_cnn(*, num_classes: int) -> nn.Sequential:
    """Two convolutions with pooling, one linear layer.

    Args:
        num_classes: Outputs; 0 leaves the linear layer out.
    """
    parts = OrderedDict[str, nn.Module](
        conv1=nn.Conv2d(3, 16, 3, padding=1),
        relu1=nn.ReLU(),
        pool1=nn.MaxPool2d(2),
        conv2=nn.Conv2d(16, 32, 3, padding=1),
        relu2=nn.ReLU(),
        pool2=nn.MaxPool2d(2),
        flatten=nn.Flatten(),
    )
    if num_classes:
        parts["fc"] = nn.Linear(128, num_classes)
    return nn.Sequential(parts)


def toy_mlp(*, num_classes: int) -> nn.Sequential:
    """Two hidden layers of 64 units.

    Args:
        num_classes: Outputs; 0 leaves the last layer out.
    """
    parts = OrderedDict[str, nn.Module](
        flatten=nn.Flatten(),
        fc1=nn.Linear(192, 64),
        relu1=nn.ReLU(),
        fc2=nn.Linear(64, 64),
        relu2=nn.ReLU(),
    )
    if num_classes:
        parts["fc3"] = nn.Linear(64, num_classes)
    return nn.Sequential(parts)
