"""Families of networks, one a file: each has a `Generator`, and a `Trunk` that a discriminator stands on."""

from collections.abc import Callable
from typing import Literal

from torch import nn

from sparring.nn.heads import Discriminator, Logit, PlaneDiscriminator
from sparring.nn.layout import laid_out
from sparring.nn.minibatch import MinibatchDeviation, MinibatchDiscrimination
from sparring.nn.norms import Norm, normalise_spectrally
from sparring.nn.packing import Packed
from sparring.registry import find

Shape = tuple[int, int, int]
Name = Literal["convnet", "mlp", "dcgan", "dcgan-mnist", "dcgan-resize", "fixup", "points", "resnet", "resnet-dcgan"]
Minibatch = Literal["none", "deviation", "discrimination"]
Head = Callable[[int], nn.Module]


def generator(name: str, shape: Shape, *, latent: int, width: int, condition: int = 0) -> nn.Module:
    """A generator from latents, [N, latent], to pictures, [N, channels, height, width] in [-1, 1].

    Args:
        name: the file in this folder.
        shape: (channels, height, width) of the pictures.
        latent: numbers in a latent vector.
        width: what each family takes as its unit of width; parameters grow with its square.
        condition: how many of the latent's last numbers say what is wanted, for example a class; a family with
            conditional normalisation gives them a way of their own.

    Raises:
        UsageError: there is no such family, or it cannot make this shape.

    >>> network = generator("mlp", (1, 28, 28), latent=100, width=32)
    """
    network: nn.Module = find(__name__, name).Generator(shape, latent=latent, width=width, condition=condition)
    return laid_out(network)


def discriminator(
    name: str,
    shape: Shape,
    *,
    width: int,
    norm: Norm | None = None,
    head: Head = Logit,
    planes: int = 0,
    packing: int = 1,
    minibatch: Minibatch = "none",
) -> nn.Module:
    """A discriminator from pictures, [N, channels, height, width], to what its head says, by default logits, [N].

    Args:
        name: the file in this folder.
        shape: (channels, height, width) of the pictures.
        width: as for `generator`.
        norm: how it is normalised; None: as the family's paper has it.
        head: from a number of features to the module on top.
        planes: classes that are shown as further channels of the picture.
        packing: pictures that are judged as one.
        minibatch: what it is told of the batch as a whole.

    Raises:
        UsageError: there is no such family, or it cannot see this shape.

    >>> network = discriminator("mlp", (1, 28, 28), width=32)
    """
    family = find(__name__, name)
    norm = norm or family.NORM
    channels, height, columns = shape
    trunk = family.Trunk(((channels + planes) * packing, height, columns), width=width, norm=norm)
    features: int = trunk.features
    if packing > 1:
        trunk = Packed(trunk, packing)
    if minibatch == "deviation":
        trunk, features = nn.Sequential(trunk, MinibatchDeviation()), features + 1
    elif minibatch == "discrimination":
        layer = MinibatchDiscrimination(features)
        trunk, features = nn.Sequential(trunk, layer), features + layer.sides
    network: nn.Module = (PlaneDiscriminator if planes else Discriminator)(trunk, head(features))
    if norm == "spectral":
        normalise_spectrally(network)
    return laid_out(network)
