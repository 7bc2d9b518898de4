"""Fakes of earlier steps, shown again to a discriminator."""

import torch
from torch import Tensor, nn


class HistoryPool(nn.Module):
    """Remembers so many fakes; half of those that are asked for come from earlier steps.

    Shrivastava et al., "Learning from Simulated and Unsupervised Images through Adversarial Training",
    arXiv:1612.07828, section 2.3, as CycleGAN has it (arXiv:1703.10593, section 4): a discriminator that sees the
    latest fakes alone forgets what it once knew, and the generator may come back to it. What is remembered is a buffer,
    so it is in the checkpoint. Where a batch is played in parts, each part has a share of the pool to itself.

    Attributes:
        part: the one that is played now.

    Args:
        size: fakes that are remembered; 0: none, and every one is handed on.
        shape: (channels, height, width) of each.

    >>> pool = HistoryPool(2, (1, 4, 4))
    >>> bool((pool(torch.ones(2, 1, 4, 4)) == 1).all())  # at first they are only remembered
    True
    """

    kept: Tensor
    count: Tensor

    def __init__(self, size: int, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.register_buffer("kept", torch.zeros(size, *shape))
        self.register_buffer("count", torch.zeros(1, dtype=torch.int64))
        self.part = 0

    def divide(self, parts: int) -> None:
        """From now on there are so many parts; what was remembered is forgotten."""
        self.count = torch.zeros(parts, dtype=torch.int64, device=self.count.device)

    def share(self, part: int) -> Tensor:
        """[size // parts, *shape], what a part may fill, in place."""
        size = len(self.kept) // len(self.count)
        return self.kept[part * size : (part + 1) * size]

    @torch.no_grad()
    def forward(self, fakes: Tensor) -> Tensor:
        """[N, *shape] to as many: each is either itself, or an earlier one whose place it takes."""
        kept = self.share(self.part)
        if not len(kept):
            return fakes
        shown = []
        for fake in fakes:
            held = int(self.count[self.part])
            if held < len(kept):
                kept[held] = fake
                self.count[self.part] += 1
                shown.append(fake)
            elif float(torch.rand(())) < 0.5:
                at = int(torch.randint(len(kept), ()))
                shown.append(kept[at].clone())
                kept[at] = fake
            else:
                shown.append(fake)
        return torch.stack(shown)
