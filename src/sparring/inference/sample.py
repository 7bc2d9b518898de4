"""Pictures from noise, numbered: picture i depends on (seed, i) and on nothing else."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sparring.data.batches import to_stored
from sparring.errors import UsageError, did_you_mean
from sparring.games.base import Product, sampler
from sparring.games.noise_to_image import CLASS
from sparring.nn.folding import folded
from sparring.nn.latents import Code

CHUNK = 64
"""Pictures are always computed so many at a time, numbers k * 64 to k * 64 + 63 together: the arithmetic of a larger
or smaller batch may round differently, and then a picture would depend on how many were asked for."""

Pictures = NDArray[np.generic]


@torch.no_grad()
def pictures(
    product: Product, count: int, seed: int = 0, first: int = 0, values: Mapping[str, int] | None = None
) -> Iterator[Pictures]:
    """Pictures `first` to `first + count - 1` of a seed, in parts of at most 64.

    Args:
        product: its generator is used in the mode that it is in, which for a loaded or averaged one is `eval`.
        count: how many.
        seed: any whole number from 0 up.
        first: the number of the first one.
        values: for some of the latent's codes the value that all pictures shall have.

    Yields:
        [n, height, width, channels], uint8 or uint16 as in the training data (float32 for points).
    """
    latent, device = sampler(product).latent, next(product.generator.parameters()).device
    generator = product.generator if product.generator.training else folded(product.generator)
    end = first + count
    for start in range(first - first % CHUNK, end, CHUNK):
        latents = latent.numbered(seed, start, CHUNK, values).to(device)
        whole = to_stored(generator(latents), product.spec.bits)
        yield whole[max(first - start, 0) : end - start]


def array(
    product: Product, count: int, seed: int = 0, first: int = 0, values: Mapping[str, int] | None = None
) -> NDArray[Any]:
    """All of `pictures` in one array, [count, height, width, channels]."""
    return np.concatenate(list(pictures(product, count, seed, first, values)))


def in_proportion(
    product: Product, count: int, seed: int = 0, labels: NDArray[np.int64] | None = None
) -> Iterator[tuple[Pictures, int | None]]:
    """Pictures of each class as often as in a set, one class after the other; without classes, as they come.

    To compare with a set in which half of the pictures are of one class, fakes whose classes take turns would not do.

    Args:
        product: its generator is used in the mode that it is in.
        count: how many.
        seed: any whole number from 0 up.
        labels: [N], the classes of the set's pictures, in [0, number of classes); None: it has none.

    Yields:
        At most 64 pictures, [n, height, width, channels], and their class; None where the model takes none or the set
        has none.
    """
    code = class_code(product)
    if code is None or labels is None:
        yield from ((part, None) for part in pictures(product, count, seed))
        return
    shares = np.bincount(labels, minlength=len(code.values)) / len(labels)
    ends = np.round(shares.cumsum() * count).astype(int).tolist()
    for number, (first, end) in enumerate(pairwise([0, *ends])):
        if end > first:
            parts = pictures(product, end - first, seed, first, {CLASS: number})
            yield from ((part, number) for part in parts)


def class_code(product: Product) -> Code | None:
    """What says which class is wanted; None where a model was not taught classes."""
    return next((code for code in sampler(product).latent.codes if code.name == CLASS), None)


def values_of(product: Product, label: str | None) -> dict[str, int]:
    """What a class by its name means for the latent vector.

    Raises:
        UsageError: the model was not taught classes, or not this one; the message lists them.
    """
    if label is None:
        return {}
    code = class_code(product)
    if code is None:
        raise UsageError(f"label {label!r}: this model was not taught classes; game 'conditional' teaches them")
    if label not in code.values:
        raise UsageError(f"unknown label {label!r}: {did_you_mean(label, code.values)}")
    return {CLASS: code.values.index(label)}
