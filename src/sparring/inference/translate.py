"""Pictures from pictures: each by itself, at its own size, so that what comes out depends on what goes in alone."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sparring.data.batches import Images, Paired, from_stored, to_stored
from sparring.data.parallel import silent
from sparring.data.prepare import with_channels
from sparring.errors import UsageError
from sparring.games.base import Product
from sparring.games.picture_to_picture import Translation, inputs_of, translation
from sparring.inference import draw, tiles
from sparring.translators import SMALLEST

WHOLE = 1 << 20
"""Pixels up to which a picture is translated in one piece."""
_BITS = {np.dtype(np.uint8): 8, np.dtype(np.uint16): 16}


@torch.no_grad()
def picture(
    product: Product,
    pixels: NDArray[Any],
    to: str | None = None,
    say: Callable[[str], None] = silent,
    whole: int = WHOLE,
) -> NDArray[Any]:
    """One picture, translated: whole where it is small, else tile by tile, to the same.

    Args:
        product: its generator is used in the mode that it is in, which for a loaded or averaged one is `eval`.
        pixels: [H, W, C] of uint8 or uint16, at least 8 pixels a side; grey and colour become what the model takes.
        to: the domain that is wanted, of models that know several.
        say: is told how far a large one is.
        whole: pixels up to which a picture is small.

    Returns:
        [H, W, channels], uint8 or uint16 as what the model was taught to make.

    Raises:
        UsageError: the model translates nothing, or not such pictures.
    """
    shipped = translation(product)
    if pixels.ndim != 3:
        raise UsageError(f"an array of shape {pixels.shape}: a picture is [height, width, channels]")
    height, width = pixels.shape[:2]
    if min(height, width) < SMALLEST:
        raise UsageError(f"{width}x{height} is too small to translate: at least {SMALLEST} pixels a side")
    if pixels.dtype not in _BITS:
        raise UsageError(f"pixels of {pixels.dtype}: pictures are uint8 or uint16")
    fitted = _with_channels(pixels, shipped.inputs.channels)
    if height * width > whole:
        return _in_tiles(shipped, fitted, to, say)
    drawn: NDArray[Any] = to_stored(shipped.generator(_batch(shipped, fitted, to)), shipped.spec.bits)[0]
    return drawn


def _batch(shipped: Translation, pixels: NDArray[Any], to: str | None) -> Tensor:
    """[H, W, C] as the generator takes it, where it is."""
    stored = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))[None])
    device = next(shipped.generator.parameters()).device
    return shipped.prepared(from_stored(stored.to(device), _BITS[pixels.dtype]), to)


def _in_tiles(shipped: Translation, pixels: NDArray[Any], to: str | None, say: Callable[[str], None]) -> NDArray[Any]:
    multiple = _multiple(shipped.generator)
    framed, top, left = tiles.padded(pixels, multiple)
    kind = np.uint8 if shipped.spec.bits == 8 else np.uint16
    drawn = np.empty((*framed.shape[:2], shipped.spec.channels), kind)

    def read(rows: slice, columns: slice) -> Tensor:
        return _batch(shipped, framed[rows, columns], to)

    def write(rows: slice, columns: slice, part: Tensor) -> None:
        drawn[rows, columns] = to_stored(part, shipped.spec.bits)[0]

    margin = tiles.reach(shipped.generator, pixels.shape[2] + len(shipped.domains), multiple)
    tiles.translate(shipped.generator, read, write, (framed.shape[0], framed.shape[1]), margin, say)
    return drawn[top : top + pixels.shape[0], left : left + pixels.shape[1]]


def _multiple(generator: nn.Module) -> int:
    found = generator.multiple
    assert isinstance(found, int)
    return found


def examples_sheet(product: Product, examples: Images) -> bytes:
    """Pictures beside what becomes of them, as the bytes of a PNG: translations, and what should have come out.

    Of pairs that is the true picture; of domains there is a translation to each.
    """
    shipped = translation(product)
    given = examples.pictures if shipped.domains else inputs_of(examples)
    inputs = to_stored(given, shipped.inputs.bits)
    columns, depths = [inputs], [shipped.inputs.bits]
    for domain in shipped.domains or (None,):
        columns.append(np.stack([picture(product, one, domain) for one in inputs]))
        depths.append(shipped.spec.bits)
    if isinstance(examples, Paired):
        columns.append(to_stored(examples.pictures, shipped.spec.bits))
        depths.append(shipped.spec.bits)
    return draw.compared(columns, depths)


def _with_channels(pixels: NDArray[Any], wanted: int) -> NDArray[Any]:
    have = pixels.shape[2]
    if have != wanted and {have, wanted} != {1, 3}:
        remedy = f"give it as a TIFF or as an array, .npy [height, width, {wanted}]"
        if wanted == have + 1:
            remedy += "; or, where it was taught to fill holes, erase what is missing, so that it is transparent"
        raise UsageError(f"a picture of {have} channels for a model that takes {wanted}: {remedy}")
    return with_channels(pixels, wanted)
