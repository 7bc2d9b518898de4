"""The translator of CycleGAN: an encoder, residual blocks at a quarter of the size, a decoder.

Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", arXiv:1703.10593,
appendix 7.2, after Johnson et al., arXiv:1603.08155: six residual blocks for pictures of less than 256 pixels a side,
nine from there on, borders mirrored. Its field of view is bounded, so it can be tiled; stages are enlarged by repeating
pixels, unless asked otherwise.

What it is told beside the picture sets the gain and shift of every instance norm, as in Almahairi et al.,
arXiv:1802.10151: as channels that are the same all over it would be gone behind the first one.
"""

from collections.abc import Iterator
from itertools import islice

from torch import Tensor, nn

from sparring.nn.framing import Size, crop_to, framed, pad_to
from sparring.nn.resampling import Upsampling
from sparring.translators.layers import Block, ToPicture, convolution, enlarging, halving, parted, through

LARGE = 256
"""Pixels a side from which there are nine blocks."""


def blocks_of(size: Size) -> int:
    """How many residual blocks.

    >>> blocks_of((128, 128)), blocks_of((256, 256))
    (6, 9)
    """
    return 9 if min(size) >= LARGE else 6


class Translator(nn.Module):
    """7x7, two halvings, the blocks, two doublings, 7x7.

    Attributes:
        multiple: pictures are padded to a multiple of so many pixels.
        stage_channels: of what `stages` gives.
        told: numbers that steer the norms.
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
        super().__init__()
        self.multiple = 4
        self.told = steers = told if norm == "instance" else 0  # else they are channels like others
        inputs += told - steers
        self.encoder = nn.ModuleList(
            [
                nn.Sequential(*convolution(inputs, width, norm, 7, steers), nn.ReLU()),
                nn.Sequential(*halving(width, norm, steers)),
                nn.Sequential(*halving(2 * width, norm, steers)),
            ]
        )
        self.stage_channels = [inputs, 2 * width, 4 * width, 4 * width, 4 * width]
        self.blocks = nn.ModuleList(Block(4 * width, norm, dropout, steers) for _ in range(blocks_of(size)))
        self.decoder = nn.Sequential(
            *enlarging(upsampling, 4 * width, norm, steers),
            *enlarging(upsampling, 2 * width, norm, steers),
            ToPicture(width, outputs),
            nn.Tanh(),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """[N, inputs + told, H, W] to [N, outputs, H, W] in (-1, 1)."""
        return self.with_stages(pictures)[0]

    def with_stages(self, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """What comes out, and what was seen on the way; see `stages`."""
        size = pictures.shape[2], pictures.shape[3]
        whole, told = parted(pad_to(pictures, framed(size, self.multiple)), self.told)
        stages = list(self._stages(whole, told))
        return crop_to(through(self.decoder, stages[-1], told), size), [stages[at] for at in self._kept]

    def stages(self, pictures: Tensor) -> list[Tensor]:
        """What the encoder sees: the pixels, both halvings, the first block, and the one in the middle.

        Those that Park et al., arXiv:2007.15651, appendix C.2, compare patches by.
        """
        wanted, last = self._kept, max(self._kept)
        whole = pad_to(pictures, framed((pictures.shape[2], pictures.shape[3]), self.multiple))
        stages = list(islice(self._stages(*parted(whole, self.told)), last + 1))
        return [stages[at] for at in wanted]

    @property
    def _kept(self) -> list[int]:
        first = 1 + len(self.encoder)  # the pixels and the encoder lie before it
        return [0, 2, 3, first, first + len(self.blocks) // 2]

    def _stages(self, whole: Tensor, told: Tensor | None) -> Iterator[Tensor]:
        yield whole
        stage = whole
        for layers in self.encoder:
            assert isinstance(layers, nn.Sequential)
            stage = through(layers, stage, told)
            yield stage
        for block in self.blocks:
            stage = block(stage, told)
            yield stage
