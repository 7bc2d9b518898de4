"""Pictures in bfloat16, on a machine where that is faster and where nobody can see it."""

import time
from dataclasses import replace
from statistics import median

import torch
from torch import Tensor, nn

from sparring.games.base import Product, Sampler
from sparring.inference.sample import CHUNK
from sparring.nn.folding import folded

WORTH = 1.05
"""It must be so much faster to be taken."""
TURNS = 5
"""How often both ways take turns."""
LEAST = 0.05
"""Seconds of a turn at least."""
STEP = 2 / 255
"""Between two of the values that eight bits can have, of pictures in [-1, 1]."""


class InBfloat16(nn.Module):
    """A generator whose convolutions and matrix products are computed in bfloat16, from weights that are kept so.

    Args:
        generator: is copied and left as it is.

    >>> latents = torch.randn(2, 4)
    >>> generator = nn.Sequential(nn.Linear(4, 3), nn.Tanh())
    >>> torch.allclose(InBfloat16(generator)(latents), generator(latents), atol=0.03)
    True
    """

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = folded(generator)
        for layer in self.generator.modules():
            if type(layer) in (nn.Linear, nn.Conv2d, nn.ConvTranspose2d):  # what autocast would convert at every call
                layer.to(torch.bfloat16)

    def forward(self, given: Tensor) -> Tensor:
        """As the generator, float32."""
        with torch.autocast(given.device.type, torch.bfloat16):
            made: Tensor = self.generator(given)
        return made.float()


@torch.no_grad()
def quickened(product: Product) -> Product:
    """The same with a generator in bfloat16 where that is worth it, and its pictures are the same to the eye.

    They are if they are off by less, in the root of the mean square, than lies between two of 256 shades. It takes up
    to a second, or ten batches of 64.

    Args:
        product: of a game that makes pictures from noise, in evaluation mode; others are given back as they are.
    """
    if not isinstance(product, Sampler) or product.spec.points:
        return product
    latents = product.latent.numbered(0, 0, CHUNK).to(next(product.generator.parameters()).device)
    exact, quick = folded(product.generator), InBfloat16(product.generator)
    off = (exact(latents) - quick(latents)).square().mean().sqrt()
    if not off < STEP:  # nor where it is no number
        return product
    gain = median(_rate(quick, latents) / _rate(exact, latents) for _ in range(TURNS))
    return replace(product, generator=quick) if gain >= WORTH else product


def _rate(generator: nn.Module, latents: Tensor) -> float:
    """Batches a second."""
    began, batches = time.perf_counter(), 0
    while True:
        generator(latents).sum().item()  # waits until it is done
        batches += 1
        if (passed := time.perf_counter() - began) > LEAST:
            return batches / passed
