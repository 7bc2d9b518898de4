"""Families of networks, one a file: each has a `Generator` and a `Discriminator` that fit each other."""

from typing import Literal

import torch
from torch import nn

from sparring.registry import find

Shape = tuple[int, int, int]
Name = Literal["mlp", "dcgan", "dcgan-mnist"]


def pair(name: str, shape: Shape, *, latent: int, width: int) -> tuple[nn.Module, nn.Module]:
    """The generator and the discriminator of a family, for pictures of one shape.

    Args:
        name: the file in this folder.
        shape: (channels, height, width) of the pictures.
        latent: numbers in a latent vector.
        width: what each family takes as its unit of width; parameters grow with its square.

    Returns:
        A generator from [N, latent] to [N, channels, height, width] in [-1, 1], and a discriminator from there to
        logits, [N].

    Raises:
        UsageError: there is no such family, or it cannot make this shape.

    >>> generator, discriminator = pair("mlp", (1, 28, 28), latent=100, width=32)
    """
    family = find(__name__, name)
    generator, discriminator = (
        family.Generator(shape, latent=latent, width=width),
        family.Discriminator(shape, width=width),
    )
    # float32 convolutions were faster so in every shape that was tried on a CPU
    return generator.to(memory_format=torch.channels_last), discriminator.to(memory_format=torch.channels_last)
