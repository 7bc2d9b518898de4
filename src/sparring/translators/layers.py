"""What the networks of this folder share."""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from sparring.nn.conditional import ConditionalInstanceNorm
from sparring.nn.dropout import Dropout
from sparring.nn.instance import InstanceNorm
from sparring.nn.resampling import Upsampling, doubling


def norm_layers(norm: str, channels: int, told: int = 0) -> list[nn.Module]:
    """The layer behind a convolution: one, or none.

    Args:
        norm: `instance`, `batch` or `none`.
        channels: that it normalises.
        told: numbers that steer it, of instance norm.

    >>> norm_layers("none", 8)
    []
    """
    if norm == "batch":
        return [nn.BatchNorm2d(channels)]
    if norm == "none":
        return []
    return [ConditionalInstanceNorm(channels, told) if told else InstanceNorm()]


def convolution(inputs: int, outputs: int, norm: str, size: int = 3, told: int = 0) -> list[nn.Module]:
    """A convolution that keeps the size, borders mirrored, and its norm.

    >>> len(convolution(3, 8, "instance", size=7))
    2
    """
    layer = nn.Conv2d(inputs, outputs, size, padding=size // 2, padding_mode="reflect", bias=norm == "none")
    return [layer, *norm_layers(norm, outputs, told)]


def halving(channels: int, norm: str, told: int = 0) -> list[nn.Module]:
    """Layers from [N, channels, 2H, 2W] to [N, 2 * channels, H, W]."""
    halved = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1, bias=norm == "none")
    return [halved, *norm_layers(norm, 2 * channels, told), nn.ReLU()]


def enlarging(upsampling: Upsampling, channels: int, norm: str, told: int = 0) -> list[nn.Module]:
    """The way back: layers from [N, channels, H, W] to [N, channels / 2, 2H, 2W]."""
    doubled = doubling(upsampling, channels, channels // 2, norm == "none")
    return [*doubled, *norm_layers(norm, channels // 2, told), nn.ReLU()]


class ToPicture(nn.Conv2d):
    """A convolution of 7x7 to the few channels of a picture, borders mirrored, in half the time on a CPU.

    Processors compute 8 or 16 channels at once, so most of what they do for 3 is for nothing. So here the columns of
    the kernel are channels too, of a convolution of 7x1, and are then added up, each shifted to its place.

    >>> import torch
    >>> layer, stage = ToPicture(4, 3), torch.rand(2, 4, 9, 8)
    >>> whole = nn.functional.conv2d(pad(stage, (3, 3, 3, 3), mode="reflect"), layer.weight, layer.bias)
    >>> torch.allclose(layer(stage), whole, atol=1e-5)
    True
    """

    def __init__(self, channels: int, outputs: int) -> None:
        super().__init__(channels, outputs, 7, padding=3, padding_mode="reflect")

    def forward(self, stage: Tensor) -> Tensor:
        """[N, channels, H, W] to [N, outputs, H, W]."""
        kernel = self.weight.permute(3, 0, 1, 2).flatten(0, 1).unsqueeze(3)  # [7 * outputs, channels, 7, 1]
        columns = torch.split(conv2d(pad(stage, (3, 3, 3, 3), mode="reflect"), kernel), self.out_channels, 1)
        width = stage.shape[3]
        first, *others = [column[..., at : at + width] for at, column in enumerate(columns)]
        made = sum(others, first)
        return made if self.bias is None else made + self.bias[:, None, None]


class Block(nn.Module):
    """A residual block: two convolutions, and around them the stage itself."""

    def __init__(self, channels: int, norm: str, dropout: float, told: int = 0) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *convolution(channels, channels, norm, told=told),
            nn.ReLU(),
            *([Dropout(dropout)] if dropout else []),
            *convolution(channels, channels, norm, told=told),
        )

    def forward(self, stage: Tensor, told: Tensor | None = None) -> Tensor:
        """[N, channels, H, W], and [N, told], to the same shape as the first."""
        return stage + through(self.layers, stage, told)


def through(layers: nn.Sequential, stage: Tensor, told: Tensor | None) -> Tensor:
    """One layer behind the other; those that can be told something are told it, [N, told]."""
    for layer in layers:
        stage = layer(stage, told) if isinstance(layer, ConditionalInstanceNorm | Block) else layer(stage)
    return stage


def parted(pictures: Tensor, told: int) -> tuple[Tensor, Tensor | None]:
    """[N, C + told, H, W]: the pictures, and [N, told], what lies behind them and is the same all over; None if 0."""
    if not told:
        return pictures, None
    return pictures[:, :-told], pictures[:, -told:, 0, 0]
