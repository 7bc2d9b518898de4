"""The U-Net of pix2pix: down to a few pixels and up again, each stage shown what went down at its size.

Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", arXiv:1611.07004, section 3.2.1 and
appendix 6.1; Ronneberger et al., "U-Net", arXiv:1505.04597. What both pictures share, such as edges, need not pass
through the narrowest stage. Two things differ: the narrowest stage keeps at least 4 pixels a side, since instance norm
makes nothing of a single one (smaller pictures are padded); and stages are enlarged by repeating pixels, unless asked
otherwise.
"""

from itertools import pairwise

from torch import nn

from sparring.nn.dropout import Dropout
from sparring.nn.framing import Size
from sparring.nn.pictures import FromPicture
from sparring.nn.resampling import Upsampling, doubling
from sparring.translators.layers import norm_layers
from sparring.translators.staged import Staged

WIDEST = 8
"""A stage has at most `WIDEST * width` channels."""
DEEPEST = 8
DROPPED = 3
"""Stages on the way up, from the narrowest on, that have dropout."""


def depth_of(size: Size) -> int:
    """How often to halve: while 4 pixels a side are left; twice at least.

    >>> depth_of((64, 64)), depth_of((256, 256)), depth_of((12, 20))
    (4, 6, 2)
    """
    depth = 2
    while depth < DEEPEST and min(size) >= 4 * 2 ** (depth + 1):
        depth += 1
    return depth


class Translator(Staged):
    """Convolutions of stride 2 down, doublings up, and a connection across at every size."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        size: Size,
        *,
        width: int,
        norm: str,
        upsampling: Upsampling,
        dropout: float,
        told: int = 0,
    ) -> None:
        depth = depth_of(size)
        super().__init__(2**depth)
        channels = [width * min(2**stage, WIDEST) for stage in range(depth)]
        bias = norm == "none"
        # no norm follows that would take out what is the same all over
        down = [self.then([FromPicture(inputs + told, width, 4, stride=2, padding=1)])]
        for above, below in pairwise(channels):
            convolution = nn.Conv2d(above, below, 4, stride=2, padding=1, bias=bias)
            down.append(self.then([nn.LeakyReLU(0.2), convolution, *norm_layers(norm, below)]))
        given, shown = channels[-1], [down.pop()]
        for number, wanted in enumerate(reversed(channels[:-1])):
            dropped = [Dropout(dropout)] if dropout and number < DROPPED else []
            layers = [*doubling(upsampling, given, wanted, bias), *norm_layers(norm, wanted), *dropped]
            up = self.then([nn.ReLU(), *layers], *shown, beside=True)
            given, shown = 2 * wanted, [up, down.pop()]
        self.then([nn.ReLU(), *doubling(upsampling, given, outputs, True), nn.Tanh()], *shown, beside=True)
