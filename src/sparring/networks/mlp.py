"""The multilayer perceptrons of the course notes: a picture is a long vector, and its shape means nothing."""

from itertools import pairwise
from math import prod

from torch import Tensor, nn

from sparring.networks import Shape
from sparring.nn.dropout import Dropout
from sparring.nn.linear import Linear
from sparring.nn.norms import Norm, norm_layers

NORM: Norm = "none"
SLOPE = 0.2
DROPOUT = 0.3


def _hidden(sizes: list[int], norm: Norm = "none") -> list[nn.Module]:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [Linear(inputs, outputs), *norm_layers(norm, outputs, flat=True)]
        layers += [nn.LeakyReLU(SLOPE), Dropout(DROPOUT)]
    return layers


class Generator(nn.Module):
    """Latent, three hidden layers of growing width (32-64-128), picture; LeakyReLU 0.2, dropout 0.3, tanh."""

    def __init__(self, shape: Shape, *, latent: int, width: int, condition: int = 0) -> None:
        super().__init__()
        self.shape = shape
        hidden = _hidden([latent, width, 2 * width, 4 * width])
        self.layers = nn.Sequential(*hidden, Linear(4 * width, prod(shape)), nn.Tanh())

    def forward(self, latents: Tensor) -> Tensor:
        """[N, latent] to [N, channels, height, width] in (-1, 1)."""
        pictures: Tensor = self.layers(latents)
        return pictures.view(-1, *self.shape)


class Trunk(nn.Module):
    """Picture, three hidden layers of falling width (128-64-32); LeakyReLU 0.2, dropout 0.3."""

    def __init__(self, shape: Shape, *, width: int, norm: Norm = NORM) -> None:
        super().__init__()
        self.features = width
        self.layers = nn.Sequential(*_hidden([prod(shape), 4 * width, 2 * width, width], norm))

    def forward(self, pictures: Tensor) -> Tensor:
        """[N, channels, height, width] to [N, features]."""
        features: Tensor = self.layers(pictures.flatten(1))
        return features
