"""Dropout, without waiting for torch's."""

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

LEVELS = 2**15
"""How many values a draw has."""


class Dropout(nn.Module):
    r"""In training, each number is 0 with probability $p$ and divided by $1 - p$ otherwise; later, left alone.

    Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15 (2014), section 4,
    scaled in training as everybody does since. The same as `torch.nn.Dropout`, and elsewhere than on a CPU just that.
    On a CPU four masks share one random number, which small networks notice, and $p$ is rounded to 1/32,768.

    Args:
        p: share of numbers that are dropped, in [0, 1).

    >>> layer = Dropout(0.3).eval()
    >>> layer(torch.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self._dropped = min(round(p * LEVELS), LEVELS - 1)

    def forward(self, numbers: Tensor) -> Tensor:
        """Any shape to the same shape."""
        if not self.training:
            return numbers
        if numbers.device.type != "cpu":
            return dropout(numbers, self.p)
        kept = _levels(numbers).ge_(2 * self._dropped - LEVELS)
        return numbers * kept.mul_(LEVELS / (LEVELS - self._dropped)).to(numbers.dtype)


def _levels(like: Tensor) -> Tensor:
    """Whole numbers from -32,768 to 32,767, or the even ones of them, evenly; float32, laid out as another tensor."""
    # 63 bits are drawn, of which the sign is none; doubled, the last one is none
    drawn = torch.empty(-(-like.numel() // 4), dtype=torch.int64).random_().mul_(2)
    return drawn.view(torch.int16).as_strided(like.shape, torch.empty_like(like).stride()).float()


class ChannelDropout(nn.Module):
    r"""Dropout of whole channels, since a pixel that is dropped alone can be read off its neighbours.

    Tompson et al., "Efficient Object Localization Using Convolutional Networks", arXiv:1411.4280, section 3.2; the same
    as `torch.nn.Dropout2d`.

    Args:
        p: share of channels that are dropped, in [0, 1).

    >>> set(ChannelDropout(0.5)(torch.ones(1, 50, 2, 2)).sum((0, 2, 3)).tolist()) <= {0.0, 8.0}
    True
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, stage: Tensor) -> Tensor:
        """[N, C, H, W] to the same shape."""
        if not self.training:
            return stage
        return stage * torch.rand(*stage.shape[:2], 1, 1, device=stage.device).ge_(self.p).mul_(1 / (1 - self.p))
