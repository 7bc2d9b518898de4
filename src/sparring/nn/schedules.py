"""Numbers of a game that change while images go by; they follow a counter that is a buffer, so no device must wait."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Geometric:
    """From `start` to `end` in equal ratios, and `end` from there on.

    Attributes:
        start: more than 0.
        end: more than 0.
        until: images after which it is at its end.

    >>> gamma = Geometric(1.0, 0.01, until=100)
    >>> [round(float(gamma.at(torch.tensor(shown))), 3) for shown in (0, 50, 100, 200)]
    [1.0, 0.1, 0.01, 0.01]
    """

    start: float
    end: float
    until: int

    def at(self, shown: Tensor) -> Tensor:
        """The number after so many images, a scalar on the counter's device."""
        share = (shown / self.until).clamp(max=1)
        return self.start * torch.pow(torch.as_tensor(self.end / self.start, device=shown.device), share)
