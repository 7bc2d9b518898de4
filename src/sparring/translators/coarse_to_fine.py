"""The generator of pix2pix-HD: a global network at half the size, and around it an enhancer at the whole.

Wang et al., "High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs", arXiv:1711.11585,
section 3.2 and appendix: the global network is that of CycleGAN with more halvings and nine residual blocks; the
enhancer halves the picture once, adds the last stage of the global network, and has three blocks before it doubles
again. So most of the work is done on small stages, and fine lines need not pass through them.

Three things differ. The global network halves while 4 pixels a side are left, four times at most as in the paper, since
instance norm makes nothing of a single pixel. It is not trained first, with an output of its own, but from the start
together with the enhancer. And stages are enlarged by repeating pixels, unless asked otherwise.
"""

from torch import nn

from sparring.nn.framing import Size
from sparring.nn.resampling import Upsampling
from sparring.translators.layers import Block, convolution, enlarging, halving, to_picture
from sparring.translators.staged import Staged, steering

DEEPEST = 4
"""Halvings of the global network at most."""
GLOBAL_BLOCKS = 9
LOCAL_BLOCKS = 3


def halvings_of(size: Size) -> int:
    """How often the global network halves what it is shown, which is half the picture already.

    >>> halvings_of((64, 64)), halvings_of((512, 1024)), halvings_of((12, 20))
    (3, 4, 1)
    """
    halvings = 1
    while halvings < DEEPEST and min(size) >= 4 * 2 ** (halvings + 2):
        halvings += 1
    return halvings


class Translator(Staged):
    """A global network within a local enhancer; `width` is that of the enhancer, the global one begins with twice."""

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
        halvings, steers = halvings_of(size), steering(norm, told)
        super().__init__(2 ** (1 + halvings), steers)
        inputs += told - steers
        widths = [2 * width * 2**number for number in range(halvings + 1)]
        first = [*convolution(inputs, widths[0], norm, 7, steers), nn.ReLU(inplace=True)]
        self.then([nn.AvgPool2d(2), *first, *halving(widths[0], norm, steers)])
        for channels in widths[1:-1]:
            self.then(halving(channels, norm, steers))
        for _ in range(GLOBAL_BLOCKS):
            self.then([Block(widths[-1], norm, dropout, steers)])
        for channels in widths[:0:-1]:
            coarse = self.then(enlarging(upsampling, channels, norm, steers))
        first = [*convolution(inputs, width, norm, 7, steers), nn.ReLU(inplace=True)]
        front = self.then([*first, *halving(width, norm, steers)], 0)
        self.then([Block(2 * width, norm, dropout, steers)], coarse, front)
        for _ in range(LOCAL_BLOCKS - 1):
            self.then([Block(2 * width, norm, dropout, steers)])
        self.then([*enlarging(upsampling, 2 * width, norm, steers), *to_picture(width, outputs)])
