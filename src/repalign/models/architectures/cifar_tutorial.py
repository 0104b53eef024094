"""The small convolutional network of PyTorch's tutorial on CIFAR-10, as captum's tutorials use it.

The tutorial's network shares one pooling and no ReLU module; captum's numbers both, so each has a name here.
"""

from __future__ import annotations

from torch import Tensor, nn


class CifarTutorial(nn.Module):
    """Two convolutions with pooling, three linear layers."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.relu2 = nn.ReLU()
        self.pool2 = nn.MaxPool2d(2, 2)
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.relu3 = nn.ReLU()
        self.fc2 = nn.Linear(120, 84)
        self.relu4 = nn.ReLU()
        self.fc3 = nn.Linear(84, num_classes) if num_classes else nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        """From (n, 3, 32, 32) to (n, num_classes)."""
        maps = self.pool1(self.relu1(self.conv1(images)))
        maps = self.pool2(self.relu2(self.conv2(maps)))
        hidden = self.relu3(self.fc1(self.flatten(maps)))
        return self.fc3(self.relu4(self.fc2(hidden)))


def cifar_tutorial(*, num_classes: int) -> CifarTutorial:
    """Build it.

    Args:
        num_classes: Outputs; 0 leaves the last linear layer out.
    """
    return CifarTutorial(num_classes)
