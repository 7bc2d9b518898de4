r"""How likely a picture is, by a small autoregressive model: each pixel given those above it and to its left."""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, softplus

SHARPEST = 0.05
"""The least scale that is ever predicted, on pictures in [-1, 1]: finer differences are of no interest here, and a
border that is black in every picture would otherwise outweigh all else."""


def log_logistic(values: Tensor, mean: Tensor, scale: Tensor) -> Tensor:
    r"""The log-density of the logistic distribution, $-u - \log s - 2 \log(1 + e^{-u})$ with $u = (v - \mu) / s$.

    Args:
        values: any shape.
        mean: as many.
        scale: as many, above 0.

    Returns:
        The log-densities, in the shape of the values, in nats.

    >>> log_logistic(torch.tensor(3.0), torch.tensor(3.0), torch.tensor(0.25)).exp()  # its peak is 1 / (4 s)
    tensor(1.)
    """
    distance = ((values - mean) / scale).abs()  # symmetric; this side cannot overflow
    return -distance - scale.log() - 2 * softplus(-distance)


class MaskedConv2d(nn.Conv2d):
    """A convolution that sees only what was read before: the rows above, and what is to the left in its own row.

    van den Oord et al., "Pixel Recurrent Neural Networks", arXiv:1601.06759, section 3.4.

    Args:
        inputs: channels.
        outputs: channels.
        size: of the kernel, odd.
        itself: whether it also sees the pixel that it is at; not in the first layer, whose input is the picture.
    """

    mask: Tensor

    def __init__(self, inputs: int, outputs: int, size: int, *, itself: bool) -> None:
        super().__init__(inputs, outputs, size, padding=size // 2)
        mask = torch.zeros(size, size)
        mask[: size // 2] = 1
        mask[size // 2, : size // 2 + itself] = 1
        self.register_buffer("mask", mask)

    def forward(self, stage: Tensor) -> Tensor:
        """[N, inputs, H, W] to [N, outputs, H, W]."""
        return conv2d(stage, self.weight * self.mask, self.bias, padding=self.padding)


class AutoregressiveDensity(nn.Module):
    r"""$\log p(x) = \sum_i \log p(x_i \mid x_{<i})$, each pixel's numbers logistic around what the others suggest.

    The skeleton of a PixelCNN (van den Oord et al., arXiv:1601.06759; with logistic distributions as in Salimans et
    al., arXiv:1701.05517): one distribution for each number instead of a mixture, the channels of a pixel independent
    of each other, three layers, and a corner to the right above that no pixel sees.

    Args:
        channels: of the pictures.
        width: channels of the hidden layers.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            MaskedConv2d(channels, width, 5, itself=False),
            nn.ReLU(),
            MaskedConv2d(width, width, 3, itself=True),
            nn.ReLU(),
            nn.Conv2d(width, 2 * channels, 1),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """[N, C, H, W] in [-1, 1] to log-densities, [N], in nats per number of the picture."""
        mean, spread = self.layers(pictures).chunk(2, 1)
        return log_logistic(pictures, mean, SHARPEST + softplus(spread)).flatten(1).mean(1)
