"""The convolutional pair of the DCGAN paper, for pictures of any size.

Radford et al., arXiv:1511.06434, figure 1 and the guidelines of section 3: strided convolutions instead of pooling,
batch norm everywhere but at the generator's output and the discriminator's input, ReLU in the generator, LeakyReLU
0.2 in the discriminator, tanh at the end. Every convolution is 4x4 with stride 2 and padding 1, so a stage doubles or
halves the picture; there is no bias where a batch norm follows and would cancel it.
"""

from itertools import pairwise

from torch import Tensor, nn

from sparring.networks import Shape
from sparring.nn.framing import Size, crop_to, pad_to, round_up
from sparring.nn.norms import Norm, norm_layers
from sparring.nn.pictures import FromPicture
from sparring.nn.resampling import Upsampling, doubling

NORM: Norm = "batch"
WIDEST = 8
"""The stage at the smallest size has at most `WIDEST * width` channels."""


def stages(size: Size) -> int:
    """How often to double: three times, and more while the smallest stage keeps at least 4 x 4 pixels.

    >>> stages((32, 32)), stages((64, 64)), stages((64, 96)), stages((40, 40))
    (3, 4, 4, 3)
    """
    count = 3
    while all(side % 2 ** (count + 1) == 0 and side >= 4 * 2 ** (count + 1) for side in size):
        count += 1
    return count


def plan(shape: Shape, width: int) -> tuple[Size, Size, list[int]]:
    """The size the network works at, that of its smallest stage, and the channels from there to the picture."""
    working = round_up(shape[1:], 8)
    count = stages(working)
    smallest = working[0] // 2**count, working[1] // 2**count
    channels = [width * min(2**stage, WIDEST) for stage in reversed(range(count))]
    return working, smallest, channels


class Generator(nn.Module):
    """A linear layer to the smallest stage, then doublings; larger than asked for is cropped."""

    def __init__(
        self, shape: Shape, *, latent: int, width: int, condition: int = 0, upsampling: Upsampling = "transposed"
    ) -> None:
        super().__init__()
        self.size = shape[1:]
        _, smallest, channels = plan(shape, width)
        self.project = nn.Linear(latent, channels[0] * smallest[0] * smallest[1], bias=False)
        layers = [nn.Unflatten(1, (channels[0], *smallest)), nn.BatchNorm2d(channels[0]), nn.ReLU(inplace=True)]
        for inputs, outputs in pairwise(channels):
            layers += [*doubling(upsampling, inputs, outputs, False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
        layers += [*doubling(upsampling, channels[-1], shape[0], True), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, latents: Tensor) -> Tensor:
        """[N, latent] to [N, channels, height, width] in (-1, 1)."""
        return crop_to(self.layers(self.project(latents)), self.size)


class Trunk(nn.Module):
    """Strided convolutions down to the smallest stage; other sizes are padded."""

    def __init__(self, shape: Shape, *, width: int, norm: Norm = NORM) -> None:
        super().__init__()
        self.working, smallest, channels = plan(shape, width)
        channels.reverse()
        layers: list[nn.Module] = [
            FromPicture(shape[0], channels[0], 4, stride=2, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        for inputs, outputs in pairwise(channels):
            layers += [
                nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=norm != "batch"),
                *norm_layers(norm, outputs),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        self.layers = nn.Sequential(*layers, nn.Flatten())
        self.features = channels[-1] * smallest[0] * smallest[1]

    def forward(self, pictures: Tensor) -> Tensor:
        """[N, channels, height, width] to [N, features]."""
        features: Tensor = self.layers(pad_to(pictures, self.working))
        return features
