"""From arrays to PNG: single pictures as they are, and a sheet of many to look at."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from sparring.data import deep
from sparring.data.batches import to_stored
from sparring.data.maps import class_channels
from sparring.data.spec import Spec

SHEET_SIDE = 768
"""Pixels that a sheet of small pictures is enlarged towards."""
QUICK = 1
"""The effort for pictures that are drawn while somebody waits."""


def can_be_png(spec: Spec) -> bool:
    """Whether one picture fits a PNG without loss: grey, colour, either with alpha, of 8 or 16 bits."""
    return spec.channels in (1, 2, 3, 4) and not spec.points


def png(picture: NDArray[Any], effort: int = 6) -> bytes:
    """An [H, W, C] picture as the bytes of a PNG; see `can_be_png`.

    Args:
        picture: uint8 or uint16.
        effort: spent on making the file small, 0 to 9.
    """
    if picture.dtype == np.uint16:
        return deep.png(picture, effort=effort)
    image = Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=effort)
    return buffer.getvalue()


def shallow(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """The upper 8 bits of uint8 or uint16.

    >>> shallow(np.array([0, 65535], np.uint16)).tolist()
    [0, 255]
    """
    return (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else pixels.astype(np.uint8, copy=False)


def in_colour(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """[..., C], uint8 or uint16, to look at, [..., 3]: the first three channels, or the first one as grey.

    >>> in_colour(np.zeros((4, 5, 2), np.uint16)).shape
    (4, 5, 3)
    """
    small = shallow(pixels)
    return np.repeat(small[..., :1], 3, -1) if small.shape[-1] < 3 else small[..., :3]


def shown(pictures: Tensor, spec: Spec) -> NDArray[Any]:
    """A batch as a person wants to see it, NHWC: rounded as it would be stored; maps in a colour for each class.

    The edges of instances are white, of which no class has the colour.
    """
    if spec.map is None:
        return to_stored(pictures, spec.bits)
    channels = class_channels(pictures.detach(), spec.map).cpu().numpy()
    coloured: NDArray[Any] = _class_colours(len(spec.map.values))[channels]
    if spec.map.edges:
        coloured[pictures[:, -1].detach().cpu().numpy() > 0] = 255
    return coloured


def _class_colours(count: int) -> NDArray[np.uint8]:
    """[count, 3]: black, which as a rule is the background, then hues a golden section apart, in three strengths."""
    numbers = np.arange(count)
    hues, strengths = numbers * (5**0.5 - 1) / 2 % 1, np.array([1.0, 0.65, 0.85])[numbers % 3]
    distance = np.abs((hues[:, None] * 6 - np.array([0, 2, 4]) + 3) % 6 - 3)  # to red, green and blue
    colours = np.clip(2 - distance, 0, 1) * strengths[:, None] * 255
    colours[0] = 0
    rounded: NDArray[np.uint8] = np.rint(colours).astype(np.uint8)
    return rounded


def sheet(pictures: NDArray[Any], spec: Spec) -> bytes:
    """Many pictures side by side, as near to a square as their number allows, as the bytes of an 8-bit PNG.

    Args:
        pictures: [N, H, W, C] as `sample.array` gives them. 16 bits are shown with their upper 8; of channels other
            than 1 or 3 the first three, or the first one, are shown; points become a scatter plot.
        spec: what they are.
    """
    return png(_sheet(pictures, spec))


def beside(left: NDArray[Any], right: NDArray[Any], spec: Spec) -> bytes:
    """Two sheets of as many pictures side by side, as the bytes of an 8-bit PNG; see `sheet`."""
    sheets = [_sheet(side, spec) for side in (left, right)]
    gap = np.full((sheets[0].shape[0], max(8, sheets[0].shape[1] // 24), sheets[0].shape[2]), 255, np.uint8)
    return png(np.concatenate([sheets[0], gap, sheets[1]], 1), QUICK)


def _sheet(pictures: NDArray[Any], spec: Spec) -> NDArray[Any]:
    """[H, W, 1 or 3], uint8."""
    if spec.points:
        return _scatter(pictures.reshape(len(pictures), -1))
    small = shallow(pictures)
    return _enlarged(_tile(small[..., : 3 if small.shape[3] >= 3 else 1]))


def _enlarged(whole: NDArray[Any]) -> NDArray[Any]:
    scale = max(1, SHEET_SIDE // max(whole.shape[:2]))
    return whole.repeat(scale, axis=0).repeat(scale, axis=1)


def compared(columns: Sequence[NDArray[Any]]) -> bytes:
    """Pictures that belong together in one row, row beside row, as the bytes of an 8-bit PNG.

    Args:
        columns: [N, H, W, C] each, such as inputs, outputs and targets; see `in_colour`.
    """
    shown = [in_colour(column) for column in columns]
    gap = np.full((*shown[0].shape[:2], 2, 3), 255, np.uint8)
    parts = [part for one in shown for part in (one, gap)]
    return png(_enlarged(_tile(np.concatenate([*parts, gap, gap], 2))))


def _tile(pictures: NDArray[Any]) -> NDArray[Any]:
    count, height, width, channels = pictures.shape
    columns = int(np.ceil(np.sqrt(count * height / width)))
    rows = -(-count // columns)
    gap = 1 if max(height, width) < 64 else 2
    whole = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), 255, np.uint8)
    for number, picture in enumerate(pictures):
        top, left = number // columns * (height + gap), number % columns * (width + gap)
        whole[top : top + height, left : left + width] = picture
    return whole


def _scatter(points: NDArray[Any], side: int = 384) -> NDArray[Any]:
    counts, _, _ = np.histogram2d(-points[:, 1], points[:, 0], bins=side, range=[[-1, 1], [-1, 1]])
    # a point is one pixel; a few neighbours make it visible
    ink = np.sum([np.roll(counts, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1)], axis=0)
    grey: NDArray[Any] = (255 * np.exp(-ink / 2)).astype(np.uint8)
    return grey[:, :, None]
