"""Dropout, without waiting for torch's."""

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    r"""In training, each number is 0 with probability $p$ and divided by $1 - p$ otherwise; later, left alone.

    Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15 (2014), section 4,
    scaled in training as everybody does since. The same as `torch.nn.Dropout`, whose masks take twice the time on a
    CPU: it draws Bernoulli numbers one by one, and uniform ones come in bulk. Small networks notice.

    Args:
        p: share of numbers that are dropped, in [0, 1).

    >>> layer = Dropout(0.3).eval()
    >>> layer(torch.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, numbers: Tensor) -> Tensor:
        """Any shape to the same shape."""
        if not self.training:
            return numbers
        return numbers * torch.rand_like(numbers).ge_(self.p).mul_(1 / (1 - self.p))
