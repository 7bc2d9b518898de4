"""The residual pair of the SNGAN paper, for pictures of any size; made for 32 to 128 pixels.

Miyato et al., "Spectral Normalization for Generative Adversarial Networks", arXiv:1802.05957, appendix B: residual
blocks that each double the picture by repeating pixels and then convolve, which leaves no checkerboard, against blocks
that halve it by averaging; ReLU everywhere, features summed over all places at the end. Given a condition, the
generator's batch norm becomes conditional, and the condition goes there alone (Miyato and Koyama, arXiv:1802.05637).
Both players keep the start that PyTorch gives a layer, whatever the game.
"""

from itertools import pairwise
from math import log2

from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

from sparring.networks import Shape
from sparring.nn.conditional import ConditionalBatchNorm
from sparring.nn.framing import Size, crop_to, pad_to, round_up
from sparring.nn.norms import Norm, norm_layers
from sparring.nn.pictures import FromPicture, ToPicture

NORM: Norm = "spectral"
SMALLEST = 4
"""A stage is halved while it keeps so many pixels each way."""
WIDEST = 8
"""The stage at the smallest size has at most `WIDEST * width / 2` channels."""


def _plan(shape: Shape, width: int) -> tuple[Size, Size, list[int]]:
    """The size the network works at, that of its smallest stage, and the channels from there to the picture."""
    count = max(1, int(log2(max(1, min(shape[1:]) / SMALLEST))))
    working = round_up(shape[1:], 2**count)
    channels = [max(1, width * min(2**stage, WIDEST) // 2) for stage in reversed(range(count))]
    return working, (working[0] // 2**count, working[1] // 2**count), channels


def _twice(stage: Tensor) -> Tensor:
    return interpolate(stage, scale_factor=2.0, mode="nearest")


class Up(nn.Module):
    """Twice the size: norm, ReLU, repeated pixels, convolution, norm, ReLU, convolution; beside it the input, enlarged.

    No convolution has a bias: a batch norm follows each, if only behind later blocks, and would cancel it.
    """

    def __init__(self, inputs: int, outputs: int, condition: int) -> None:
        super().__init__()
        self.first_norm = _norm(inputs, condition)
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.second_norm = _norm(outputs, condition)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, stage: Tensor, *condition: Tensor) -> Tensor:
        """[N, inputs, H, W], and [N, K] where it was built for a condition, to [N, outputs, 2 H, 2 W]."""
        residual = self.first(_twice(relu(self.first_norm(stage, *condition))))
        residual = self.second(relu(self.second_norm(residual, *condition)))
        enlarged: Tensor = residual + _twice(self.shortcut(stage))  # the same as enlarging first, for a quarter
        return enlarged


def _norm(channels: int, condition: int) -> nn.Module:
    return ConditionalBatchNorm(channels, condition) if condition else nn.BatchNorm2d(channels)


class Generator(nn.Module):
    """A linear layer to the smallest stage, blocks that double it, a convolution; larger than asked for is cropped."""

    starts_itself = True

    def __init__(self, shape: Shape, *, latent: int, width: int, condition: int = 0) -> None:
        super().__init__()
        self.size, self.condition = shape[1:], condition
        _, smallest, channels = _plan(shape, width)
        self.project = nn.Linear(latent - condition, channels[0] * smallest[0] * smallest[1])
        self.unflatten = nn.Unflatten(1, (channels[0], *smallest))
        self.blocks = nn.ModuleList(Up(*pair, condition) for pair in pairwise([channels[0], *channels]))
        self.norm = nn.BatchNorm2d(channels[-1])
        self.picture = ToPicture(channels[-1], shape[0], 3, padding=1)

    def forward(self, latents: Tensor) -> Tensor:
        """[N, latent] to [N, channels, height, width] in (-1, 1)."""
        noise, condition = latents[:, : self.project.in_features], latents[:, self.project.in_features :]
        stage = self.unflatten(self.project(noise))
        for block in self.blocks:
            stage = block(stage, condition) if self.condition else block(stage)
        pictures: Tensor = self.picture(relu(self.norm(stage))).tanh()
        return crop_to(pictures, self.size)


class Down(nn.Module):
    """A residual block: what comes `before`, convolution, norm, ReLU, convolution, `after`; beside it a shortcut."""

    def __init__(
        self, inputs: int, hidden: int, outputs: int, norm: Norm, before: list[nn.Module], after: list[nn.Module]
    ) -> None:
        super().__init__()
        first = nn.Conv2d if before else FromPicture
        self.residual = nn.Sequential(
            *before,
            first(inputs, hidden, 3, padding=1, bias=norm != "batch"),
            *norm_layers(norm, hidden),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, outputs, 3, padding=1),
            *after,
        )
        self.shortcut = nn.Sequential(*after, nn.Conv2d(inputs, outputs, 1)) if after else nn.Identity()

    def forward(self, stage: Tensor) -> Tensor:
        """[N, inputs, H, W] to [N, outputs, ...], half as large if `after` halves it."""
        halved: Tensor = self.residual(stage) + self.shortcut(stage)
        return halved


class Trunk(nn.Module):
    """Blocks that halve the picture, one that does not, ReLU, and the sum over all places; other sizes are padded."""

    starts_itself = True

    def __init__(self, shape: Shape, *, width: int, norm: Norm = NORM) -> None:
        super().__init__()
        self.working, _, channels = _plan(shape, width)
        channels.reverse()
        half: list[nn.Module] = [nn.AvgPool2d(2)]
        blocks = [Down(shape[0], channels[0], channels[0], norm, [], half)]  # the picture itself needs no norm or ReLU
        for inputs, outputs in pairwise(channels):
            blocks.append(Down(inputs, inputs, outputs, norm, _before(norm, inputs), half))
        self.features = last = channels[-1]
        blocks.append(Down(last, last, last, norm, _before(norm, last), []))
        self.blocks = nn.Sequential(*blocks, nn.ReLU())

    def forward(self, pictures: Tensor) -> Tensor:
        """[N, channels, height, width] to [N, features]."""
        features: Tensor = self.blocks(pad_to(pictures, self.working))
        return features.sum((2, 3))


def _before(norm: Norm, channels: int) -> list[nn.Module]:
    return [*norm_layers(norm, channels), nn.ReLU()]
