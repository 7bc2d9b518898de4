"""The small DCGAN that courses train on 28 x 28 digits: no padding, so its stages are 3, 6, 13 and 28 pixels wide."""

from torch import Tensor, nn

from sparring.errors import UsageError
from sparring.networks import Shape
from sparring.nn.norms import Norm, norm_layers

NORM: Norm = "batch"
SIZE = (28, 28)


def _check(shape: Shape) -> None:
    if shape[1:] != SIZE:
        raise UsageError(
            f"network 'dcgan-mnist' makes 28 x 28 pictures, not {shape[1]} x {shape[2]}: "
            "add data.size=28, or take game.network=dcgan, which makes any size"
        )


def _grow(inputs: int, outputs: int, kernel: int, stride: int) -> list[nn.Module]:
    return [
        nn.ConvTranspose2d(inputs, outputs, kernel, stride, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    ]


class Generator(nn.Module):
    """Four blocks of transposed convolutions, 4-2-1 times `width` (64) channels, then the picture; tanh."""

    def __init__(self, shape: Shape, *, latent: int, width: int, condition: int = 0) -> None:
        super().__init__()
        _check(shape)
        self.layers = nn.Sequential(
            nn.Unflatten(1, (latent, 1, 1)),
            *_grow(latent, 4 * width, 3, 2),  # 3 x 3
            *_grow(4 * width, 2 * width, 4, 1),  # 6 x 6
            *_grow(2 * width, width, 3, 2),  # 13 x 13
            nn.ConvTranspose2d(width, shape[0], 4, 2),  # 28 x 28
            nn.Tanh(),
        )

    def forward(self, latents: Tensor) -> Tensor:
        """[N, latent] to [N, channels, 28, 28] in (-1, 1)."""
        pictures: Tensor = self.layers(latents)
        return pictures


class Trunk(nn.Module):
    """Two 4x4 convolutions of stride 2, a quarter of `width` (16) and twice that; 28, 13 and 5 pixels wide.

    The courses' last convolution, 4x4 with stride 2 on 5 x 5 pixels, fits once, in the upper left corner: it is a
    linear layer on those 4 x 4 pixels, and so is the head here.
    """

    def __init__(self, shape: Shape, *, width: int, norm: Norm = NORM) -> None:
        super().__init__()
        _check(shape)
        hidden = max(1, width // 4)
        self.layers = nn.Sequential(
            nn.Conv2d(shape[0], hidden, 4, 2),  # 13 x 13
            nn.LeakyReLU(0.2),
            nn.Conv2d(hidden, 2 * hidden, 4, 2, bias=norm != "batch"),  # 5 x 5
            *norm_layers(norm, 2 * hidden),
            nn.LeakyReLU(0.2),
        )
        self.features = 2 * hidden * 4 * 4

    def forward(self, pictures: Tensor) -> Tensor:
        """[N, channels, 28, 28] to [N, features]."""
        stage: Tensor = self.layers(pictures)
        return stage[:, :, :4, :4].flatten(1)
