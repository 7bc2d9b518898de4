r"""A compact residual pair without any normalisation, started so that it needs none.

The modern baseline of Huang et al., "The GAN is dead; long live the GAN!" (arXiv:2501.05441, section 3), made small
enough for a CPU: residual blocks and resampling, nothing else. In place of norms it has the start of Zhang et al.,
"Fixup Initialization: Residual Learning Without Normalization" (arXiv:1901.09321, section 3): the last convolution of
each block is 0, so that a fresh network is as shallow as its resampling layers, and the other is He's, scaled by
$L^{-1/2}$ for $L$ blocks of two convolutions. LeakyReLU 0.2 everywhere; upsampling repeats pixels and then convolves,
which leaves no checkerboard.

A norm does one thing more: it keeps a step of Adam small beside the weights, whatever their size. Without one, steps of
2e-3 beside He's weights of 0.03 tear the game apart. So weights are stored at one size for all layers and brought to
He's where they are used (the equalised learning rate of Karras et al., arXiv:1710.10196, section 4.1).
"""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import conv2d, leaky_relu

from sparring.errors import UsageError
from sparring.networks import Shape
from sparring.networks.dcgan import plan
from sparring.nn.framing import Size, crop_to, pad_to
from sparring.nn.norms import Norm

NORM: Norm = "none"
SLOPE = 0.2
STORED = 0.25
"""Standard deviation of a fresh weight as it is stored: a learning rate of 2e-3 changes it by a hundredth or so."""


def _activation(stage: Tensor) -> Tensor:
    return leaky_relu(stage, SLOPE)


def _plan(shape: Shape, width: int) -> tuple[Size, Size, list[int]]:
    """As for `dcgan`, with half the channels: each stage has three convolutions where that has one."""
    return plan(shape, max(1, width // 2))


class Convolution(nn.Conv2d):
    """He's start times `gain`, biases 0, and an equalised learning rate."""

    bias: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, gain: float = 1.0) -> None:
        super().__init__(inputs, outputs, kernel, stride, padding=(kernel - 1) // 2)
        nn.init.normal_(self.weight, std=STORED)
        nn.init.zeros_(self.bias)
        self.scale = gain * nn.init.calculate_gain("leaky_relu", SLOPE) / (inputs * kernel**2) ** 0.5 / STORED

    def forward(self, stage: Tensor) -> Tensor:
        """[N, inputs, H, W] to [N, outputs, H / stride, W / stride]."""
        return conv2d(stage, self.scale * self.weight, self.bias, self.stride, self.padding)


class Residual(nn.Module):
    """Adds to a stage what two convolutions make of it: nothing at the start.

    Args:
        channels: of the stage.
        blocks: L, residual blocks in the whole network.
    """

    def __init__(self, channels: int, blocks: int) -> None:
        super().__init__()
        self.first = Convolution(channels, channels, 3, gain=blocks**-0.5)
        self.last = Convolution(channels, channels, 3)
        nn.init.zeros_(self.last.weight)

    def forward(self, stage: Tensor) -> Tensor:
        """[N, C, H, W] to the same shape."""
        residual: Tensor = self.last(_activation(self.first(_activation(stage))))
        return stage + residual


class Generator(nn.Module):
    """A linear layer to the smallest stage; a residual block and a doubling for each stage; larger is cropped."""

    starts_itself = True

    def __init__(self, shape: Shape, *, latent: int, width: int, condition: int = 0) -> None:
        super().__init__()
        self.size = shape[1:]
        _, smallest, channels = _plan(shape, width)
        self.project = nn.Linear(latent, channels[0] * smallest[0] * smallest[1])
        layers: list[nn.Module] = [nn.Unflatten(1, (channels[0], *smallest)), Residual(channels[0], len(channels))]
        for inputs, outputs in pairwise(channels):
            layers += [nn.Upsample(scale_factor=2), Convolution(inputs, outputs, 3), Residual(outputs, len(channels))]
        layers += [nn.LeakyReLU(SLOPE), nn.Upsample(scale_factor=2), Convolution(channels[-1], shape[0], 3), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, latents: Tensor) -> Tensor:
        """[N, latent] to [N, channels, height, width] in (-1, 1)."""
        return crop_to(self.layers(self.project(latents)), self.size)


class Trunk(nn.Module):
    """A strided convolution and a residual block for each stage, down to the smallest; other sizes are padded."""

    starts_itself = True

    def __init__(self, shape: Shape, *, width: int, norm: Norm = NORM) -> None:
        super().__init__()
        if norm != "none":
            raise UsageError("network 'fixup' is started so that it needs no norm: set game.norm=none")
        self.working, smallest, channels = _plan(shape, width)
        channels.reverse()
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise([shape[0], *channels]):
            layers += [Convolution(inputs, outputs, 4, stride=2), Residual(outputs, len(channels))]
        self.layers = nn.Sequential(*layers, nn.LeakyReLU(SLOPE), nn.Flatten())
        self.features = channels[-1] * smallest[0] * smallest[1]

    def forward(self, pictures: Tensor) -> Tensor:
        """[N, channels, height, width] to [N, features]."""
        features: Tensor = self.layers(pad_to(pictures, self.working))
        return features
