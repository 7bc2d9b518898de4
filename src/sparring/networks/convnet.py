"""A small convolutional classifier for semi-supervised games, beside the generator of `dcgan`.

In the manner of the networks that semi-supervised learning is measured with (Salimans et al., arXiv:1606.03498, section
6): 3x3 convolutions, LeakyReLU 0.2, dropout, here of whole channels since neighbouring pixels say the same, and no
layer that mixes pictures. Strides halve the picture until it is at most 8 pixels wide. The features are the whole last
stage and not its mean over places, so that the generator matches them place by place.
"""

from itertools import pairwise
from math import ceil, log2

from torch import Tensor, nn

from sparring.networks import Shape
from sparring.networks.dcgan import Generator
from sparring.nn.dropout import ChannelDropout
from sparring.nn.framing import pad_to, round_up
from sparring.nn.norms import Norm, norm_layers

__all__ = ["NORM", "Generator", "Trunk"]

NORM: Norm = "group"
SMALLEST = 8
"""The picture is halved while it is wider or higher than this."""
DROPOUT = 0.1


class Trunk(nn.Module):
    """A 5x5 convolution, 3x3 ones, each with stride 2; then two that keep the size; other sizes are padded."""

    def __init__(self, shape: Shape, *, width: int, norm: Norm = NORM) -> None:
        super().__init__()
        count = max(1, ceil(log2(max(shape[1:]) / SMALLEST)))
        self.working = round_up(shape[1:], 2**count)
        halving = [width * min(2**stage, 4) for stage in range(count)]
        channels = [shape[0], *halving, 4 * width, 4 * width]
        layers: list[nn.Module] = []
        for place, (inputs, outputs) in enumerate(pairwise(channels)):
            size, stride = 3 if place else 5, 2 if place < count else 1
            layers += [nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2), *norm_layers(norm, outputs)]
            layers += [nn.LeakyReLU(0.2), ChannelDropout(DROPOUT)]
        self.layers = nn.Sequential(*layers[:-1], nn.Flatten())
        self.features = channels[-1] * (self.working[0] >> count) * (self.working[1] >> count)

    def forward(self, pictures: Tensor) -> Tensor:
        """[N, channels, height, width] to [N, features]."""
        features: Tensor = self.layers(pad_to(pictures, self.working))
        return features
