"""Pictures whose edges are soft, and which are otherwise as they were."""

from math import ceil

import torch
from torch import Tensor
from torch.nn.functional import conv2d, max_pool2d, pad

from sparring.data import derive

BEFORE = 1.0
"""Deviation, in pixels, of the Gaussian that the edge detector starts with."""


@torch.no_grad()
def smooth_edges(pictures: Tensor, deviation: float) -> Tensor:
    """Blur pictures along their edges.

    Chen et al., "CartoonGAN: Generative Adversarial Networks for Photo Cartoonization", CVPR 2018, section 3.2: find
    edges with Canny's detector, widen them, and blur what lies within. How far is not said there; here they are widened
    by the deviation of the blur, rounded up.

    Args:
        pictures: [N, C, H, W] in [-1, 1], on any device; the detector itself looks at a copy on the CPU.
        deviation: of the Gaussian that blurs, in pixels; more than 0.

    Returns:
        The same shape; far from edges the very same numbers.

    >>> flat = torch.full((1, 3, 16, 16), 0.3)
    >>> torch.equal(smooth_edges(flat, 1.5), flat)
    True
    """
    reach = ceil(deviation)
    near = max_pool2d(edge_lines(pictures), 2 * reach + 1, stride=1, padding=reach)
    return torch.where(near > 0, blurred(pictures, deviation), pictures)


def edge_lines(pictures: Tensor) -> Tensor:
    """[N, 1, H, W]: 1 where pictures, [N, C, H, W] in [-1, 1], have an edge, as `--pairs edges` finds them, else 0."""
    shares = ((pictures.detach() + 1) / 2).cpu().numpy()
    lines = [torch.from_numpy(derive.edges(picture, BEFORE)) for picture in shares]
    return torch.stack(lines)[:, None].to(pictures)


def blurred(pictures: Tensor, deviation: float) -> Tensor:
    """[N, C, H, W] after a Gaussian of so many pixels, cut off at three deviations; the border is continued outwards.

    >>> dot = torch.zeros(1, 1, 9, 9)
    >>> dot[..., 4, 4] = 1.0
    >>> round(float(blurred(dot, 1.0).sum()), 4)
    1.0
    """
    reach = ceil(3 * deviation)
    places = torch.arange(-reach, reach + 1, dtype=pictures.dtype, device=pictures.device)
    weights = (-(places**2) / (2 * deviation**2)).exp()
    kernel = (weights / weights.sum()).expand(pictures.shape[1], 1, 1, -1)
    wide = pad(pictures, (reach, reach, reach, reach), mode="replicate")
    rows = conv2d(wide, kernel, groups=pictures.shape[1])
    return conv2d(rows, kernel.transpose(2, 3), groups=pictures.shape[1])
