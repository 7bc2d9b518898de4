"""Discriminators of patches at several scales.

Wang et al., arXiv:1711.11585, section 3.2: one discriminator that sees the whole of a large picture would need many
layers or wide filters. Instead there are three alike, for the picture, its half and its quarter: the coarsest sees
whether it holds together, the finest whether its lines are clean.
"""

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from sparring.nn.framing import Size
from sparring.translators.patch import PatchDiscriminator, least_side, patch_of

LEAST = 8
"""Pixels a side that the coarsest picture should have."""


def sizes_of(size: Size, most: int, patch: int | None = None) -> list[Size]:
    """The sizes at which a picture is judged, each the half of the one before.

    As many as asked for, but none with less than 8 pixels a side, or less than patches of a given size need.

    >>> sizes_of((64, 64), 3), sizes_of((12, 20), 3)
    ([(64, 64), (32, 32), (16, 16)], [(12, 20)])
    >>> sizes_of((64, 64), 3, patch=70)
    [(64, 64), (32, 32)]
    """
    least = max(LEAST, least_side(patch) if patch else 0)
    sizes = [size]
    while len(sizes) < most and min(sizes[-1]) // 2 >= least:
        sizes.append((sizes[-1][0] // 2, sizes[-1][1] // 2))
    return sizes


class Scales(nn.Module):
    """A discriminator for each size.

    Args:
        channels: of the pictures.
        size: (height, width) of the largest.
        width: channels of the first stage of each.
        norm: of each.
        most: scales at most; see `sizes_of`.
        patch: pixels a side that each logit sees of the picture at its scale; None: 70, or less where the coarsest
            picture is smaller than 64.

    Raises:
        UsageError: the pictures are too small for such patches.
    """

    def __init__(
        self, channels: int, size: Size, *, width: int, norm: str, most: int, patch: int | None = None
    ) -> None:
        super().__init__()
        sizes = sizes_of(size, most, patch)
        patch = patch or patch_of(sizes[-1])
        self.judges = nn.ModuleList(
            PatchDiscriminator(channels, one, width=width, norm=norm, patch=patch) for one in sizes
        )

    def forward(self, pictures: Tensor) -> list[list[Tensor]]:
        """[N, channels, H, W] to the stages of each discriminator, from fine to coarse; the last of each are logits."""
        seen = []
        for number, judge in enumerate(self.judges):
            assert isinstance(judge, PatchDiscriminator)
            pictures = avg_pool2d(pictures, 2) if number else pictures
            seen.append(judge.stages(pictures))
        return seen
