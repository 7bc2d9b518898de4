"""What the networks of this folder share."""

from torch import Tensor, nn

from sparring.nn.conditional import ConditionalInstanceNorm
from sparring.nn.dropout import Dropout
from sparring.nn.instance import InstanceNorm
from sparring.nn.pictures import FEW, FromPicture, ToPicture
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
    kind = FromPicture if inputs <= FEW else nn.Conv2d
    layer = kind(inputs, outputs, size, padding=size // 2, padding_mode="reflect", bias=norm == "none")
    return [layer, *norm_layers(norm, outputs, told)]


def halving(channels: int, norm: str, told: int = 0) -> list[nn.Module]:
    """Layers from [N, channels, 2H, 2W] to [N, 2 * channels, H, W]."""
    halved = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1, bias=norm == "none")
    return [halved, *norm_layers(norm, 2 * channels, told), nn.ReLU(inplace=True)]


def enlarging(upsampling: Upsampling, channels: int, norm: str, told: int = 0) -> list[nn.Module]:
    """The way back: layers from [N, channels, H, W] to [N, channels / 2, 2H, 2W]."""
    doubled = doubling(upsampling, channels, channels // 2, norm == "none")
    return [*doubled, *norm_layers(norm, channels // 2, told), nn.ReLU(inplace=True)]


def to_picture(channels: int, outputs: int) -> list[nn.Module]:
    """Layers from [N, channels, H, W] to a picture in (-1, 1), [N, outputs, H, W]."""
    return [ToPicture(channels, outputs, 7, padding=3, padding_mode="reflect"), nn.Tanh()]


class Block(nn.Module):
    """A residual block: two convolutions, and around them the stage itself."""

    def __init__(self, channels: int, norm: str, dropout: float, told: int = 0) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *convolution(channels, channels, norm, told=told),
            nn.ReLU(inplace=True),
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
