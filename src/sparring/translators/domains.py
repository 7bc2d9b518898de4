"""The discriminator of StarGAN: how real each patch is, and of which domain the picture.

Choi et al., "StarGAN: Unified Generative Adversarial Networks for Multi-Domain Image-to-Image Translation",
arXiv:1711.09020, table 5: halvings by 4x4 convolutions down to two pixels a side (of 128: six), LeakyReLU 0.01, no
norm; then a map of logits, and, over all that is left, scores of the domains.
"""

from itertools import pairwise

from torch import Tensor, nn

from sparring.nn.framing import Size, pad_to, round_up
from sparring.nn.pictures import FromPicture

SLOPE = 0.01
MOST = 6
"""Halvings at most."""
WIDEST = 32
"""A stage has at most `WIDEST * width` channels."""


def halvings_of(size: Size) -> int:
    """How often to halve: while two pixels a side are left.

    >>> halvings_of((128, 128)), halvings_of((64, 64)), halvings_of((16, 20))
    (6, 5, 3)
    """
    halvings = 1
    while halvings < MOST and min(size) >= 2 * 2 ** (halvings + 1):
        halvings += 1
    return halvings


def halved(channels: int, halvings: int, *, width: int, widest: int, slope: float) -> tuple[nn.Sequential, int]:
    """So many 4x4 convolutions that halve, from `width` channels on twice as many each, at most `widest * width`.

    Returns:
        The layers, and how many channels come out.
    """
    widths = [channels, *(width * min(2**stage, widest) for stage in range(halvings))]
    layers: list[nn.Module] = []
    for given, wanted in pairwise(widths):
        kind = nn.Conv2d if layers else FromPicture
        layers += [kind(given, wanted, 4, stride=2, padding=1), nn.LeakyReLU(slope, inplace=True)]
    return nn.Sequential(*layers), widths[-1]


class DomainDiscriminator(nn.Module):
    """A trunk with two heads.

    Args:
        channels: of the pictures.
        size: (height, width); others are no pictures of this set.
        width: channels of the first stage.
        domains: how many there are.
    """

    def __init__(self, channels: int, size: Size, *, width: int, domains: int) -> None:
        super().__init__()
        halvings = halvings_of(size)
        self.working = round_up(size, 2**halvings)
        self.trunk, seen = halved(channels, halvings, width=width, widest=WIDEST, slope=SLOPE)
        left = self.working[0] // 2**halvings, self.working[1] // 2**halvings
        self.source = nn.Conv2d(seen, 1, 3, padding=1, bias=False)
        self.domain = nn.Conv2d(seen, domains, left, bias=False)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """[N, C, H, W] to how real each is, [N], the mean over its patches, and scores of the domains, [N, K]."""
        stage = self.trunk(pad_to(pictures, self.working))
        return self.source(stage).mean((1, 2, 3)), self.domain(stage).flatten(1)
