"""Plain multilayer perceptrons for points of the plane and other small vectors.

Unlike the perceptrons of the course notes they have no dropout, whose noise would smear every mode of a set such as
`ring8`, and are of one width throughout. The trunk magnifies what it is shown: with weights as they are drawn at the
start, the kinks of its first layer would otherwise all lie near the middle of [-1, 1], and modes that are a hundredth
wide would be beyond it for long.
"""

from math import prod

from torch import Tensor, nn

from sparring.networks import Shape
from sparring.nn.norms import Norm, norm_layers

NORM: Norm = "none"
HIDDEN = 3
SLOPE = 0.2
SCALE = 5.0
"""What the trunk multiplies points with."""


def _hidden(inputs: int, width: int, norm: Norm = "none") -> list[nn.Module]:
    layers: list[nn.Module] = []
    for number in range(HIDDEN):
        layers += [nn.Linear(width if number else inputs, width), *norm_layers(norm, width, flat=True)]
        layers += [nn.LeakyReLU(SLOPE)]
    return layers


class Generator(nn.Module):
    """Latent, three hidden layers of `width`, point; LeakyReLU 0.2, no dropout, tanh."""

    def __init__(self, shape: Shape, *, latent: int, width: int, condition: int = 0) -> None:
        super().__init__()
        self.shape = shape
        self.layers = nn.Sequential(*_hidden(latent, width), nn.Linear(width, prod(shape)), nn.Tanh())

    def forward(self, latents: Tensor) -> Tensor:
        """[N, latent] to [N, channels, height, width] in (-1, 1)."""
        points: Tensor = self.layers(latents)
        return points.view(-1, *self.shape)


class Trunk(nn.Module):
    """Point, three hidden layers of `width`; LeakyReLU 0.2, no dropout."""

    def __init__(self, shape: Shape, *, width: int, norm: Norm = NORM) -> None:
        super().__init__()
        self.features = width
        self.layers = nn.Sequential(*_hidden(prod(shape), width, norm))

    def forward(self, points: Tensor) -> Tensor:
        """[N, channels, height, width] to [N, features]."""
        features: Tensor = self.layers(SCALE * points.flatten(1))
        return features
