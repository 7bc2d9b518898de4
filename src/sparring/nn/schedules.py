"""Numbers of a game that change while images go by; they follow a counter that is a buffer, so no device must wait."""

import torch
from torch import Tensor


def geometric(start: float, end: float, shown: Tensor, until: int) -> Tensor:
    """From `start` to `end` in equal ratios while `shown` goes from 0 to `until`, and `end` from there on.

    Args:
        start: more than 0.
        end: more than 0.
        shown: images shown so far, a scalar.
        until: images.

    >>> [round(float(geometric(1.0, 0.01, torch.tensor(shown), until=100)), 3) for shown in (0, 50, 100, 200)]
    [1.0, 0.1, 0.01, 0.01]
    """
    share = (shown / until).clamp(max=1)
    return start * torch.pow(torch.as_tensor(end / start, device=shown.device), share)
