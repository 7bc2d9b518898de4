"""What the networks of this folder share."""

from torch import Tensor, nn

from sparring.nn.dropout import Dropout
from sparring.nn.instance import InstanceNorm
from sparring.nn.resampling import Upsampling, doubling


def norm_layers(norm: str, channels: int) -> list[nn.Module]:
    """The layer behind a convolution: one, or none.

    >>> norm_layers("none", 8)
    []
    """
    if norm == "batch":
        return [nn.BatchNorm2d(channels)]
    return [InstanceNorm()] if norm == "instance" else []


def convolution(inputs: int, outputs: int, norm: str, size: int = 3) -> list[nn.Module]:
    """A convolution that keeps the size, borders mirrored, and its norm.

    >>> len(convolution(3, 8, "instance", size=7))
    2
    """
    layer = nn.Conv2d(inputs, outputs, size, padding=size // 2, padding_mode="reflect", bias=norm == "none")
    return [layer, *norm_layers(norm, outputs)]


def halving(channels: int, norm: str) -> list[nn.Module]:
    """Layers from [N, channels, 2H, 2W] to [N, 2 * channels, H, W]."""
    halved = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1, bias=norm == "none")
    return [halved, *norm_layers(norm, 2 * channels), nn.ReLU()]


def enlarging(upsampling: Upsampling, channels: int, norm: str) -> list[nn.Module]:
    """The way back: layers from [N, channels, H, W] to [N, channels / 2, 2H, 2W]."""
    doubled = doubling(upsampling, channels, channels // 2, norm == "none")
    return [*doubled, *norm_layers(norm, channels // 2), nn.ReLU()]


class Block(nn.Module):
    """A residual block: two convolutions, and around them the stage itself."""

    def __init__(self, channels: int, norm: str, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *convolution(channels, channels, norm),
            nn.ReLU(),
            *([Dropout(dropout)] if dropout else []),
            *convolution(channels, channels, norm),
        )

    def forward(self, stage: Tensor) -> Tensor:
        """[N, channels, H, W] to the same shape."""
        changed: Tensor = self.layers(stage)
        return stage + changed
