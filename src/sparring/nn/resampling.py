"""How a network enlarges what it has, by name."""

from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from sparring.nn.pictures import FEW, DoubledToPicture, to_picture

Upsampling = Literal["resize", "transposed"]
"""`resize`: every pixel becomes four, then a convolution looks at all of them alike (Odena et al., "Deconvolution and
Checkerboard Artifacts", Distill, 2016). `transposed`: as the papers have it, a transposed convolution, which may leave
a grid."""


def doubling(kind: Upsampling, inputs: int, outputs: int, bias: bool) -> list[nn.Module]:
    """Layers from [N, inputs, H, W] to [N, outputs, 2H, 2W].

    >>> import torch
    >>> nn.Sequential(*doubling("resize", 4, 2, bias=False))(torch.zeros(1, 4, 3, 5)).shape
    torch.Size([1, 2, 6, 10])
    """
    if kind == "transposed":
        layer = DoubledToPicture if outputs <= FEW else nn.ConvTranspose2d
        return [layer(inputs, outputs, 4, stride=2, padding=1, bias=bias)]
    return [ResizeConvolution(inputs, outputs, bias)]


class ResizeConvolution(nn.Conv2d):
    """Every pixel becomes four, then a convolution of 3x3.

    Repeating pixels is a transposed convolution with 2x2 ones, and one convolution after another is a single one with a
    larger kernel. So where there is more picture than weights, both are done as a transposed convolution with the 4x4
    kernel that is the 3x3 one smeared by 2x2 ones: the same numbers for 4 multiplications an output instead of 9.

    >>> import torch
    >>> layer, wide = ResizeConvolution(2, 3, bias=True), torch.rand(1, 2, 16, 16)
    >>> plain = nn.functional.conv2d(interpolate(wide, scale_factor=2), layer.weight, layer.bias, padding=1)
    >>> torch.allclose(layer(wide), plain, atol=1e-6)
    True
    """

    WIDE = 256
    """Pixels of a batch from which on the kernel is worth its making."""

    def __init__(self, inputs: int, outputs: int, bias: bool) -> None:
        super().__init__(inputs, outputs, 3, padding=1, bias=bias)

    def forward(self, stage: Tensor) -> Tensor:
        """[N, inputs, H, W] to [N, outputs, 2H, 2W]."""
        if stage.numel() < self.WIDE * stage.shape[1]:
            enlarged: Tensor = super().forward(interpolate(stage, scale_factor=2))
            return enlarged
        kernel = self.weight.flip(2, 3).transpose(0, 1)
        kernel = pad(kernel, (0, 0, 1, 0)) + pad(kernel, (0, 0, 0, 1))  # down
        kernel = pad(kernel, (1, 0)) + pad(kernel, (0, 1))  # and across
        return to_picture(stage, kernel, self.bias, stride=2, padding=1)
