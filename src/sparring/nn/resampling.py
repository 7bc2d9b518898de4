"""How a network enlarges what it has, by name."""

from typing import Literal

from torch import nn

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
        return [nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=bias)]
    return [nn.Upsample(scale_factor=2), nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)]
