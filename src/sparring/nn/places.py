"""Vectors of some places of a picture, from the stages of a network."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Projections(nn.Module):
    """From the numbers that each stage has at a place to vectors that can be compared, by two layers for each stage.

    Park et al., arXiv:2007.15651, section 3: a small network of its own for every stage.

    Args:
        channels: of each stage.
        width: numbers of a vector.

    >>> heads = Projections([3, 8], 16)
    >>> stages = [torch.zeros(2, 3, 8, 8), torch.zeros(2, 8, 4, 4)]
    >>> [vectors.shape for vectors in heads(stages, places_of(stages, 10))]
    [torch.Size([2, 10, 16]), torch.Size([2, 10, 16])]
    """

    def __init__(self, channels: Sequence[int], width: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(count, width), nn.ReLU(), nn.Linear(width, width)) for count in channels
        )

    def forward(self, stages: Sequence[Tensor], places: Sequence[Tensor]) -> list[Tensor]:
        """[N, C, H, W] of each stage to [N, P, width] of each stage's places, [P] below H W."""
        at = zip(self.heads, stages, places, strict=True)
        return [head(stage.flatten(2)[:, :, chosen].transpose(1, 2)) for head, stage, chosen in at]


def places_of(stages: Sequence[Tensor], count: int) -> list[Tensor]:
    """So many places of each stage, [P] below H W, drawn without repetition; all of a stage that has no more."""
    sizes = [(stage.shape[2] * stage.shape[3], stage.device) for stage in stages]
    return [torch.randperm(size, device=device)[:count] for size, device in sizes]
