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
        """[N, *shape] to as many: each is either itself, or an earlier one whose place it takes.

        Nothing is asked of the numbers, so that a GPU need not be waited for.
        """
        kept, held = self.share(self.part), self.count[self.part : self.part + 1]
        if not len(kept):
            return fakes
        places = torch.randint(len(kept), (len(fakes), 1), device=fakes.device)
        swapped = torch.rand(len(fakes), 1, device=fakes.device) < 0.5
        shown = []
        for fake, place, swap in zip(fakes[:, None], places, swapped, strict=True):
            room = held < len(kept)
            at = torch.where(room, held, place)
            earlier = kept[at]
            kept[at] = torch.where((room | swap).view(-1, 1, 1, 1), fake, earlier)
            shown.append(torch.where((swap & ~room).view(-1, 1, 1, 1), earlier, fake))
            held += room
        return torch.cat(shown)
