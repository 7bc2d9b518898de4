"""The translator of CycleGAN: an encoder, residual blocks at a quarter of the size, a decoder.

Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", arXiv:1703.10593,
appendix 7.2, after Johnson et al., arXiv:1603.08155: six residual blocks for pictures of less than 256 pixels a side,
nine from there on, borders mirrored. Its field of view is bounded, so it can be tiled; stages are enlarged by repeating
pixels, unless asked otherwise.

What it is told beside the picture sets the gain and shift of every instance norm, as in Almahairi et al.,
arXiv:1802.10151: as channels that are the same all over it would be gone behind the first one.
"""

from itertools import islice

from torch import Tensor, nn

from sparring.nn.framing import Size, crop_to
from sparring.nn.resampling import Upsampling
from sparring.translators.layers import Block, convolution, enlarging, halving, to_picture
from sparring.translators.staged import Staged, steering

LARGE = 256
"""Pixels a side from which there are nine blocks."""


def blocks_of(size: Size) -> int:
    """How many residual blocks.

    >>> blocks_of((128, 128)), blocks_of((256, 256))
    (6, 9)
    """
    return 9 if min(size) >= LARGE else 6


class Translator(Staged):
    """7x7, two halvings, the blocks, two doublings, 7x7.

    Attributes:
        compared: the stages that Park et al., arXiv:2007.15651, appendix C.2, compare patches by: the pixels, both
            halvings, the first block, and the one in the middle.
        compared_channels: of each.
    """

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
        steers = steering(norm, told)
        super().__init__(4, steers)
        inputs += told - steers
        self.then([*convolution(inputs, width, norm, 7, steers), nn.ReLU(inplace=True), *halving(width, norm, steers)])
        encoded = self.then(halving(2 * width, norm, steers))
        blocks = [self.then([Block(4 * width, norm, dropout, steers)]) for _ in range(blocks_of(size))]
        self.then(enlarging(upsampling, 4 * width, norm, steers))
        self.then([*enlarging(upsampling, 2 * width, norm, steers), *to_picture(width, outputs)])
        self.compared = [0, 1, encoded, blocks[0], blocks[len(blocks) // 2]]
        self.compared_channels = [inputs, 2 * width, 4 * width, 4 * width, 4 * width]

    def with_stages(self, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """What comes out, and the stages that are compared."""
        stages = list(self.run(pictures))
        size = pictures.shape[2], pictures.shape[3]
        return crop_to(stages[-1], size), [stages[number] for number in self.compared]

    def stages(self, pictures: Tensor) -> list[Tensor]:
        """Those that are compared; nothing behind them is computed."""
        stages = list(islice(self.run(pictures), max(self.compared) + 1))
        return [stages[number] for number in self.compared]
