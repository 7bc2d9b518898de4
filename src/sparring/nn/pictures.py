"""Convolutions from pictures and to them, for which most of a processor would idle.

A CPU computes 8 or 16 channels at once, and a picture has three. So what makes a picture, or takes a slope back to one,
is a convolution here whose channels are the pixels of a block of 2x2: its kernel is the given one, laid around each of
the four, which are then put side by side (Shi et al., "Is the deconvolution layer the same as a convolutional layer?",
arXiv:1609.07009, figure 3). The numbers are the same up to rounding, and take half the time. Elsewhere than on a CPU,
for little work, and for sizes that such blocks do not fit, all this is torch's own.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, pad

FEW = 4
"""Channels of a picture, at most."""
WORTH = 3 * 2**21
"""Products for each channel of the pictures, from which on the kernel is worth its laying out."""
HALVING = 2, 4, 1
"""Stride, kernel and padding of the convolution that halves a picture."""


class FromPicture(nn.Conv2d):
    """A convolution of a picture, as `torch.nn.Conv2d` has it.

    >>> layer, picture = FromPicture(3, 32, 4, stride=2, padding=1), torch.rand(64, 3, 32, 32)
    >>> torch.allclose(layer(picture), nn.Conv2d.forward(layer, picture), atol=1e-5)
    True
    """

    def forward(self, picture: Tensor) -> Tensor:
        """[N, C, H, W] to a stage."""
        picture, padding = _bordered(self, picture)
        return from_picture(picture, self.weight, self.bias, self.stride[0], padding)


class ToPicture(nn.Conv2d):
    """A convolution of stride 1 that makes a picture, as `torch.nn.Conv2d` has it.

    >>> layer, stage = ToPicture(64, 3, 3, padding=1), torch.rand(16, 64, 32, 32)
    >>> torch.allclose(layer(stage), nn.Conv2d.forward(layer, stage), atol=1e-5)
    True
    """

    def forward(self, stage: Tensor) -> Tensor:
        """A stage to [N, C, H, W]."""
        stage, padding = _bordered(self, stage)
        kernel, beyond = self.weight.flip(2, 3).transpose(0, 1), self.kernel_size[0] - 1 - padding
        if _in_blocks(kernel, len(stage), _made(stage, kernel, 1, beyond), 1, beyond):
            return to_picture(stage, kernel, self.bias, 1, beyond)
        return conv2d(stage, self.weight, self.bias, padding=padding)


class DoubledToPicture(nn.ConvTranspose2d):
    """A transposed convolution that makes a picture, as `torch.nn.ConvTranspose2d` has it.

    >>> layer, stage = DoubledToPicture(32, 3, 4, stride=2, padding=1), torch.rand(64, 32, 16, 16)
    >>> torch.allclose(layer(stage), nn.ConvTranspose2d.forward(layer, stage), atol=1e-5)
    True
    """

    def forward(self, stage: Tensor, output_size: list[int] | None = None) -> Tensor:
        """A stage to [N, C, 2H, 2W]."""
        return to_picture(stage, self.weight, self.bias, self.stride[0], int(self.padding[0]))


def from_picture(picture: Tensor, kernel: Tensor, bias: Tensor | None, stride: int, padding: int) -> Tensor:
    """`torch.nn.functional.conv2d`, quick to take a slope back to a picture."""
    if not _in_blocks(kernel, len(picture), picture.shape[2:], stride, padding):
        return conv2d(picture, kernel, bias, stride, padding)
    made: Tensor = _From.apply(*_as_computed(picture, kernel, bias), stride, padding)  # type: ignore[no-untyped-call]
    return made


def to_picture(stage: Tensor, kernel: Tensor, bias: Tensor | None, stride: int, padding: int) -> Tensor:
    """`torch.nn.functional.conv_transpose2d`, quick if that makes a picture."""
    if not _in_blocks(kernel, len(stage), _made(stage, kernel, stride, padding), stride, padding):
        return conv_transpose2d(stage, kernel, bias, stride, padding)
    made: Tensor = _To.apply(*_as_computed(stage, kernel, bias), stride, padding)  # type: ignore[no-untyped-call]
    return made


class _From(torch.autograd.Function):
    """A convolution; the way back is `_To`."""

    @staticmethod
    def forward(ctx: Any, picture: Tensor, kernel: Tensor, bias: Tensor | None, *how: int) -> Tensor:
        ctx.save_for_backward(picture, kernel)
        ctx.how = how
        return conv2d(picture, kernel, bias, *how)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        (picture, kernel), needed = ctx.saved_tensors, ctx.needs_input_grad
        back = _To.apply(slope, kernel, None, *ctx.how) if needed[0] else None  # type: ignore[no-untyped-call]
        weight = _slope_of(kernel, picture, slope, *ctx.how) if needed[1] else None
        return back, weight, slope.sum((0, 2, 3)) if needed[2] else None, None, None


class _To(torch.autograd.Function):
    """Its transpose, in blocks; the way back is `_From`."""

    @staticmethod
    def forward(ctx: Any, stage: Tensor, kernel: Tensor, bias: Tensor | None, *how: int) -> Tensor:
        ctx.save_for_backward(stage, kernel)
        ctx.how = stride, padding = how
        beyond = 1 if stride == 2 else kernel.shape[2] - 1 - padding
        shifts = None if bias is None else bias.repeat(4)
        return _side_by_side(conv2d(stage, _around_blocks(kernel, stride), shifts, 3 - stride, beyond))

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        (stage, kernel), needed = ctx.saved_tensors, ctx.needs_input_grad
        back = _From.apply(slope, kernel, None, *ctx.how) if needed[0] else None  # type: ignore[no-untyped-call]
        weight = _slope_of(kernel, slope, stage, *ctx.how) if needed[1] else None
        return back, weight, slope.sum((0, 2, 3)) if needed[2] else None, None, None


def _slope_of(kernel: Tensor, picture: Tensor, slope: Tensor, stride: int, padding: int) -> Tensor:
    """How what was made of a picture changes with the kernel; laid out as the kernel is."""
    if padding > 1:  # of which this operation, and no other, is slow
        picture, padding = pad(picture, [padding] * 4), 0
    how = [stride, stride], [padding, padding], [1, 1], False, [0, 0], 1
    found: Tensor = torch.ops.aten.convolution_backward(slope, picture, kernel, None, *how, [False, True, False])[1]
    return found


def _around_blocks(kernel: Tensor, stride: int) -> Tensor:
    """[I, C, K, K], of a transposed convolution, to [4 C, I, K', K'] of the one that makes blocks."""
    turned, second = kernel.flip(2, 3), stride - 1  # with a stride of 2, every other tap is for the other pixel
    around = [
        pad(turned[..., down * second :: stride, across * second :: stride], (across, 1 - across, down, 1 - down))
        for down in (0, 1)
        for across in (0, 1)
    ]
    return torch.cat(around, 1).transpose(0, 1).contiguous(memory_format=torch.channels_last)


def _side_by_side(blocks: Tensor) -> Tensor:
    """[N, 4 C, H, W] to [N, C, 2H, 2W]."""
    count, channels, height, width = blocks.shape
    rows = blocks.permute(0, 2, 3, 1).reshape(count, height, width, 2, channels // 2).transpose(2, 3)
    return rows.reshape(count, 2 * height, 2 * width, channels // 4).permute(0, 3, 1, 2)


def _made(stage: Tensor, kernel: Tensor, stride: int, padding: int) -> list[int]:
    """Height and width of what a transposed convolution makes of a stage."""
    return [(side - 1) * stride + kernel.shape[2] - 2 * padding for side in stage.shape[2:]]


def _in_blocks(kernel: Tensor, count: int, size: Sequence[int], stride: int, padding: int) -> bool:
    """Whether so many pictures of that size are whole blocks, with a kernel for them, and it is worth it."""
    (channels, few, height, width), (rows, columns) = kernel.shape, size
    known = padding < height if stride == 1 else (stride, height, padding) == HALVING
    products = count * rows * columns // stride**2 * channels * height * width
    return (
        kernel.device.type == "cpu"
        and few <= FEW
        and products >= WORTH
        and known
        and height == width
        and rows % 2 == columns % 2 == 0
    )


def _as_computed(stage: Tensor, kernel: Tensor, bias: Tensor | None) -> list[Tensor | None]:
    """In the precision of `torch.autocast`, which does not look into functions of ours."""
    if not torch.is_autocast_enabled("cpu"):
        return [stage, kernel, bias]
    precision = torch.get_autocast_dtype("cpu")
    return [None if one is None else one.to(precision) for one in (stage, kernel, bias)]


def _bordered(layer: nn.Conv2d, stage: Tensor) -> tuple[Tensor, int]:
    """A stage with the border that its layer wants, if that is not zeros; and how many zeros are still missing."""
    padding = layer.padding[0]
    if layer.padding_mode == "zeros":
        return stage, int(padding)
    return pad(stage, [int(padding)] * 4, mode=layer.padding_mode), 0
