"""The residual networks for 32 x 32 images of He, Zhang, Ren & Sun (2016), CVPR, section 4.2.

A convolution, three stages of n blocks at 16, 32 and 64 channels and 32, 16 and 8 pixels a side, the mean
over the image, a linear layer: 6n + 2 layers. Shortcuts have no weights (their option A): every second
pixel, and zeros for the new channels. Names are those of the weights at akamaster/pytorch_resnet_cifar10.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from repalign.errors import InputError

WIDTHS = (16, 32, 64)


class Shortcut(nn.Module):
    """Option A: subsample by 2, and fill the new channels with zeros, half before and half after."""

    def __init__(self, added: int) -> None:
        super().__init__()
        self.added = added

    def forward(self, maps: Tensor) -> Tensor:
        """From (n, channels, side, side) to (n, channels + added, side / 2, side / 2)."""
        half = self.added // 2
        return functional.pad(maps[:, :, ::2, ::2], (0, 0, 0, 0, half, half))


class Block(nn.Module):
    """Two 3 x 3 convolutions, and the shortcut around them."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.shortcut = Shortcut(width - channels) if stride > 1 else nn.Identity()
        self.relu2 = nn.ReLU()

    def forward(self, maps: Tensor) -> Tensor:
        """From (n, channels, side, side) to (n, width, side / stride, side / stride)."""
        inner = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(maps)))))
        return self.relu2(inner + self.shortcut(maps))


class CifarResNet(nn.Module):
    """A residual network of 6n + 2 layers."""

    def __init__(self, n: int, num_classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, WIDTHS[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        self.relu = nn.ReLU()
        self.layer1 = _stage(WIDTHS[0], WIDTHS[0], n, 1)
        self.layer2 = _stage(WIDTHS[0], WIDTHS[1], n, 2)
        self.layer3 = _stage(WIDTHS[1], WIDTHS[2], n, 2)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.linear = nn.Linear(WIDTHS[2], num_classes) if num_classes else nn.Identity()
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, images: Tensor) -> Tensor:
        """From (n, 3, 32, 32) to (n, num_classes)."""
        maps = self.relu(self.bn1(self.conv1(images)))
        maps = self.layer3(self.layer2(self.layer1(maps)))
        return self.linear(self.flatten(self.pool(maps)))


def _stage(channels: int, width: int, n: int, stride: int) -> nn.Sequential:
    return nn.Sequential(*(Block(width if i else channels, width, 1 if i else stride) for i in range(n)))


def cifar_resnet(*, depth: int, num_classes: int) -> CifarResNet:
    """Build one.

    Args:
        depth: 6n + 2, e.g. 20, 32, 44, 56, 110.
        num_classes: Outputs; 0 leaves the linear layer out.

    Raises:
        InputError: The depth is not of this form.
    """
    if depth < 8 or (depth - 2) % 6:
        raise InputError(f"a CIFAR ResNet has 6n + 2 layers; saw {depth}", hint="Say 20, 32, 44, 56 or 110.")
    return CifarResNet((depth - 2) // 6, num_classes)
