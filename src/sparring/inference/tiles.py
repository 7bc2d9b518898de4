"""Pictures larger than memory: translated tile by tile, as if they had been translated whole.

Two things tell a tile that it is one. At its border the network sees padding instead of the picture: so each is cut
with a margin as wide as the network's field of view, which is thrown away again. And instance norm would take the mean
and deviation of the tile: so those of the whole picture are gathered first, and the tiles are then translated with
them. The statistics of a layer depend on the output of the layers before it, so they are gathered layer by layer, each
pass only as deep as its layer.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sparring.nn.conditional import ConditionalInstanceNorm
from sparring.nn.framing import framed
from sparring.nn.instance import InstanceNorm

TILE = 512
"""Pixels a side that a tile gives, without its margin."""

Pixels = NDArray[Any]
Read = Callable[[slice, slice], Tensor]
Write = Callable[[slice, slice, Tensor], None]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Tile:
    """A part of a picture.

    Attributes:
        rows: that it gives.
        columns: that it gives.
        outer_rows: those with the margin, as far as there is any.
        outer_columns: the same.
    """

    rows: slice
    columns: slice
    outer_rows: slice
    outer_columns: slice

    def inner(self, stage: Tensor) -> Tensor:
        """What a stage of the network, computed from the tile with its margin, has of the tile itself."""
        share = stage.shape[2] / (self.outer_rows.stop - self.outer_rows.start)
        rows, columns = (
            slice(round((own.start - outer.start) * share), round((own.stop - outer.start) * share))
            for own, outer in ((self.rows, self.outer_rows), (self.columns, self.outer_columns))
        )
        return stage[:, :, rows, columns]


def tiles(height: int, width: int, margin: int, size: int = TILE) -> list[Tile]:
    """Tiles that cover a picture, each with its margin where the picture goes on.

    >>> [(tile.rows, tile.outer_rows) for tile in tiles(100, 10, 16, 64)]
    [(slice(0, 64, None), slice(0, 80, None)), (slice(64, 100, None), slice(48, 100, None))]
    """

    def along(length: int) -> list[tuple[slice, slice]]:
        starts = [(start, min(start + size, length)) for start in range(0, length, size)]
        return [(slice(a, b), slice(max(a - margin, 0), min(b + margin, length))) for a, b in starts]

    return [Tile(rows, columns, outer, across) for rows, outer in along(height) for columns, across in along(width)]


_REACHES: WeakKeyDictionary[nn.Module, int] = WeakKeyDictionary()


def reach(generator: nn.Module, channels: int, multiple: int) -> int:
    """How many pixels around it a pixel of the output depends on, rounded up to a multiple; found once a network."""
    if generator not in _REACHES:
        _REACHES[generator] = measured_reach(generator, channels, multiple)
    return _REACHES[generator]


@torch.no_grad()
def measured_reach(generator: nn.Module, channels: int, multiple: int) -> int:
    """`reach`, computed from the network itself.

    With all weights positive and no normalisation, what a single bright pixel changes
    is just what it can reach.
    """
    probe = deepcopy(generator).cpu().double()
    for module in probe.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.weight.fill_(1 / module.weight[0].numel())
            if module.bias is not None:
                module.bias.zero_()
        elif isinstance(module, InstanceNorm):
            module.known = torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64)
        elif isinstance(module, ConditionalInstanceNorm):
            module.reset_parameters()
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.reset_parameters()
    side = 8 * multiple
    while True:
        at = side // 2
        dark = torch.zeros(1, channels, side, 4 * multiple, dtype=torch.float64)
        lit = dark.clone()
        lit[:, :, at - multiple : at] = 1.0  # wherever it lies in the grid of the narrowest stage
        changed = (probe(lit) != probe(dark)).any(1)[0].any(1).nonzero()[:, 0]
        first, last = int(changed.min()), int(changed.max())
        if first > 0 and last < side - 1:
            return -(-max(at - first, last - (at - multiple) + 1) // multiple) * multiple
        side *= 2


class _Enough(Exception):
    """The layer was reached."""


@torch.no_grad()
def translate(
    generator: nn.Module, read: Read, write: Write, size: tuple[int, int], margin: int, say: Say, tile: int = TILE
) -> None:
    """Translate a picture in parts.

    Args:
        generator: from [1, C, h, w] to [1, C', h, w]; left as it was.
        read: rows and columns of the picture as [1, C, h, w] in [-1, 1].
        write: is given rows, columns and what they become.
        size: of the picture, multiples of that by which the network shrinks it.
        margin: see `reach`.
        say: is told how far it is.
        tile: pixels a side, a multiple as well.
    """
    norms = [module for module in generator.modules() if isinstance(module, InstanceNorm)]
    parts = tiles(*size, margin, tile)
    try:
        for number, norm in enumerate(_in_order(generator, norms, read, parts[0]), 1):
            say(f"statistics of layer {number} of {len(norms)}")
            norm.known = _gathered(generator, norm, read, parts)
        for number, part in enumerate(parts, 1):
            write(part.rows, part.columns, part.inner(generator(read(part.outer_rows, part.outer_columns))))
            say(f"tile {number} of {len(parts)}")
    finally:
        for norm in norms:
            norm.known = None


def _in_order(generator: nn.Module, norms: list[InstanceNorm], read: Read, part: Tile) -> Iterator[InstanceNorm]:
    """The layers as the network comes to them."""
    met: list[InstanceNorm] = []
    hooks = [norm.register_forward_pre_hook(lambda module, given: met.append(module)) for norm in norms]
    generator(read(part.outer_rows, part.outer_columns))
    for hook in hooks:
        hook.remove()
    return iter(met)


def _gathered(generator: nn.Module, norm: InstanceNorm, read: Read, parts: list[Tile]) -> tuple[Tensor, Tensor]:
    """Mean and variance of all that a layer is shown of the picture, in float64 until the end."""
    sums: list[Tensor] = []

    def gather(part: Tile, module: nn.Module, given: tuple[Tensor]) -> None:
        stage = part.inner(given[0]).double()
        found = torch.stack([stage.sum((2, 3)), stage.square().sum((2, 3))])  # [2, 1, C]
        count = stage.shape[2] * stage.shape[3]
        sums.append(torch.cat([found, torch.full_like(found[:1], count)]))
        raise _Enough

    for part in parts:
        hook = norm.register_forward_pre_hook(partial(gather, part))
        try:
            generator(read(part.outer_rows, part.outer_columns))
        except _Enough:
            pass
        finally:
            hook.remove()
    total, squares, count = torch.stack(sums).sum(0)
    mean = total / count
    variance = (squares / count - mean.square()).clamp(min=0)
    return mean[:, :, None, None].float(), variance[:, :, None, None].float()


def padded(pixels: Pixels, multiple: int) -> tuple[Pixels, int, int]:
    """[H, W, C] as the network would pad it whole, see `nn.framing`; and how much was added above and to the left.

    >>> padded(np.zeros((5, 18, 1)), 4)[0].shape
    (16, 20, 1)
    """
    height, width = pixels.shape[:2]
    new_height, new_width = framed((height, width), multiple)
    top, left = (new_height - height) // 2, (new_width - width) // 2
    if (new_height, new_width) == (height, width):
        return pixels, 0, 0
    borders = ((top, new_height - height - top), (left, new_width - width - left), (0, 0))
    return np.pad(pixels, borders, mode="edge"), top, left
