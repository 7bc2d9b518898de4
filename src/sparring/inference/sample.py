"""Pictures from noise, numbered: picture i depends on (seed, i) and on nothing else."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sparring.data.batches import to_stored
from sparring.games.base import Product

CHUNK = 64
"""Pictures are always computed so many at a time, numbers k * 64 to k * 64 + 63 together: the arithmetic of a larger
or smaller batch may round differently, and then a picture would depend on how many were asked for."""

Pictures = NDArray[np.generic]


@torch.no_grad()
def pictures(product: Product, count: int, seed: int = 0, first: int = 0) -> Iterator[Pictures]:
    """Pictures `first` to `first + count - 1` of a seed, in parts of at most 64.

    Args:
        product: its generator is used in the mode that it is in, which for a loaded or averaged one is `eval`.
        count: how many.
        seed: any whole number from 0 up.
        first: the number of the first one.

    Yields:
        [n, height, width, channels], uint8 or uint16 as in the training data (float32 for points).
    """
    device = next(product.generator.parameters()).device
    end = first + count
    for start in range(first - first % CHUNK, end, CHUNK):
        latents = product.latent.numbered(seed, start, CHUNK).to(device)
        whole = to_stored(product.generator(latents), product.spec.bits)
        yield whole[max(first - start, 0) : end - start]


def array(product: Product, count: int, seed: int = 0, first: int = 0) -> NDArray[Any]:
    """All of `pictures` in one array, [count, height, width, channels]."""
    return np.concatenate(list(pictures(product, count, seed, first)))
