"""Pictures from pictures: each by itself, at its own size, so that what comes out depends on what goes in alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sparring.data import maps
from sparring.data.batches import Images, Paired, from_stored
from sparring.data.npy import BITS
from sparring.data.parallel import silent
from sparring.data.prepare import with_channels
from sparring.data.spec import Spec
from sparring.errors import UsageError
from sparring.games.base import Product
from sparring.games.picture_to_picture import Translation, inputs_of, translation
from sparring.inference import draw, tiles
from sparring.translators import SMALLEST
from sparring.translators.staged import Staged

WHOLE = 1 << 20
"""Pixels up to which a picture is translated in one piece."""
SHOWN = 4
"""Variants of each picture in a sheet."""


@torch.no_grad()
def picture(
    product: Product,
    pixels: NDArray[Any],
    to: str | None = None,
    say: Callable[[str], None] = silent,
    whole: int = WHOLE,
    variant: int = 0,
    folder: Path | None = None,
) -> NDArray[Any]:
    """One picture, translated: whole where it is small; else in tiles, to the same.

    Args:
        product: its generator is used in the mode that it is in, which for a loaded or averaged one is `eval`.
        pixels: [H, W, C] of uint8 or uint16, at least 8 pixels a side; grey and colour become what the model takes;
            maps of classes are [H, W, 1], whole numbers.
        to: the domain that is wanted, of models that know several.
        say: is told how far a large one is.
        whole: pixels up to which a picture is small.
        variant: which of its translations, from 0 up, of models that know many.
        folder: on whose disk what is known of a large one is kept for a while; None: where the system has such files.

    Returns:
        [H, W, channels], uint8 or uint16 as what the model was taught to make; a map of classes is [H, W, 1].

    Raises:
        UsageError: the model translates nothing, or not such pictures.
        SparringError: there is no room for a large one on the disk.
    """
    shipped = translation(product)
    if pixels.ndim != 3:
        raise UsageError(f"an array of shape {pixels.shape}: a picture is [height, width, channels]")
    height, width = pixels.shape[:2]
    if min(height, width) < SMALLEST:
        raise UsageError(f"{width}x{height} is too small to translate: at least {SMALLEST} pixels a side")
    fitted = _fitted(pixels, shipped.inputs)
    generator = shipped.generator
    if height * width <= whole or not isinstance(generator, Staged):
        batch = _batch(shipped, fitted, to, variant)
        drawn: NDArray[Any] = maps.decoded(_filled(shipped, batch, generator(batch)), shipped.spec)[0]
        return drawn
    framed, top, left = tiles.padded(fitted, generator.multiple)
    size = framed.shape[0], framed.shape[1]
    drawn = np.empty((*size, shipped.spec.stored_channels), np.uint8 if shipped.spec.bits == 8 else np.uint16)

    def read(rows: slice, columns: slice) -> Tensor:
        return _batch(shipped, framed[rows, columns], to, variant)

    def write(rows: slice, columns: slice, part: Tensor) -> None:
        drawn[rows, columns] = maps.decoded(_filled(shipped, read(rows, columns), part), shipped.spec)[0]

    tiles.translate(generator, read, write, size, say, folder)
    return drawn[top : top + height, left : left + width]


def _batch(shipped: Translation, pixels: NDArray[Any], to: str | None, variant: int) -> Tensor:
    """[H, W, C], as `_fitted` gives it, as the generator takes it, where it is."""
    stored = torch.from_numpy(pixels.transpose(2, 0, 1)[None].copy()).to(_place(shipped))  # it may be read-only
    of = shipped.inputs.map
    batch = from_stored(stored, BITS[pixels.dtype]) if of is None else maps.expand(stored, of)
    return shipped.prepared(batch, to, variant)


def _filled(shipped: Translation, batch: Tensor, made: Tensor) -> Tensor:
    """What a generator made of a batch; of one that fills holes, only what was missing."""
    channels = shipped.spec.channels
    if not shipped.inputs.holes or shipped.inputs.channels != channels + 1:
        return made
    return torch.where(batch[:, channels : channels + 1] > 0, batch[:, :channels], made)


def _place(shipped: Translation) -> torch.device:
    return next(shipped.generator.parameters()).device


@torch.no_grad()
def examples_sheet(product: Product, examples: Images) -> bytes:
    """Pictures beside what becomes of them, as the bytes of a PNG: translations, and what should have come out.

    Of pairs that is the true picture; of domains there is a translation to each, of many translations there are four.
    """
    shipped = translation(product)
    given = (examples.pictures if shipped.domains else inputs_of(examples)).to(_place(shipped))
    columns = [draw.shown(given, shipped.inputs)]
    for domain in shipped.domains or (None,):
        for variant in range(SHOWN if shipped.latent else 1):
            # one at a time, as `picture` does it, and so to the last digit
            batches = [shipped.prepared(one[None], domain, variant) for one in given]
            made = torch.cat([_filled(shipped, batch, shipped.generator(batch)) for batch in batches])
            columns.append(draw.shown(made, shipped.spec))
    if isinstance(examples, Paired):
        columns.append(draw.shown(examples.pictures, shipped.spec))
    return draw.compared(columns)


def _fitted(pixels: NDArray[Any], wanted: Spec) -> NDArray[Any]:
    """With the channels that the model takes; of a map, [H, W, 1 or 2], what is known of each pixel."""
    if wanted.map is not None:
        numbers = torch.from_numpy(maps.checked(pixels, wanted.map).transpose(2, 0, 1)[None].copy())
        known: NDArray[Any] = maps.compact(numbers, wanted.map)[0].permute(1, 2, 0).numpy()
        return known
    if pixels.dtype not in BITS:
        raise UsageError(f"pixels of {pixels.dtype}: pictures are uint8 or uint16")
    return _with_channels(pixels, wanted.channels)


def _with_channels(pixels: NDArray[Any], wanted: int) -> NDArray[Any]:
    have = pixels.shape[2]
    if have != wanted and {have, wanted} != {1, 3}:
        remedy = f"give it as a TIFF or as an array, .npy [height, width, {wanted}]"
        if wanted == have + 1:
            remedy += "; or, where it was taught to fill holes, erase what is missing, so that it is transparent"
        raise UsageError(f"a picture of {have} channels for a model that takes {wanted}: {remedy}")
    return with_channels(pixels, wanted)
