"""The generator of pix2pix-HD: a global network at half the size, and around it an enhancer at the whole.

Wang et al., "High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs", arXiv:1711.11585,
section 3.2 and appendix: the global network is that of CycleGAN with more halvings and nine residual blocks; the
enhancer halves the picture once, adds the last stage of the global network, and has three blocks before it doubles
again. So most of the work is done on small stages, and fine lines need not pass through them.

Three things differ. The global network halves while 4 pixels a side are left, four times at most as in the paper, since
instance norm makes nothing of a single pixel. It is not trained first, with an output of its own, but from the start
together with the enhancer. And stages are enlarged by repeating pixels, unless asked otherwise.
"""

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from sparring.nn.framing import Size, crop_to, framed, pad_to
from sparring.nn.resampling import Upsampling
from sparring.translators.layers import Block, ToPicture, convolution, enlarging, halving, parted, through

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


class Translator(nn.Module):
    """A global network within a local enhancer; `width` is that of the enhancer, the global one begins with twice it.

    Attributes:
        multiple: pictures are padded to a multiple of so many pixels.
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
        halvings = halvings_of(size)
        self.told = steers = told if norm == "instance" else 0  # else they are channels like others
        inputs += told - steers
        self.multiple = 2 ** (1 + halvings)
        widths = [2 * width * 2**number for number in range(halvings + 1)]
        self.coarse = nn.Sequential(
            *convolution(inputs, widths[0], norm, 7, steers),
            nn.ReLU(),
            *(layer for channels in widths[:-1] for layer in halving(channels, norm, steers)),
            *(Block(widths[-1], norm, dropout, steers) for _ in range(GLOBAL_BLOCKS)),
            *(layer for channels in widths[:0:-1] for layer in enlarging(upsampling, channels, norm, steers)),
        )
        self.front = nn.Sequential(
            *convolution(inputs, width, norm, 7, steers), nn.ReLU(), *halving(width, norm, steers)
        )
        self.back = nn.Sequential(
            *(Block(2 * width, norm, dropout, steers) for _ in range(LOCAL_BLOCKS)),
            *enlarging(upsampling, 2 * width, norm, steers),
            ToPicture(width, outputs),
            nn.Tanh(),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """[N, inputs + told, H, W] to [N, outputs, H, W] in (-1, 1)."""
        size = pictures.shape[2], pictures.shape[3]
        whole, told = parted(pad_to(pictures, framed(size, self.multiple)), self.told)
        coarse = through(self.coarse, avg_pool2d(whole, 2), told)  # [N, 2 * width, H / 2, W / 2], as the front's
        return crop_to(through(self.back, through(self.front, whole, told) + coarse, told), size)
