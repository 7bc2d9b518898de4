r"""How much pictures change along a path through latent space: perceptual distance, and path length.

A generator whose pictures change evenly as the latent moves has understood more of them than one that jumps.
"""

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor

from sparring.games.base import Product, sampler
from sparring.metrics.estimate import Estimate
from sparring.metrics.features import Extractor
from sparring.nn.latents import Latent
from sparring.seeds import mix

EPSILON = 1e-4
"""The step, as a share of the way between two latents."""
KEPT = (0.01, 0.99)
"""Quantiles between which lengths count: a few pairs between two shapes would outweigh all others."""


def perceptual_distance(extractor: Extractor, one: Tensor, other: Tensor) -> Tensor:
    r"""How different two pictures look, by what an extractor makes of them on its way.

    Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", arXiv:1801.03924, equation
    1, with all channel weights 1: $\sum_l \frac{1}{h_l w_l} \sum_{ij} \lVert \hat y^l_{ij} - \hat y'^l_{ij} \rVert^2$,
    where $\hat y^l$ are the maps of layer $l$ normalised to length 1 at each place. It means something beside others of
    the same extractor only.

    Args:
        extractor: one that gives maps.
        one: [N, C, H, W] in [-1, 1].
        other: the same shape.

    Returns:
        [N], 0 for equal pictures.

    >>> from sparring.metrics.features import Random
    >>> x = torch.rand(2, 1, 8, 8)
    >>> perceptual_distance(Random(1), x, x)
    tensor([0., 0.])
    """
    total = torch.zeros(len(one), dtype=one.dtype, device=one.device)
    for x, y in zip(extractor(one).maps, extractor(other).maps, strict=True):
        gap = torch.nn.functional.normalize(x) - torch.nn.functional.normalize(y)
        total += gap.square().sum(1).mean((1, 2))
    return total


@torch.no_grad()
def path_length(
    product: Product, extractor: Extractor, count: int = 1000, seed: int = 0, epsilon: float = EPSILON
) -> Estimate:
    r"""The mean perceptual path length: $E[d(G(z_t), G(z_{t + \epsilon}))] / \epsilon^2$ over the ways between latents.

    Karras et al., "A Style-Based Generator Architecture for Generative Adversarial Networks", arXiv:1812.04948, section
    4.1: $z_t$ lies at a random share $t$ of the way between two latents, along the sphere if they are Gaussian, else
    straight; codes stay those of the first. Between the 1st and the 99th percentile, in float64.

    Args:
        product: its generator is used in the mode that it is in.
        extractor: of the perceptual distance.
        count: ways.
        seed: of the latents.
        epsilon: the step.
    """
    latent = sampler(product).latent
    generator, judge = deepcopy(product.generator).double(), deepcopy(extractor).double()
    device = next(generator.parameters()).device
    lengths = []
    for first in range(0, count, 50):
        size = min(50, count - first)
        one, other = (latent.numbered(mix(f"path {end}", seed), first, size).to(device) for end in "ab")
        share = torch.from_numpy(np.random.default_rng(mix("path", seed, first)).random((size, 1))).to(device)
        near, far = (between(latent, one.double(), other.double(), share + step) for step in (0.0, epsilon))
        lengths.append(perceptual_distance(judge, generator(near), generator(far)) / epsilon**2)
    found = torch.cat(lengths).cpu().numpy()
    low, high = np.quantile(found, KEPT)
    kept = found[(found >= low) & (found <= high)]
    return Estimate(float(kept.mean()), float(kept.std(ddof=1)) / len(kept) ** 0.5 if len(kept) > 1 else None)


def between(latent: Latent, one: Tensor, other: Tensor, share: Tensor) -> Tensor:
    """[N, size] latents at a share, [N, 1], of the way; their codes are those of the first.

    >>> latent = Latent(distribution="normal", noise=2)
    >>> between(latent, torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 2.0]]), torch.tensor([[0.5]]))
    tensor([[1.4142, 1.4142]])
    """
    mixed = _MIXERS[latent.distribution](one[:, : latent.noise], other[:, : latent.noise], share)
    return torch.cat([mixed, one[:, latent.noise :]], 1)


def _straight(one: Tensor, other: Tensor, share: Tensor) -> Tensor:
    return one + (other - one) * share


def _along_the_sphere(one: Tensor, other: Tensor, share: Tensor) -> Tensor:
    """Directions along the great circle, lengths in a straight line."""
    length, other_length = (torch.linalg.vector_norm(end, dim=1, keepdim=True) for end in (one, other))
    a, b = one / length, other / other_length
    angle = (a * b).sum(1, keepdim=True).clamp(-1, 1).acos()
    direction: Tensor = (((1 - share) * angle).sin() * a + (share * angle).sin() * b) / angle.sin()
    return direction * _straight(length, other_length, share)


_MIXERS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {"normal": _along_the_sphere, "uniform": _straight}
